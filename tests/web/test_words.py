"""Words of templates stand in both languages, or the template is no template."""

from __future__ import annotations

import pytest
from web_company import empty

from kexiao.text import Text, in_language


@pytest.fixture(autouse=True)
def django() -> None:
    empty()


def said(source: str, language: str, **values: object) -> str:
    from django.template import Context, Engine

    words = Engine.get_default().from_string(source)
    with in_language(language):  # type: ignore[arg-type]
        return words.render(Context(values))


def test_words_follow_the_language() -> None:
    source = '{% t "关闭本季度" "Close the quarter" %}'
    assert (said(source, "zh"), said(source, "en")) == ("关闭本季度", "Close the quarter")


def test_words_are_filled_and_what_fills_them_is_escaped() -> None:
    source = '{% t "共 {n} 项：{w}" "{n} items: {w}" n=count w=words %}'
    assert said(source, "en", count=3, words="<b>") == "3 items: &lt;b&gt;"
    assert said(source, "zh", count=3, words=Text(zh="茶", en="tea")) == "共 3 项：茶"


def test_words_can_be_kept_under_a_name() -> None:
    assert (
        said('{% t "{m}的走势" "Course of {m}" m=metric as label %}[{{ label }}]', "en", metric="<x>")
        == "[Course of &lt;x&gt;]"
    )


@pytest.mark.parametrize(
    "source",
    [
        '{% t "只有中文" %}',
        '{% t "中文" "" %}',
        '{% t "" "English" %}',
        '{% t "{n} 项" "{n} items" %}',
        '{% t "中文" words %}',
        '{% t "中文" "English" lonely %}',
    ],
)
def test_a_missing_language_or_value_is_an_error_when_the_template_is_read(source: str) -> None:
    from django.template import TemplateSyntaxError

    with pytest.raises(TemplateSyntaxError):
        said(source, "zh")

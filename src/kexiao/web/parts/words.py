"""``{% t "中文" "English" %}``: words of a template in both languages; a missing side is an error when the template is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template.base import FilterExpression, Parser, Token
from django.utils.html import conditional_escape

from kexiao.text import Text

register = template.Library()


class Words(template.Node):
    """Words of both languages with the values that fill their ``{names}``."""

    def __init__(self, words: Text, values: dict[str, FilterExpression], name: str | None) -> None:
        self.words, self.values, self.name = words, values, name

    def render(self, context: template.Context) -> str:
        filled = {name: value.resolve(context) for name, value in self.values.items()}
        shown = {k: v() if isinstance(v, Text) else v for k, v in filled.items()}
        if self.name:
            context[self.name] = self.words().format(**shown) if shown else self.words()
            return ""
        return self.words().format(**{k: conditional_escape(v) for k, v in shown.items()}) if shown else self.words()


@register.tag("t")
def words(parser: Parser, token: Token) -> Words:
    """``{% t "共 {n} 项" "{n} items" n=count %}``; with ``as name`` at the end the words go into a variable."""
    bits = token.split_contents()[1:]
    name = bits.pop() if len(bits) > 3 and bits[-2] == "as" else None
    if name:
        bits.pop()
    sides = [bit[1:-1] for bit in bits[:2] if len(bit) > 1 and bit[0] == bit[-1] == '"']
    if len(sides) != 2 or not all(side.strip() for side in sides):
        raise template.TemplateSyntaxError('Write both languages: {% t "中文" "English" %}')
    values: dict[str, Any] = {}
    for bit in bits[2:]:
        key, equals, value = bit.partition("=")
        if not equals:
            raise template.TemplateSyntaxError(f"{{% t %}} takes name=value after the two texts, not {bit}")
        values[key] = parser.compile_filter(value)
    text = Text(zh=sides[0], en=sides[1])
    try:
        text.fill(**dict.fromkeys(values, 0))
    except (KeyError, IndexError) as missing:
        raise template.TemplateSyntaxError(f"{{% t %}}: no value for {missing}") from None
    return Words(text, values, name)


@register.filter
def period_name(name: str) -> str:
    """A period's name as people write it."""
    from kexiao.report.numbers import show_period

    return show_period(name)


@register.filter
def local_time(moment: datetime | None) -> str:
    """A moment in the company's time zone, to the minute."""
    if moment is None:
        return ""
    from zoneinfo import ZoneInfo

    from kexiao.web import workspace

    return moment.astimezone(ZoneInfo(workspace.folder().timezone)).strftime("%Y-%m-%d %H:%M")

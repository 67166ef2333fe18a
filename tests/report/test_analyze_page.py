"""The page of an analysis: both languages, nothing fetched, nothing from the data taken for markup, the same bytes each time, whole on every screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from chromium import open_chromium

from kexiao.cycle.analyze import Analysis, analyze
from kexiao.report.analysis_page import analysis_html
from kexiao.report.findings import answers, title
from kexiao.report.html import Html, details, table, tag
from kexiao.report.words import Voice

NOW = date(2026, 11, 22)
Make = Callable[..., Path]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{7*7}}{b|bold}",
    "a & b",
    "</style><h1>",
    "'); DROP TABLE orders; --",
)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory, make_orders: Make) -> Analysis:
    return analyze([make_orders(tmp_path_factory.mktemp("orders") / "orders.csv")], now=NOW)


@pytest.fixture(scope="module")
def page(analysis: Analysis) -> str:
    return analysis_html(analysis)


class Elements(HTMLParser):
    """Every start tag with its attributes, and whether the tags close in order."""

    VOID = frozenset({"meta", "input", "br", "hr", "link", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_text_is_escaped_unless_it_is_html_already() -> None:
    assert (
        tag("p", "<b>", Html("<i>x</i>"), None, ["&"], title='"<') == '<p title="&quot;&lt;">&lt;b&gt;<i>x</i>&amp;</p>'
    )
    assert "&lt;x" in table(["<x"], [["<y"]]) and "&lt;y" in table(["<x"], [["<y"]])
    assert "&lt;s" in details("<s", "t")


def test_names_from_the_data_never_become_markup(tmp_path: Path, make_orders: Make) -> None:
    path = make_orders(tmp_path / "<b>订单 & 'x'.csv", channels=HOSTILE)
    page = analysis_html(analyze([path], now=NOW))
    found = Elements(page)
    assert not found.open
    tags = {name for name, _ in found.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "b2"}
    assert not [attributes for _, attributes in found.found if any(name.startswith("on") for name in attributes)]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("</style>") == page.count("<style")


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    for name, attributes in Elements(page).found:
        assert name not in ("script", "link", "img", "iframe")
        for key in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(key) or "#").startswith("#")
    assert "default-src 'none'" in unescape(page)
    assert not re.findall(r"url\((?!#)", page)
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_equal_files_and_dates_give_equal_bytes(tmp_path: Path, page: str, make_orders: Make) -> None:
    again = analysis_html(analyze([make_orders(tmp_path / "orders.csv")], now=NOW))
    assert again == page


def test_every_chart_says_a_finding_and_a_unit_and_has_its_table(page: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 30
    for figure in figures:
        caption = re.search(r"<figcaption><strong>(.+?)</strong><span>(.+?)</span></figcaption>", figure)
        assert caption and caption[1].strip() and caption[2].strip()
        assert figure.count("<svg") == 2  # one for wide pages, one for phones
        assert "<details>" in figure and "<table" in figure


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    found = Elements(page).found
    ids = {attributes["id"] for _, attributes in found if attributes.get("id")}
    targets = {str(attributes["href"])[1:] for name, attributes in found if name == "a"}
    assert targets <= ids
    listed = [attributes["id"] for _, attributes in found if attributes.get("id")]
    assert len(listed) == len(set(listed))


def test_every_number_opens_to_formula_policy_window_and_data_version(page: str, analysis: Analysis) -> None:
    known = [report for report in analysis.metrics if report.known]
    panels = page.count('class="panel"')
    assert panels >= 2 * len(known)
    assert page.count("<dt>公式</dt>") == page.count("<dt>Formula</dt>") == page.count("<dt>口径</dt>") - 1
    assert page.count(analysis.inputs) >= panels


def test_both_languages_say_the_same_numbers(page: str, analysis: Analysis) -> None:
    chinese, english = (re.sub(r"<svg.*?</svg>", "", part, flags=re.DOTALL) for part in page.split('data-lang="en"', 1))
    for part in (chinese, english):
        assert part.count('class="metric"') == len([r for r in analysis.metrics if r.known])
    assert not re.findall(r"[\u4e00-\u9fff]{6,}", re.sub(r"渠道|商品|门店|网店", "", re.sub(r"<[^>]+>", " ", english)))


def test_the_title_is_a_finding_with_its_number(analysis: Analysis) -> None:
    reading = analysis.metric("net_sales").in_span("latest")
    assert reading is not None
    for language in ("zh", "en"):
        voice = Voice(language, "CNY")  # type: ignore[arg-type]
        assert voice.show(reading.value.value, "money") in title(analysis, voice)
        assert len(answers(analysis, voice)) >= 5


def test_short_or_anonymous_data_give_a_page_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    lines = ["订单号,下单时间,实付金额"] + [f"o{n},2026-0{1 + n % 2}-{n:02},{10 * n}" for n in range(1, 15)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = analyze([path], now=date(2026, 3, 1))
    page = analysis_html(found)
    assert found.holdings.anonymous_orders == 14 and found.holdings.customers == 0
    assert "14 张订单没有客户" in page and "14 orders name no customer" in page
    assert not Elements(page).open


def test_the_page_stands_in_a_browser_in_both_languages_wide_and_narrow(page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    with open_chromium() as browser:
        for width in (1280, 390):
            told: list[str] = []
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.on("console", lambda message, told=told: told.append(message.text))
            tab.on("pageerror", lambda problem, told=told: told.append(str(problem)))
            tab.goto(path.as_uri())
            for language, other in (("zh", "en"), ("en", "zh")):
                tab.click(f"label[for=lang-{language}]")
                assert tab.locator(f"[data-lang={language}] h1").is_visible()
                assert not tab.locator(f"[data-lang={other}] h1").is_visible()
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
                tab.locator(f"[data-lang={language}] .card summary").first.click()
                assert tab.locator(f"[data-lang={language}] .card .panel").first.is_visible()
            assert told == []
            tab.close()

"""The page of an analysis: one file, both languages, nothing fetched; the answer first, then the evidence, every number open to its formula."""

from __future__ import annotations

import re
from collections.abc import Callable

from kexiao.cycle.analyze import Analysis
from kexiao.cycle.overview import Reading
from kexiao.report import analysis_charts as charts
from kexiao.report.analysis_parts import changes_part, customers_part, future_part, trend_part, value_part
from kexiao.report.evidence_parts import breakdowns_part, data_part, method_part, metrics_part, unlock_part
from kexiao.report.findings import Answer, answers, title
from kexiao.report.html import Html, details, tag
from kexiao.report.panels import drawing, metric_panel
from kexiao.report.style import STYLE
from kexiao.report.words import Voice, basis_of, change_html
from kexiao.text import LANGUAGES, Text

CARDS = (
    "net_sales", "orders", "average_order_value", "new_customers", "retention_rate", "repeat_purchase_rate",
    "customer_acquisition_cost", "customer_lifetime_value", "gross_margin_rate", "ordering_customers", "csat_top_two",
    "net_promoter_score", "revenue_per_customer", "purchase_frequency",
)  # fmt: skip
MOST_CARDS = 8
SPARK_WIDTH, SPARK_HEIGHT = 190, 36

# A number is never parted from its unit at the end of a line.
_UNIT_GAP = re.compile(r"(?<=\d) (?=[%万亿百])")

Builder = Callable[[Analysis, Voice], Html | None]
PARTS: tuple[tuple[str, Text, Builder], ...] = (
    ("changes", Text(zh="变化与原因", en="What changed and why"), changes_part),
    ("trend", Text(zh="走势", en="Trends"), trend_part),
    ("customers", Text(zh="客户的来去", en="Customers won, kept, lost"), customers_part),
    ("value", Text(zh="价值在谁手里", en="Who holds the value"), value_part),
    ("future", Text(zh="未来价值", en="Future value"), future_part),
    ("breakdown", Text(zh="分项", en="Breakdowns"), breakdowns_part),
    ("metrics", Text(zh="全部指标", en="All metrics"), metrics_part),
    ("data", Text(zh="数据里有什么", en="What the data hold"), data_part),
    ("unlock", Text(zh="还能看到什么", en="What more data would show"), unlock_part),
    ("method", Text(zh="口径与方法", en="Definitions and methods"), method_part),
)


def analysis_html(analysis: Analysis) -> str:
    """The whole page as one HTML document, in both languages, Chinese first. Equal analyses give equal bytes."""
    pages = [_page(analysis, Voice(language, analysis.currency.value)) for language in LANGUAGES]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="Kexiao"),
        tag("meta", name="referrer", content="no-referrer"),
        # Nothing may be fetched or run, whatever a name in the data holds.
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
        tag("title", f"客效分析 · Kexiao analysis · {analysis.holdings.first} – {analysis.holdings.last}"),
        tag("style", Html(STYLE)),
    )  # fmt: skip
    switches = [
        tag("input", cls="switch", type="radio", name="language", id=f"lang-{language}", checked=language == "zh", aria_label=name)
        for language, name in (("zh", "中文"), ("en", "English"))
    ]  # fmt: skip
    labels = [tag("label", name, for_=f"lang-{language}") for language, name in (("zh", "中文"), ("en", "English"))]
    bar = tag(
        "div",
        tag("div", "客效 Kexiao", tag("small", "客户与营销绩效 · customer and marketing performance"), cls="brand"),
        tag("div", labels, cls="languages"),
        cls="bar",
    )
    body = _UNIT_GAP.sub("\u00a0", tag("body", switches, bar, pages))
    return f"<!DOCTYPE html>\n{tag('html', head, Html(body), lang='zh')}\n"


def _page(analysis: Analysis, voice: Voice) -> Html:
    built = [(name, label, part) for name, label, build in PARTS if (part := build(analysis, voice))]
    sections = [
        tag("section", tag("h2", voice.say(label)), part, id=_id(name, voice)) for name, label, part in built
    ]  # fmt: skip
    contents = tag(
        "nav",
        tag("ol", [tag("li", tag("a", voice.say(label), href=f"#{_id(name, voice)}")) for name, label, _ in built]),
        cls="contents",
        aria_label=voice.say(Text(zh="目录", en="Contents")),
    )
    return tag(
        "div", contents, tag("main", _lead(analysis, voice), _cards(analysis, voice), sections, _footer(analysis, voice)),
        cls="page", lang="zh-CN" if voice.language == "zh" else "en", data_lang=voice.language,
    )  # fmt: skip


def _id(name: str, voice: Voice) -> str:
    return f"{name}-{voice.language}"


def _lead(analysis: Analysis, voice: Voice) -> Html:
    held = analysis.holdings
    eyebrow = voice.say(
        Text(zh="{a} 至 {b} · {n} 张订单 · {c} 位客户", en="{a} to {b} · {n} orders · {c} customers"),
        a=held.first, b=held.last, n=voice.show(held.orders, "orders"), c=voice.show(held.customers, "customers"),
    )  # fmt: skip
    deck = voice.say(
        Text(
            zh="这一页回答：生意怎么样，客户来去如何，价值在谁手里，接下来会怎样，以及每个数字有多可靠。",
            en="This page answers: how business is going, how customers come and go, who holds the value, what comes next, and how sure each number is.",
        )
    )
    return tag(
        "header", tag("p", eyebrow, cls="eyebrow"), tag("h1", title(analysis, voice)), tag("p", deck, cls="deck"),
        tag("ul", [_answer(answer, voice) for answer in answers(analysis, voice)], cls="answers"), cls="lead",
    )  # fmt: skip


def _answer(answer: Answer, voice: Voice) -> Html:
    more = tag("a", voice.say(Text(zh="看依据", en="evidence")), href=f"#{answer.anchor}-{voice.language}")
    return tag("li", tag("span", answer.about, cls="about"), tag("span", answer.sentence, " ", more))


def _cards(analysis: Analysis, voice: Voice) -> Html:
    span = analysis.main_span
    chosen: list[str] = []
    for name in CARDS:
        reading = next((r for m in analysis.metrics if m.name == name and (r := m.in_span(span.name))), None)
        if reading and reading.value.value is not None and len(chosen) < MOST_CARDS and _sound(analysis, reading):
            chosen.append(name)
    say = Text(
        zh="{s}（{p}）{b}；小图为近期走势；点“打开”看公式、口径与区间。",
        en="{s} ({p}){b}; the small line is the recent trend; open a number for its formula, policy and interval.",
    )
    against = Text(zh="，变化{b}", en=", changes {b}")
    basis = voice.say(against, b=basis_of(span)) if span.before else ""
    heading = voice.say(say, s=span.label, p=voice.period(span.period), b=basis)
    return tag(
        "section",
        tag("p", heading, cls="note"),
        tag("div", [_card(analysis, voice, name) for name in chosen], cls="cards"),
        cls="first",
    )


def _sound(analysis: Analysis, reading: Reading) -> bool:
    """Whether a number may stand on its own among the cards: nothing that rests on too short a history, or on a window without repeat buyers."""
    if "history_too_short" in reading.value.settings.get("marks", ()):
        return False
    return not (reading.value.metric == "retention_rate" and analysis.holdings.few_gaps is not None)


def _card(analysis: Analysis, voice: Voice, name: str) -> Html:
    report = analysis.metric(name)
    reading = report.in_span(analysis.main_span.name)
    assert reading is not None
    shown = voice.shown(reading.value)
    change = change_html(voice, voice.change(reading.value, reading.before, report.better))
    line = charts.trend_line(analysis, voice, name)
    spark = drawing(voice, line.option, SPARK_WIDTH, SPARK_HEIGHT, voice.say(report.label), "card") if line else None
    opened = details(voice.say(Text(zh="打开", en="Open")), metric_panel(analysis, voice, report, reading), cls="more")
    return tag(
        "div", tag("h3", voice.say(report.label)), tag("p", shown.text, cls="value", title=shown.exact),
        tag("p", shown.interval, cls="interval"), tag("p", change, cls="change"), spark, opened, cls="card",
    )  # fmt: skip


def _footer(analysis: Analysis, voice: Voice) -> Html:
    words = Text(
        zh="客效 {v} 生成，按 {n} 计算。数据指纹 {i}，快照 {s}。相同的文件与日期给出相同的报告。",
        en="Made by Kexiao {v}, computed as of {n}. Fingerprint of the data {i}, snapshot {s}. Equal files and dates give an equal report.",
    )
    from kexiao import __version__

    return tag("footer", voice.say(words, v=__version__, n=analysis.now, i=analysis.inputs or "—", s=analysis.snapshot))

"""What opens behind a number: formula, parts, interval, comparison, policy, window, variants, why it matters, snapshot. And figures with their tables."""

from __future__ import annotations

import math
import re
from typing import Any

from kexiao.cycle.analyze import Analysis
from kexiao.cycle.overview import MetricReport, Reading
from kexiao.facts.dressing import why_no_interval
from kexiao.report.charts import Chart, figure_html, render_svg
from kexiao.report.html import Html, join, table, tag
from kexiao.report.words import YEAR_BEFORE, Voice, basis_of, change_html, marks_in_words
from kexiao.text import Text

_INNER_NAMES = re.compile(r"(?<=[\"#])(kx[0-9a-f]{10})-")
WIDE, HALF, NARROW = 860, 410, 344
# Line charts come 300 high, which is too much at half width.
LINE_HEIGHT, HALF_HEIGHT = 300, 236
MOST_TICKS, ROUNDING = 5, 1e-9
LABEL = {
    "formula": Text(zh="公式", en="Formula"),
    "made_of": Text(zh="由来", en="Made of"),
    "interval": Text(zh="95 % 区间", en="95 % interval"),
    "exact": Text(zh="精确值", en="Exact"),
    "reason": Text(zh="为什么没有", en="Why missing"),
    "mind": Text(zh="请留意", en="Mind"),
    "compared": Text(zh="比较", en="Compared"),
    "policy": Text(zh="口径", en="Policy"),
    "window": Text(zh="活跃窗口", en="Active window"),
    "why": Text(zh="为什么看", en="Why it matters"),
    "source": Text(zh="出处", en="Source"),
    "snapshot": Text(zh="数据版本", en="Data version"),
}


def figure(voice: Voice, chart: Chart | None, *, half: bool = False) -> Html | None:
    """A chart with its finding, drawn once for wide pages and once for phones, its table folded below."""
    if chart is None:
        return None
    option = _uncrowded(chart.option)
    height = min(chart.height, HALF_HEIGHT) if half and chart.height == LINE_HEIGHT else chart.height
    drawn = [
        tag("div", drawing(voice, option, width, height, chart.title, name), cls=name)
        for name, width in (("wide", HALF if half else WIDE), ("narrow", NARROW))
    ]
    return Html(figure_html(chart, join(drawn), language=voice.language).replace("<table ", '<div class="scroll"><table ', 1).replace("</table>", "</table></div>", 1))  # fmt: skip


def drawing(voice: Voice, option: dict[str, Any], width: int, height: int, label: str, place: str) -> Html:
    """A chart as SVG, its inner names made its own: the same drawing stands in each language, and what is hidden can lend nothing."""
    drawn = render_svg(option, width, height, label=label)
    return Html(_INNER_NAMES.sub(rf"\g<1>{voice.language}{place[0]}-", drawn))


def _uncrowded(option: dict[str, Any]) -> dict[str, Any]:
    """The option with half as many value ticks, for narrow drawings; the ends move out so that zero stays a tick."""
    axis = option.get("xAxis")
    if not isinstance(axis, dict) or axis.get("type") != "value" or not axis.get("interval"):
        return option
    low, high, step = (float(axis[name]) for name in ("min", "max", "interval"))
    if (high - low) / step <= MOST_TICKS:
        return option
    wide = 2 * step
    ends = {"min": math.floor(low / wide + ROUNDING) * wide, "max": math.ceil(high / wide - ROUNDING) * wide}
    return {**option, "xAxis": {**axis, **ends, "interval": wide}}


def metric_panel(analysis: Analysis, voice: Voice, report: MetricReport, reading: Reading) -> Html:
    """Everything that comes with one number."""
    value = reading.value
    shown = voice.shown(value)
    rows: list[tuple[str, object]] = [("formula", voice.say(report.formula))]
    if value.numerator is not None and value.denominator not in (None, 0):
        rows.append(("made_of", f"{_plain(voice, value.numerator)} ÷ {_plain(voice, value.denominator)}"))
    if value.value is None:
        rows.append(("reason", shown.reason))
    else:
        rows.append(("exact", shown.exact))
        rows.append(
            (
                "interval",
                shown.interval
                or voice.say(Text(zh="无：{why}", en="none: {why}"), why=voice.say(why_no_interval(value))),
            )
        )
    rows += [("compared", line) for line in _comparisons(voice, report, reading)]
    rows += [("mind", mark) for mark in marks_in_words(voice, value)]
    if not value.complete:
        rows.append(("mind", voice.say(Text(zh="时段尚未结束", en="the period is not over"))))
    rows.append(("policy", join([tag("span", voice.say(line), cls="") for line in _policy(analysis)])))
    rows.append(("why", voice.say(report.why)))
    rows.append(("source", voice.say(report.source)))
    rows.append(("snapshot", f"{value.snapshot} · {analysis.inputs}" if analysis.inputs else value.snapshot))
    listed = tag("dl", [join(tag("dt", voice.say(LABEL[name])), tag("dd", cell)) for name, cell in rows])
    return tag("div", listed, _variants(voice, report, reading), cls="panel")


def _policy(analysis: Analysis) -> list[Text]:
    return [Text(zh=line.zh + " ", en=line.en + " ") for line in analysis.policy]


def _comparisons(voice: Voice, report: MetricReport, reading: Reading) -> list[Html]:
    found = []
    for difference, basis in ((reading.before, basis_of(reading.span)), (reading.year_before, YEAR_BEFORE)):
        if difference is None or difference.amount is None:
            continue
        change = change_html(voice, voice.change(reading.value, difference, report.better, basis))
        then = voice.line(difference.before)
        how = (
            Text(zh="按客户配对", en="paired by customer")
            if difference.paired
            else Text(zh="两期按独立近似", en="periods taken as independent")
        )
        note = voice.say(how) if difference.low is not None else voice.say(Text(zh="计数之差，不作区间", en="a difference of counts, no interval"))  # fmt: skip
        found.append(join(change, tag("span", f"{voice.period(difference.against)}: {then} · {note}", cls="sub")))
    return found


def _variants(voice: Voice, report: MetricReport, reading: Reading) -> Html | None:
    """The formulas that others print for the same name, computed beside ours."""
    if not report.variants:
        return None
    headers = [
        voice.say(Text(zh="同名的其他公式", en="Other formulas of this name")),
        voice.say(Text(zh="公式", en="Formula")),
        voice.say(Text(zh="当心", en="Caution")),
        voice.say(Text(zh="数值", en="Value")),
    ]
    number = next(i for i, one in enumerate(report.readings) if one.span == reading.span)
    rows = [
        (voice.say(v.label), voice.say(v.formula), voice.say(v.caution), voice.line(v.values[number]))
        for v in report.variants
    ]
    return table(headers, rows, words=(1, 2))


def _plain(voice: Voice, value: object) -> str:
    from kexiao.report.numbers import show_exact

    return show_exact(value, "score", language=voice.language)  # type: ignore[arg-type]

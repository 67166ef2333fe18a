"""Bars: values side by side with whiskers, and columns stacked over time. All start at zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kexiao.report.charts.chart import (
    Chart,
    Extent,
    Option,
    Point,
    Series,
    Words,
    Writing,
    category_axis,
    extent_of,
    frame,
    interval_column,
    literal,
    no_data,
    target_line,
    tip,
    value_tip,
)
from kexiao.report.charts.theme import BETTER, FAINT, GREY, INK, PAPER, SERIES, UNSURE, WORSE, text_colour
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import Judgement, Number
from kexiao.text import Language, Text

ROW = 32
MEANING = {"better": BETTER, "worse": WORSE, "unsure": UNSURE}
# Grey hatching says "unsure" to readers who do not see colours, too.
HATCH = {
    "symbol": "rect",
    "dashArrayX": [1, 0],
    "dashArrayY": [2, 4],
    "rotation": -0.785,
    "color": "rgba(255,255,255,0.9)",
}
VERDICT_WORDS: Mapping[str, Text] = {
    "better": Text(zh="较好", en="better"),
    "worse": Text(zh="较差", en="worse"),
    "unsure": Text(zh="尚不能判断", en="cannot tell"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a value with its interval; ``judgement`` colours it and adds the word; ``n`` goes to the table."""

    label: Words
    value: Number | None
    low: Number | None = None
    high: Number | None = None
    judgement: Judgement | None = None
    reason: Text | None = None
    n: int | None = None
    colour: str | None = None


def bar_chart(
    bars: Sequence[Bar],
    unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    target: Number | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """Horizontal bars from the top in the order given, whiskers for intervals, a thin dark line for the target."""
    how = Writing(unit, currency, language)
    heading, below = how.words(title), how.subtitle(subtitle)
    if not bars:
        return no_data(heading, below, how)
    names = [how.words(bar.label) for bar in bars]
    points = [
        Point(name, bar.value, bar.low, bar.high, True, bar.reason) for name, bar in zip(names, bars, strict=True)
    ]
    reach = [edge for bar in bars for edge in (bar.value, bar.low, bar.high)]
    extent = extent_of([*reach, target], how, from_zero=True)
    values, bounds = interval_column(points, how)
    labels = [_bar_words(bar, value, how) for bar, value in zip(bars, values, strict=True)]
    drawn: list[Option] = [
        {
            "type": "bar",
            "barWidth": 14,
            "data": [
                _bar_item(bar, extent, value_tip(point.at, point, how)) for bar, point in zip(bars, points, strict=True)
            ],
        },
        _whiskers(bars, extent),
        _labels_after(bars, labels, extent),
    ]
    if target is not None:
        named = Text(zh="目标 {v}", en="Target {v}").fill(v=how.show(target))
        drawn[0]["markLine"] = target_line(extent.scale.of(target) or 0.0, how.words(named), vertical=True)
    option = rows_frame(names, extent, max(map(text_width, labels)), drawn, top=28 if target is not None else 10)
    headers, rows = _bars_table(bars, names, values, bounds, how)
    return Chart(option, heading, below, headers, rows, len(bars) * ROW + 50)


def stacked_columns(
    series: Sequence[Series],
    unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """Columns over periods, the series stacked and named beside the last column. Values add up; unfinished periods are paler."""
    how = Writing(unit, currency, language)
    heading, below = how.words(title), how.subtitle(subtitle)
    if not series or not series[0].points:
        return no_data(heading, below, how)
    periods = [point.at for point in series[0].points]
    totals = [sum(float(one.points[place].value or 0) for one in series) for place in range(len(periods))]
    extent = extent_of(totals, how, from_zero=True)
    names = [how.words(one.name) for one in series]
    drawn: list[Option] = []
    for place, (one, name) in enumerate(zip(series, names, strict=True)):
        colour = one.colour or SERIES[place % len(SERIES)]
        drawn.append(_column_series(one, name, colour, extent, how))
    option = frame(
        grid={
            "left": round(extent.label_width() + 14),
            "right": round(max(map(text_width, names)) + 20),
            "top": 16,
            "bottom": 30,
            "containLabel": False,
        },
        xAxis=category_axis(periods, axisLabel={"hideOverlap": True}),
        yAxis=extent.option(),
        series=drawn,
    )
    columns = [how.column([point.value for point in one.points]) for one in series]
    headers = (how.words(Text(zh="时段", en="Period")), *names)
    return Chart(option, heading, below, headers, tuple(zip(periods, *columns, strict=True)), 300)


def rows_frame(
    names: Sequence[str], extent: Extent, label_room: float, drawn: Sequence[Option], *, top: int = 10
) -> Option:
    """Rows from the top with their names at the left, value ticks at the bottom, room for the figures at the right."""
    return frame(
        grid={
            "left": round(min(max(map(text_width, names)), 220) + 14),
            "right": round(label_room + 16),
            "top": top,
            "bottom": 28,
            "containLabel": False,
        },
        yAxis=category_axis(
            names,
            inverse=True,
            axisLine={"show": False},
            axisLabel={"color": INK, "width": 220, "overflow": "truncate", "interval": 0},
        ),
        xAxis=extent.option(),
        series=list(drawn),
    )


def _bar_item(bar: Bar, extent: Extent, hint: str) -> Option:
    colour = MEANING.get(bar.judgement or "") or bar.colour or SERIES[0]
    style: Option = {"color": colour}
    if bar.judgement == "unsure":
        style["decal"] = HATCH
    return {"value": extent.scale.of(bar.value), "itemStyle": style, **tip(hint)}


def _bar_words(bar: Bar, value: str, how: Writing) -> str:
    """The figure after a bar, with the word for what its colour says, or the reason for a gap."""
    if bar.value is None:
        return f"{value} {how.words(bar.reason)}" if bar.reason else value
    return f"{value} {_verdict(bar, how)}".rstrip()


def _verdict(bar: Bar, how: Writing) -> str:
    word = VERDICT_WORDS.get(bar.judgement or "")
    return how.words(word) if word else ""


def _whiskers(bars: Sequence[Bar], extent: Extent) -> Option:
    """Intervals as box plots whose box has no width: a line with two caps."""
    data: list[Option] = []
    for bar in bars:
        low, value, high = (extent.scale.of(edge) for edge in (bar.low, bar.value, bar.high))
        known = low is not None and value is not None and high is not None
        data.append({"value": [low, value, value, value, high] if known else [None] * 5})
    style = {"color": INK, "borderColor": INK, "borderWidth": 1.2}
    return {"type": "boxplot", "silent": True, "boxWidth": [6, 6], "itemStyle": style, "data": data, "z": 4}


def _labels_after(bars: Sequence[Bar], labels: Sequence[str], extent: Extent) -> Option:
    ends = [max(float(edge) for edge in (bar.value, bar.high, 0) if edge is not None) for bar in bars]
    series = labels_at(ends, labels, extent)
    for item, bar in zip(series["data"], bars, strict=True):
        item["label"]["color"] = GREY if bar.value is None else INK
    return series


def labels_at(ends: Sequence[float], labels: Sequence[str], extent: Extent) -> Option:
    """Figures to the right of where each row ends."""
    data = [
        {
            "value": [extent.scale.of(end), place],
            "label": {"formatter": literal(label), "color": INK},
        }
        for place, (end, label) in enumerate(zip(ends, labels, strict=True))
    ]
    label = {"show": True, "position": "right", "distance": 4, "backgroundColor": PAPER, "padding": [1, 2]}
    shape = {"symbolSize": 1, "silent": True, "itemStyle": {"color": "transparent"}, "clip": False, "z": 5}
    return {"type": "scatter", **shape, "label": label, "data": data}


def _column_series(one: Series, name: str, colour: str, extent: Extent, how: Writing) -> Option:
    last = len(one.points) - 1
    label = {
        "show": True,
        "position": "right",
        "formatter": literal(name),
        "color": text_colour(colour),
        "fontWeight": "bold",
        "opacity": 1,
        "lineHeight": 17,
        "distance": 8,
    }
    data = []
    for place, point in enumerate(one.points):
        item: Option = {
            "value": extent.scale.of(point.value),
            **tip(value_tip(f"{name} {point.at}", point, how)),
        }
        if not point.complete:
            item["itemStyle"] = {"opacity": 0.45, "borderColor": FAINT}
        data.append(item | ({"label": label} if place == last else {}))
    return {
        "type": "bar",
        "stack": "all",
        "name": literal(name),
        "barCategoryGap": "35%",
        "itemStyle": {"color": colour},
        "labelLayout": {"moveOverlap": "shiftY"},
        "data": data,
    }


def _bars_table(
    bars: Sequence[Bar], names: Sequence[str], values: Sequence[str], bounds: Sequence[str], how: Writing
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    headers = [how.words(Text(zh="项目", en="Item")), how.unit_words()]
    columns: list[Sequence[str]] = [names, values]
    if any(bounds):
        headers.append(how.words(Text(zh="95 % 区间", en="95 % interval")))
        columns.append(bounds)
    if any(bar.n is not None for bar in bars):
        headers.append(how.words(Text(zh="客户数", en="Customers")))
        columns.append(Writing("customers").column([bar.n for bar in bars]))
    if any(bar.judgement in VERDICT_WORDS for bar in bars):
        headers.append(how.words(Text(zh="判断", en="Judgement")))
        columns.append([_verdict(bar, how) for bar in bars])
    return tuple(headers), tuple(zip(*columns, strict=True))

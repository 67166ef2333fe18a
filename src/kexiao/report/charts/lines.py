"""Lines over periods: values with interval bands, a dashed unfinished tail, targets and events; and the small line of a card."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.report.charts.chart import (
    HOVER,
    Chart,
    Event,
    Extent,
    Option,
    Point,
    Series,
    Words,
    Writing,
    category_axis,
    event_lines,
    events_note,
    extent_of,
    frame,
    interval_column,
    literal,
    no_data,
    target_line,
    tip,
    value_tip,
)
from kexiao.report.charts.theme import SERIES, text_colour
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import Number
from kexiao.text import Language, Text

# More series than this are told apart by the table, not by bands.
MOST_BANDS = 2
MANY_POINTS = 24


def line_chart(
    series: Sequence[Series],
    unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    target: Number | None = None,
    events: Sequence[Event] = (),
    as_of: str | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """Values over periods; all series share one axis of periods.

    ``as_of`` is the last covered day, written where the last period is unfinished. Series are named at their end.
    """
    how = Writing(unit, currency, language)
    labels = [point.at for point in max(series, key=lambda one: len(one.points)).points] if series else []
    heading, below = how.words(title), how.subtitle(subtitle)
    if not any(point.value is not None for one in series for point in one.points):
        return no_data(heading, below, how)
    banded = len(series) <= MOST_BANDS
    extent = extent_of(_reach(series, target, banded), how, from_zero=False)
    drawn: list[Option] = []
    for place, one in enumerate(series):
        colour = one.colour or SERIES[place % len(SERIES)]
        drawn += _band(one, place, extent, colour) if banded else []
        drawn += _line(one, extent, colour, _end_label(one, len(series), how))
        drawn.append(_hover(one, place, extent, how))
    drawn[0] |= {"markLine": _marks(target, events, extent, how)}
    endings = [_end_label(one, len(series), how) for one in series]
    option = frame(
        grid={
            "left": round(extent.label_width() + 14),
            "right": round(max(text_width(ending, 12, bold=True) for ending in endings) + 18),
            "top": 26,
            "bottom": 30,
            "containLabel": False,
        },
        xAxis=category_axis(labels, boundaryGap=False, axisLabel={"hideOverlap": True}),
        yAxis=extent.option(),
        series=drawn,
    )
    headers, rows = _table(series, labels, how)
    note = " ".join(filter(None, [_unfinished(series, as_of, how), events_note(events, how)]))
    return Chart(option, heading, below, headers, rows, 300, note)


def sparkline(
    points: Sequence[Point],
    unit: str,
    *,
    target: Number | None = None,
    better_colour: str | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """The small line of a metric card: no axes, a dot at the last complete value, the target as a thin line."""
    how = Writing(unit, currency, language)
    one = Series("", points, better_colour or SERIES[0])
    extent = extent_of(_reach([one], target, False), how, from_zero=False)
    drawn = _line(one, extent, one.colour or SERIES[0], "")
    drawn[0] |= {"symbol": "none"}
    values = [value for value in (extent.scale.of(point.value) for point in points) if value is not None]
    edges = values + ([] if target is None else [extent.scale.of(target) or 0.0])
    low, high = min(edges, default=0.0), max(edges, default=1.0)
    room = (high - low) * 0.08 or 1.0
    if target is not None:
        drawn[0]["markLine"] = {**target_line(extent.scale.of(target) or 0.0, ""), "label": {"show": False}}
    last = _last_complete(points)
    if last is not None:
        drawn[0]["markPoint"] = {
            "silent": True,
            "symbol": "circle",
            "symbolSize": 6,
            "label": {"show": False},
            "data": [{"coord": [points[last].at, extent.scale.of(points[last].value)]}],
        }
    option = frame(
        grid={"left": 4, "right": 6, "top": 5, "bottom": 5, "containLabel": False},
        xAxis=category_axis([point.at for point in points], boundaryGap=False, show=False),
        yAxis={"type": "value", "min": low - room, "max": high + room, "show": False},
        series=drawn,
    )
    headers, rows = _table([one], [point.at for point in points], how)
    return Chart(option, "", "", headers, rows, 40)


def _reach(series: Sequence[Series], target: Number | None, banded: bool) -> list[Number | None]:
    """All values that the axis has to hold."""
    points = [point for one in series for point in one.points]
    edges = [edge for point in points for edge in (point.low, point.high)] if banded else []
    return [*(point.value for point in points), *edges, target]


def _band(one: Series, place: int, extent: Extent, colour: str) -> list[Option]:
    """The interval as an area between two stacked lines, the lower one unseen."""
    if not any(point.low is not None and point.high is not None for point in one.points):
        return []
    lows, heights = [], []
    for point in one.points:
        low, high = extent.scale.of(point.low), extent.scale.of(point.high)
        known = low is not None and high is not None and point.complete
        lows.append(low if known else None)
        heights.append(round(high - low, 9) if known and low is not None and high is not None else None)
    common = {
        "type": "line",
        "stack": f"band {place}",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
        "z": 1,
    }
    area = {"areaStyle": {"color": colour, "opacity": 0.14}}
    return [{**common, "data": lows}, {**common, **area, "data": heights}]


def _line(one: Series, extent: Extent, colour: str, ending: str) -> list[Option]:
    """The finished values as a solid line, and the unfinished tail dashed from the last finished one."""
    finished = [extent.scale.of(point.value) if point.complete else None for point in one.points]
    tail = _tail(one.points, extent)
    has_tail = any(value is not None for value in tail)
    common: Option = {"type": "line", "itemStyle": {"color": colour}, "silent": True, "z": 3, "clip": False}
    label = {
        "show": bool(ending),
        "formatter": literal(ending),
        "color": text_colour(colour),
        "fontWeight": "bold",
        "fontSize": 12,
        "lineHeight": 17,
        "distance": 8,
    }
    at_end = {"endLabel": label, "labelLayout": {"moveOverlap": "shiftY"}}
    dots = _dots(finished)
    solid = {**common, "data": dots, "lineStyle": {"color": colour, "width": 2}, "symbolSize": 4}
    if not has_tail:
        return [{**solid, **at_end}]
    dashed = {**common, "data": tail, "lineStyle": {"color": colour, "width": 2, "type": [4, 4]}, "symbol": "none"}
    return [solid, {**dashed, **at_end}]


def _dots(values: Sequence[float | None]) -> list[Option]:
    """Values with a dot where the line alone would not show them: few points, or one between gaps."""
    few = len(values) <= MANY_POINTS
    items: list[Option] = []
    for place, value in enumerate(values):
        around = [values[other] for other in (place - 1, place + 1) if 0 <= other < len(values)]
        alone = all(other is None for other in around)
        items.append({"value": value, "symbolSize": 6 if alone else 4 if few else 0})
    return items


def _tail(points: Sequence[Point], extent: Extent) -> list[float | None]:
    values: list[float | None] = [None] * len(points)
    for place, point in enumerate(points):
        if not point.complete:
            values[place] = extent.scale.of(point.value)
            if place and points[place - 1].complete:
                values[place - 1] = extent.scale.of(points[place - 1].value)
    return values


def _hover(one: Series, place: int, extent: Extent, how: Writing) -> Option:
    """Unseen marks that are easy to point at."""
    name = how.words(one.name)
    data = [
        {
            "value": [point.at, extent.scale.of(point.value)],
            **tip(value_tip(f"{name} {point.at}".strip(), point, how)),
        }
        for point in one.points
        if point.value is not None
    ]
    return {
        "id": f"{HOVER} {place}",
        "type": "scatter",
        "symbolSize": 16,
        "itemStyle": {"opacity": 0},
        "data": data,
        "z": 5,
    }


def _end_label(one: Series, count: int, how: Writing) -> str:
    """The last known value; with several series their names before it."""
    known = [point.value for point in one.points if point.value is not None]
    value = how.show(known[-1]) if known else ""
    return value if count == 1 else f"{how.words(one.name)} {value}"


def _last_complete(points: Sequence[Point]) -> int | None:
    known = [place for place, point in enumerate(points) if point.complete and point.value is not None]
    return known[-1] if known else None


def _marks(target: Number | None, events: Sequence[Event], extent: Extent, how: Writing) -> Option:
    """Target and events in one markLine, as a series has only one."""
    marks = event_lines(events)
    if target is None:
        return marks
    shown = how.show(target)
    name = how.words(Text(zh="目标 {v}", en="Target {v}").fill(v=shown))
    line = target_line(extent.scale.of(target) or 0.0, name)
    here = {key: line[key] for key in ("lineStyle", "label")}
    return {**marks, "data": [*marks["data"], {**line["data"][0], **here}]}


def _unfinished(series: Sequence[Series], as_of: str | None, how: Writing) -> str:
    if all(point.complete for one in series for point in one.points):
        return ""
    if as_of is None:
        return how.words(Text(zh="虚线：尚未结束的时段。", en="Dashed: an unfinished period."))
    return how.words(
        Text(zh="虚线：尚未结束的时段，截至 {d}。", en="Dashed: an unfinished period, up to {d}.").fill(d=as_of)
    )


def _table(
    series: Sequence[Series], labels: Sequence[str], how: Writing
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    interval = how.words(Text(zh="95 % 区间", en="95 % interval"))
    headers = [how.words(Text(zh="时段", en="Period"))]
    columns: list[dict[str, str]] = []
    for one in series:
        values, bounds = interval_column(one.points, how)
        name = how.words(one.name) or how.words(Text(zh="数值", en="Value"))
        headers.append(name)
        columns.append(dict(zip((point.at for point in one.points), values, strict=True)))
        if any(bounds):
            headers.append(interval if len(series) == 1 else f"{name} {interval}")
            columns.append(dict(zip((point.at for point in one.points), bounds, strict=True)))
    return tuple(headers), tuple((label, *(column.get(label, "") for column in columns)) for label in labels)

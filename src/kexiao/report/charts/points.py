"""Points on a plane: scatter and bubbles, the funnel plot for fair comparison, the Lorenz curve of concentration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from kexiao.report.charts.chart import (
    Chart,
    Extent,
    Option,
    Words,
    Writing,
    extent_of,
    frame,
    literal,
    no_data,
    target_line,
    tip,
)
from kexiao.report.charts.theme import BETTER, FAINT, GREY, INK, SERIES, UNSURE, WORSE, text_colour
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import Better, Number
from kexiao.text import Language, Text

# Up to so many points each has its name beside it.
MOST_NAMES = 30
# Spiegelhalter (2005), "Funnel plots for comparing institutional performance": limits at two and three standard errors.
INNER, OUTER = 1.959964, 3.090232
FUNNEL_STEPS = 60


@dataclass(frozen=True, slots=True)
class Dot:
    """One thing measured twice: ``x`` and ``y``; ``size`` sets the area of its bubble, ``colour`` keeps a channel's colour."""

    name: Words
    x: Number
    y: Number
    size: Number | None = None
    colour: str | None = None


def scatter_chart(
    dots: Sequence[Dot],
    x_name: Words,
    x_unit: str,
    y_name: Words,
    y_unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    x_target: Number | None = None,
    y_target: Number | None = None,
    size_name: Words | None = None,
    size_unit: str = "money",
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """Each thing as a dot or, with sizes, as a bubble whose area is its size; targets as thin dark lines."""
    how, x_how, y_how = (Writing(unit, currency, language) for unit in (size_unit, x_unit, y_unit))
    heading = how.words(title)
    titles = [how.words(x_name), how.words(y_name)]
    if not dots:
        return no_data(heading, how.words(subtitle or ""), how)
    ends = _roomy([dot.x for dot in dots], x_target), _roomy([dot.y for dot in dots], y_target)
    across = extent_of(ends[0], x_how, from_zero=False)
    up = extent_of(ends[1], y_how, from_zero=False)
    largest = max((float(dot.size) for dot in dots if dot.size), default=0.0)
    names = [how.words(dot.name) for dot in dots]
    columns = [names, x_how.column([dot.x for dot in dots]), y_how.column([dot.y for dot in dots])]
    if size_name is not None:
        titles.append(how.words(size_name))
        columns.append(how.column([dot.size for dot in dots]))
    rows = tuple(zip(*columns, strict=True))
    data = [
        _dot_item(dot, across, up, largest, len(dots) <= MOST_NAMES, _hint(row, titles))
        for dot, row in zip(dots, rows, strict=True)
    ]
    plot: Option = {"type": "scatter", "labelLayout": {"hideOverlap": True}, "data": data, "clip": False}
    plot["markLine"] = _cross_lines(x_target, y_target, across, up)
    option = _plane(across, up, titles[0], titles[1], [plot])
    below = how.words(subtitle) if subtitle else _pair(titles, x_how, y_how)
    headers = (how.words(Text(zh="名称", en="Name")), *titles)
    return Chart(option, heading, below, headers, rows, 360)


def funnel_chart(
    dots: Sequence[Dot],
    mean: Number,
    unit: str,
    *,
    title: Words,
    spread: Number | None = None,
    better: Better = "higher",
    subtitle: Words | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """A value (``y``) against the customers behind it (``x``), with the limits that chance alone keeps to.

    ``spread`` is the standard deviation between customers; a ratio has √(p(1 − p)) unless another is given. Only what lies outside the outer
    limits is named and coloured: inside, the differences may be luck. Limits: Spiegelhalter (2005), equation 1.
    """
    how = Writing(unit, currency, language)
    heading = how.words(title)
    known = [dot for dot in dots if dot.x > 0]
    if not known:
        return no_data(heading, how.words(subtitle or ""), how)
    middle = float(mean)
    deviation = float(spread) if spread is not None else sqrt(max(middle * (1 - middle), 0.0))
    widest = max(float(dot.x) for dot in known)
    across = extent_of([0, widest * 1.05], Writing("customers", language=language), from_zero=True)
    sizes = _funnel_sizes(min(float(dot.x) for dot in known), across.high / across.scale.factor)
    limits = {z: [(n, middle + sign * z * deviation / sqrt(n)) for n in sizes] for z, sign in _signed(INNER, OUTER)}
    floor, ceiling = (0.0, 1.0) if unit == "ratio" else (float("-inf"), float("inf"))
    shown_edges = [
        min(max(edge, floor), ceiling) for edges in limits.values() for _, edge in edges[FUNNEL_STEPS // 12 :]
    ]
    up = extent_of([*(dot.y for dot in known), *shown_edges], how, from_zero=False)
    drawn = [_limit_line(z, edges, floor, ceiling, across, up) for z, edges in limits.items()]
    titles = [how.words(Text(zh="客户数", en="Customers")), how.unit_words()]
    names = [how.words(dot.name) for dot in known]
    figures = how.column([dot.y for dot in known])
    places = [_place(dot, middle, deviation, how) for dot in known]
    counts = Writing("customers").column([dot.x for dot in known])
    rows = tuple(zip(names, counts, figures, places, strict=True))
    data = [
        _funnel_item(dot, row, middle, deviation, better, across, up, titles)
        for dot, row in zip(known, rows, strict=True)
    ]
    overall = how.words(Text(zh="总体 {v}", en="Overall {v}").fill(v=how.show(mean)))
    line = target_line(up.scale.of(mean) or 0.0, overall)
    line["label"] = {"position": "end", "formatter": literal(overall), "color": INK, "fontSize": 11}
    drawn.append({"type": "scatter", "symbolSize": 9, "data": data, "markLine": line, "z": 4})
    below = how.words(subtitle) if subtitle else _funnel_words(how)
    headers = (how.words(Text(zh="名称", en="Name")), *titles, how.words(Text(zh="与总体相比", en="Against overall")))
    option = _plane(across, up, titles[0], "", drawn)
    option["grid"]["right"] = round(text_width(overall, 11) + 16)
    return Chart(option, heading, below, headers, rows, 360)


def lorenz_chart(
    curve: Sequence[tuple[Number, Number]],
    *,
    title: Words,
    subtitle: Words | None = None,
    mark_at: float = 0.2,
    language: Language | None = None,
) -> Chart:
    """Concentration: customers from the best down along the x axis, their share of the total on the y axis, both cumulated from 0 to 1.

    The share of the top ``mark_at`` is read off the curve (interpolated) and written beside it; the diagonal is equality.
    """
    how = Writing("ratio", "CNY", language)
    heading = how.words(title)
    below = how.words(subtitle) if subtitle else _lorenz_words(how)
    if len(curve) < 2:
        return no_data(heading, below, how)
    line = [[round(float(x) * 100, 4), round(float(y) * 100, 4)] for x, y in curve]
    share = _interpolate(curve, mark_at)
    said = Text(zh="前 {x} 的客户占 {y}", en="The top {x} hold {y}").fill(
        x=how.show(mark_at, places=0), y=how.show(share)
    )
    top = max(100.0, *(y for _, y in line))
    extent = extent_of([0, top / 100], how, from_zero=True)
    sides = extent_of([0, 1], how, from_zero=True)
    drawn = [*_lorenz_lines(line), _lorenz_mark(mark_at, share, how.words(said))]
    names = [
        how.words(Text(zh="客户（由高到低累计）", en="Customers, best first, cumulated")),
        how.words(Text(zh="占总额", en="Share of the total")),
    ]
    option = _plane(sides, extent, names[0], "", drawn)
    rows = tuple((how.show(at, places=0), how.show(_interpolate(curve, at))) for at in (0.01, 0.05, 0.1, 0.2, 0.5, 1.0))
    return Chart(option, heading, below, (names[0], names[1]), rows, 340)


def _lorenz_lines(line: Sequence[Sequence[float]]) -> list[Option]:
    """The curve, and the diagonal on which all hold the same."""
    quiet: Option = {"type": "line", "silent": True, "symbol": "none"}
    curve = {"lineStyle": {"color": SERIES[0], "width": 2.5}, "areaStyle": {"color": SERIES[0], "opacity": 0.07}}
    equality = {"lineStyle": {"color": UNSURE, "width": 1, "type": [4, 4]}}
    return [{**quiet, "data": line, **curve}, {**quiet, "data": [[0, 0], [100, 100]], **equality}]


def _lorenz_mark(at: float, share: float, said: str) -> Option:
    label = {
        "show": True,
        "position": "right",
        "distance": 10,
        "formatter": said,
        "fontWeight": "bold",
        "color": INK,
    }
    return {
        "type": "scatter",
        "silent": True,
        "symbolSize": 8,
        "itemStyle": {"color": INK},
        "data": [[at * 100, round(share * 100, 4)]],
        "label": label,
        "z": 5,
    }


def _plane(across: Extent, up: Extent, x_name: str, y_name: str, drawn: Sequence[Option]) -> Option:
    return frame(
        grid={
            "left": round(up.label_width() + 14),
            "right": 40,
            "top": 34 if y_name else 16,
            "bottom": 50,
            "containLabel": False,
        },
        xAxis=across.option(
            name=x_name, nameLocation="middle", nameGap=32, axisLine={"show": True}, splitLine={"show": False}
        ),
        yAxis=up.option(
            name=y_name, nameLocation="end", nameGap=14, nameTextStyle={"align": "left", "padding": [0, 0, 0, -24]}
        ),
        series=list(drawn),
    )


def _roomy(values: Sequence[Number], target: Number | None) -> list[float]:
    """The values and their target with a little air around, so that no bubble is cut; zero is not crossed for it."""
    known = [float(value) for value in (*values, target) if value is not None]
    low, high = min(known), max(known)
    air = (high - low) * 0.06
    return [low - air if low < 0 else max(low - air, 0.0), high + air]


def _dot_item(dot: Dot, across: Extent, up: Extent, largest: float, named: bool, hint: str) -> Option:
    colour = dot.colour or SERIES[0]
    size = 10.0 if not largest else max(6.0, 46 * sqrt(max(float(dot.size or 0), 0) / largest))
    label = {
        "show": named,
        "position": "right",
        "formatter": literal(hint.partition("\n")[0]),
        "color": text_colour(colour),
        "opacity": 1,
    }
    return {
        "value": [across.scale.of(dot.x), up.scale.of(dot.y)],
        "symbolSize": round(size, 2),
        "itemStyle": {"color": colour, "opacity": 0.75},
        "label": label,
        **tip(hint),
    }


def _hint(row: Sequence[str], titles: Sequence[str]) -> str:
    return "\n".join([row[0], *(f"{name} {figure}" for name, figure in zip(titles, row[1:], strict=False))])


def _cross_lines(x_target: Number | None, y_target: Number | None, across: Extent, up: Extent) -> Option:
    data = [{"xAxis": across.scale.of(x_target)}] if x_target is not None else []
    data += [{"yAxis": up.scale.of(y_target)}] if y_target is not None else []
    look = {"lineStyle": {"color": INK, "width": 1, "type": "solid"}, "label": {"show": False}}
    return {"silent": True, "symbol": "none", "data": data, **look}


def _pair(titles: Sequence[str], x_how: Writing, y_how: Writing) -> str:
    return x_how.words(
        Text(zh="横轴：{a}（{x}）；纵轴：{b}（{y}）", en="Across: {a} ({x}); up: {b} ({y})").fill(
            a=titles[0], b=titles[1], x=x_how.unit_words(), y=y_how.unit_words()
        )
    )


def _signed(*sizes: float) -> list[tuple[float, int]]:
    return [(sign * size, 1) for size in sizes for sign in (-1, 1)]


def _funnel_sizes(smallest: float, largest: float) -> list[float]:
    """Sizes at which the limits are drawn, denser where they bend."""
    first = max(smallest * 0.6, 1.0)
    ratio = (largest / first) ** (1 / FUNNEL_STEPS)
    return [first * ratio**step for step in range(FUNNEL_STEPS + 1)]


def _limit_line(
    z: float, edges: Sequence[tuple[float, float]], floor: float, ceiling: float, across: Extent, up: Extent
) -> Option:
    low, high = (edge / up.scale.factor for edge in (up.low, up.high))
    inside = [(n, edge) for n, edge in edges if max(floor, low) <= edge <= min(ceiling, high)]
    dash = "solid" if abs(z) == OUTER else [4, 4]
    return {
        "type": "line",
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": GREY if abs(z) == OUTER else UNSURE, "width": 1, "type": dash},
        "data": [[across.scale.of(n), up.scale.of(edge)] for n, edge in inside],
    }


def _distance(dot: Dot, middle: float, deviation: float) -> float:
    """How many standard errors a point lies from the mean."""
    error = deviation / sqrt(float(dot.x))
    return (float(dot.y) - middle) / error if error else 0.0


def _place(dot: Dot, middle: float, deviation: float, how: Writing) -> str:
    z = _distance(dot, middle, deviation)
    if abs(z) <= OUTER:
        return how.words(Text(zh="在正常波动之内", en="within chance"))
    return how.words(Text(zh="高于", en="above") if z > 0 else Text(zh="低于", en="below"))


def _funnel_item(
    dot: Dot,
    row: Sequence[str],
    middle: float,
    deviation: float,
    better: Better,
    across: Extent,
    up: Extent,
    titles: Sequence[str],
) -> Option:
    z = _distance(dot, middle, deviation)
    outside = abs(z) > OUTER
    good = (z > 0) == (better == "higher")
    colour = UNSURE if not outside else INK if better == "neither" else BETTER if good else WORSE
    label = {"show": outside, "position": "right", "formatter": literal(f"{row[0]} {row[2]}"), "color": colour}
    return {
        "value": [across.scale.of(dot.x), up.scale.of(dot.y)],
        "itemStyle": {"color": colour, "borderColor": FAINT},
        "label": label,
        **tip(_hint(row, titles)),
    }


def _funnel_words(how: Writing) -> str:
    text = Text(
        zh="横轴为客户数；虚线与实线之间约 95 % 与 99.8 % 的点只是正常波动，线外才值得追问。",
        en="Customers across. Chance alone keeps about 95 % of points within the dashed lines and 99.8 % within the solid ones.",
    )
    return how.words(text)


def _lorenz_words(how: Writing) -> str:
    text = Text(
        zh="曲线越鼓，价值越集中在少数客户；虚线表示人人相同。",
        en="The fuller the curve, the fewer customers hold the value; the dashed line is equality.",
    )
    return how.words(text)


def _interpolate(curve: Sequence[tuple[Number, Number]], at: float) -> float:
    points = [(float(x), float(y)) for x, y in curve]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= at <= x1:
            return y0 if x1 == x0 else y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]

"""Why it moved: the parts of a change as a waterfall, or by segment. The parts add up to the change or nothing is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isclose

from kexiao.report.charts.bars import ROW, labels_at, rows_frame
from kexiao.report.charts.chart import Chart, Extent, Option, Words, Writing, extent_of, literal, tip
from kexiao.report.charts.theme import BETTER, INK, PAPER, SERIES, WORSE
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import Number
from kexiao.text import Language, Text

# Two values written with the same digits may differ in the last bits of a float.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a change, in the metric's own unit (a ratio's parts are differences of ratios); ``good`` if it helped."""

    label: Words
    amount: Number
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One segment's parts of a change, in the order of the part names."""

    label: Words
    amounts: Sequence[Number]


def waterfall_chart(
    parts: Sequence[Part],
    start: Number,
    end: Number,
    unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """How the parts of a change lead from ``start`` to ``end``: each begins where the one before ended, the last row is the whole.

    The axis shows the change, from zero. Raises ValueError if the parts do not add up to the change.
    """
    how = Writing(unit, currency, language)
    total = _add_up([part.amount for part in parts], start, end)
    whole = Part(Text(zh="合计变动", en="Total change"), total)
    rows = [*parts, whole]
    names = [how.words(part.label) for part in rows]
    starts = [*_running([part.amount for part in parts]), 0.0]
    ends = [begin + float(part.amount) for begin, part in zip(starts, rows, strict=True)]
    extent = extent_of([*starts, *ends], how.of_differences(), from_zero=True)
    labels = how.column([part.amount for part in rows], signed=True)
    edges = list(zip(starts, ends, strict=True))
    drawn: list[Option] = [
        {
            "type": "candlestick",
            "barWidth": 14,
            "data": [
                {
                    "value": _floating(extent, begin, finish),
                    "itemStyle": _one_colour(INK if part is whole else _part_colour(part)),
                    **tip(f"{name}\n{label}"),
                }
                for part, name, label, (begin, finish) in zip(rows, names, labels, edges, strict=True)
            ],
        },
        labels_at([max(begin, finish, 0.0) for begin, finish in edges], labels, extent),
    ]
    option = rows_frame(names, extent, max(map(text_width, labels)), drawn)
    both = [how.show(value) for value in (start, end)]
    below = how.words(subtitle) if subtitle else " → ".join(both)
    headers = (how.words(Text(zh="部分", en="Part")), how.words(Text(zh="变动", en="Change")))
    return Chart(option, how.words(title), below, headers, tuple(zip(names, labels, strict=True)), len(rows) * ROW + 50)


def split_chart(
    rows: Sequence[SplitRow],
    part_names: Sequence[Words],
    start: Number,
    end: Number,
    unit: str,
    *,
    title: Words,
    subtitle: Words | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Chart:
    """The same change by segment: one row a segment, its parts (volume, mix, rate) stacked to both sides of zero.

    A dark mark shows the row's sum. Raises ValueError if all parts of all rows do not add up to the change.
    """
    how = Writing(unit, currency, language)
    _add_up([amount for row in rows for amount in row.amounts], start, end)
    names = [how.words(row.label) for row in rows]
    sums = [sum((Decimal(str(amount)) for amount in row.amounts), Decimal(0)) for row in rows]
    reach = [sum(float(amount) for amount in row.amounts if (amount > 0) == up) for row in rows for up in (True, False)]
    extent = extent_of(reach, how.of_differences(), from_zero=True)
    labels = how.column(sums, signed=True)
    titles = [how.words(name) for name in part_names]
    drawn = [_stacked_part(place, name, rows, names, extent, how) for place, name in enumerate(titles)]
    drawn.append(_sum_marks(sums, extent))
    drawn.append(labels_at([max(value, 0.0) for value in reach[::2]], labels, extent))
    option = rows_frame(names, extent, max(map(text_width, labels)), drawn, top=34)
    option["legend"] = {"data": [literal(name) for name in titles], "left": 0, "top": 0, "selectedMode": False}
    both = [how.show(value) for value in (start, end)]
    below = how.words(subtitle) if subtitle else " → ".join(both)
    headers = (how.words(Text(zh="分组", en="Group")), *titles, how.words(Text(zh="合计", en="Sum")))
    columns = [how.column([row.amounts[place] for row in rows], signed=True) for place in range(len(titles))]
    table = tuple(zip(names, *columns, labels, strict=True))
    return Chart(option, how.words(title), below, headers, table, len(rows) * ROW + 76)


def _add_up(amounts: Sequence[Number], start: Number, end: Number) -> Number:
    """The change from start to end; refused if the parts do not add up to it."""
    change = Decimal(str(end)) - Decimal(str(start))
    total = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
    scale = max(abs(float(start)), abs(float(end)), 1e-300)
    if not isclose(float(total), float(change), rel_tol=SAME, abs_tol=SAME * scale):
        raise ValueError(f"The parts of a change must add up to it: {total} is not {change}")
    return change


def _running(amounts: Sequence[Number]) -> list[float]:
    """Where each part begins."""
    begins, level = [], Decimal(0)
    for amount in amounts:
        begins.append(float(level))
        level += Decimal(str(amount))
    return begins


def _floating(extent: Extent, begin: float, finish: float) -> list[float | None]:
    """A bar that floats between two values, in the order a candlestick takes them."""
    opened, closed = extent.scale.of(begin), extent.scale.of(finish)
    low, high = extent.scale.of(min(begin, finish)), extent.scale.of(max(begin, finish))
    return [opened, closed, low, high]


def _one_colour(colour: str) -> Option:
    return {"color": colour, "color0": colour, "borderColor": colour, "borderColor0": colour, "borderColorDoji": colour}


def _part_colour(part: Part) -> str:
    return SERIES[0] if part.good is None else BETTER if part.good else WORSE


def _stacked_part(
    place: int, name: str, rows: Sequence[SplitRow], names: Sequence[str], extent: Extent, how: Writing
) -> Option:
    amounts = [row.amounts[place] for row in rows]
    signed = how.column(amounts, signed=True)
    data = [
        {"value": extent.scale.of(amount), **tip(f"{row} {name}\n{label}")}
        for row, amount, label in zip(names, amounts, signed, strict=True)
    ]
    look = {"color": SERIES[place % len(SERIES)], "borderColor": PAPER, "borderWidth": 0.5}
    return {"type": "bar", "stack": "parts", "name": literal(name), "barWidth": 14, "itemStyle": look, "data": data}


def _sum_marks(sums: Sequence[Decimal], extent: Extent) -> Option:
    data = [[extent.scale.of(total), place] for place, total in enumerate(sums)]
    shape = {"symbol": "rect", "symbolSize": [2.5, 20], "itemStyle": {"color": INK}}
    return {"type": "scatter", **shape, "silent": True, "data": data, "z": 4}

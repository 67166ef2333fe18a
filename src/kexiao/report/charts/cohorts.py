"""The heat map of cohorts: one row a cohort, one column an age, the value in each cell, what is not yet over left empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.report.charts.chart import Chart, Option, Words, Writing, category_axis, frame, no_data, tip
from kexiao.report.charts.theme import GREY, HEAT, INK, PAPER
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import Number
from kexiao.text import Language, Text

ROW = 26
AGE_IN_MONTHS = Text(zh="获客后的月数", en="Months since acquisition")
# Up to so many columns a cell has room for a decimal; up to so many for a whole number; beyond, colour alone and the table.
ROOM_FOR_DECIMALS, ROOM_FOR_FIGURES = 13, 25


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers acquired in one period: ``values[k]`` is the figure at age k, None until that age is over."""

    name: str
    size: int
    values: Sequence[Number | None]


def cohort_chart(
    cohorts: Sequence[Cohort],
    *,
    title: Words,
    subtitle: Words | None = None,
    unit: str = "ratio",
    age_name: Words = AGE_IN_MONTHS,
    language: Language | None = None,
) -> Chart:
    """Retention (or another ratio) by cohort and age.

    Age 0 is 1 by definition and says nothing, so it is left uncoloured and does not set the scale of the colours.
    """
    how = Writing(unit, "CNY", language)
    heading = how.words(title)
    below = how.words(subtitle) if subtitle else _explained(how)
    ages = max((len(cohort.values) for cohort in cohorts), default=0)
    if not ages:
        return no_data(heading, below, how)
    top = max((float(value) for cohort in cohorts for value in cohort.values[1:] if value is not None), default=0.0)
    places = 1 if ages <= ROOM_FOR_DECIMALS else 0
    cells = [
        _cell(cohort, row, age, top, places if ages <= ROOM_FOR_FIGURES else None, how)
        for row, cohort in enumerate(cohorts)
        for age in range(len(cohort.values))
        if cohort.values[age] is not None
    ]
    names = [f"{cohort.name} · {size}" for cohort, size in zip(cohorts, _sizes(cohorts), strict=True)]
    option = frame(
        grid={
            "left": round(max(map(text_width, names)) + 14),
            "right": 8,
            "top": 46,
            "bottom": 6,
            "containLabel": False,
        },
        xAxis=category_axis(
            [str(age) for age in range(ages)],
            position="top",
            name=how.words(age_name),
            nameLocation="middle",
            nameGap=26,
            axisLine={"show": False},
            axisLabel={"interval": 0 if ages <= ROOM_FOR_FIGURES else "auto"},
        ),
        yAxis=category_axis(names, inverse=True, axisLine={"show": False}, axisLabel={"color": INK, "interval": 0}),
        visualMap={"show": False, "min": 0, "max": 1, "dimension": 2, "inRange": {"color": list(HEAT)}},
        series=[{"type": "heatmap", "itemStyle": {"borderColor": PAPER, "borderWidth": 2}, "data": cells}],
    )
    headers, rows = _table(cohorts, ages, how)
    return Chart(option, heading, below, headers, rows, len(cohorts) * ROW + 54)


def _explained(how: Writing) -> str:
    text = Text(
        zh="每格：该批客户中在该月下单的占比（%）；左侧为批次与人数，尚未满期的留空。",
        en="Each cell: share of the cohort that ordered in that month (%); cohort and its size at the left; unfinished ages left empty.",
    )
    return how.words(text)


def _cell(cohort: Cohort, row: int, age: int, top: float, places: int | None, how: Writing) -> Option:
    value = cohort.values[age]
    share = 0.0 if value is None or not top else min(float(value) / top, 1.0)
    item: Option = {"value": [age, row, 0 if age == 0 else round(share, 6)]}
    if age == 0:
        item["itemStyle"] = {"color": "transparent"}
    if places is not None:
        # The unit stands in the subtitle, so that 36 cells need not repeat it.
        figure = how.show(value, places=places).removesuffix(" %")
        colour = GREY if age == 0 else PAPER if share > 0.82 else INK
        item["label"] = {"show": True, "formatter": figure, "color": colour, "fontSize": 11}
    return item | tip(f"{cohort.name} · {age}\n{how.show(value)}")


def _sizes(cohorts: Sequence[Cohort]) -> list[str]:
    return Writing("customers").column([cohort.size for cohort in cohorts])


def _table(cohorts: Sequence[Cohort], ages: int, how: Writing) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    headers = (
        how.words(Text(zh="批次", en="Cohort")),
        how.words(Text(zh="人数", en="Customers")),
        *map(str, range(ages)),
    )
    rows = []
    for cohort, size in zip(cohorts, _sizes(cohorts), strict=True):
        padded = [*cohort.values, *[None] * (ages - len(cohort.values))]
        figures = ["" if value is None else how.show(value) for value in padded]
        rows.append((cohort.name, size, *figures))
    return headers, tuple(rows)

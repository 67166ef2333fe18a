"""The passes behind medians and lifetimes: durations counted by whole days (or minutes), and the rest in plain Python."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from kexiao.facts import intervals
from kexiao.facts.availability import elapsed_days
from kexiao.facts.calendar import runs
from kexiao.facts.dressing import Part, few
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.passes import Lifetime, Median
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.survival import (
    kaplan_meier,
    median_limits,
    median_of_curve,
    quantile,
    restricted_mean,
    share_limits,
)
from kexiao.facts.units import UNKNOWN, Cell, Filters, SumsQuery, rows_of_fact
from kexiao.text import Text

HORIZON_DAYS = 3 * 365


def run_median(
    source: FactSource, formula: Median, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """The median of a fact's column per cell; with open durations the time by which half have ended."""
    query = SumsQuery((), (), tuple(periods), dimensions, where)
    keys = ", ".join(["p", *query.dim_names()])
    ended = formula.ended or "1"
    rows = f"SELECT r.*, {formula.column} AS v, {ended} AS e FROM ({rows_of_fact(query, formula.fact, *runs(query.periods))}) AS r"
    counted = source.query(f"SELECT {keys}, v, e, count(*) FROM ({rows}) GROUP BY {keys}, v, e")
    found: dict[Cell, dict[tuple[int, int], int]] = defaultdict(dict)
    for number, *group, value, end, count in counted:
        found[cell_of(number, group)][int(value), int(end)] = int(count)
    if formula.ended:
        return {cell: _survived(formula, counts) for cell, counts in found.items()}
    plain = {cell: {value: count for (value, _), count in counts.items()} for cell, counts in found.items()}
    medians = {cell: quantile(counts) for cell, counts in plain.items()}
    if formula.clustered:
        variances = _variances(source, formula, query, rows, medians)
        limits = {cell: share_limits(plain[cell], variances.get(cell, math.nan)) for cell in plain}
    else:
        limits = {cell: median_limits(counts) for cell, counts in plain.items()}
    return {cell: _part(formula, medians[cell], sum(counts.values()), limits[cell]) for cell, counts in plain.items()}


def _part(formula: Median, value: float, n: int, limits: intervals.Interval) -> Part:
    scaled = (limits[0] / formula.over, limits[1] / formula.over) if limits else None
    shown = {} if limits else {"no_interval": "too_few"}
    return Part(value / formula.over, n=n, limits=scaled, marks=few(n), shown=shown)


def _survived(formula: Median, counts: dict[tuple[int, int], int]) -> Part:
    total = sum(counts.values())
    still_open = sum(count for (_, ended), count in counts.items() if not ended)
    median, limits = median_of_curve(kaplan_meier(counts))
    if median is None:
        reason = Text(
            zh="共 {n} 件，其中 {o} 件尚未结束，还看不出一半要多久。",
            en="{o} of {n} have not ended, so it cannot be seen how long half of them take.",
        ).fill(n=total, o=still_open)
        return Part(None, n=total, reason=reason, shown={"still_open": still_open})
    if formula.clustered or limits is None or math.isinf(limits[1]):
        code = "several_rows_a_customer" if formula.clustered else "too_few"
        shown = {"still_open": still_open, "no_interval": code}
        return Part(median / formula.over, n=total, marks=few(total), shown=shown)
    scaled = limits[0] / formula.over, limits[1] / formula.over
    return Part(median / formula.over, n=total, limits=scaled, marks=few(total), shown={"still_open": still_open})


def _variances(
    source: FactSource, formula: Median, query: SumsQuery, rows: str, medians: dict[Cell, float]
) -> dict[Cell, float]:
    """Per cell the variance of the share of rows at or below the median, the customer as the sampling unit."""
    if not medians:
        return {}
    dims = query.dim_names()
    keys = ", ".join(["p", *dims])
    listed = " UNION ALL ".join(_one_row(cell, median, dims) for cell, median in medians.items())
    same = " AND ".join(["m.p = r.p", *(f"m.{d} = coalesce(CAST(r.{d} AS VARCHAR), '{UNKNOWN}')" for d in dims)])
    shown = ", ".join(["r.p AS p", *(f"r.{d} AS {d}" for d in dims)])
    grouped = ", ".join(["r.p", *(f"r.{d}" for d in dims)])
    unit = formula.fact.customer
    per = f"""
        SELECT {shown}, r.{unit} AS u, count(*) AS n, sum(CASE WHEN r.v <= m.middle THEN 1 ELSE 0 END) AS a
        FROM ({rows}) AS r JOIN ({listed}) AS m ON {same} GROUP BY {grouped}, r.{unit}"""
    sums = source.query(
        f"SELECT {keys}, count(*), sum(a), sum(n), SQUARE_SUM(a), SQUARE_SUM(n), PRODUCT_SUM(a, n) FROM ({per}) GROUP BY {keys}"
    )
    found = {}
    for row in sums:
        width = 1 + len(dims)
        units, below, total, aa, nn, an = (float(x or 0) for x in row[width:])
        found[cell_of(row[0], row[1:width])] = intervals.ratio_variance(int(units), below, total, aa, nn, an)
    return found


def _one_row(cell: Cell, median: float, dims: Sequence[str]) -> str:
    values = [f"{cell[0]} AS p", *(f"{_quoted(v)} AS {d}" for v, d in zip(cell[1:], dims, strict=True))]
    return f"SELECT {', '.join(values)}, {median} AS middle"


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def run_lifetime(
    source: FactSource, formula: Lifetime, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Days that customers stay, as known at each period's end, over all whose first order the data hold."""
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        end = period.start + timedelta(days=elapsed_days(source, formula, period))
        if end <= period.start:
            continue
        counts: dict[Cell, dict[tuple[int, int], int]] = defaultdict(dict)
        for days, ended, count, *group in source.query(
            _lives(source.policy.window, end.isoformat(), dimensions, where, counted=formula.counted)
        ):
            counts[cell_of(number, group)][int(days), int(ended)] = int(count)
        read = _life if formula.counted == "restricted_mean" else _first_to_last
        found |= {cell: read(lives) for cell, lives in counts.items()}
    return found


def _lives(window: int, end: str, dimensions: tuple[str, ...], where: Filters, *, counted: str) -> str:
    """Customers by how long they stayed and whether they have left, before the end."""
    by = grouping(dimensions, where)
    left = f"DAYS_LATER(l.last_on, {window}) <= DAY_OF('{end}')"
    stayed = "DAY_INDEX(l.last_on) - DAY_INDEX(c.new_on)"
    days = (
        stayed
        if counted == "first_to_last"
        else (f"CASE WHEN {left} THEN {stayed} + {window} ELSE DAY_INDEX(DAY_OF('{end}')) - DAY_INDEX(c.new_on) END")
    )
    lasts = f"SELECT customer_id, max(sold_on) AS last_on FROM purchase_days WHERE sold_on < DAY_OF('{end}') GROUP BY customer_id"
    return f"""
        SELECT days, ended, count(*){by.names} FROM (
            SELECT {days} AS days, CASE WHEN {left} THEN 1 ELSE 0 END AS ended{by.selected}
            FROM customer_summary AS c JOIN ({lasts}) AS l ON l.customer_id = c.customer_id
            WHERE c.new_on IS NOT NULL{by.filters}
        ) GROUP BY days, ended{by.names}"""


def _life(lives: dict[tuple[int, int], int]) -> Part:
    n, oldest = sum(lives.values()), max(days for days, _ in lives)
    horizon = min(HORIZON_DAYS, oldest)
    mean, variance = restricted_mean(kaplan_meier(lives), horizon)
    limits = intervals.around(mean, variance)
    clipped = (max(0.0, limits[0]), min(float(horizon), limits[1])) if limits else None
    still = sum(count for (_, ended), count in lives.items() if not ended)
    return Part(mean, n=n, limits=clipped, marks=few(n), shown={"horizon_days": horizon, "still_active": still})


def _first_to_last(lives: dict[tuple[int, int], int]) -> Part:
    n = sum(lives.values())
    total = sum(days * count for (days, _), count in lives.items())
    squares = sum(days * days * count for (days, _), count in lives.items())
    variance = intervals.ratio_variance(n, total, n, squares, n, total)
    return Part(total / n, total, n, n, intervals.around(total / n, variance), None, few(n))

"""Two periods side by side, paired by customer: what growth and its interval rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.facts.availability import elapsed_days, standing, tables_of
from kexiao.facts.festivals import festival_year_before, national_day_year_before
from kexiao.facts.formula import Formula, Growth
from kexiao.facts.grouping import cell_of
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource, covered_until
from kexiao.facts.sums import Term
from kexiao.facts.units import Cell, SumsQuery, expression, units_sql
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Paired:
    """One cell: the term now and earlier, sum of squares of the change, of products with earlier, the units with either, and why there is no comparison."""

    now: Term
    earlier: Term
    change_squares: float
    products: float
    units: int
    reason: Text | None
    marks: tuple[str, ...]


def compared_with(source: FactSource, formula: Formula, period: Period, against: str) -> Period:
    """The period that one is compared with; of an unfinished one only as many days as have passed."""
    if against == "festival":
        other = festival_year_before(period)
    elif against == "national_day":
        other = national_day_year_before(period)
    else:
        other = period.before() if against == "before" else period.year_before()
    if standing(source, formula, period).complete:
        return other
    return other.first_days(elapsed_days(source, formula, period))


def run_growth(
    source: FactSource,
    growth: Growth,
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: tuple[tuple[str, str], ...],
) -> dict[Cell, Paired]:
    """Each period paired with the one it is compared with, per cell of the dimensions."""
    others = [compared_with(source, growth.of, period, growth.against) for period in periods]
    query = SumsQuery((growth.of,), (), (*periods, *others), dimensions, where)
    found: dict[Cell, Paired] = {}
    for row in source.query(paired_sql(query, growth.of, len(periods))):
        width = 1 + len(dimensions)
        cell = cell_of(row[0], row[1:width])
        now, earlier, units, change_squares, then_squares, products = row[width : width + 6]
        number = cell[0]
        reason = why_no_comparison(source, growth.of, others[number])
        aligned = growth.against in ("festival", "national_day") and others[number].days == periods[number].days
        marks = () if aligned or others[number].grain == periods[number].grain else ("same_progress",)
        found[cell] = Paired(
            Term(now or 0), Term(earlier or 0, squares=float(then_squares or 0)), float(change_squares or 0), float(products or 0),
            int(units or 0), reason, marks,
        )  # fmt: skip
    return found


def why_no_comparison(source: FactSource, formula: Formula, other: Period) -> Text | None:
    """A period that begins before the data do is no base for growth."""
    for tables in tables_of(formula):
        covered, end = source.covered(tables), covered_until(source.coverage, tables)
        if covered is None or end is None or other.start < covered.first:
            return Text(
                zh="对比期 {p} 早于数据起点。", en="The period compared with, {p}, begins before the data."
            ).fill(p=other.name)
    return None


def paired_sql(query: SumsQuery, formula: Formula, periods: int) -> str:
    """Units of both periods brought to one row a customer; anonymous orders stay apart."""
    amount = expression(formula, query)
    keys = ", ".join(["p", *query.dim_names()])
    both = f"""
        SELECT {keys}, u, {amount} AS now, 0 AS earlier FROM units WHERE p < {periods}
        UNION ALL SELECT {", ".join([f"p - {periods} AS p", *query.dim_names()])}, u, 0 AS now, {amount} AS earlier FROM units WHERE p >= {periods}"""
    paired = f"""
        SELECT {keys}, sum(now) AS now, sum(earlier) AS earlier FROM both_periods WHERE u IS NOT NULL GROUP BY {keys}, u
        UNION ALL SELECT {keys}, now, earlier FROM both_periods WHERE u IS NULL"""
    return f"""
        WITH {units_sql(query)}, both_periods AS ({both})
        SELECT {keys}, sum(now), sum(earlier), sum(CASE WHEN now <> 0 OR earlier <> 0 THEN 1 ELSE 0 END), SQUARE_SUM(now - earlier), SQUARE_SUM(earlier),
               PRODUCT_SUM(now - earlier, earlier)
        FROM ({paired}) GROUP BY {keys}"""

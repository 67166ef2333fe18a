"""The passes over contracts at the edges of each period: who is bound by one, and what it comes to a month.

A contract on the days [from, until) binds at t where it began before t and was not ended before t: from < t ≤ until. So one whose last day is the
period's last still binds at its end, and is lost in the next unless another follows without a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kexiao.facts import intervals
from kexiao.facts.availability import elapsed_days
from kexiao.facts.contracts import CONTRACT_DIMENSIONS
from kexiao.facts.dressing import Part, few
from kexiao.facts.grouping import Grouping, cell_of, grouping
from kexiao.facts.passes import Bound, BoundState, Recurring, RecurringLost
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, Filters
from kexiao.text import Text

_Edges = tuple[int, date, date]  # number of the period, its start, its end so far
_UNKNOWN_AMOUNT = Text(zh="有 {n} 份合同没有金额。", en="{n} contracts have no amount.")
_UNKNOWN_END = Text(
    zh="有 {n} 份已终止的合同没有写终止日期。", en="{n} contracts were ended and do not say on which day."
)
# Whether a customer with contracts at the start (n0), at the end (n1) and a first contract ever (is_new) in the period is in a state.
CONDITIONS: Mapping[BoundState, str] = {
    "start": "n0 > 0",
    "end": "n1 > 0",
    "lost": "n0 > 0 AND n1 = 0",
    "new": "is_new = 1",
}


def run_bound(
    source: FactSource, formula: Bound, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Customers in one state by cell."""
    by = grouping(dimensions, where)
    counted = f"sum(CASE WHEN {CONDITIONS[formula.state]} THEN 1 ELSE 0 END)"
    sql = f"SELECT p{by.names}, {counted}, sum(ends_unknown) FROM ({_customers(_edges(source, formula, periods), by)}) GROUP BY p{by.names}"
    found: dict[Cell, Part] = {}
    for number, *group, count, unknown in source.query(sql):
        found[cell_of(number, group)] = (
            Part(None, reason=_UNKNOWN_END.fill(n=int(unknown)))
            if unknown
            else Part(int(count), n=int(count), limits=intervals.poisson(int(count)))
        )
    return found


def run_recurring(
    source: FactSource, formula: Recurring, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """What the contracts that bind at each period's end come to a month, by the contract's own dimensions."""
    by = grouping(dimensions, where, {name: f"k.{name}" for name in CONTRACT_DIMENSIONS})
    # A contract without a known customer is a sampling unit of its own.
    running = f"""
        SELECT e.p AS p, coalesce('c' || CAST(k.customer_id AS VARCHAR), 'k' || k.contract_id) AS who{by.selected}, k.monthly AS monthly,
               k.end_unknown AS end_unknown
        FROM contracts AS k CROSS JOIN ({_edges(source, formula, periods)}) AS e WHERE {_binds("e.end_on")}{by.filters}"""
    rows = f"""
        SELECT p, who{by.names}, sum(monthly) AS y, sum(CASE WHEN monthly IS NULL THEN 1 ELSE 0 END) AS missing,
               sum(end_unknown) AS ends_unknown
        FROM ({running}) GROUP BY p, who{by.names}"""
    sql = f"SELECT p{by.names}, sum(y), count(*), SQUARE_SUM(y), sum(missing), sum(ends_unknown) FROM ({rows}) GROUP BY p{by.names}"
    found: dict[Cell, Part] = {}
    for number, *group, total, units, squares, missing, unknown in source.query(sql):
        reason = _why_unknown(int(missing), int(unknown))
        limits = intervals.around(float(total or 0) * formula.months, float(squares or 0) * formula.months**2)
        found[cell_of(number, group)] = (
            Part(None, n=int(units), reason=reason)
            if reason
            else Part(total * formula.months, n=int(units), limits=limits, marks=few(int(units)))
        )
    return found


def run_recurring_lost(
    source: FactSource, formula: RecurringLost, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Of what contracts came to a month at each period's start, what is gone at its end, of the same customers."""
    by = grouping(dimensions, where)
    lost = "m0 - m1" if formula.net else "CASE WHEN m1 < m0 THEN m0 - m1 ELSE 0 END"
    per_customer = (
        f"SELECT c.*, {lost} AS y FROM ({_customers(_edges(source, formula, periods), by)}) AS c WHERE n0 > 0"
    )
    sums = (
        "count(*), sum(y), sum(m0), SQUARE_SUM(y), SQUARE_SUM(m0), PRODUCT_SUM(y, m0), sum(missing), sum(ends_unknown)"
    )
    found: dict[Cell, Part] = {}
    for row in source.query(f"SELECT p{by.names}, {sums} FROM ({per_customer}) GROUP BY p{by.names}"):
        width = 1 + len(dimensions)
        found[cell_of(row[0], row[1:width])] = _share_lost(_Moments(*row[width:]))
    return found


@dataclass(frozen=True, slots=True)
class _Moments:
    """What the share lost rests on: customers bound at the start, lost and had, their squares and products, and what is unknown."""

    n: int
    y: Decimal
    x: Decimal
    yy: float
    xx: float
    xy: float
    missing: int
    ends_unknown: int


def _share_lost(of: _Moments) -> Part:
    n, y, x = int(of.n), float(of.y or 0), float(of.x or 0)
    if reason := _why_unknown(int(of.missing), int(of.ends_unknown)):
        return Part(None, n=n, reason=reason)
    if x == 0:
        return Part(None, of.y, of.x, n, reason=Text(zh="期初的合同金额为 0。", en="Contracts at the start came to 0."))
    variance = intervals.ratio_variance(n, y, x, float(of.yy), float(of.xx), float(of.xy))
    return Part(y / x, of.y, of.x, n, intervals.around(y / x, variance), None, few(n))


def customers_bound(source: FactSource, formula: Bound, period: Period, where: Filters = ()) -> list[int]:
    """The customers behind a count, by number."""
    rows = _customers(_edges(source, formula, [period]), grouping((), where))
    found = source.query(f"SELECT customer_id FROM ({rows}) WHERE {CONDITIONS[formula.state]} ORDER BY customer_id")
    return [int(row[0]) for row in found]


def contracts_running(
    source: FactSource, formula: Recurring, period: Period, where: Filters = ()
) -> list[tuple[str, int | None, date, Decimal]]:
    """The contracts behind the recurring revenue: contract, customer, first day, what it adds."""
    by = grouping((), where, {name: f"k.{name}" for name in CONTRACT_DIMENSIONS})
    sql = f"""
        SELECT k.contract_id, k.customer_id, k.from_on, k.monthly
        FROM contracts AS k CROSS JOIN ({_edges(source, formula, [period])}) AS e
        WHERE {_binds("e.end_on")} AND k.monthly <> 0{by.filters} ORDER BY k.from_on, k.contract_id"""
    return [(row[0], row[1], row[2], row[3] * formula.months) for row in source.query(sql)]


def _binds(day: str) -> str:
    """Whether the contract k binds at a day's first moment."""
    return f"k.from_on < {day} AND (k.until_on IS NULL OR k.until_on >= {day})"


def _edges(source: FactSource, formula: Bound | Recurring | RecurringLost, periods: Sequence[Period]) -> str:
    """One row a period: its number, its start, and its end; of an unfinished one the end of what the data cover."""
    rows = []
    for number, period in enumerate(periods):
        end = period.start + timedelta(days=elapsed_days(source, formula, period))
        rows.append(
            f"SELECT CAST({number} AS BIGINT) AS p, DAY_OF('{period.start}') AS start_on, DAY_OF('{end}') AS end_on"
        )
    return " UNION ALL ".join(rows)


def _customers(edges: str, by: Grouping) -> str:
    """One row a period and customer with a contract in it: contracts and what they come to a month at the start and at the end, and what is unknown."""
    held = f"""
        SELECT e.p AS p, c.customer_id AS customer_id{by.selected}, k.monthly AS monthly, k.end_unknown AS end_unknown,
               CASE WHEN {_binds("e.start_on")} THEN 1 ELSE 0 END AS before, CASE WHEN {_binds("e.end_on")} THEN 1 ELSE 0 END AS after,
               CASE WHEN c.first_on >= e.start_on THEN 1 ELSE 0 END AS is_new
        FROM contracts AS k CROSS JOIN ({edges}) AS e JOIN contract_customers AS c ON c.customer_id = k.customer_id
        WHERE k.from_on < e.end_on AND (k.until_on IS NULL OR k.until_on >= e.start_on){by.filters}"""
    return f"""
        SELECT p, customer_id{by.names}, sum(before) AS n0, sum(after) AS n1, max(is_new) AS is_new,
               sum(CASE WHEN before = 1 THEN monthly ELSE 0 END) AS m0, sum(CASE WHEN after = 1 THEN monthly ELSE 0 END) AS m1,
               sum(CASE WHEN monthly IS NULL THEN 1 ELSE 0 END) AS missing, sum(end_unknown) AS ends_unknown
        FROM ({held}) GROUP BY p, customer_id{by.names}"""


def _why_unknown(amounts: int, ends: int) -> Text | None:
    if ends:
        return _UNKNOWN_END.fill(n=ends)
    return _UNKNOWN_AMOUNT.fill(n=amounts) if amounts else None

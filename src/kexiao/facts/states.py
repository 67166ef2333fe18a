"""The pass over customer states: who is active at the edges of each period, new, retained, lost, won back.

A customer's activity at up to 61 edges is one integer: an order on day d sets the bits of the edges in (d, d + window]. Retained is
``mask & (mask >> 1)``. Customers with equal masks are counted together before any period is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kexiao.facts.calendar import Run, runs
from kexiao.facts.formula import StateName
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell

LONGEST_RUN = 60
COUNTS: tuple[StateName, ...] = (
    "start", "end", "retained", "lost", "reactivated", "new", "new_at_end", "base", "base_at_start", "repurchased", "prior_buyers",
)  # fmt: skip


def run_states(
    source: FactSource, periods: Sequence[Period], dimensions: Sequence[str] = (), where: Sequence[tuple[str, str]] = ()
) -> dict[Cell, dict[StateName, int]]:
    """Counts of every state per (period, dimensions); cells without any customer are left out.

    ``prior_buyers`` are those who ordered in the period before (the days just before, for a free range), ``repurchased`` those of them who ordered in
    this one too.
    """
    found: dict[Cell, dict[StateName, int]] = {}
    for run in runs(periods, LONGEST_RUN):
        for row in source.query(states_sql(run, source.policy.window, dimensions, where)):
            width = 1 + len(dimensions)
            found[cell_of(row[0], row[1:width])] = {
                name: int(count) for name, count in zip(COUNTS, row[width:], strict=True)
            }
    return found


def masks_sql(run: Run, window: int, dimensions: Sequence[str], where: Sequence[tuple[str, str]]) -> str:
    """One row a customer: dimensions, ``a`` activity at the edges, ``o`` periods ordered in (bit 0 is the period before), and edges passed when new and when acquired."""
    by = grouping(dimensions, where)
    edges = len(run.periods) + 1
    first = run.periods[0]
    low, high = (
        _clamped(run.edges_until("sold_on"), edges),
        _clamped(run.edges_until(f"DAYS_LATER(sold_on, {window})"), edges),
    )
    ordered_since, ordered_until = first.before().start, run.periods[-1].end
    place = _clamped(run.edges_until("sold_on"), edges)
    activity = f"""
        SELECT customer_id, BITS_OR_ALL(LOW_BITS({high}) - LOW_BITS({low})) AS a,
               BITS_OR_ALL(CASE WHEN sold_on >= DAY_OF('{ordered_since}') AND sold_on < DAY_OF('{ordered_until}')
                                THEN LOW_BITS({place} + 1) - LOW_BITS({place}) ELSE 0 END) AS o
        FROM sale_orders WHERE customer_id IS NOT NULL AND sold_on < DAY_OF('{ordered_until}') GROUP BY customer_id"""
    new_place, base_place = (
        _clamped(run.edges_until("c.new_on"), edges),
        _clamped(run.edges_until("c.acquired_on"), edges),
    )
    return f"""
        SELECT c.customer_id{by.selected}, coalesce(m.a, 0) AS a, coalesce(m.o, 0) AS o, coalesce({new_place}, 0) AS n,
               {base_place} AS b
        FROM customer_summary AS c LEFT JOIN ({activity}) AS m ON m.customer_id = c.customer_id
        WHERE c.acquired_on < DAY_OF('{ordered_until}'){by.filters}"""


def _clamped(index: str, edges: int) -> str:
    return f"least({edges}, greatest(0, {index}))"


# Whether a customer row (a, o, n, b) is in a state in the period i of a run (its start is edge i, its end edge i + 1).
CONDITIONS: dict[StateName, str] = {
    "start": "BIT(a, i) = 1",
    "end": "BIT(a, i + 1) = 1",
    "retained": "BIT(a, i) = 1 AND BIT(a, i + 1) = 1",
    "lost": "BIT(a, i) = 1 AND BIT(a, i + 1) = 0",
    "reactivated": "BIT(a, i) = 0 AND BIT(a, i + 1) = 1 AND n <> i + 1",
    "new": "n = i + 1",
    "new_at_end": "n = i + 1 AND BIT(a, i + 1) = 1",
    "base": "b <= i + 1",
    "base_at_start": "b <= i",
    "repurchased": "BIT(o, i) = 1 AND BIT(o, i + 1) = 1",
    "prior_buyers": "BIT(o, i) = 1",
}


def states_sql(run: Run, window: int, dimensions: Sequence[str], where: Sequence[tuple[str, str]]) -> str:
    """Neutral SQL: per period and dimensions, the count of every state in the order of ``COUNTS``."""
    keys = [f"d{i}" for i in range(len(dimensions))]
    equal = ", ".join([*keys, "a", "o", "n", "b"])
    shown = ", ".join(f"sum(CASE WHEN {CONDITIONS[name]} THEN customers ELSE 0 END)" for name in COUNTS)
    grouped = ", ".join(["i", *keys])
    return f"""
        WITH masks AS (SELECT {equal}, count(*) AS customers FROM ({masks_sql(run, window, dimensions, where)}) GROUP BY {equal})
        SELECT i + {run.first} AS p{"".join(", " + key for key in keys)}, {shown}
        FROM masks CROSS JOIN WHOLE_NUMBERS(0, {len(run.periods)}) AS w GROUP BY {grouped}"""


def customers_in_state(
    source: FactSource, period: Period, state: StateName, where: Sequence[tuple[str, str]] = ()
) -> list[tuple[Any, ...]]:
    """The customers behind a state's count in one period, by number."""
    run = Run((period,), 0)
    sql = f"SELECT customer_id FROM (SELECT m.*, 0 AS i FROM ({masks_sql(run, source.policy.window, (), where)}) AS m) WHERE {CONDITIONS[state]} ORDER BY customer_id"
    return source.query(sql)

"""Cohorts: customers by the period in which they were acquired, followed over later periods and over their exposure window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from kexiao.facts.calendar import Run
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.periods import Grain, Period, period_holding, split
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell


@dataclass(frozen=True, slots=True)
class CohortAge:
    """One cohort at one age: what is counted there, what it is divided by, customers in the cohort, and whether the period of that age is over."""

    cohort: Period
    age: int
    numerator: int | Decimal
    denominator: int | Decimal
    customers: int
    over: bool


def run_cohorts(
    source: FactSource,
    whole: Period,
    grain: Grain,
    counted: Literal["customers", "sales", "rolling"],
    where: Sequence[tuple[str, str]] = (),
) -> list[CohortAge]:
    """Every cohort acquired within ``whole`` at every age from 0 to the data's last period."""
    covered = source.covered(("orders",))
    if covered is None:
        return []
    last = period_holding(covered.last, grain, source.fiscal_start)
    periods = split(Period(whole.start, max(last.end, whole.end), "range", source.fiscal_start), grain)
    cohorts = [p for p in periods if p.start < whole.end]
    data_end = covered.last + timedelta(days=1)
    cells = {
        (int(c), int(a)): (people, net)
        for c, a, people, net in source.query(_activity_sql(Run(tuple(periods), 0), where))
    }
    found = []
    for number, cohort in enumerate(cohorts):
        size, first_net = cells.get((number, number), (0, Decimal(0)))
        ages = [p for p in periods[number:] if p.start < data_end]
        for age, period in enumerate(ages):
            people, net = cells.get((number, number + age), (0, Decimal(0)))
            if counted == "rolling":
                people = _still_ordering(cells, number, number + age)
            top, bottom = (net, first_net) if counted == "sales" else (people, size)
            found.append(CohortAge(cohort, age, top, bottom, size, period.end <= data_end and period.end <= source.now))
    return found


def _still_ordering(cells: dict[tuple[int, int], tuple[int, Decimal]], cohort: int, at: int) -> int:
    return int(sum(last for (c, a), last in ((k, v[0]) for k, v in cells.items()) if c == cohort and a <= -1 - at))


def _activity_sql(run: Run, where: Sequence[tuple[str, str]]) -> str:
    """(cohort, period, customers who ordered in it, their net sales), and for rolling retention (cohort, −1 − last period, customers)."""
    by = grouping((), where)
    cohort, at = run.number("c.new_on"), run.number("o.sold_on")
    acquired = f"SELECT c.customer_id, {cohort} AS cohort FROM customer_summary AS c WHERE {run.inside('c.new_on')}{by.filters}"
    active = f"""
        SELECT k.cohort, k.customer_id, {at} AS place, sum(o.net) AS net FROM ({acquired}) AS k
        JOIN sale_orders AS o ON o.customer_id = k.customer_id WHERE {run.inside("o.sold_on")} GROUP BY k.cohort, k.customer_id, {at}"""
    back = run.number("r.booked_on")
    paid_back = f"""
        SELECT k.cohort, {back} AS place, sum(r.amount) AS amount FROM ({acquired}) AS k
        JOIN returns AS r ON r.customer_id = k.customer_id WHERE {run.inside("r.booked_on")} GROUP BY k.cohort, {back}"""
    return f"""
        WITH active AS ({active}),
             latest AS (SELECT cohort, customer_id, max(place) AS place FROM active GROUP BY cohort, customer_id)
        SELECT cohort, place, sum(people), sum(net) FROM (
            SELECT cohort, place, count(*) AS people, sum(net) AS net FROM active GROUP BY cohort, place
            UNION ALL SELECT cohort, place, 0, -amount FROM ({paid_back})
        ) GROUP BY cohort, place
        UNION ALL SELECT cohort, -1 - place, count(*), CAST(0 AS DECIMAL(18,2)) FROM latest GROUP BY cohort, place"""


def run_second_orders(
    source: FactSource, run: Run, dimensions: Sequence[str], where: Sequence[tuple[str, str]]
) -> dict[Cell, tuple[int, int, int]]:
    """Per (period acquired, dimensions): customers whose window is over, of them with a second order inside it, and those not yet matured."""
    covered = source.covered(("orders",))
    if covered is None:
        return {}
    window = source.policy.second_order_window_days
    by = grouping(dimensions, where)
    mature = f"DAYS_LATER(c.new_on, {window}) <= DAY_OF('{covered.last + timedelta(days=1)}')"
    in_time = f"c.second_on < DAYS_LATER(c.new_on, {window})"
    sql = f"""
        SELECT p{by.names}, sum(mature), sum(mature * won), sum(1 - mature) FROM (
            SELECT {run.number("c.new_on")} AS p{by.selected}, CASE WHEN {mature} THEN 1 ELSE 0 END AS mature,
                   CASE WHEN {in_time} THEN 1 ELSE 0 END AS won
            FROM customer_summary AS c WHERE {run.inside("c.new_on")}{by.filters}
        ) GROUP BY p{by.names}"""
    width = 1 + len(dimensions)
    return {
        cell_of(row[0], row[1:width]): (
            int(row[width]),
            int(row[width + 1]),
            int(row[width + 2]),
        )
        for row in source.query(sql)
    }

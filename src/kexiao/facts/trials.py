"""The passes over campaigns with a holdout, and over staff in post."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kexiao.facts import intervals
from kexiao.facts.availability import elapsed_days
from kexiao.facts.calendar import runs
from kexiao.facts.dressing import Part, few
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.passes import Headcount, Incremental
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, Filters
from kexiao.text import Text

_STAFF = {"team": "team", "region": "region", "salesperson": "staff_id"}


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of one campaign: customers, the sum of what is counted, its sum of squares, and rows of unknown cost."""

    n: int
    total: float
    squares: float
    unknown: int

    @property
    def mean(self) -> float:
        """The mean per customer drawn."""
        return self.total / self.n

    @property
    def variance_of_mean(self) -> float:
        """s² ÷ n; not a number for fewer than two."""
        if self.n < 2:
            return math.nan
        return max(0.0, self.squares - self.total * self.total / self.n) / (self.n - 1) / self.n


def run_incremental(
    source: FactSource, formula: Incremental, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """What each period's campaigns brought beyond their holdouts; campaigns not over are left out and their customers counted apart."""
    arms, immature = _arms(source, formula, periods, dimensions, where)
    found: dict[Cell, Part] = {}
    for cell in {**arms, **immature}:
        campaigns = {name: both for name, both in arms.get(cell, {}).items() if {"treated", "holdout"} <= both.keys()}
        part = _beyond_holdout(campaigns) if campaigns else Part(None, n=0, reason=_NOBODY_HELD_OUT)
        if formula.counted == "romi" and part.value is not None:
            part = _return_on(part, _spent(source, list(campaigns)))
        found[cell] = Part(
            part.value, part.numerator, part.denominator, part.n, part.limits, part.reason, part.marks, immature.get(cell, 0)
        )  # fmt: skip
    return found


_NOBODY_HELD_OUT = Text(
    zh="没有已结束的、既有实验组又有对照组的活动。", en="No campaign that is over has both a treated and a held-out group."
)  # fmt: skip


def _beyond_holdout(campaigns: dict[str, dict[str, Arm]]) -> Part:
    """Σ treated × (mean treated − mean held out), campaigns independent of each other (Neyman 1923)."""
    total, variance, treated = 0.0, 0.0, 0
    for both in campaigns.values():
        t, h = both["treated"], both["holdout"]
        if t.unknown or h.unknown:
            rows = Text(zh="有 {n} 位客户的订单成本未知。", en="The cost of orders of {n} customers is unknown.")
            return Part(None, n=t.n + h.n, reason=rows.fill(n=t.unknown + h.unknown))
        total += t.n * (t.mean - h.mean)
        variance += t.n * t.n * (t.variance_of_mean + h.variance_of_mean)
        treated += t.n
    smallest = min(arm.n for both in campaigns.values() for arm in both.values())
    return Part(total, n=treated, limits=intervals.around(total, variance), marks=few(smallest))


def _return_on(part: Part, cost: float) -> Part:
    margin = float(part.value or 0)
    if cost <= 0:
        reason = Text(zh="这些活动没有费用记录。", en="No spend is on file for these campaigns.")
        return Part(None, margin, cost, part.n, reason=reason)
    limits = ((part.limits[0] - cost) / cost, (part.limits[1] - cost) / cost) if part.limits else None
    return Part((margin - cost) / cost, margin - cost, cost, part.n, limits, None, part.marks)


def _spent(source: FactSource, campaigns: Sequence[str]) -> float:
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in campaigns)
    return float(source.query(f"SELECT coalesce(sum(amount), 0) FROM spend WHERE campaign IN ({listed})")[0][0])


def _arms(
    source: FactSource, formula: Incremental, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> tuple[dict[Cell, dict[str, dict[str, Arm]]], dict[Cell, int]]:
    """Per cell, campaign and arm what is counted; and per cell how many customers belong to campaigns that are not over."""
    y = "ordered" if formula.counted == "ordered" else "margin"
    by = grouping(dimensions, where, None)
    arms: dict[Cell, dict[str, dict[str, Arm]]] = defaultdict(lambda: defaultdict(dict))
    immature: dict[Cell, int] = defaultdict(int)
    for run in runs(periods):
        sql = f"""
            SELECT p{by.names}, campaign, arm, matured, count(*), sum(y), SQUARE_SUM(y), sum(CASE WHEN y IS NULL THEN 1 ELSE 0 END) FROM (
                SELECT {run.number("begun_on")} AS p{by.selected}, campaign, arm, matured, {y} AS y FROM campaign_arms WHERE {run.inside("begun_on")}{by.filters}
            ) GROUP BY p{by.names}, campaign, arm, matured"""
        for number, *row in source.query(sql):
            cell = cell_of(number, row[: len(dimensions)])
            campaign, arm, matured, n, total, squares, unknown = row[len(dimensions) :]
            if matured:
                arms[cell][campaign][arm] = Arm(int(n), float(total or 0), float(squares or 0), int(unknown))
            else:
                immature[cell] += int(n)
    return arms, immature


def run_headcount(
    source: FactSource, formula: Headcount, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Staff in post, averaged over the days of each period so far."""
    by = grouping(dimensions, where, _STAFF)
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        end = period.start + timedelta(days=elapsed_days(source, formula, period))
        if end <= period.start:
            continue
        first, last = f"DAY_OF('{period.start}')", f"DAY_OF('{end}')"
        days = f"DAY_INDEX(least(coalesce(to_on, {last}), {last})) - DAY_INDEX(greatest(from_on, {first}))"
        sql = f"""
            SELECT sum(days), count(DISTINCT staff_id){by.names} FROM (
                SELECT staff_id, {days} AS days{by.selected} FROM staff WHERE from_on < {last} AND (to_on IS NULL OR to_on > {first}){by.filters}
            ) {by.grouped}"""
        for in_post, people, *group in source.query(sql):
            if in_post:
                found[cell_of(number, group)] = Part(
                    int(in_post) / (end - period.start).days, n=None, shown={"staff": int(people)}
                )
    return found

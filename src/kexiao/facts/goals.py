"""The pass over campaigns' goals: what each reached, by the very metric that it was set in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from kexiao.facts import intervals
from kexiao.facts.dressing import Part, Request
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.metric import MetricValue
from kexiao.facts.passes import Direction, GoalMetric, GoalsReached, Reckoned
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, Filters
from kexiao.text import Text

Evaluate = Callable[..., list[MetricValue]]
_HOLDERS = ("campaign", "channel", "region", "team", "salesperson")


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal: whose, on which days, in which metric, what is to be reached, and where it stood at the beginning."""

    holder: tuple[tuple[str, str], ...]
    span: Period
    metric: str
    value: float
    start: float | None


def run_goals(
    source: FactSource,
    formula: GoalsReached,
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
    evaluate: Evaluate,
) -> dict[Cell, Part]:
    """Goals by cell; those whose days, or the data of them, are not over yet are left out and counted."""
    parts: dict[Cell, list[Part]] = defaultdict(list)
    early: dict[Cell, int] = defaultdict(int)
    measured = {one.name: one for one in formula.measured}
    for group, goal in _goals(source, dimensions, where):
        last = goal.span.end - timedelta(days=1)
        cells = [cell_of(number, group) for number, period in enumerate(periods) if period.start <= last < period.end]
        found = _reached(source, goal, measured[goal.metric], formula.reckoned, evaluate) if cells else None
        for cell in cells:
            if found is None:
                early[cell] += 1
            else:
                parts[cell].append(found)
    return {cell: _together(parts.get(cell, []), early[cell]) for cell in {**parts, **early}}


def _goals(source: FactSource, dimensions: tuple[str, ...], where: Filters) -> list[tuple[tuple[object, ...], Goal]]:
    """Every goal of a campaign with its group."""
    by = grouping(dimensions, where, None)
    shown = ", ".join(_HOLDERS)
    sql = f"""
        SELECT {shown}, metric, from_on, to_on, value, start_value{by.selected} FROM targets
        WHERE campaign IS NOT NULL AND to_on >= from_on{by.filters} ORDER BY campaign, metric, from_on, to_on"""
    found = []
    for row in source.query(sql):
        holder = tuple((name, str(value)) for name, value in zip(_HOLDERS, row, strict=False) if value is not None)
        metric, first, last, value, start = row[len(_HOLDERS) : len(_HOLDERS) + 5]
        span = Period(first, last + timedelta(days=1), "range", source.fiscal_start)
        found.append((tuple(row[len(_HOLDERS) + 5 :]), Goal(holder, span, metric, float(value), start)))
    return found


def _reached(source: FactSource, goal: Goal, metric: GoalMetric, reckoned: Reckoned, evaluate: Evaluate) -> Part | None:
    """What one goal reached; None while its days are not over."""
    asked = Request(goal.metric, metric.formula, "")
    (actual,) = evaluate(source, [asked], [goal.span], (), goal.holder)
    if actual.value is None:
        return Part(None, None, goal.value, n=1, reason=actual.reason)
    if not actual.complete:
        return None
    start = None if goal.start is None else float(goal.start)
    value = attained(float(actual.value), goal.value, metric.better, reckoned, start)
    if value is None:
        return Part(None, actual.value, goal.value, n=1, reason=_NO_START if reckoned == "progress" else _NO_GOAL)
    return Part(value, actual.value, goal.value, 1, _limits(actual, goal, metric.better, reckoned, start))


def attained(
    actual: float, goal: float, better: Direction, reckoned: Reckoned = "attainment", start: float | None = None
) -> float | None:
    """How far a goal was reached, by where its metric should be: above it, below it or near it; None where that cannot be said.

    >>> attained(90, 100, "higher"), attained(90, 100, "lower"), attained(90, 100, "neither"), attained(250, 100, "lower")
    (0.9, 1.1, 0.9, 0.0)
    >>> attained(30, 20, "lower", "progress", 40), attained(50, 100, "higher", "inverse"), attained(5, 0, "higher")
    (0.5, 2.0, None)
    """
    if reckoned == "progress":
        return None if start is None or start == goal else (actual - start) / (goal - start)
    if goal <= 0 or (reckoned == "inverse" and actual <= 0):
        return None
    if reckoned == "inverse":
        return goal / actual
    share = actual / goal
    return max(0.0, {"higher": share, "lower": 2 - share, "neither": 1 - abs(share - 1)}[better])


def _limits(
    actual: MetricValue, goal: Goal, better: Direction, reckoned: Reckoned, start: float | None
) -> intervals.Interval:
    """The metric's own limits, reckoned as it is; none where being near counts, which falls on both sides."""
    if actual.interval_low is None or actual.interval_high is None or (better, reckoned) == ("neither", "attainment"):
        return None
    ends = [attained(one, goal.value, better, reckoned, start) for one in (actual.interval_low, actual.interval_high)]
    known = sorted(one for one in ends if one is not None)
    return (known[0], known[1]) if len(known) == 2 else None


def _together(goals: Sequence[Part], early: int) -> Part:
    """One goal as it is; of several the mean, unless one of them is missing."""
    immature = early or None
    if not goals:
        return Part(None, n=0, reason=_TOO_EARLY, immature=immature)
    if len(goals) == 1:
        (one,) = goals
        return Part(one.value, one.numerator, one.denominator, 1, one.limits, one.reason, (), immature, {"goals": 1})
    if missing := next((one for one in goals if one.value is None), None):
        return Part(None, n=len(goals), reason=missing.reason, immature=immature)
    values = [float(one.value or 0) for one in goals]
    shown = {"goals": len(goals), "no_interval": "parts_combined"}
    return Part(fmean(values), None, None, len(goals), immature=immature, shown=shown)


_NO_GOAL = Text(zh="目标值不大于 0，不能相除。", en="The goal is not above 0 and cannot be divided by.")
_NO_START = Text(
    zh="没有起点值，或起点与目标相同，算不出进度。",
    en="The goal has no start, or starts where it is to end, so there is no progress to tell.",
)
_TOO_EARLY = Text(zh="这些目标的期限还没有过。", en="The days of these goals are not over yet.")

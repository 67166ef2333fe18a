"""Breakdowns along the dimensions that the data know, and changes split along the one whose groups moved apart most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.cycle.explain import Change, change_of, dimensions_to_split
from kexiao.cycle.measure import requests_for
from kexiao.cycle.overview import Against, Span, error_of
from kexiao.facts.evaluate import evaluate
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.facts.units import UNKNOWN
from kexiao.text import Text

BREAKDOWN_METRICS = (
    "net_sales", "orders", "ordering_customers", "average_order_value", "repeat_purchase_rate", "gross_margin_rate",
)  # fmt: skip
# Staff are left out on purpose: a page that travels names no employee.
BREAKDOWN_DIMENSIONS = ("channel", "region", "category", "segment", "team", "campaign", "level")
SPLIT_METRIC = "net_sales"
# A member level is earned by buying and a campaign comes and goes by plan: splitting sales by them explains sales by themselves.
SPLIT_DIMENSIONS = ("channel", "region", "category", "segment", "team")
MOST_GROUPS = 200
FEWEST_IN_GROUP = 30
MOST_UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The latest span along one dimension: values of ``BREAKDOWN_METRICS`` per group, now and in the span before; ``overlapping`` groups do not add up."""

    dimension: str
    label: Text
    period: Period
    before: Period | None
    overlapping: bool
    now: tuple[MetricValue, ...]
    then: tuple[MetricValue, ...]
    unevenness: float
    """Σ z² ÷ (groups − 1) of how far the groups' net sales moved apart from the whole; about 1 is chance."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A change split along the dimension whose groups moved apart most; ``beyond_chance``: more than chance alone would do."""

    change: Change
    label: Text
    beyond_chance: bool
    span: Span
    against: Against


def breakdowns(source: FactSource, span: Span) -> tuple[Breakdown, ...]:
    """The span along every dimension that has at least two groups."""
    found = []
    for dimension in BREAKDOWN_DIMENSIONS:
        if not 2 <= _groups_of(source, dimension) <= MOST_GROUPS:
            continue
        now, then = _along(source, dimension, span.period, span.before)
        if _mostly_unknown([value for value in now if value.metric == SPLIT_METRIC]):
            continue
        overlapping = dimension == "category"
        found.append(
            Breakdown(
                dimension, DIMENSION_LABELS[dimension], span.period, span.before, overlapping, now, then,
                unevenness(now, then),
            )
        )  # fmt: skip
    return tuple(found)


def _along(
    source: FactSource, dimension: str, period: Period, before: Period | None
) -> tuple[tuple[MetricValue, ...], tuple[MetricValue, ...]]:
    requests = [request for name in BREAKDOWN_METRICS for request in requests_for(name)]
    periods = [before, period] if before else [period]
    values = [value for value in evaluate(source, requests, periods, (dimension,)) if value.dimensions]
    then = tuple(value for value in values if before and value.period == before.name)
    return tuple(value for value in values if value.period == period.name), then


def _groups_of(source: FactSource, dimension: str) -> int:
    """How many known groups the completed orders have along a dimension."""
    table, column = ("sale_lines", "category") if dimension == "category" else ("sale_orders", dimension)
    if dimension == "level":
        table = "customer_summary"
    return int(source.query(f"SELECT count(DISTINCT {column}) FROM {table}")[0][0])


def unevenness(now: Sequence[MetricValue], then: Sequence[MetricValue], metric: str = "net_sales") -> float:
    """How far groups moved apart from the whole: mean squared standard score of each group's amount against all growing alike; 0 without a comparison.

    Groups with under thirty customers in both periods are taken together: their own spread is not known.
    """
    sides = [{_group(value): value for value in side if value.metric == metric} for side in (now, then)]
    amounts = [sum(float(value.value or 0) for value in side.values()) for side in sides]
    if amounts[1] <= 0:
        return 0.0
    pace = amounts[0] / amounts[1]
    pooled: dict[object, tuple[float, float]] = {}
    for group in sorted({*sides[0], *sides[1]}, key=str):
        after, earlier = sides[0].get(group), sides[1].get(group)
        many = sum(value.n or 0 for value in (after, earlier) if value) >= FEWEST_IN_GROUP
        gap = _amount(after) - pace * _amount(earlier)
        variance = _spread(after) ** 2 + (pace * _spread(earlier)) ** 2
        before = pooled.get(group if many else None, (0.0, 0.0))
        pooled[group if many else None] = before[0] + gap, before[1] + variance
    if len(pooled) < 2:
        return 0.0
    return sum(gap * gap / variance for gap, variance in pooled.values() if variance > 0) / (len(pooled) - 1)


def _amount(value: MetricValue | None) -> float:
    return float(value.value or 0) if value else 0.0


def _spread(value: MetricValue | None) -> float:
    return (error_of(value) or 0.0) if value else 0.0


def _group(value: MetricValue) -> Number | str:
    return next(iter(value.dimensions.values()), UNKNOWN)


def explained(source: FactSource, over: Sequence[Span]) -> tuple[Explained, ...]:
    """Why net sales changed: the latest span against the one before, the last quarter against the one before and a year before.

    Each change is split into volume (orders), mix and rate (order value) along the dimension whose groups moved apart most.
    """
    asked: list[tuple[Span, Against, Period]] = []
    for span in over:
        if span.name in ("latest", "quarter") and span.before:
            asked.append((span, "before", span.before))
        if span.name == "quarter" and span.year_before:
            asked.append((span, "year_before", span.year_before))
    scores = _unevenness_along(source, [(span.period, other) for span, _, other in asked])
    found = []
    for number, (span, against, other) in enumerate(asked):
        for dimension in sorted(scores, key=lambda name: -scores[name][number]):
            change = change_of(source, SPLIT_METRIC, span.period, other, dimension)
            if change.decomposition is not None:
                beyond = scores[dimension][number] > _by_chance(change)
                found.append(Explained(change, DIMENSION_LABELS[dimension], beyond, span, against))
                break
    return tuple(found)


def _unevenness_along(source: FactSource, pairs: Sequence[tuple[Period, Period]]) -> dict[str, list[float]]:
    """Per dimension that the data know, how far its groups moved apart between the periods of each pair."""
    periods = sorted({period for pair in pairs for period in pair}, key=lambda p: (p.grain, p.start))
    found = {}
    for dimension in dimensions_to_split(source, SPLIT_METRIC):
        if dimension in SPLIT_DIMENSIONS and 2 <= _groups_of(source, dimension) <= MOST_GROUPS:
            values = evaluate(source, requests_for(SPLIT_METRIC), periods, (dimension,))
            if _mostly_unknown(values):
                continue
            of = {p.name: [v for v in values if v.period == p.name and v.dimensions] for p in periods}
            found[dimension] = [unevenness(of[now.name], of[then.name]) for now, then in pairs]
    return found


def _mostly_unknown(values: Sequence[MetricValue]) -> bool:
    """Whether most of the sales name no group, as campaigns of a shop that mostly sells without: such a dimension explains nothing."""
    total = sum(_amount(value) for value in values if value.dimensions)
    unknown = sum(_amount(value) for value in values if value.dimensions and _group(value) == UNKNOWN)
    return unknown > MOST_UNKNOWN * total


def _by_chance(change: Change) -> float:
    """The 95 % quantile of the mean squared standard score, if all groups grew alike."""
    from scipy.special import chdtri

    assert change.decomposition is not None
    parts = change.decomposition.segments
    freedom = max(1, sum(part.before.denominator + part.now.denominator >= FEWEST_IN_GROUP for part in parts))
    return float(chdtri(freedom, 0.05)) / freedom

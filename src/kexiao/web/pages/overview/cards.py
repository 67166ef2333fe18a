"""The cards of the overview: at most eight metrics, each with its value, its course and its target."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.cycle.overview import Difference
from kexiao.facts.metric import Metric, MetricValue
from kexiao.facts.periods import Grain
from kexiao.metrics.catalogue import metric_named
from kexiao.report.charts import Chart, Point, sparkline
from kexiao.report.numbers import show_period
from kexiao.web import workspace
from kexiao.web.changes import differences, single_values
from kexiao.web.choices import Chosen

CARDS = (
    "net_sales",
    "new_customers",
    "retention_rate",
    "repeat_purchase_rate",
    "customer_acquisition_cost",
    "gross_margin_rate",
    "net_promoter_score",
    "complaint_rate",
)
_TRAIL: dict[str, tuple[Grain, int]] = {"month": ("month", 13), "year": ("year", 4)}


@dataclass(frozen=True, slots=True)
class Card:
    """One metric on the overview; ``target`` in its unit, where the company has set one."""

    name: str
    metric: Metric
    now: MetricValue
    before: MetricValue | None
    moved: Difference | None
    spark: Chart
    target: float | None


def cards_for(chosen: Chosen, targets: dict[str, float]) -> list[Card]:
    """The cards of a period; ``targets`` are the company scorecard's, by metric."""
    now, before = single_values(CARDS, chosen)
    moved = differences(now, before, chosen)
    grain, count = _TRAIL.get(chosen.period.grain, ("quarter", 8))
    course: dict[str, list[MetricValue]] = {name: [] for name in CARDS}
    for value in workspace.measured(CARDS, chosen.trail(grain, count), grain=grain):
        course[value.metric].append(value)
    return [
        Card(
            name, metric_named(name), now[name], before.get(name), moved.get(name),
            _spark(course[name], targets.get(name)), targets.get(name),
        )
        for name in CARDS
    ]  # fmt: skip


def _spark(course: list[MetricValue], target: float | None) -> Chart:
    points = [
        Point(show_period(value.period), value.value, complete=value.complete, reason=value.reason) for value in course
    ]
    return sparkline(points, course[0].unit, target=target, currency=course[0].settings["currency"])

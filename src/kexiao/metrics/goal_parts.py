"""The metrics in which a campaign can have a goal, as the catalogue defines them."""

from __future__ import annotations

from kexiao.facts.metric import Metric
from kexiao.facts.passes import GoalMetric, GoalsReached, Reckoned
from kexiao.metrics import acquisition, channels, satisfaction, value
from kexiao.metrics.parts import people_taking_part
from kexiao.text import Text


def _goal(name: str, metric: Metric) -> GoalMetric:
    return GoalMetric(name, metric.formula, metric.better)


GOAL_METRICS = (
    *(_goal(name, getattr(value, name)) for name in ("net_sales", "gross_margin", "orders", "ordering_customers", "refund_rate", "discount_rate")),
    *(_goal(name, getattr(acquisition, name)) for name in ("new_customers", "leads", "qualified_leads", "cost_per_lead", "customer_acquisition_cost")),
    *(_goal(name, getattr(satisfaction, name)) for name in ("csat_mean", "net_promoter_score", "complaint_rate")),
    _goal("impressions", channels.impressions),
    GoalMetric("participants", people_taking_part, "higher"),
)  # fmt: skip


def goals_reached(reckoned: Reckoned, label: Text) -> GoalsReached:
    """Goals of campaigns in any of these metrics."""
    return GoalsReached(GOAL_METRICS, reckoned, label)

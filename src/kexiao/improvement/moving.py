"""What moved: a metric against an earlier period, with the interval of the change and the share of false alarms held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kexiao.facts.intervals import Z
from kexiao.facts.metric import MetricValue
from kexiao.improvement.findings import Comparison
from kexiao.text import Text

FALSE_DISCOVERIES = 0.05
# What is looked at: one name for each fact, so that nothing is found twice (churn is retention, growth is net sales).
WATCHED = (
    "new_customers", "leads", "lead_conversion_rate", "customer_acquisition_cost", "retention_rate", "reactivated_customers",
    "repeat_purchase_rate", "net_sales", "orders", "ordering_customers", "average_order_value", "purchase_frequency", "revenue_per_customer",
    "items_per_order", "refund_rate", "discount_rate", "gross_margin_rate", "return_on_ad_spend", "csat_top_two", "net_promoter_score",
    "complaint_rate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A metric now and then; ``growth`` is the relative change with a paired interval, for metrics that add up."""

    now: MetricValue
    then: MetricValue
    growth: MetricValue | None = None


def compared(pair: Pair) -> Comparison:
    """The change with its limits and p-value; ``moved`` is decided over all metrics together by ``beyond_chance``.

    Limits: paired by customer where the metric adds up; else from both intervals, taken as independent (MOVER: Newcombe 1998, method 10; Zou & Donner 2008),
    which is on the safe side where the same customers are in both periods.
    """
    reason = _why_not(pair.now) or _why_not(pair.then)
    if reason is not None or pair.now.value is None or pair.then.value is None:
        before = None if pair.then.value is None else float(pair.then.value)
        return Comparison(pair.then.period, before, None, None, None, None, None, False, reason)
    now, then = float(pair.now.value), float(pair.then.value)
    change = now - then
    limits = _paired(pair.growth, then) or _mover(pair.now, pair.then)
    relative = change / then if then > 0 else None
    if limits is None:
        none = Text(zh="没有区间，不判断是否超出波动。", en="There is no interval, so chance cannot be ruled out.")
        return Comparison(pair.then.period, then, change, None, None, relative, None, False, none)
    low, high = limits
    return Comparison(pair.then.period, then, change, low, high, relative, _p_value(change, low, high), False, None)


def _why_not(value: MetricValue) -> Text | None:
    if value.value is None:
        return value.reason
    if not value.complete:
        return Text(zh="{p} 尚未结束或数据未到齐。", en="{p} is not over, or its data are not all in.").fill(
            p=value.period
        )
    if "history_too_short" in value.settings.get("marks", ()):
        return Text(zh="{p} 的历史太短。", en="History is too short for {p}.").fill(p=value.period)
    if value.immature:
        return Text(zh="{p} 还有观察期未满的对象。", en="Some subjects of {p} have not matured.").fill(p=value.period)
    return None


def _paired(growth: MetricValue | None, then: float) -> tuple[float, float] | None:
    if growth is None or growth.interval_low is None or growth.interval_high is None or then <= 0:
        return None
    return growth.interval_low * then, growth.interval_high * then


def _mover(now: MetricValue, then: MetricValue) -> tuple[float, float] | None:
    limits = (now.interval_low, now.interval_high, then.interval_low, then.interval_high)
    if None in limits or now.value is None or then.value is None:
        return None
    low1, high1, low2, high2 = (float(limit) for limit in limits if limit is not None)
    a, b = float(now.value), float(then.value)
    return a - b - math.hypot(a - low1, high2 - b), a - b + math.hypot(high1 - a, b - low2)


def _p_value(change: float, low: float, high: float) -> float:
    """Two-sided, from the half of the interval that faces zero."""
    half = change - low if change > 0 else high - change
    if half <= 0:
        return 0.0 if change else 1.0
    return math.erfc(abs(change) / half * Z / math.sqrt(2))


def beyond_chance(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Mark those that moved: Benjamini & Hochberg (1995) over all p-values at 5 %, so that of what is called moved about one in twenty is chance.

    >>> made = [Comparison("2025Q2", 1.0, 0.1, 0.0, 0.2, 0.1, p, False, None) for p in (0.001, 0.03, 0.2, 0.8)]
    >>> [c.moved for c in beyond_chance(made)]
    [True, False, False, False]
    """
    ranked = sorted(c.p_value for c in comparisons if c.p_value is not None)
    passing = [p for rank, p in enumerate(ranked, 1) if p <= FALSE_DISCOVERIES * rank / len(ranked)]
    limit = max(passing, default=-1.0)
    return [replace(c, moved=c.p_value is not None and c.p_value <= limit) for c in comparisons]

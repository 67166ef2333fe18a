"""A number as it leaves this stage: rounded, with its period's standing, its settings and its snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kexiao.facts import intervals
from kexiao.facts.availability import standing
from kexiao.facts.formula import ATOMS, CohortSecondOrder, Formula, walk
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.text import Text

Where = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """One formula to compute under a metric's name; ``variant`` is None for ours."""

    metric: str
    formula: Formula
    unit: str
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One computed number before it is dressed: value, what it is made of, sampling units, limits, reason, marks."""

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int | None = None
    limits: intervals.Interval = None
    reason: Text | None = None
    marks: tuple[str, ...] = ()
    immature: int | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)


SMALL = 30


def few(units: float) -> tuple[str, ...]:
    """The mark of a sample too small to lean on."""
    return ("small_sample",) if units < SMALL else ()


def dressed(
    source: FactSource,
    request: Request,
    period: Period,
    dimensions: Mapping[str, Any],
    part: Part,
    where: Where,
    *,
    over: bool | None = None,
) -> MetricValue:
    """A computed number with all that comes with it; ``over`` where another span than the period decides whether it is complete."""
    stands = standing(source, request.formula, period)
    marks = list(part.marks) + (["history_too_short"] if stands.history_too_short else [])
    value, reason = part.value, part.reason
    if value is not None and stands.reason is not None:
        value, reason = None, stands.reason
    limits = part.limits if value is not None else None
    policy = source.policy
    settings: dict[str, Any] = {
        "active_window_days": policy.window,
        "window_is_suggested": policy.window_is_suggested,
        "completed": list(policy.completed),
        "refund_date": policy.refund_date,
        "currency": policy.currency,
        **_exposure(source, request.formula),
        **part.shown,
        "filter": dict(where),
        "marks": marks,
    }
    return MetricValue(
        request.metric,
        period.name,
        dict(dimensions),
        _rounded(value, request.unit),
        request.unit,
        part.numerator,
        part.denominator,
        part.n,
        limits[0] if limits else None,
        limits[1] if limits else None,
        stands.complete if over is None else over,
        part.immature,
        request.variant,
        settings,
        reason if value is None else None,
        source.snapshot,
    )


def _exposure(source: FactSource, formula: Formula) -> dict[str, int | None]:
    """The windows that this very formula rests on, in days."""
    facts = {part.fact.name for part in walk(formula) if isinstance(part, ATOMS)}
    seconds = any(isinstance(part, CohortSecondOrder) for part in walk(formula))
    policy = source.policy
    possible = {
        "lead_window_days": ("lead_outcomes" in facts, policy.lead_window_days),
        "complaint_window_days": ("complaint_outcomes" in facts, policy.complaint_window_days),
        "refund_window_days": ("sale_outcomes" in facts, policy.refund_window_days),
        "sales_cycle_days": ("lagged_spend" in facts, source.sales_cycle_days),
        "second_order_window_days": (seconds, policy.second_order_window_days),
    }
    return {name: days for name, (used, days) in possible.items() if used}


def _rounded(value: Number | None, unit: str) -> Number | None:
    """Money to the minor unit, half-even; everything else as it is."""
    if value is None or not unit.startswith("money"):
        return value
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

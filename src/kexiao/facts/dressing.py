"""A number as it leaves this stage: rounded, with its period's standing, its settings and its snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kexiao.facts import intervals
from kexiao.facts.availability import standing
from kexiao.facts.formula import ATOMS, CohortSecondOrder, Formula, inside, walk
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Filters
from kexiao.text import Text


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


NO_INTERVAL: dict[str, Text] = {
    "known_exactly": Text(
        zh="金额是台账里的全部，不是样本", en="the amounts are all there is on the books, no sample of them"
    ),
    "too_few": Text(zh="样本太少", en="there are too few to tell"),
    "parts_combined": Text(
        zh="由几次计算合成，各部分的误差没有共同的抽样单位",
        en="it is put together from several passes, whose errors have no sampling unit in common",
    ),
    "several_rows_a_customer": Text(
        zh="一位客户可有几段未结束的间隔，彼此不独立",
        en="one customer may have several gaps, which are not independent",
    ),
    "a_month_reached": Text(
        zh="是累计毛利越过成本的月份，不是平均值", en="it is the month in which a line is crossed, no mean"
    ),
    "sample_unknown": Text(zh="来源没有给出样本量", en="the source does not say how many were asked"),
    "no_errors_stored": Text(
        zh="模型没有保存这个得分的参数误差", en="the model stored no errors of its parameters for this score"
    ),
}
"""Why a value has no interval, by the code that stands in its settings under ``no_interval``."""


def why_no_interval(value: MetricValue) -> Text:
    """Why a value has no interval, in words."""
    return NO_INTERVAL[value.settings["no_interval"]]


def _why_no_interval(formula: Formula, part: Part) -> str:
    atoms = [atom for atom in walk(formula) if isinstance(atom, ATOMS)]
    if atoms and all(atom.fact.known_exactly for atom in atoms) and len(atoms) == sum(1 for _ in _leaves(formula)):
        return "known_exactly"
    return "too_few" if part.n is not None and part.n < 2 else "parts_combined"


def _leaves(formula: Formula) -> Iterator[Formula]:
    below = inside(formula)
    if not below:
        yield formula
    for part in below:
        yield from _leaves(part)


def dressed(
    source: FactSource,
    request: Request,
    period: Period,
    dimensions: Mapping[str, Any],
    part: Part,
    where: Filters,
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
    silent = value is not None and limits is None
    policy = source.policy
    settings: dict[str, Any] = {
        "active_window_days": policy.window,
        "window_is_suggested": policy.window_is_suggested,
        "completed": list(policy.completed),
        "refund_date": policy.refund_date,
        "currency": policy.currency,
        **_exposure(source, request.formula),
        **{name: shown for name, shown in part.shown.items() if name != "no_interval"},
        **({"no_interval": part.shown.get("no_interval") or _why_no_interval(request.formula, part)} if silent else {}),
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
        "lead_window_days": (
            bool(facts & {"lead_outcomes", "prospect_outcomes", "referral_outcomes"}),
            policy.lead_window_days,
        ),
        "offer_window_days": ("offer_outcomes" in facts, policy.offer_window_days),
        "renewal_window_days": ("ended_terms" in facts, policy.renewal_window_days),
        "complaint_window_days": (bool(facts & {"complaint_outcomes", "resolved_cases"}), policy.complaint_window_days),
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

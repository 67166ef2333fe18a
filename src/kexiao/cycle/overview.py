"""The whole catalogue over the periods that matter: every metric with its interval, variants, and change; trends, cohorts, breakdowns, customer flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from kexiao.cycle.measure import measure_facts, requests_for
from kexiao.facts.cohorts import CohortAge, run_cohorts
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import CohortSecondOrder, Formula, Growth, rests_on_states, walk, words
from kexiao.facts.intervals import Z
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Grain, Period, period_holding, split
from kexiao.facts.source import FactSource
from kexiao.facts.states import run_states
from kexiao.facts.subjects import RETURNS
from kexiao.metrics.catalogue import all_metrics, metric_named, theme_of
from kexiao.text import Text

Against = Literal["before", "year_before"]
SpanName = Literal["latest", "year", "quarter", "month", "whole"]

TREND_METRICS = ("net_sales", "orders", "ordering_customers", "new_customers", "average_order_value", "retention_rate")
# Totals whose change is worth an interval of its own, paired by customer.
PAIRED: dict[Against, tuple[str, ...]] = {
    "before": ("net_sales", "gross_margin", "orders", "ordering_customers"),
    "year_before": ("net_sales",),
}
# What is there at an edge is no sample of flows: who was there before still is, so a change is counted, not estimated.
STOCKS = {"customers_at_start", "customers_at_end", "customer_base"}
MONTHS_SHOWN = 60
MONTHLY_COHORTS = 24


@dataclass(frozen=True, slots=True)
class Span:
    """A period that the analysis looks at, in words, and the ones that it is compared with (None where the data do not reach)."""

    name: SpanName
    label: Text
    period: Period
    before: Period | None
    year_before: Period | None


@dataclass(frozen=True, slots=True)
class Difference:
    """``now − before`` in the metric's unit with a 95 % interval; ``paired`` by customer, else the two periods are taken as independent."""

    against: Period
    before: MetricValue
    amount: float | None
    low: float | None
    high: float | None
    paired: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric in one span, with its changes."""

    span: Span
    value: MetricValue
    before: Difference | None
    year_before: Difference | None


@dataclass(frozen=True, slots=True)
class VariantReading:
    """A published formula beside ours: its name, formula and caution in words, and its value in each span."""

    name: str
    label: Text
    formula: Text
    caution: Text
    values: tuple[MetricValue, ...]


@dataclass(frozen=True, slots=True)
class MetricReport:
    """One metric of the catalogue over all spans; ``months`` its trend, where it is one of those drawn."""

    name: str
    label: Text
    theme: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    why: Text
    formula: Text
    source: Text
    readings: tuple[Reading, ...]
    variants: tuple[VariantReading, ...]

    @property
    def known(self) -> bool:
        """Whether there is a value in any span."""
        return any(reading.value.value is not None for reading in self.readings)

    def in_span(self, name: SpanName) -> Reading | None:
        """The reading of one span, where the data have it."""
        return next((reading for reading in self.readings if reading.span.name == name), None)


@dataclass(frozen=True, slots=True)
class Flow:
    """From the customers at the start to those at the end: E = S − lost + reactivated + new still active. Counts."""

    period: Period
    start: int
    lost: int
    reactivated: int
    new: int
    new_gone: int
    end: int
    history_too_short: bool


def spans(source: FactSource) -> tuple[Span, ...]:
    """The latest twelve months to the last covered day, the last complete year, quarter and month, and the whole of the data."""
    covered = source.coverage["orders"]
    end = min(covered.last + timedelta(days=1), source.now)
    found = []
    latest = Period(end - timedelta(days=365), end, "range", source.fiscal_start)
    if covered.first <= latest.start:
        found.append(_span(source, "latest", Text(zh="近 12 个月", en="Latest 12 months"), latest))
    for grain, label in (
        ("year", Text(zh="最近一个完整年", en="Last complete year")),
        ("quarter", Text(zh="最近一个完整季", en="Last complete quarter")),
        ("month", Text(zh="最近一个完整月", en="Last complete month")),
    ):
        period = period_holding(end, grain, source.fiscal_start).before()  # type: ignore[arg-type]
        if covered.first <= period.start:
            found.append(_span(source, grain, label, period))  # type: ignore[arg-type]
    whole = Period(covered.first, end, "range", source.fiscal_start)
    found.append(Span("whole", Text(zh="全部数据", en="All data"), whole, None, None))
    return tuple(found)


def _span(source: FactSource, name: SpanName, label: Text, period: Period) -> Span:
    first = source.coverage["orders"].first
    before, year = period.before(), period.year_before()
    same = name in ("latest", "year")
    return Span(
        name,
        label,
        period,
        before if before.start >= first else None,
        year if year.start >= first and not same else None,
    )


def metric_reports(source: FactSource, over: Sequence[Span]) -> tuple[MetricReport, ...]:
    """Every metric of the catalogue in every span, compared; all share the passes over the data."""
    asked = {p for span in over for p in (span.period, span.before, span.year_before) if p}
    periods = sorted(asked, key=lambda p: (p.grain, p.start, p.end))
    names = [name for name in all_metrics() if name != "cohort_retention"]
    requests = [request for name in names for request in requests_for(name, variants=True)]
    values: dict[tuple[str, str | None, str], MetricValue] = {}
    for value in evaluate(source, requests, periods):
        key = (value.metric, value.variant, value.period)
        values[key] = without_record(source, value, all_metrics()[value.metric].formula)
    whole = next(span.period for span in over if span.name == "whole")
    values = {key: _without_start(value, key, whole) for key, value in values.items()}
    growths = _growths(source, names, over)
    return tuple(_report(name, over, values, growths) for name in names)


def without_record(source: FactSource, value: MetricValue, formula: Formula) -> MetricValue:
    """Missing is not zero: a refund or discount metric over data that record none has no value, but a reason."""
    if value.value is None or value.value != 0:
        return value
    if _is_about(formula, "refunds") and not _has(source, "SELECT count(*) FROM returns"):
        reason = Text(zh="数据里没有退款记录。", en="The data record no refunds.")
    elif value.metric == "discount_rate" and not _has(source, "SELECT count(*) FROM sale_orders WHERE discount <> 0"):
        reason = Text(zh="数据里没有优惠记录。", en="The data record no discounts.")
    else:
        return value
    return replace(value, value=None, numerator=None, interval_low=None, interval_high=None, reason=reason)


def _without_start(value: MetricValue, key: tuple[str, str | None, str], whole: Period) -> MetricValue:
    """Over all of the data there is no start: who was a customer before is not known, so nothing rests on it."""
    metric, variant, period = key
    formula = metric_named(metric).variants[variant].formula if variant else metric_named(metric).formula
    if period != whole.name or metric == "customer_base" or not rests_on_states(formula):
        return value
    if any(isinstance(part, CohortSecondOrder) for part in walk(formula)):
        return value
    reason = Text(
        zh="从数据的第一天算起，没有期初。", en="Counted from the first day of the data, so there is no start."
    )
    return replace(value, value=None, interval_low=None, interval_high=None, reason=reason)


def _is_about(formula: Formula, what: Literal["refunds"]) -> bool:
    first = next(iter(inside_first(formula)), None)
    return what == "refunds" and getattr(first, "fact", None) is RETURNS


def inside_first(formula: Formula) -> list[Formula]:
    """The first sum or count of a formula, from the left."""
    return [part for part in walk(formula) if hasattr(part, "fact")][:1]


def _has(source: FactSource, sql: str) -> bool:
    return bool(source.query(sql)[0][0])


def _growths(
    source: FactSource, names: Sequence[str], over: Sequence[Span]
) -> dict[tuple[str, Against, str], MetricValue]:
    """Relative changes of totals, paired by customer, for their intervals."""
    found: dict[tuple[str, Against, str], MetricValue] = {}
    for against, paired in PAIRED.items():
        periods = [span.period for span in over if getattr(span, against)]
        formulas = [(name, metric_named(name).formula) for name in paired if name in names]
        requests = [Request(name, Growth(formula, against), "ratio") for name, formula in formulas]
        for value in evaluate(source, requests, periods) if periods else []:
            found[(value.metric, against, value.period)] = value
    return found


def _report(
    name: str,
    over: Sequence[Span],
    values: dict[tuple[str, str | None, str], MetricValue],
    growths: dict[tuple[str, Against, str], MetricValue],
) -> MetricReport:
    metric = metric_named(name)

    def compared(span: Span, against: Against) -> Difference | None:
        other = span.before if against == "before" else span.year_before
        if other is None or isinstance(metric.formula, Growth):
            return None
        now, then = values[(name, None, span.period.name)], values[(name, None, other.name)]
        return difference(now, then, other, growths.get((name, against, span.period.name)))

    readings = tuple(
        Reading(span, values[(name, None, span.period.name)], compared(span, "before"), compared(span, "year_before"))
        for span in over
    )
    variants = tuple(
        VariantReading(
            code, variant.label, words(variant.formula), variant.caution,
            tuple(values[(name, code, span.period.name)] for span in over),
        )
        for code, variant in metric.variants.items()
    )  # fmt: skip
    return MetricReport(
        name, metric.label, theme_of(name), metric.unit, metric.better, metric.why, words(metric.formula), metric.source,
        readings, variants,
    )  # fmt: skip


def difference(now: MetricValue, then: MetricValue, other: Period, growth: MetricValue | None = None) -> Difference:
    """now − then; the interval from the paired growth where there is one, else from both intervals as if independent."""
    if now.value is None or then.value is None or "history_too_short" in then.settings.get("marks", ()):
        return Difference(other, then, None, None, None, False)
    if now.settings.get("definition_from") != then.settings.get("definition_from"):
        # Two definitions are two yardsticks: what lies between the numbers is no change.
        return Difference(other, then, None, None, None, False)
    amount, before = float(now.value) - float(then.value), float(then.value)
    if growth is not None and growth.interval_low is not None and growth.interval_high is not None and before > 0:
        return Difference(other, then, amount, growth.interval_low * before, growth.interval_high * before, True)
    errors = [None if now.metric in STOCKS else error_of(value) for value in (now, then)]
    if errors[0] is None or errors[1] is None:
        return Difference(other, then, amount, None, None, False)
    half = Z * (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    return Difference(other, then, amount, amount - half, amount + half, False)


def error_of(value: MetricValue) -> float | None:
    """The standard error that a value's interval implies; None without an interval."""
    if value.interval_low is None or value.interval_high is None:
        return None
    return (value.interval_high - value.interval_low) / (2 * Z)


def trends(source: FactSource) -> tuple[Grain, dict[str, tuple[MetricValue, ...]]]:
    """The metrics of ``TREND_METRICS`` month by month (quarter by quarter over more than five years, week by week under two months)."""
    whole = _covered(source)
    months = len(split(whole, "month"))
    grain: Grain = "quarter" if months > MONTHS_SHOWN else "week" if months <= 2 else "month"
    measured = measure_facts(source, TREND_METRICS, period=whole, grain=grain)
    found: dict[str, list[MetricValue]] = {name: [] for name in TREND_METRICS}
    for value in measured:
        found[value.metric].append(value)
    return grain, {name: tuple(values) for name, values in found.items()}


def cohorts(source: FactSource) -> tuple[Grain, tuple[CohortAge, ...]]:
    """Customers by the month (over more than two years the quarter) of their first order, and who of them orders later."""
    whole = _covered(source)
    grain: Grain = "month" if len(split(whole, "month")) <= MONTHLY_COHORTS else "quarter"
    if len(split(whole, grain)) > MONTHLY_COHORTS:
        grain = "year"
    return grain, tuple(run_cohorts(source, whole, grain, "customers"))


def flows(source: FactSource, over: Sequence[Span]) -> tuple[Flow, ...]:
    """How the customers at the start became those at the end, in each span but the whole."""
    periods = [span.period for span in over if span.name != "whole"]
    found = run_states(source, periods)
    edge = known_from(source)
    flows = []
    for number, period in enumerate(periods):
        counts = found.get((number,), {})
        get = counts.get
        new, kept = get("new", 0), get("new_at_end", 0)
        short = edge is not None and period.start < edge
        flows.append(
            Flow(
                period, get("start", 0), get("lost", 0), get("reactivated", 0), new, new - kept, get("end", 0), short
            )
        )  # fmt: skip
    return tuple(flows)


def known_from(source: FactSource) -> date | None:
    """The first day from which new and active customers can be told: one active window after the data begin; None where acquisition dates are on file."""
    from kexiao.facts.availability import _KNOWN_CUSTOMERS_SHARE

    orders = source.coverage.get("orders")
    if orders is None or source.acquired_on_share >= _KNOWN_CUSTOMERS_SHARE:
        return None
    return orders.first + timedelta(days=source.policy.window)


def _covered(source: FactSource) -> Period:
    covered = source.coverage["orders"]
    return Period(covered.first, covered.last + timedelta(days=1), "range", source.fiscal_start)

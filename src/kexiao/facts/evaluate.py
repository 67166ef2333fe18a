"""From formulas to numbers: which passes are needed, and the division, rounding and intervals that every engine leaves to this place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kexiao.facts import intervals
from kexiao.facts.availability import why_not
from kexiao.facts.calendar import runs
from kexiao.facts.cohorts import run_cohorts, run_second_orders
from kexiao.facts.dated import evaluate_by_version
from kexiao.facts.dressing import SMALL, Part, Request, dressed, few
from kexiao.facts.formula import (
    CohortSecondOrder,
    CohortShare,
    Formula,
    Growth,
    Index,
    PerLength,
    Perpetuity,
    Plus,
    Ratio,
    ScoreMean,
    State,
    StateName,
    Times,
    TopShare,
    counts_customers,
    inside,
    is_linear,
    walk,
    words,
)
from kexiao.facts.goals import run_goals
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.own_passes import added, nothing_there, run_own, unknown_values
from kexiao.facts.passes import Gini, GoalsReached, OwnPass
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.states import run_states
from kexiao.facts.sums import Joint, Sums, Term, run_sums
from kexiao.facts.units import Cell, Filters, SumsQuery, atoms_of
from kexiao.text import Text

DOMINATES = 0.1
YEARLY_DISCOUNT = 0.1


@dataclass
class _Passes:
    """What the passes over the data found, by cell."""

    sums: Sums = field(default_factory=Sums)
    states: dict[Cell, dict[StateName, int]] = field(default_factory=dict)
    seconds: dict[Cell, tuple[int, int, int]] = field(default_factory=dict)
    own: dict[Formula, dict[Cell, Part]] = field(default_factory=dict)
    periods: tuple[Period, ...] = ()


_OWN = (Growth, TopShare, ScoreMean, OwnPass)


def evaluate(
    source: FactSource,
    requests: Sequence[Request],
    periods: Sequence[Period],
    dimensions: Sequence[str] = (),
    where: Filters = (),
) -> list[MetricValue]:
    """Compute every request for every period and every value of the dimensions; requests share the passes over the data.

    Cells without any row are left out when there are dimensions. A request that cannot be computed gives one null a period, with the reason.
    A formula with versions is computed by the one in force when the period begins, which its settings name.
    """
    found = evaluate_by_version(_evaluated, source, requests, periods, tuple(dimensions), tuple(where))
    return [value for values in found for value in values]


def _evaluated(
    source: FactSource,
    requests: Sequence[Request],
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
) -> list[list[MetricValue]]:
    """The values of each request; none of them has versions."""
    asked = tuple(dimensions) + tuple(name for name, _ in where if name not in dimensions)
    refused = {request: reason for request in requests if (reason := why_not(source, request.formula, asked))}
    possible = [request for request in requests if request not in refused]
    passes = _run_passes(source, [r.formula for r in possible], tuple(periods), dimensions, where)
    values: list[list[MetricValue]] = []
    for request in requests:
        if request in refused:
            part = Part(None, reason=refused[request])
            values.append([dressed(source, request, p, {}, part, where) for p in periods])
        elif isinstance(request.formula, CohortShare):
            values.append(_cohort_values(source, request, periods, where))
        else:
            values.append(_values(source, request, passes, periods, dimensions, where))
    return values


def _run_passes(
    source: FactSource,
    formulas: Sequence[Formula],
    periods: tuple[Period, ...],
    dimensions: tuple[str, ...],
    where: Filters,
) -> _Passes:
    passes = _Passes(periods=periods)
    linear, pairs = _linear_parts(formulas)
    passes.sums = run_sums(source, SumsQuery(tuple(linear), tuple(pairs), periods, dimensions, where))
    parts = [part for formula in formulas for part in walk(formula)]
    if any(isinstance(part, State) for part in parts):
        passes.states = run_states(source, periods, dimensions, where)
    if any(isinstance(part, CohortSecondOrder) for part in parts):
        for run in runs(periods):
            passes.seconds |= run_second_orders(source, run, dimensions, where)
    for part in dict.fromkeys(parts):
        if isinstance(part, GoalsReached):
            passes.own[part] = run_goals(source, part, periods, dimensions, where, evaluate)
        elif isinstance(part, _OWN):
            passes.own[part] = run_own(source, part, periods, dimensions, where)
    return passes


def _linear_parts(formulas: Sequence[Formula]) -> tuple[list[Formula], list[tuple[Formula, Formula]]]:
    """The largest linear parts of all formulas, and the pairs whose covariance a ratio's interval needs."""
    linear: dict[Formula, None] = {}
    pairs: dict[tuple[Formula, Formula], None] = {}

    def visit(formula: Formula) -> None:
        if is_linear(formula):
            linear[formula] = None
            return
        if isinstance(formula, (Growth, TopShare, Gini)):
            return
        if isinstance(formula, Ratio) and is_linear(formula.numerator) and is_linear(formula.denominator):
            pairs[(formula.numerator, formula.denominator)] = None
            if formula.kind == "net_promoter":
                linear.update(dict.fromkeys(inside(formula.numerator)))
        for part in inside(formula):
            visit(part)

    for formula in formulas:
        visit(formula)
    return list(linear), list(pairs)


def _values(
    source: FactSource,
    request: Request,
    passes: _Passes,
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
) -> list[MetricValue]:
    cells = _cells(request.formula, passes) if dimensions else [(number,) for number in range(len(periods))]
    values = []
    for cell in sorted(cells, key=lambda c: (c[0], *map(str, c[1:]))):
        period = periods[cell[0]]
        part = _compute(request.formula, cell, passes)
        values.append(dressed(source, request, period, dict(zip(dimensions, cell[1:], strict=True)), part, where))
    return values


def _cells(formula: Formula, passes: _Passes) -> list[Cell]:
    """The cells in which a formula has any row."""
    found: dict[Cell, None] = {}
    for part in walk(formula):
        if is_linear(part):
            found |= {c: None for c, terms in passes.sums.terms.items() if _present(part, terms)}
        elif isinstance(part, State):
            found |= {c: None for c, counts in passes.states.items() if any(counts.values())}
        elif isinstance(part, CohortSecondOrder):
            found |= dict.fromkeys(passes.seconds)
        elif isinstance(part, _OWN):
            found |= dict.fromkeys(passes.own[part])
    return list(found)


def _present(formula: Formula, terms: Mapping[Formula, Term]) -> bool:
    term = terms.get(formula)
    return term is not None and (term.units > 0 or term.total != 0 or term.unknown_rows > 0)


def _compute(formula: Formula, cell: Cell, passes: _Passes) -> Part:
    if isinstance(formula, Ratio):
        return _ratio(formula, cell, passes)
    if is_linear(formula):
        return _linear(formula, passes.sums.terms.get(cell, {}).get(formula, Term()))
    if isinstance(formula, State):
        count = passes.states.get(cell, {}).get(formula.name, 0)
        return Part(count, n=count, limits=intervals.poisson(count))
    if isinstance(formula, CohortSecondOrder):
        mature, won, immature = passes.seconds.get(cell, (0, 0, 0))
        count = won if formula.won else mature
        return Part(count, n=count, limits=intervals.poisson(count), immature=immature)
    if isinstance(formula, _OWN):
        return passes.own[formula].get(cell) or nothing_there(formula)
    if isinstance(formula, PerLength):
        return _per_length(formula, _compute(formula.of, cell, passes), passes.periods[cell[0]])
    if isinstance(formula, Index):
        return _index(formula, [_compute(part, cell, passes) for part in inside(formula)])
    left, right = (_compute(part, cell, passes) for part in inside(formula))
    if isinstance(formula, Perpetuity):
        return _perpetuity(formula, left, right, passes.periods[cell[0]])
    return _product(left, right) if isinstance(formula, Times) else _difference(formula, left, right)


def _index(formula: Index, parts: Sequence[Part]) -> Part:
    """The weighted mean of its parts; one that is missing leaves no number, lest two make up for three."""
    missing = next((part for part in parts if part.value is None), None)
    if missing is not None:
        return Part(None, reason=missing.reason)
    total = sum(weight * float(part.value or 0) for weight, part in zip(formula.weights, parts, strict=True))
    weights = dict(zip((name.en for name, _ in formula.parts), formula.weights, strict=True))
    n = min(part.n or 0 for part in parts)
    return Part(total / sum(formula.weights) * formula.times, n=n, shown={"weights": weights, **_MODELS_COMBINED})


_MODELS_COMBINED = {"no_interval": "parts_combined"}


def _product(left: Part, right: Part) -> Part:
    if left.value is None or right.value is None:
        return Part(None, reason=left.reason or right.reason)
    return Part(
        float(left.value) * float(right.value), n=right.n, shown={**left.shown, **right.shown, **_MODELS_COMBINED}
    )


def _per_length(formula: PerLength, of: Part, period: Period) -> Part:
    """Per month of the period (calendar ones where it has them), or in lengths of the period."""
    if of.value is None:
        return of
    months = {"month": 1.0, "quarter": 3.0, "year": 12.0}.get(period.grain, period.days * 12 / 365.25)
    by = months if formula.length == "month" else period.days
    limits = (of.limits[0] / by, of.limits[1] / by) if of.limits else None
    return replace(of, value=float(of.value) / by, limits=limits)


def _perpetuity(formula: Perpetuity, margin: Part, retention: Part, period: Period) -> Part:
    if margin.value is None or retention.value is None:
        return Part(None, reason=margin.reason or retention.reason)
    r, d = float(retention.value), (1 + YEARLY_DISCOUNT) ** (period.days / 365.25) - 1
    value = float(margin.value) * ((1 + d) if formula.now else r) / (1 + d - r)
    return Part(value, n=retention.n, shown={"discount_a_year": YEARLY_DISCOUNT, **_MODELS_COMBINED})


def _difference(formula: Formula, left: Part, right: Part) -> Part:
    if left.value is None or right.value is None:
        return Part(None, reason=left.reason or right.reason)
    sign = 1 if isinstance(formula, Plus) else -1
    n = (left.n or 0) + (right.n or 0) if _counted(formula) else left.n
    return Part(added(left.value, right.value, sign), n=n, shown={**left.shown, **right.shown})


def _counted(formula: Formula) -> bool:
    return all(counts_customers(part) for part in inside(formula))


def _linear(formula: Formula, term: Term) -> Part:
    if term.unknown_rows:
        return Part(None, n=term.units, reason=unknown_values(formula, term.unknown_rows))
    exactly = _is_known_exactly(formula)
    if counts_customers(formula):
        return Part(term.total, n=term.units, limits=intervals.poisson(float(term.total)))
    limits = None if exactly or not term.units else intervals.around(float(term.total), term.squares)
    return Part(
        term.total,
        n=None if exactly else term.units,
        limits=limits,
        marks=() if exactly else _marks(term.units, term.largest, term.total),
    )


def _marks(units: int, largest: float, total: Number) -> tuple[str, ...]:
    marks: tuple[str, ...] = ("small_sample",) if units < SMALL else ()
    if units >= SMALL and total and largest > DOMINATES * abs(float(total)):
        marks += ("one_customer_dominates",)
    return marks


def _ratio(formula: Ratio, cell: Cell, passes: _Passes) -> Part:
    top, bottom = _compute(formula.numerator, cell, passes), _compute(formula.denominator, cell, passes)
    immature = bottom.immature
    if formula.immature is not None:
        immature = int(_compute(formula.immature, cell, passes).value or 0)
    shown = {**top.shown, **bottom.shown}
    if top.value is None or bottom.value is None:
        return Part(None, top.value, bottom.value, reason=top.reason or bottom.reason, immature=immature, shown=shown)
    if bottom.value == 0:
        reason = Text(zh="分母为 0：{x}。", en="The denominator is 0: {x}.").fill(x=words(formula.denominator))
        return Part(None, top.value, bottom.value, n=0, reason=reason, immature=immature)
    value = float(top.value) / float(bottom.value)
    limits, units, marks = _ratio_limits(formula, cell, passes, top, bottom)
    if limits:
        limits = limits[0] * formula.times, limits[1] * formula.times
    return Part(value * formula.times, top.value, bottom.value, units, limits, None, marks, immature, shown)


def _ratio_limits(
    formula: Ratio, cell: Cell, passes: _Passes, top: Part, bottom: Part
) -> tuple[intervals.Interval, int | None, tuple[str, ...]]:
    y, x = float(top.value or 0), float(bottom.value or 0)
    if _is_known_exactly(formula.numerator) and _is_known_exactly(formula.denominator):
        return None, None, ()
    if isinstance(formula.denominator, OwnPass) and formula.denominator.known_exactly:
        return (top.limits[0] / x, top.limits[1] / x) if top.limits else None, top.n, top.marks
    terms = passes.sums.terms.get(cell, {})
    if _from_different_passes(formula):
        customers = counts_customers(formula.denominator) or formula.kind == "share"
        return (
            _mixed_limits(formula, y, x),
            int(x) if customers else bottom.n,
            few(x) if customers or is_linear(formula.denominator) else (),
        )
    a, b = terms.get(formula.numerator, Term()), terms.get(formula.denominator, Term())
    joint = passes.sums.pairs.get(cell, {}).get((formula.numerator, formula.denominator), Joint())
    if formula.kind == "net_promoter":
        promoters, detractors = (float(terms.get(part, Term()).total) for part in inside(formula.numerator))
        return intervals.net_promoter(promoters, detractors, x), joint.units, few(joint.units)
    variance = intervals.ratio_variance(joint.units, y, x, a.squares, b.squares, joint.products)
    if formula.kind == "share":
        ratio = min(1.0, max(0.0, y / x))
        one_row_each = b.squares == x
        size = x if one_row_each or not variance > 0 else ratio * (1 - ratio) / variance
        return intervals.wilson(ratio * size, size), joint.units, few(joint.units)
    return intervals.around(y / x, variance), joint.units, _marks(joint.units, a.largest, y)


def _from_different_passes(formula: Ratio) -> bool:
    """Whether numerator and denominator have no sampling units in common: states, or an amount known exactly over a count of customers."""
    if not (is_linear(formula.numerator) and is_linear(formula.denominator)):
        return True
    return counts_customers(formula.denominator) and _is_known_exactly(formula.numerator)


def _is_known_exactly(formula: Formula) -> bool:
    return is_linear(formula) and all(atom.fact.known_exactly for atom in atoms_of(formula))


def _mixed_limits(formula: Ratio, y: float, x: float) -> intervals.Interval:
    """Limits where numerator and denominator come from different passes: proportions of customers, or an exact amount over a count."""
    if formula.kind == "share" and 0 <= y <= x:
        return intervals.wilson(y, x)
    if formula.kind == "inverse_share" and 0 < x <= y:
        low, high = intervals.wilson(x, y) or (0.0, 0.0)
        return (1 / high, 1 / low) if low > 0 else None
    if _is_known_exactly(formula.numerator) and counts_customers(formula.denominator):
        low, high = intervals.poisson(x) or (0.0, 0.0)
        return (y / high, y / low) if low > 0 else None
    return None


def _cohort_values(
    source: FactSource, request: Request, periods: Sequence[Period], where: Filters
) -> list[MetricValue]:
    formula = request.formula
    assert isinstance(formula, CohortShare)
    values = []
    for period in periods:
        grain = "month" if period.grain in ("quarter", "year", "range", "month") else period.grain
        for found in run_cohorts(source, period, grain, formula.counted, where):
            dims = {"cohort": found.cohort.name, "age": found.age}
            values.append(
                dressed(source, request, found.cohort, dims, _cohort_part(formula, found), where, over=found.over)
            )
    return values


def _cohort_part(formula: CohortShare, found: Any) -> Part:
    if found.denominator == 0:
        return Part(
            None, found.numerator, 0, 0, reason=Text(zh="该期没有获客。", en="No customer was acquired in the period.")
        )
    if not found.over:
        return Part(
            None,
            found.numerator,
            found.denominator,
            found.customers,
            reason=Text(zh="这一期尚未结束。", en="That period is not over yet."),
        )
    value = float(found.numerator) / float(found.denominator)
    limits = None if formula.counted == "sales" else intervals.wilson(float(found.numerator), float(found.denominator))
    return Part(value, found.numerator, found.denominator, found.customers, limits, None, few(found.customers))

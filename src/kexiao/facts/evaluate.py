"""From formulas to numbers: which passes are needed, and the division, rounding and intervals that every engine leaves to this place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kexiao.facts import intervals
from kexiao.facts.availability import why_not
from kexiao.facts.calendar import runs
from kexiao.facts.cohorts import run_cohorts, run_second_orders
from kexiao.facts.concentration import Concentration, run_concentration
from kexiao.facts.dressing import Part, Request, Where, dressed
from kexiao.facts.formula import (
    CohortSecondOrder,
    CohortShare,
    Formula,
    Growth,
    Ratio,
    ScoreMean,
    State,
    StateName,
    TopShare,
    counts_customers,
    inside,
    is_linear,
    ordering,
    walk,
    words,
)
from kexiao.facts.growth import Paired, run_growth
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.facts.scores import run_score_means
from kexiao.facts.source import FactSource
from kexiao.facts.states import run_states
from kexiao.facts.sums import Joint, Sums, Term, run_sums
from kexiao.facts.units import Cell, SumsQuery, atoms_of
from kexiao.text import Text

SMALL = 30
DOMINATES = 0.1


@dataclass
class _Passes:
    """What the passes over the data found, by cell."""

    sums: Sums = field(default_factory=Sums)
    states: dict[Cell, dict[StateName, int]] = field(default_factory=dict)
    seconds: dict[Cell, tuple[int, int, int]] = field(default_factory=dict)
    tops: dict[TopShare, dict[Cell, Concentration]] = field(default_factory=dict)
    growths: dict[Growth, dict[Cell, Paired]] = field(default_factory=dict)
    scores: dict[ScoreMean, dict[Cell, Part]] = field(default_factory=dict)


def evaluate(
    source: FactSource,
    requests: Sequence[Request],
    periods: Sequence[Period],
    dimensions: Sequence[str] = (),
    where: Where = (),
) -> list[MetricValue]:
    """Compute every request for every period and every value of the dimensions; requests share the passes over the data.

    Cells without any row are left out when there are dimensions. A request that cannot be computed gives one null a period, with the reason.
    """
    asked = tuple(dimensions) + tuple(name for name, _ in where if name not in dimensions)
    refused = {request: reason for request in requests if (reason := why_not(source, request.formula, asked))}
    possible = [request for request in requests if request not in refused]
    passes = _run_passes(source, [r.formula for r in possible], tuple(periods), tuple(dimensions), tuple(where))
    values: list[MetricValue] = []
    for request in requests:
        if request in refused:
            values += [dressed(source, request, p, {}, Part(None, reason=refused[request]), where) for p in periods]
        elif isinstance(request.formula, CohortShare):
            values += _cohort_values(source, request, periods, where)
        else:
            values += _values(source, request, passes, periods, tuple(dimensions), where)
    return values


def _run_passes(
    source: FactSource,
    formulas: Sequence[Formula],
    periods: tuple[Period, ...],
    dimensions: tuple[str, ...],
    where: Where,
) -> _Passes:
    passes = _Passes()
    linear, pairs = _linear_parts(formulas)
    passes.sums = run_sums(source, SumsQuery(tuple(linear), tuple(pairs), periods, dimensions, where))
    parts = [part for formula in formulas for part in walk(formula)]
    if any(isinstance(part, State) for part in parts):
        passes.states = run_states(source, periods, dimensions, where)
    if any(isinstance(part, CohortSecondOrder) for part in parts):
        for run in runs(periods):
            passes.seconds |= run_second_orders(source, run, dimensions, where)
    for part in dict.fromkeys(parts):
        if isinstance(part, TopShare):
            query = SumsQuery((part.of, ordering), (), periods, dimensions, where)
            passes.tops[part] = run_concentration(source, query, part)
        elif isinstance(part, Growth):
            passes.growths[part] = run_growth(source, part, periods, dimensions, where)
        elif isinstance(part, ScoreMean):
            found = run_score_means(source, part, periods, dimensions, where)
            passes.scores[part] = {
                c: Part(s.mean, s.total, s.customers, s.customers, s.limits, s.reason) for c, s in found.items()
            }
    return passes


def _linear_parts(formulas: Sequence[Formula]) -> tuple[list[Formula], list[tuple[Formula, Formula]]]:
    """The largest linear parts of all formulas, and the pairs whose covariance a ratio's interval needs."""
    linear: dict[Formula, None] = {}
    pairs: dict[tuple[Formula, Formula], None] = {}

    def visit(formula: Formula) -> None:
        if is_linear(formula):
            linear[formula] = None
            return
        if isinstance(formula, (Growth, TopShare)):
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
    where: Where,
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
        elif isinstance(part, TopShare):
            found |= dict.fromkeys(passes.tops[part])
        elif isinstance(part, Growth):
            found |= dict.fromkeys(passes.growths[part])
        elif isinstance(part, ScoreMean):
            found |= dict.fromkeys(passes.scores[part])
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
    if isinstance(formula, TopShare):
        return _top_share(formula, passes.tops[formula].get(cell))
    if isinstance(formula, Growth):
        return _growth(formula, passes.growths[formula].get(cell))
    if isinstance(formula, ScoreMean):
        return passes.scores[formula].get(
            cell, Part(None, reason=Text(zh="该期没有获客。", en="No customer was acquired in the period."))
        )
    left, right = inside(formula)
    return _difference(formula, _compute(left, cell, passes), _compute(right, cell, passes))


def _difference(formula: Formula, left: Part, right: Part) -> Part:
    if left.value is None or right.value is None:
        return Part(None, reason=left.reason or right.reason)
    sign = 1 if type(formula).__name__ == "Plus" else -1
    return Part(_add(left.value, right.value, sign), n=(left.n or 0) + (right.n or 0))


def _add(left: Number, right: Number, sign: int) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        return float(left) + sign * float(right)
    return left + sign * right


def _linear(formula: Formula, term: Term) -> Part:
    if term.unknown_rows:
        return Part(None, n=term.units, reason=_unknown_values(formula, term.unknown_rows))
    exactly = _is_known_exactly(formula)
    if counts_customers(formula):
        return Part(term.total, n=term.units, limits=intervals.poisson(float(term.total)))
    limits = None if exactly or not term.units else intervals.around(float(term.total), term.squares)
    return Part(
        term.total, n=None if exactly else term.units, limits=limits, marks=_marks(term.units, term.largest, term.total)
    )


def _unknown_values(formula: Formula, rows: int) -> Text:
    names = [atom.column for atom in atoms_of(formula) if hasattr(atom, "column")]
    column = Text(zh="成本", en="cost") if "cost" in names else Text(zh="件数", en="number of items")
    return Text(zh="有 {n} 行的{c}未知。", en="The {c} of {n} rows is unknown.").fill(n=rows, c=column)


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
    if top.value is None or bottom.value is None:
        return Part(None, top.value, bottom.value, reason=top.reason or bottom.reason, immature=immature)
    if bottom.value == 0:
        reason = Text(zh="分母为 0：{x}。", en="The denominator is 0: {x}.").fill(x=words(formula.denominator))
        return Part(None, top.value, bottom.value, n=0, reason=reason, immature=immature)
    value = float(top.value) / float(bottom.value)
    limits, units, marks = _ratio_limits(formula, cell, passes, top, bottom)
    if limits:
        limits = limits[0] * formula.times, limits[1] * formula.times
    return Part(value * formula.times, top.value, bottom.value, units, limits, None, marks, immature)


def _ratio_limits(
    formula: Ratio, cell: Cell, passes: _Passes, top: Part, bottom: Part
) -> tuple[intervals.Interval, int | None, tuple[str, ...]]:
    y, x = float(top.value or 0), float(bottom.value or 0)
    terms = passes.sums.terms.get(cell, {})
    if _from_different_passes(formula):
        return _mixed_limits(formula, y, x), int(x) if counts_customers(formula.denominator) else None, _few(x)
    a, b = terms.get(formula.numerator, Term()), terms.get(formula.denominator, Term())
    joint = passes.sums.pairs.get(cell, {}).get((formula.numerator, formula.denominator), Joint())
    if formula.kind == "net_promoter":
        promoters, detractors = (float(terms.get(part, Term()).total) for part in inside(formula.numerator))
        return intervals.net_promoter(promoters, detractors, x), joint.units, _few(joint.units)
    variance = intervals.ratio_variance(joint.units, y, x, a.squares, b.squares, joint.products)
    if formula.kind == "share":
        ratio = min(1.0, max(0.0, y / x))
        one_row_each = b.squares == x
        size = x if one_row_each or not variance > 0 else ratio * (1 - ratio) / variance
        return intervals.wilson(ratio * size, size), joint.units, _few(joint.units)
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
    if _is_known_exactly(formula.numerator) and counts_customers(formula.denominator):
        low, high = intervals.poisson(x) or (0.0, 0.0)
        return (y / high, y / low) if low > 0 else None
    return None


def _few(units: float) -> tuple[str, ...]:
    return ("small_sample",) if units < SMALL else ()


def _top_share(formula: TopShare, found: Concentration | None) -> Part:
    if found is None or found.customers == 0 or found.total <= 0:
        return Part(None, n=0, reason=Text(zh="没有大于 0 的金额。", en="There is no amount above 0."))
    if found.unknown_rows:
        return Part(None, n=found.customers, reason=_unknown_values(formula.of, found.unknown_rows))
    value = found.top / found.total
    marks = _few(found.customers) + ((f"{found.negative}_below_zero_as_zero",) if found.negative else ())
    limits = intervals.around(value, found.variance)
    clipped = (max(0.0, limits[0]), min(1.0, limits[1])) if limits else None
    return Part(value, found.top, found.total, found.customers, clipped, None, marks)


def _growth(formula: Growth, found: Paired | None) -> Part:
    if found is None:
        return Part(None, reason=Text(zh="两期都没有数据。", en="Neither period has data."))
    now, then = found.now.total, found.earlier.total
    change = _add(now, then, -1)
    if found.reason is not None or found.now.unknown_rows or found.earlier.unknown_rows:
        return Part(
            None,
            change,
            then,
            reason=found.reason or _unknown_values(formula.of, found.now.unknown_rows + found.earlier.unknown_rows),
        )
    if float(then) <= 0:
        return Part(None, change, then, reason=Text(zh="上期不大于 0。", en="The earlier period is not above 0."))
    value = float(change) / float(then)
    variance = intervals.ratio_variance(
        found.units, float(change), float(then), found.change_squares, found.earlier.squares, found.products
    )
    return Part(
        value, change, then, found.units, intervals.around(value, variance), None, _few(found.units) + found.marks
    )


def _cohort_values(source: FactSource, request: Request, periods: Sequence[Period], where: Where) -> list[MetricValue]:
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
    return Part(value, found.numerator, found.denominator, found.customers, limits, None, _few(found.customers))

"""Which pass computes which kind of formula that has one of its own; each gives a finished part per cell, and says why a cell without rows has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kexiao.facts import intervals
from kexiao.facts.bound import run_bound, run_recurring, run_recurring_lost
from kexiao.facts.concentration import Concentration, run_concentration
from kexiao.facts.dressing import Part, few
from kexiao.facts.durations import run_lifetime, run_median
from kexiao.facts.formula import Formula, Growth, ScoreMean, TopShare, ordering
from kexiao.facts.growth import Paired, run_growth
from kexiao.facts.kept import run_historic_value, run_payback, run_revenue_kept
from kexiao.facts.key_figures import run_key_figure_change
from kexiao.facts.loyalty import run_behaviour, run_referrers
from kexiao.facts.metric import Number
from kexiao.facts.outside import run_external
from kexiao.facts.passes import (
    Behaviour,
    Bound,
    External,
    Gini,
    GoalsReached,
    Headcount,
    HistoricValue,
    Incremental,
    KeyFigureChange,
    Lifetime,
    Median,
    OpenPipeline,
    OwnPass,
    Payback,
    Quota,
    Recurring,
    RecurringLost,
    Referrers,
    RevenueKept,
)
from kexiao.facts.periods import Period
from kexiao.facts.quotas import run_open_pipeline, run_quota
from kexiao.facts.scores import run_score_means
from kexiao.facts.source import FactSource
from kexiao.facts.trials import run_headcount, run_incremental
from kexiao.facts.units import Cell, Filters, SumsQuery, atoms_of
from kexiao.text import Text


def run_own(
    source: FactSource, formula: Formula, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """The parts of one formula by cell."""
    return RUNNERS[type(formula)](source, formula, periods, dimensions, where)


def nothing_there(formula: Formula) -> Part:
    """The part of a cell without any row."""
    if isinstance(formula, OwnPass) and formula.empty is not None:
        return Part(formula.empty, n=0, shown={"no_interval": "known_exactly"})
    return Part(None, n=0, reason=_NOTHING.get(type(formula), _NO_ROWS))


def _concentrated(
    source: FactSource, formula: TopShare | Gini, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    query = SumsQuery((formula.of, ordering), (), tuple(periods), dimensions, where)
    share = formula.share if isinstance(formula, TopShare) else None
    return {cell: _held(formula, found) for cell, found in run_concentration(source, query, share).items()}


def _held(formula: TopShare | Gini, found: Concentration) -> Part:
    if found.customers == 0 or found.total <= 0:
        return Part(None, n=0, reason=_NOTHING[TopShare])
    if found.unknown_rows:
        return Part(None, n=found.customers, reason=unknown_values(formula.of, found.unknown_rows))
    marks = few(found.customers) + ((f"{found.negative}_below_zero_as_zero",) if found.negative else ())
    limits = intervals.around(found.value, found.variance)
    clipped = (max(0.0, limits[0]), min(1.0, limits[1])) if limits else None
    top, total = (found.top, found.total) if isinstance(formula, TopShare) else (None, None)
    return Part(found.value, top, total, found.customers, clipped, None, marks)


_UNKNOWN = {
    "cost": Text(zh="成本", en="cost"),
    **dict.fromkeys(
        ("monthly", "next_monthly", "kept_monthly", "renewed_monthly"), Text(zh="月费", en="monthly amount")
    ),
}


def unknown_values(formula: Formula, rows: int) -> Text:
    """Why a sum has no value: how many rows lack theirs."""
    names = [atom.column for atom in atoms_of(formula) if hasattr(atom, "column")]
    column = next((words for name, words in _UNKNOWN.items() if name in names), Text(zh="件数", en="number of items"))
    return Text(zh="有 {n} 行的{c}未知。", en="The {c} of {n} rows is unknown.").fill(n=rows, c=column)


def _grown(
    source: FactSource, formula: Growth, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    found = run_growth(source, formula, periods, dimensions, where)
    return {cell: _growth(formula, paired) for cell, paired in found.items()}


def _growth(formula: Growth, found: Paired) -> Part:
    now, then = found.now.total, found.earlier.total
    change = added(now, then, -1)
    unknown = found.now.unknown_rows + found.earlier.unknown_rows
    if found.reason is not None or unknown:
        return Part(None, change, then, reason=found.reason or unknown_values(formula.of, unknown))
    if float(then) <= 0:
        return Part(None, change, then, reason=Text(zh="上期不大于 0。", en="The earlier period is not above 0."))
    value = float(change) / float(then)
    variance = intervals.ratio_variance(
        found.units, float(change), float(then), found.change_squares, found.earlier.squares, found.products
    )
    limits = intervals.around(value, variance)
    return Part(value, change, then, found.units, limits, None, few(found.units) + found.marks)


def added(left: Number, right: Number, sign: int) -> Number:
    """left ± right, exact where both are."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left) + sign * float(right)
    return left + sign * right


def _scored(
    source: FactSource, formula: ScoreMean, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    found = run_score_means(source, formula, periods, dimensions, where)
    parts = {}
    for cell, score in found.items():
        none = {"no_interval": "no_errors_stored"} if score.limits is None and score.mean is not None else {}
        if formula.total:
            scale = float(score.customers)
            limits = (score.limits[0] * scale, score.limits[1] * scale) if score.limits else None
            parts[cell] = Part(score.total, n=score.customers, limits=limits, reason=score.reason, shown=none)
        else:
            parts[cell] = Part(
                score.mean, score.total, score.customers, score.customers, score.limits, score.reason, shown=none
            )
    return parts


Runner = Callable[[FactSource, Any, Sequence[Period], tuple[str, ...], Filters], dict[Cell, Part]]
RUNNERS: dict[type, Runner] = {
    TopShare: _concentrated,
    Gini: _concentrated,
    Growth: _grown,
    ScoreMean: _scored,
    Median: run_median,
    Lifetime: run_lifetime,
    RevenueKept: run_revenue_kept,
    HistoricValue: run_historic_value,
    Payback: run_payback,
    Incremental: run_incremental,
    KeyFigureChange: run_key_figure_change,
    Headcount: run_headcount,
    Quota: run_quota,
    OpenPipeline: run_open_pipeline,
    External: run_external,
    Referrers: run_referrers,
    Behaviour: run_behaviour,
    Bound: run_bound,
    Recurring: run_recurring,
    RecurringLost: run_recurring_lost,
}
_NO_ROWS = Text(zh="该期没有数据。", en="The period has no data.")
_NOTHING: dict[type, Text] = {
    TopShare: Text(zh="没有大于 0 的金额。", en="There is no amount above 0."),
    Gini: Text(zh="没有大于 0 的金额。", en="There is no amount above 0."),
    Growth: Text(zh="两期都没有数据。", en="Neither period has data."),
    ScoreMean: Text(zh="该期没有获客。", en="No customer was acquired in the period."),
    KeyFigureChange: Text(zh="没有活动在该期结束。", en="No campaign ended in the period."),
    GoalsReached: Text(zh="没有活动目标在该期到期。", en="No campaign’s goal ended in the period."),
    Payback: Text(zh="该期没有获客。", en="No customer was acquired in the period."),
    Incremental: Text(zh="该期没有带对照组的活动。", en="No campaign with a holdout began in the period."),
    Headcount: Text(zh="该期没有员工在职。", en="No staff member was in post."),
    Quota: Text(zh="该期没有销售指标。", en="There is no quota for the period."),
    External: Text(zh="该期、该范围没有外部数据。", en="There is no external figure for the period and scope."),
    RecurringLost: Text(zh="期初没有在约客户。", en="No customer was bound by a contract at the start."),
    Median: Text(zh="该期没有可算的记录。", en="The period has no row to measure."),
}

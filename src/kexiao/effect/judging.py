"""From estimates to a verdict: the strongest design that the data support, the rule, and what is said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import numpy as np

from kexiao.effect.differences import (
    FEWEST_BEFORE,
    Side,
    difference,
    drift,
    drift_gradient,
    pooled,
    step_gradient,
    usable,
    widened,
)
from kexiao.effect.holdout import FEWEST, Arm, HoldoutEstimate, compare
from kexiao.effect.panel import (
    Panel,
    Segment,
    blocks_around,
    can_be_counted_per_customer,
    can_be_followed,
    customer_variances,
    inside,
    read_arms,
    read_panel,
)
from kexiao.effect.verdicts import ArmFigures, Check, Design, Outcome, SeriesPoint, Verdict
from kexiao.facts.availability import covered_until, tables_of, why_not
from kexiao.facts.formula import Ratio
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.improvement.initiatives import Initiative
from kexiao.improvement.series import Contrast, Mask
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text

# A check fails below this: strict enough that three checks of a sound plan all pass 97 times in 100.
LEVEL = 0.01
# Above it a check passes, yet is called doubtful up to here.
DOUBTFUL = 0.05
DESIGNS: dict[Design, Text] = {
    "holdout": Text(zh="随机对照组", en="randomised hold-out"),
    "difference_in_differences": Text(zh="双重差分", en="difference-in-differences"),
    "none": Text(zh="没有可比对象", en="no comparison"),
}
RULE = Text(
    zh="有效：95 % 区间整个落在好的一侧，且各项检验通过。无效：区间不含承诺的效果，且含 0 或落在坏的一侧，检验通过。其余：尚不能判断。",
    en=(
        "Worked: the whole 95 % interval lies on the good side and the checks pass. Did not: the interval excludes the effect promised and includes 0 or lies on "
        "the bad side, and the checks pass. Anything else: cannot tell."
    ),
)
OUTCOMES: dict[Outcome, Text] = {
    "worked": Text(zh="有效", en="worked"),
    "did_not": Text(zh="无效", en="did not work"),
    "cannot_tell": Text(zh="尚不能判断", en="cannot tell"),
}


def outcome_of(low: float, high: float, expected: float, good_side: Literal[1, -1], *, checks_pass: bool) -> Outcome:
    """The rule, in numbers.

    >>> outcome_of(0.05, 0.20, 0.10, 1, checks_pass=True), outcome_of(-0.02, 0.06, 0.10, 1, checks_pass=True)
    ('worked', 'did_not')
    >>> outcome_of(-0.02, 0.15, 0.10, 1, checks_pass=True), outcome_of(0.05, 0.20, 0.10, 1, checks_pass=False)
    ('cannot_tell', 'cannot_tell')
    """
    if not checks_pass:
        return "cannot_tell"
    worst, best = sorted((good_side * low, good_side * high))
    if worst > 0:
        return "worked"
    return "did_not" if best < good_side * expected else "cannot_tell"


def judge(source: FactSource, initiative: Initiative) -> Verdict:
    """The verdict on one initiative, from the facts as they are; it never raises for what the data cannot tell."""
    blank = _blank(source, initiative)
    reason = _why_not_yet(source, initiative)
    if reason is not None:
        return replace(blank, reason=reason)
    if initiative.campaign:
        return _by_holdout(source, initiative, blank)
    return _by_differences(source, initiative, blank)


def _blank(source: FactSource, initiative: Initiative) -> Verdict:
    metric = metric_named(initiative.metric)
    good: Literal[1, -1] = (
        -1 if metric.better == "lower" or (metric.better == "neither" and initiative.expected < 0) else 1
    )
    ends = [day for tables in tables_of(metric.formula) if (day := covered_until(source, tables))]
    over = bool(ends) and min(ends) > initiative.deadline
    return Verdict(
        initiative=initiative.id,
        name=initiative.name,
        owner=initiative.owner,
        metric=initiative.metric,
        label=metric.label,
        outcome="cannot_tell",
        state="over" if over else "running",
        design="none",
        design_label=DESIGNS["none"],
        unit=initiative.expected_unit,
        estimate=None,
        interval_low=None,
        interval_high=None,
        other_unit=None,
        total=None,
        expected=initiative.expected,
        good_side=good,
        treated=None,
        comparison=None,
        checks=(),
        series=(),
        before=None,
        after=None,
        method=Text(zh="没有估计。", en="Nothing was estimated."),
        assumption=Text(zh="没有。", en="None."),
        rule=RULE,
        headline=OUTCOMES["cannot_tell"],
        reason=None,
        start=initiative.start,
        deadline=initiative.deadline,
        snapshot=source.snapshot,
        settings={"currency": source.policy.currency, "active_window_days": source.policy.window},
    )


def _why_not_yet(source: FactSource, initiative: Initiative) -> Text | None:
    formula = metric_named(initiative.metric).formula
    if initiative.status == "cancelled":
        return Text(zh="举措已取消。", en="The initiative was cancelled.")
    if (missing := why_not(source, formula, tuple(initiative.scope))) is not None:
        return missing
    ends = [day for tables in tables_of(formula) if (day := covered_until(source, tables))]
    if not ends or min(ends) <= initiative.deadline:
        last = min(ends) - timedelta(days=1) if ends else None
        return Text(
            zh="数据只到 {d}，还没有覆盖到截止日 {e}。", en="The data reach {d} only, not the deadline {e}."
        ).fill(d=last or "—", e=initiative.deadline)
    if not can_be_followed(formula):
        return Text(
            zh="这个指标不能按时段比较（增长、集中度、同期群、模型分数）。",
            en="This metric cannot be compared block by block (growth, concentration, cohorts, model scores).",
        )
    if initiative.campaign is None and initiative.comparison is None:
        return Text(
            zh="所有人都参加了，没有未参加的可比对象，无从知道不做会怎样。下次请随机留出一部分，或先在部分地区做。",
            en=(
                "Everyone took part: nobody is left to compare with, so what would have happened without it is unknown. Next time hold out a random part, "
                "or begin in some regions."
            ),
        )
    return None


def _finished(verdict: Verdict, estimate: Contrast) -> Verdict:
    """The verdict with estimate, outcome and headline; ``estimate`` is in the verdict's unit."""
    failed = [check for check in verdict.checks if check.passed is False]
    outcome = outcome_of(estimate.low, estimate.high, verdict.expected, verdict.good_side, checks_pass=not failed)
    reason = None
    if failed:
        reason = Text(zh="检验没有通过：{c}。", en="A check failed: {c}.").fill(c=failed[0].label)
    elif outcome == "cannot_tell":
        reason = Text(
            zh="区间太宽：既含 0，也含承诺的效果。",
            en="The interval is too wide: it holds both 0 and the effect promised.",
        )
    found = replace(
        verdict,
        estimate=estimate.estimate,
        interval_low=estimate.low,
        interval_high=estimate.high,
        outcome=outcome,
        reason=reason,
    )
    return replace(found, headline=headline(found))


def headline(verdict: Verdict) -> Text:
    """The verdict in one line, e.g. “有效：+28.3 %（+19.0 % 至 +38.1 %），承诺 +20.0 %”."""
    if verdict.estimate is None or verdict.interval_low is None or verdict.interval_high is None:
        return OUTCOMES[verdict.outcome]
    less = verdict.outcome == "worked" and verdict.good_side * verdict.expected > max(
        verdict.good_side * verdict.interval_low, verdict.good_side * verdict.interval_high
    )
    words = Text(
        zh="{o}：{e}（95 % 区间 {l} 至 {h}），承诺 {x}{less}",
        en="{o}: {e} (95 % interval {l} to {h}), promised {x}{less}",
    )
    return words.fill(
        o=OUTCOMES[verdict.outcome],
        e=signed(verdict.estimate, verdict.unit),
        l=signed(verdict.interval_low, verdict.unit),
        h=signed(verdict.interval_high, verdict.unit),
        x=signed(verdict.expected, verdict.unit),
        less=Text(zh="，低于承诺", en=", less than promised") if less else "",
    )


def signed(value: float, unit: str) -> str:
    """An effect with its sign: per cent, or a plain number.

    >>> signed(0.2834, "relative"), signed(-0.5, "absolute")
    ('+28.3 %', '−0.5')
    """
    text = f"{abs(value):.1%}".replace("%", " %") if unit == "relative" else f"{abs(value):.4g}"
    return ("−" if value < 0 else "+") + text


# ---- hold-out


def _by_holdout(source: FactSource, initiative: Initiative, blank: Verdict) -> Verdict:
    formula = metric_named(initiative.metric).formula
    now = Period(initiative.start, initiative.deadline + timedelta(days=1))
    before = now.before()
    blank = replace(
        blank, design="holdout", design_label=DESIGNS["holdout"], before=before.name, after=now.name, method=_HOLDOUT_METHOD,
        assumption=_HOLDOUT_ASSUMPTION,
    )  # fmt: skip
    if not can_be_counted_per_customer(formula):
        return replace(blank, reason=_NOT_PER_CUSTOMER)
    arms = read_arms(source, initiative.metric, initiative.campaign or "", now, before)
    treated, held_out = arms["treated"], arms["holdout"]
    if min(len(treated), len(held_out)) < FEWEST or min(treated.bottom.sum(), held_out.bottom.sum()) <= 0:
        return replace(blank, reason=_too_few(treated, held_out))
    with_before = source.coverage["orders"].first <= before.start
    if not with_before:
        treated, held_out = _without_before(treated), _without_before(held_out)
    found = compare(treated, held_out)
    estimate = found.absolute if initiative.expected_unit == "absolute" else found.relative
    figures = [
        ArmFigures(label, len(arm), arm.mean_before() if with_before else None, arm.mean())
        for label, arm in ((_TREATED, treated), (_HELD_OUT, held_out))
    ]
    blank = replace(blank, treated=figures[0], comparison=figures[1], checks=_balance(found))
    blank = replace(
        blank, settings={**blank.settings, "variance_taken_out_by_the_time_before": found.variance_taken_out}
    )
    if estimate is None:
        return replace(blank, reason=_NO_RELATIVE)
    return _finished(_with_other_unit(blank, found, formula, len(treated)), estimate)


def _with_other_unit(verdict: Verdict, found: HoldoutEstimate, formula: Any, treated: int) -> Verdict:
    other = found.relative if verdict.unit == "absolute" else found.absolute
    total = None if isinstance(formula, Ratio) else found.absolute.estimate * treated
    return replace(verdict, other_unit=other.estimate if other else None, total=total)


def _without_before(arm: Arm) -> Arm:
    return Arm(arm.top, arm.bottom, np.zeros(len(arm)), np.zeros(len(arm)))


def _balance(found: HoldoutEstimate) -> tuple[Check, ...]:
    label = Text(zh="两组事前相同", en="arms alike before")
    if found.balance is None:
        words = Text(zh="没有活动之前的数据，无法检验。", en="There are no data from before, so it cannot be checked.")
        return (Check("balance", label, None, None, None, None, None, words),)
    gap = found.balance
    words = Text(
        zh="活动前两组人均相差 {d:.4g}（p = {p:.2f}）；p 低于 {l} 才算不平衡，随机分组下百次约有一次。",
        en="Before the start the arms differ by {d:.4g} per customer (p = {p:.2f}); below {l} counts as unbalanced, about one draw in a hundred.",
    ).fill(d=gap.estimate, p=gap.p_value, l=LEVEL)
    return (Check("balance", label, gap.estimate, gap.low, gap.high, gap.p_value, gap.p_value >= LEVEL, words),)


def _too_few(treated: Arm, held_out: Arm) -> Text:
    return Text(
        zh="实验组 {t} 人、对照组 {h} 人，每组至少要 {n} 人。",
        en="{t} customers were treated and {h} held out; each arm needs at least {n}.",
    ).fill(t=len(treated), h=len(held_out), n=FEWEST)


_TREATED = Text(zh="实验组", en="treated")
_HELD_OUT = Text(zh="对照组", en="held out")
_NOT_PER_CUSTOMER = Text(
    zh="这个指标不能算到每位客户，不能用对照组比较。",
    en="This metric has no value for each customer, so the arms cannot be compared by it.",
)
_NO_RELATIVE = Text(
    zh="对照组的水平不明显大于 0，算不出百分比。",
    en="The hold-out's level is not clearly above 0, so there is no percentage.",
)
_HOLDOUT_METHOD = Text(
    zh="按分到的组比较人均（无论是否真的触达），用每位客户活动前同样长时间的数值消去无关差异（CUPED），Welch 区间，抽样单位是客户。",
    en=(
        "Means per customer by the arm assigned, whoever was reached; each customer's own figure from as long a time before takes out what is unrelated (CUPED); "
        "Welch's interval, the customer being the sampling unit."
    ),
)
_HOLDOUT_ASSUMPTION = Text(
    zh="分组是随机的，且对照组没有受到活动影响。",
    en="The arms were drawn at random, and the campaign did not reach those held out.",
)


# ---- difference-in-differences


@dataclass(frozen=True)
class _Sides:
    """The two sides, and the segments of each."""

    treated: Side
    comparison: Side
    done: tuple[Segment, ...]
    not_done: tuple[Segment, ...]


@dataclass(frozen=True)
class _Run:
    """One estimate to make: the effect itself, or a check in the time before; ``before`` and ``after`` mark its blocks (no ``after``: the drift)."""

    kind: Literal["effect", "pre_trend", "placebo_in_time"]
    label: Text
    before: Mask
    after: Mask | None


def _by_differences(source: FactSource, initiative: Initiative, blank: Verdict) -> Verdict:
    metric = metric_named(initiative.metric)
    periods, before = blocks_around(source, metric.formula, initiative.start, initiative.deadline)
    blank = replace(
        blank, design="difference_in_differences", design_label=DESIGNS["difference_in_differences"],
        method=_method(periods, before), assumption=_DID_ASSUMPTION,
    )  # fmt: skip
    if before < FEWEST_BEFORE:
        return replace(blank, reason=_too_short(before))
    dimensions = tuple(initiative.scope)
    panel = read_panel(source, initiative.metric, periods, before, dimensions)
    if panel.immature:
        return replace(blank, reason=_IMMATURE)
    sides = _sides(panel, initiative, dimensions)
    relative = initiative.expected_unit == "relative" or panel.additive
    if isinstance(sides, Text):
        return replace(blank, reason=sides)
    if not usable([sides.treated, sides.comparison], panel.after, relative=relative):
        return replace(blank, reason=_EMPTY)
    times = metric.formula.times if isinstance(metric.formula, Ratio) else 1
    runs = _runs(panel)
    contrasts = _contrasts(source, initiative, panel, sides, runs, relative=relative)
    effect = contrasts[0]
    estimate, other, total = _in_units(effect, initiative, panel, sides, times, relative=relative)
    edges = (Period(periods[0].start, initiative.start), Period(initiative.start, periods[-1].end))
    found = replace(
        blank,
        before=edges[0].name,
        after=edges[1].name,
        other_unit=other,
        total=total,
        treated=_figures(_WHERE_DONE, sides.treated, len(sides.done), panel, times),
        comparison=_figures(_WHERE_NOT, sides.comparison, len(sides.not_done), panel, times),
        checks=(
            *_checks(runs[1:], contrasts[1:], relative=relative),
            *_in_space(sides, panel, effect, relative=relative),
        ),
        series=_points(sides, panel, times, relative=relative),
        settings={
            **blank.settings,
            "blocks_before": before,
            "blocks_after": len(periods) - before,
            "days_per_block": periods[0].days,
        },
    )
    return _finished(found, estimate)


def _sides(panel: Panel, initiative: Initiative, dimensions: Sequence[str]) -> _Sides | Text:
    treated = {name: side for name, side in panel.sides.items() if inside(name, dimensions, initiative.scope)}
    if initiative.comparison == "auto":
        wide = {name: values for name, values in initiative.scope.items() if name != dimensions[-1]}
        chosen = {
            n: s
            for n, s in panel.sides.items()
            if inside(n, dimensions, wide) and not inside(n, dimensions, initiative.scope)
        }
    else:
        assert initiative.comparison is not None
        chosen = {n: s for n, s in panel.sides.items() if inside(n, dimensions, initiative.comparison)}
    chosen = {name: side for name, side in chosen.items() if "unknown" not in name}
    if not treated or not chosen:
        return _EMPTY
    return _Sides(
        pooled(list(treated.values()), additive=panel.additive),
        pooled(list(chosen.values()), additive=panel.additive),
        tuple(treated),
        tuple(chosen),
    )


def _in_units(
    effect: Contrast, initiative: Initiative, panel: Panel, sides: _Sides, times: int, *, relative: bool
) -> tuple[Contrast, float | None, float | None]:
    """The effect in the unit promised, in the other one, and its sum for metrics that add up."""
    done = float(sides.treated.top[panel.after].sum())
    if not relative:
        level = sides.treated.level(panel.after) * times
        scaled = _mapped(effect, lambda value: value * times)
        without = level - scaled.estimate
        return scaled, scaled.estimate / without if without > 0 else None, None
    share = _mapped(effect, np.expm1)
    extra = _mapped(effect, lambda value: done * -np.expm1(-value))
    if panel.additive:
        if initiative.expected_unit == "absolute":
            return extra, share.estimate, extra.estimate
        return share, extra.estimate, extra.estimate
    level = sides.treated.level(panel.after) * times
    return share, float(level * -np.expm1(-effect.estimate)), None


def _mapped(effect: Contrast, change: Any) -> Contrast:
    """The contrast on another scale; limits are carried over, so the order of the scale must be kept."""
    estimate, low, high = (float(change(value)) for value in (effect.estimate, effect.low, effect.high))
    return replace(effect, estimate=estimate, low=low, high=high)


def _figures(label: Text, side: Side, segments: int, panel: Panel, times: int) -> ArmFigures:
    return ArmFigures(label, segments, side.level(~panel.after) * times, side.level(panel.after) * times)


def _points(sides: _Sides, panel: Panel, times: int, *, relative: bool) -> tuple[SeriesPoint, ...]:
    """Per block, both sides and the treated one as it would have gone with the comparison's movement."""
    levels = [side.level(~panel.after) for side in (sides.treated, sides.comparison)]
    found = []
    for number, period in enumerate(panel.periods):
        mine, other = (_at(side, number) for side in (sides.treated, sides.comparison))
        without = None
        if other is not None:
            without = levels[0] * other / levels[1] if relative else levels[0] + other - levels[1]
        shown = [None if value is None else value * times for value in (mine, other, without)]
        found.append(SeriesPoint(period.start.isoformat(), shown[0], shown[1], shown[2], bool(panel.after[number])))
    return tuple(found)


def _at(side: Side, number: int) -> float | None:
    return float(side.top[number] / side.bottom[number]) if side.bottom[number] > 0 else None


def _runs(panel: Panel) -> list[_Run]:
    """The effect, and the checks that the time before allows: the drift, and two placebos."""
    after = panel.after
    before = int((~after).sum())
    length, places = len(after) - before, np.arange(len(after))
    found = [_Run("effect", Text.same("effect"), ~after, after)]
    if before >= 2 * FEWEST_BEFORE:
        found.append(_Run("pre_trend", _PARALLEL, ~after, None))
    if before - length >= max(FEWEST_BEFORE, length):
        just = (places >= before - length) & ~after
        found.append(_Run("placebo_in_time", _JUST_BEFORE, ~after & ~just, just))
        if before >= 52 and panel.periods[0].days == 7:
            year = (places >= before - 52) & (places < before - 52 + length)
            found.append(_Run("placebo_in_time", _YEAR_BEFORE, ~after & ~year, year))
    return found


def _contrasts(
    source: FactSource, initiative: Initiative, panel: Panel, sides: _Sides, runs: Sequence[_Run], *, relative: bool
) -> list[Contrast]:
    """Every estimate with the larger of both errors."""
    ahead = len(panel.after) / 2
    both = (sides.treated, sides.comparison)
    found = [_contrast(run, *both, relative=relative, ahead=ahead) for run in runs]
    gradients = [
        [
            drift_gradient(side, run.before, relative=relative, additive=panel.additive, ahead=ahead)
            if run.after is None
            else step_gradient(side, run.before, run.after, relative=relative, additive=panel.additive)
            for run in runs
        ]
        for side in both
    ]
    parts = [(sides.done, gradients[0]), (sides.not_done, gradients[1])]
    variances = customer_variances(source, initiative.metric, panel, tuple(initiative.scope), parts)
    return [widened(one, variances[place] if variances else None) for place, one in enumerate(found)]


def _contrast(run: _Run, treated: Side, comparison: Side, *, relative: bool, ahead: float) -> Contrast:
    if run.after is None:
        first, second = treated.part(run.before), comparison.part(run.before)
        return drift(first, second, relative=relative, ahead=ahead)
    chosen = run.before | run.after
    return difference(treated.part(chosen), comparison.part(chosen), run.after[chosen], relative=relative)


def _checks(runs: Sequence[_Run], contrasts: Sequence[Contrast], *, relative: bool) -> tuple[Check, ...]:
    """Parallel before? No effect where there was none?"""
    return tuple(
        _check(run.kind, run.label, found, relative=relative)
        for run, found in zip(runs, contrasts, strict=True)
        if run.kind != "effect"
    )


def _check(kind: Literal["pre_trend", "placebo_in_time"], label: Text, found: Contrast, *, relative: bool) -> Check:
    shown = _mapped(found, np.expm1) if relative else found
    unit = "relative" if relative else "absolute"
    passed = found.p_value >= LEVEL
    words = Text(
        zh="{l}：{e}（{a} 至 {b}，p = {p:.3f}，低于 {v} 算不通过），{o}",
        en="{l}: {e} ({a} to {b}, p = {p:.3f}, fails below {v}): {o}",
    ).fill(
        l=label,
        e=signed(shown.estimate, unit),
        a=signed(shown.low, unit),
        b=signed(shown.high, unit),
        p=found.p_value,
        v=LEVEL,
        o=_PASSED if found.p_value >= DOUBTFUL else _DOUBTFUL if passed else _FAILED,
    )
    return Check(kind, label, shown.estimate, shown.low, shown.high, found.p_value, passed, words)


def _in_space(sides: _Sides, panel: Panel, effect: Contrast, *, relative: bool) -> tuple[Check, ...]:
    """Each comparison segment in the place of the treated one; shown, not judged, since few segments cannot settle it."""
    apart = [panel.sides[name] for name in sides.not_done]
    if len(apart) < 2:
        return ()
    found = []
    for number, side in enumerate(apart):
        others = pooled([s for place, s in enumerate(apart) if place != number], additive=panel.additive)
        if usable([side, others], panel.after, relative=relative):
            found.append(abs(difference(side, others, panel.after, relative=relative).estimate))
    if not found:
        return ()
    larger = sum(value >= abs(effect.estimate) for value in found)
    label = Text(zh="安慰剂：换成别的对象", en="placebo: another segment in its place")
    words = Text(
        zh="{k} 个比较对象依次当作实施对象，其中 {m} 个的“效果”不小于实际估计（只展示，不参与判定）。",
        en="Each of {k} comparison segments in its place: {m} show an “effect” as large as the estimate (shown, not judged).",
    ).fill(k=len(found), m=larger)
    return (Check("placebo_in_space", label, None, None, None, (1 + larger) / (1 + len(found)), None, words),)


def _method(periods: Sequence[Period], before: int) -> Text:
    return Text(
        zh="实施部分的变化减去比较部分的变化；{b} 个时段在前、{a} 个在后，每段 {d} 天；区间取两种误差中较大的：两部分之差逐段的波动（计入自相关），和以客户为抽样单位的误差。",
        en=(
            "The change where it was done less the change where it was not; {b} blocks before and {a} after, {d} days each; the interval takes the larger "
            "of two errors: how the gap between both wavers from block to block (autocorrelation included), and sampling by customer."
        ),
    ).fill(b=before, a=len(periods) - before, d=periods[0].days if periods else 0)


def _too_short(before: int) -> Text:
    return Text(
        zh="开始之前只有 {b} 个时段的数据，至少要 {n} 个。",
        en="There are {b} blocks of data before the start; at least {n} are needed.",
    ).fill(b=before, n=FEWEST_BEFORE)


_WHERE_DONE = Text(zh="实施部分", en="where it was done")
_WHERE_NOT = Text(zh="比较部分", en="where it was not")
_PASSED = Text(zh="通过", en="passed")
_DOUBTFUL = Text(zh="通过，但存疑", en="passed, with doubt")
_FAILED = Text(zh="不通过", en="failed")
_PARALLEL = Text(zh="实施前两部分走势平行", en="parallel before the start")
_JUST_BEFORE = Text(zh="安慰剂：假装提前开始", en="placebo: as if it had begun earlier")
_YEAR_BEFORE = Text(zh="安慰剂：去年同期", en="placebo: the same weeks a year before")
_IMMATURE = Text(
    zh="还有对象的观察期未满，过些时候再看。", en="The window of some subjects is not over yet; look again later."
)
_EMPTY = Text(
    zh="实施部分或比较部分在开始前后没有足够的数据。",
    en="Where it was done, or where it was not, there are too few data before or after the start.",
)
_DID_ASSUMPTION = Text(
    zh="没有这项举措时，两部分会同样变化（平行趋势）；其间没有只影响其中一部分的其他大事；举措没有影响比较部分。",
    en=(
        "Without the initiative both parts would have moved alike (parallel trends); nothing else of weight befell one part alone in that time; the initiative "
        "did not reach the comparison."
    ),
)

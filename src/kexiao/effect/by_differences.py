"""A verdict from difference-in-differences between the segments where it was done and where it was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from kexiao.effect.panel import Panel, Segment, blocks_around, customer_variances, inside, read_panel
from kexiao.effect.ruling import DESIGNS, DOUBTFUL, LEVEL, finished, signed
from kexiao.effect.verdicts import ArmFigures, Check, SeriesPoint, Verdict
from kexiao.facts.formula import Ratio
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.improvement.initiatives import Initiative
from kexiao.improvement.series import Contrast, Mask
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text


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


def by_differences(source: FactSource, initiative: Initiative, blank: Verdict) -> Verdict:
    """The verdict by comparing segments before and after; ``blank`` is the verdict so far."""
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
    return finished(found, estimate)


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

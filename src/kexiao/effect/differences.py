"""Difference-in-differences: how the treated part moved, less how the comparison moved, before against after.

Time is cut into blocks; before and after each side is one ratio of sums, so that slack weeks weigh little and a block without sales is no trouble. The
error is the larger of two. One comes from how much the difference between the two sides wavers from block to block (period-level inference after Bertrand,
Duflo & Mullainathan 2004 and Donald & Lang 2007), honest under autocorrelation; see ``inference.in_series``. The other takes customers as the sampling units
over the whole time (a heavy buyer stays one for long, which a short series cannot show): the sum over customers of the square of what each adds to the
estimate (``Gradient``). With few segments this is what the data can carry: shocks that befall the treated part alone in the time after, unlike any before,
are not in the interval, and the assumption in the verdict says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kexiao.improvement.series import Contrast, Floats, Mask, in_series

FEWEST_BEFORE = 4


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison, an entry a block: ``top`` ÷ ``bottom``; ``bottom`` is all ones for a metric that adds up."""

    top: Floats
    bottom: Floats

    def level(self, blocks: Mask) -> float:
        """Σ top ÷ Σ bottom over some blocks (a mask)."""
        return float(self.top[blocks].sum() / self.bottom[blocks].sum())

    def part(self, blocks: Mask) -> Side:
        """The same side over some blocks (a mask)."""
        return Side(self.top[blocks], self.bottom[blocks])


def pooled(sides: Sequence[Side], *, additive: bool) -> Side:
    """Several segments as one: tops add up, and bottoms too unless they are all ones."""
    top = np.sum([side.top for side in sides], axis=0)
    bottom = sides[0].bottom if additive else np.sum([side.bottom for side in sides], axis=0)
    return Side(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))


def usable(sides: Sequence[Side], after: Mask, *, relative: bool) -> bool:
    """Whether levels can be formed (and, for relative effects, divided by) on every side and in both phases."""
    for side in sides:
        for phase in (after, ~after):
            if side.bottom[phase].sum() <= 0 or (relative and side.top[phase].sum() <= 0):
                return False
    return True


def difference(treated: Side, comparison: Side, after: Mask, *, relative: bool) -> Contrast:
    """The effect: in logarithms where ``relative`` (log of the ratio to what would have been), else in the metric's unit.

    ``after`` marks the blocks after the start. Relative effects need levels above 0.
    """
    series, regressors = _series(treated, comparison, after, relative=relative), _phases(after)
    return in_series(series, regressors, 1)


def drift(treated: Side, comparison: Side, *, relative: bool, ahead: float) -> Contrast:
    """How far the two sides drift apart in ``ahead`` blocks, by the straight line through the blocks given (all of them before the start)."""
    every = np.ones(len(treated.top), dtype=bool)
    series = _gaps(treated, comparison, every, relative=relative)
    return in_series(series, _line(len(series), ahead), 1)


@dataclass(frozen=True, slots=True)
class Gradient:
    """How an estimate answers to one more unit of ``top`` and of ``bottom`` in each block of one side."""

    top: Floats
    bottom: Floats


def step_gradient(side: Side, before: Mask, after: Mask, *, relative: bool, additive: bool) -> Gradient:
    """Of the side's own change from the blocks ``before`` to those ``after``; other blocks do not count."""
    top, bottom = np.zeros(len(side.top)), np.zeros(len(side.top))
    for phase, sign in ((after, 1.0), (before, -1.0)):
        level, base = side.level(phase), float(side.bottom[phase].sum())
        scale = base * (level if relative else 1.0)
        top[phase] = sign / scale
        bottom[phase] = 0.0 if additive else -sign * level / scale
    return Gradient(top, bottom)


def drift_gradient(side: Side, before: Mask, *, relative: bool, additive: bool, ahead: float) -> Gradient:
    """Of the side's own drift over the blocks ``before``; see ``drift``."""
    top, bottom = np.zeros(len(side.top)), np.zeros(len(side.top))
    level = side.level(before)
    scale = float(side.bottom[before].mean()) * (level if relative else 1.0)
    top[before] = np.linalg.pinv(_line(int(before.sum()), ahead))[1] / scale
    bottom[before] = 0.0 if additive else -level * top[before]
    return Gradient(top, bottom)


def widened(found: Contrast, customers: float | None) -> Contrast:
    """The contrast with the larger of its own error and the one that customers as sampling units give (a variance; None where there is none)."""
    if customers is None or customers <= found.error**2:
        return found
    return Contrast.of(found.estimate, float(np.sqrt(customers)), found.df)


def _line(blocks: int, ahead: float) -> Floats:
    steps = np.arange(blocks, dtype=np.float64)
    return np.column_stack([np.ones(blocks), (steps - steps.mean()) / ahead])


def _phases(after: Mask) -> Floats:
    return np.column_stack([np.ones(len(after)), after.astype(np.float64)])


def _series(treated: Side, comparison: Side, after: Mask, *, relative: bool) -> Floats:
    """A series whose means before and after differ by exactly the effect and whose scatter is that of the estimate's blocks."""
    series = np.zeros(len(after))
    for phase in (after, ~after):
        series[phase] = _gaps(treated, comparison, phase, relative=relative)
    step = _contrast(treated, after, relative=relative) - _contrast(comparison, after, relative=relative)
    return series + step * after


def _contrast(side: Side, after: Mask, *, relative: bool) -> float:
    then, now = side.level(~after), side.level(after)
    return float(np.log(now / then)) if relative else now - then


def _gaps(treated: Side, comparison: Side, phase: Mask, *, relative: bool) -> Floats:
    """Per block of a phase, the treated side's deviation from its own level less the comparison's (the linearised ratio)."""
    parts = []
    for side in (treated, comparison):
        level = side.level(phase)
        scale = side.bottom[phase].mean() * (level if relative else 1.0)
        parts.append((side.top[phase] - level * side.bottom[phase]) / scale)
    return np.asarray(parts[0] - parts[1], dtype=np.float64)

"""Randomised hold-outs: the difference per customer between those treated and those held out, by arm assigned.

Where the time before the campaign is known, each customer's own figure from then takes out what has nothing to do with the campaign (CUPED: Deng, Xu, Kohavi
& Walker 2013, eq. 4); the arms stay comparable because the draw decided who is where. Ratios of sums are linearised (delta method) before comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kexiao.effect.inference import welch
from kexiao.improvement.series import Contrast, Floats

FEWEST = 30


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm, an entry a customer: what was measured (``top`` ÷ ``bottom``; ``bottom`` is all ones for a sum) and the same before the start."""

    top: Floats
    bottom: Floats
    top_before: Floats
    bottom_before: Floats

    def __len__(self) -> int:
        return len(self.top)

    def mean(self) -> float:
        """The metric of the arm: Σ top ÷ Σ bottom."""
        return float(self.top.sum() / self.bottom.sum())

    def mean_before(self) -> float | None:
        """The metric of the arm before the start; None where it cannot be formed."""
        bottom = float(self.bottom_before.sum())
        return float(self.top_before.sum() / bottom) if bottom > 0 else None


@dataclass(frozen=True, slots=True)
class HoldoutEstimate:
    """``absolute``: the difference in the metric's unit, per customer for sums; ``relative``: it ÷ the hold-out's level; ``balance``: the same difference before."""

    absolute: Contrast
    relative: Contrast | None
    balance: Contrast | None
    variance_taken_out: float


def compare(treated: Arm, held_out: Arm) -> HoldoutEstimate:
    """The effect of treatment from two arms of at least ``FEWEST`` customers each, whose ``bottom`` sums are above 0."""
    after = [_linear(arm.top, arm.bottom) for arm in (treated, held_out)]
    plain = welch(*after)
    before = _before(treated, held_out)
    if before is None:
        return HoldoutEstimate(plain, _relative(plain, after), None, 0.0)
    balance = welch(*before)
    slope = _slope(after, before)
    middle = float(np.concatenate(before).mean())
    adjusted = [a - slope * (b - middle) for a, b in zip(after, before, strict=True)]
    better = welch(*adjusted)
    taken = 1 - (better.error / plain.error) ** 2 if plain.error > 0 else 0.0
    return HoldoutEstimate(better, _relative(better, adjusted), balance, max(0.0, taken))


def _linear(top: Floats, bottom: Floats) -> Floats:
    """Per customer, a value whose mean is the ratio of sums and whose spread is the ratio's: R + (y − R x) ÷ x̄ (Cochran 1977, eq. 6.13)."""
    ratio = top.sum() / bottom.sum()
    return np.asarray(ratio + (top - ratio * bottom) / bottom.mean(), dtype=np.float64)


def _before(treated: Arm, held_out: Arm) -> tuple[Floats, Floats] | None:
    arms = (treated, held_out)
    if any(arm.bottom_before.sum() <= 0 or not arm.top_before.any() for arm in arms):
        return None
    first, second = (_linear(arm.top_before, arm.bottom_before) for arm in arms)
    return first, second


def _slope(after: list[Floats], before: tuple[Floats, Floats]) -> float:
    """cov(Y, X) ÷ var(X) within the arms, pooled."""
    shared = sum(float(((a - a.mean()) * (b - b.mean())).sum()) for a, b in zip(after, before, strict=True))
    own = sum(float(((b - b.mean()) ** 2).sum()) for b in before)
    return shared / own if own > 0 else 0.0


def _relative(difference: Contrast, values: list[Floats]) -> Contrast | None:
    """The difference ÷ the hold-out's mean, by the delta method; None where that mean is not clearly above 0."""
    treated, held_out = values
    base = float(held_out.mean())
    part = float(held_out.var(ddof=1)) / len(held_out)
    if base <= 3 * np.sqrt(part):
        return None
    mean = float(treated.mean())
    variance = float(treated.var(ddof=1)) / len(treated) / base**2 + mean**2 * part / base**4
    return Contrast.of(difference.estimate / base, float(np.sqrt(variance)), difference.df)

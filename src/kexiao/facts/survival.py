"""Medians and survival from counts of whole-number durations, so that every engine gives the same: order statistics, and Kaplan–Meier."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kexiao.facts import intervals


@dataclass(frozen=True, slots=True)
class Step:
    """A time at which something ended: how many were still open just before, how many ended, the share open after it, and Greenwood's sum so far."""

    time: float
    at_risk: int
    ended: int
    survival: float
    greenwood: float


def quantile(counts: Mapping[int, int], share: float = 0.5) -> float:
    """A quantile of counted values: where the share falls between two of them, their mean.

    >>> quantile({1: 1, 3: 2, 9: 1}), quantile({1: 1, 3: 1})
    (3.0, 2.0)
    """
    total, so_far = sum(counts.values()), 0
    ordered = sorted(counts)
    for place, value in enumerate(ordered):
        so_far += counts[value]
        if so_far > share * total + 1e-9:
            return float(value)
        if abs(so_far - share * total) <= 1e-9 and place + 1 < len(ordered):
            return (value + ordered[place + 1]) / 2
    return float(ordered[-1])


def median_limits(counts: Mapping[int, int]) -> intervals.Interval:
    """Limits of a median from order statistics (Conover 1999, 3.2): the exact binomial ranks; none below six values, which cannot hold it.

    >>> median_limits({n: 1 for n in range(1, 11)})
    (2.0, 9.0)
    """
    total = sum(counts.values())
    if total < 6:
        return None
    rank = _lower_rank(total)
    return _value_at(counts, rank), _value_at(counts, total + 1 - rank)


def _lower_rank(total: int) -> int:
    """The largest rank r with P(Binomial(total, ½) < r) ≤ 2.5 %."""
    from scipy.special import bdtr

    rank = max(1, int(total / 2 - intervals.Z * math.sqrt(total) / 2) - 2)
    while float(bdtr(rank, total, 0.5)) <= 0.025:
        rank += 1
    return rank


def _value_at(counts: Mapping[int, int], rank: float) -> float:
    so_far = 0
    for value in sorted(counts):
        so_far += counts[value]
        if so_far >= rank:
            return float(value)
    return float(max(counts))


def share_limits(counts: Mapping[int, int], variance: float) -> intervals.Interval:
    """Limits of a median from the variance of the share at or below it (Woodruff 1952), which may be that of clusters."""
    if not math.isfinite(variance) or variance < 0:
        return None
    total, half = sum(counts.values()), intervals.Z * math.sqrt(variance)
    low, high = max(0.0, 0.5 - half) * total, min(1.0, 0.5 + half) * total
    return _value_at(counts, math.floor(low) + 1 if low > 0 else 1), _value_at(counts, math.ceil(high))


def kaplan_meier(counts: Mapping[tuple[int, int], int]) -> list[Step]:
    """The survival curve from counts by (duration, 1 where it ended); at one time what ends counts before what is lost from view (Kaplan & Meier 1958).

    >>> [(s.time, s.at_risk, round(s.survival, 3)) for s in kaplan_meier({(1, 1): 1, (2, 0): 1, (3, 1): 1})]
    [(1, 3, 0.667), (3, 1, 0.0)]
    """
    left, survival, greenwood, steps = sum(counts.values()), 1.0, 0.0, []
    for time in sorted({time for time, _ in counts}):
        ended, lost = counts.get((time, 1), 0), counts.get((time, 0), 0)
        if ended:
            survival *= 1 - ended / left
            greenwood = greenwood + ended / (left * (left - ended)) if left > ended else math.inf
            steps.append(Step(time, left, ended, survival, greenwood))
        left -= ended + lost
    return steps


def median_of_curve(steps: Sequence[Step]) -> tuple[float | None, intervals.Interval]:
    """The first time by which half have ended, and its limits: the times whose log-log band holds one half (Brookmeyer & Crowley 1982). An end that the
    curve never reaches is infinite."""
    median = next((step.time for step in steps if step.survival <= 0.5 + 1e-12), None)
    inside = [step.time for step in steps if _band_holds(step)]
    if median is None or not inside:
        return median, None
    later = [step.time for step in steps if step.time > inside[-1]]
    return median, (min(inside[0], median), max(median, later[0]) if later else math.inf)


def _band_holds(step: Step) -> bool:
    """Whether one half lies within the log-log limits of the share still open (Kalbfleisch & Prentice 2002, eq. 1.16)."""
    if step.survival >= 1 or step.survival <= 0 or not math.isfinite(step.greenwood):
        return False
    width = intervals.Z * math.sqrt(step.greenwood) / abs(math.log(step.survival))
    low, high = step.survival ** math.exp(width), step.survival ** math.exp(-width)
    return bool(low <= 0.5 <= high)


def restricted_mean(steps: Sequence[Step], horizon: float) -> tuple[float, float]:
    """The area under the curve up to a horizon, and its variance (Irwin 1949; Klein & Moeschberger 2003, eq. 4.5.3).

    >>> restricted_mean(kaplan_meier({(10, 1): 1, (20, 1): 1}), 30)[0]
    15.0
    """
    edges = [0.0, *(step.time for step in steps if step.time < horizon), horizon]
    levels = [1.0, *(step.survival for step in steps if step.time < horizon)]
    areas = [level * (end - start) for level, start, end in zip(levels, edges, edges[1:], strict=False)]
    mean, beyond, variance = math.fsum(areas), 0.0, 0.0
    used = [step for step in steps if step.time < horizon]
    for place in range(len(used) - 1, -1, -1):
        step = used[place]
        beyond += areas[place + 1]
        if step.at_risk > step.ended:
            variance += beyond * beyond * step.ended / (step.at_risk * (step.at_risk - step.ended))
    return mean, variance

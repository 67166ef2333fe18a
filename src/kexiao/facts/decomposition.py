"""Why a number moved: the change between two periods split over groups into volume, mix and rate that add up to it exactly.

A total is volume × Σ(share × rate); each factor's part is its effect averaged over all orders in which the factors can change (Shapley 1953; the same
as Shorrocks 2013, eq. 11). A ratio has no volume part. A group that comes or goes is all mix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from kexiao.facts.metric import Number

Amounts = tuple[Number, Number]  # (numerator, denominator) or (total, volume)


@dataclass(frozen=True, slots=True)
class Side:
    """One group in one period: its own rate (null without a denominator), numerator and denominator."""

    value: float | None
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """What one group adds to the change, in the metric's unit: volume + mix + rate."""

    segment: str
    before: Side
    now: Side
    volume: float
    mix: float
    rate: float

    @property
    def change(self) -> float:
        """The group's whole part of the change."""
        return self.volume + self.mix + self.rate


@dataclass(frozen=True, slots=True)
class Decomposition:
    """``change = volume + mix + rate``, and the same per group; ``volume`` is null for a ratio. ``simpson``: every group moved against the total."""

    before: float
    now: float
    change: float
    volume: float | None
    mix: float
    rate: float
    segments: tuple[SegmentPart, ...]
    simpson: bool


def split_ratio(before: Mapping[str, Amounts], now: Mapping[str, Amounts], times: int = 1) -> Decomposition:
    """Split the change of Σ numerator ÷ Σ denominator × times into mix and rate, by group.

    A group's mix is counted against the average ratio, so that growth of a group below average reads as a loss. Both totals of denominators must
    be above 0.

    >>> d = split_ratio({"a": (50, 100), "b": (10, 100)}, {"a": (50, 100), "b": (30, 300)})
    >>> round(d.change, 3), round(d.mix, 3), round(d.rate, 3)
    (-0.1, -0.1, 0.0)
    """
    whole = [_total(side) for side in (before, now)]
    averages = [Fraction(top) / Fraction(bottom) for top, bottom in whole]
    middle = (averages[0] + averages[1]) / 2
    segments = []
    for name in _groups(before, now):
        (t0, b0), (t1, b1) = _exact(before.get(name)), _exact(now.get(name))
        s0, s1 = b0 / Fraction(whole[0][1]), b1 / Fraction(whole[1][1])
        r0, r1, stray = _rates(t0, b0, t1, b1)
        strays = (stray[1] / Fraction(whole[1][1]) - stray[0] / Fraction(whole[0][1])) * times
        mix = (s1 - s0) * ((r0 + r1) / 2 - middle) * times + strays
        rate = (r1 - r0) * (s0 + s1) / 2 * times
        segments.append(_segment(name, (t0, b0), (t1, b1), Fraction(0), mix, rate, times))
    change = (averages[1] - averages[0]) * times
    return _whole(float(averages[0] * times), float(averages[1] * times), change, segments, None)


def split_total(before: Mapping[str, Amounts], now: Mapping[str, Amounts]) -> Decomposition:
    """Split the change of a total into volume, mix and rate, by group; each group gives (total, volume).

    >>> d = split_total({"a": (100, 10), "b": (100, 20)}, {"a": (200, 20), "b": (100, 20)})
    >>> d.change, round(d.volume + d.mix + d.rate, 9)
    (100.0, 100.0)
    """
    (total0, volume0), (total1, volume1) = _total(before), _total(now)
    segments = []
    for name in _groups(before, now):
        sides = _exact(before.get(name)), _exact(now.get(name))
        volume, mix, rate = _three_parts(sides[0], sides[1], Fraction(volume0), Fraction(volume1))
        segments.append(_segment(name, sides[0], sides[1], volume, mix, rate, 1))
    change = Fraction(total1) - Fraction(total0)
    return _whole(float(total0), float(total1), change, segments, Fraction(0))


def split_count(before: Mapping[str, Number], now: Mapping[str, Number]) -> Decomposition:
    """Split the change of a plain count over groups that add up: each group's part is its own change, all volume."""
    return split_total({k: (v, v) for k, v in before.items()}, {k: (v, v) for k, v in now.items()})


def _three_parts(
    before: tuple[Fraction, Fraction], now: tuple[Fraction, Fraction], volume0: Fraction, volume1: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    (t0, b0), (t1, b1) = before, now
    if volume0 == 0 or volume1 == 0:
        return t1 - t0, Fraction(0), Fraction(0)
    s0, s1 = b0 / volume0, b1 / volume1
    r0, r1, stray = _rates(t0, b0, t1, b1)
    volume = _shapley((volume0, volume1), (s0, s1), (r0, r1))
    mix = _shapley((s0, s1), (volume0, volume1), (r0, r1)) + stray[1] - stray[0]
    rate = _shapley((r0, r1), (volume0, volume1), (s0, s1))
    return volume, mix, rate


def _shapley(own: tuple[Fraction, Fraction], a: tuple[Fraction, Fraction], b: tuple[Fraction, Fraction]) -> Fraction:
    """One factor's part of the change of a product of three."""
    return (own[1] - own[0]) * (a[0] * b[0] / 3 + (a[0] * b[1] + a[1] * b[0]) / 6 + a[1] * b[1] / 3)


def _rates(
    t0: Fraction, b0: Fraction, t1: Fraction, b1: Fraction
) -> tuple[Fraction, Fraction, tuple[Fraction, Fraction]]:
    """Rates before and now; a group without a denominator on one side takes the other side's rate there, and its amount there stands apart."""
    stray = (t0 if b0 == 0 else Fraction(0), t1 if b1 == 0 else Fraction(0))
    r0 = t0 / b0 if b0 else None
    r1 = t1 / b1 if b1 else None
    known = r0 if r0 is not None else r1 if r1 is not None else Fraction(0)
    return known if r0 is None else r0, known if r1 is None else r1, stray


def _groups(before: Mapping[str, Amounts], now: Mapping[str, Amounts]) -> list[str]:
    return sorted({*before, *now})


def _exact(amounts: Amounts | None) -> tuple[Fraction, Fraction]:
    return (Fraction(amounts[0]), Fraction(amounts[1])) if amounts else (Fraction(0), Fraction(0))


def _total(side: Mapping[str, Amounts]) -> tuple[Fraction, Fraction]:
    exact = [_exact(amounts) for amounts in side.values()]
    return sum((t for t, _ in exact), Fraction(0)), sum((b for _, b in exact), Fraction(0))


def _segment(
    name: str,
    before: tuple[Fraction, Fraction],
    now: tuple[Fraction, Fraction],
    volume: Fraction,
    mix: Fraction,
    rate: Fraction,
    times: int,
) -> SegmentPart:
    def side(amounts: tuple[Fraction, Fraction]) -> Side:
        top, bottom = amounts
        return Side(float(top / bottom * times) if bottom else None, float(top), float(bottom))

    return SegmentPart(name, side(before), side(now), float(volume), float(mix), float(rate))


def _whole(
    before: float, now: float, change: Fraction, segments: list[SegmentPart], volume: Fraction | None
) -> Decomposition:
    ordered = tuple(sorted(segments, key=lambda part: -abs(part.change)))
    moves = [
        part.now.value - part.before.value
        for part in ordered
        if part.now.value is not None and part.before.value is not None
    ]
    simpson = len(moves) > 1 and change != 0 and volume is None and all(move * float(change) < 0 for move in moves)
    whole_volume = None if volume is None else sum(part.volume for part in ordered)
    return Decomposition(
        before,
        now,
        float(change),
        whole_volume,
        sum(p.mix for p in ordered),
        sum(p.rate for p in ordered),
        ordered,
        simpson,
    )

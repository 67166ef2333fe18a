"""95 % intervals. The customer is the sampling unit; an anonymous order is a unit of its own."""

from __future__ import annotations

import math

Z = 1.959963984540054
Interval = tuple[float, float] | None


def wilson(successes: float, trials: float) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927, eq. 1); ``trials`` may be an effective size.

    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if trials <= 0:
        return None
    share = min(1.0, max(0.0, successes / trials))
    middle = share + Z * Z / (2 * trials)
    half = Z * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    scale = 1 + Z * Z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def poisson(count: float) -> Interval:
    """The exact interval of a count (Garwood 1936): chi-square quantiles over 2.

    >>> low, high = poisson(10)
    >>> round(low, 3), round(high, 3)
    (4.795, 18.39)
    """
    from scipy.special import chdtri

    if count < 0:
        return None
    low = 0.0 if count == 0 else float(chdtri(2 * count, 0.975)) / 2
    return low, float(chdtri(2 * (count + 1), 0.025)) / 2


def around(value: float, variance: float) -> Interval:
    """value ± z √variance; none for a variance that is no number."""
    if not math.isfinite(variance) or variance < 0:
        return None
    half = Z * math.sqrt(variance)
    return value - half, value + half


def around_on_log_scale(value: float, variance: float) -> Interval:
    """value ÷ and × e^(z √variance ÷ |value|), which never crosses 0; none for a value of 0 or a variance that is no number."""
    if not math.isfinite(variance) or variance < 0 or value == 0:
        return None
    width = min(Z * math.sqrt(variance) / abs(value), 700.0)
    low, high = sorted((value * math.exp(-width), value * math.exp(width)))
    return low, high


def ratio_variance(units: int, y: float, x: float, yy: float, xx: float, xy: float) -> float:
    """The delta variance of y ÷ x over sampling units: n ÷ (n − 1) × Σ(yᵢ − R xᵢ)² ÷ (Σx)² (Cochran 1977, eq. 6.13).

    ``yy``, ``xx``, ``xy`` are the sums of squares and products over units; not a number for fewer than two units.
    """
    if units < 2 or x == 0:
        return math.nan
    ratio = y / x
    residual = max(0.0, yy - 2 * ratio * xy + ratio * ratio * xx)
    return units / (units - 1) * residual / (x * x)


def net_promoter(promoters: float, detractors: float, answers: float) -> Interval:
    """The interval of the net promoter share after adding ¾ promoter, 1½ passives and ¾ detractor (Rocks 2016, adjusted Wald), in −1…1."""
    if answers <= 0:
        return None
    size = answers + 3
    p, d = (promoters + 0.75) / size, (detractors + 0.75) / size
    limits = around(p - d, (p + d - (p - d) ** 2) / size)
    return (max(-1.0, limits[0]), min(1.0, limits[1])) if limits else None

"""How sure a score is: the interval of a metric carried through the score curve, by draws that are the same every time.

A value with its 95 % limits is read as two half-normals that meet at the value, one for each side (the limits of rates and counts are not symmetric).
The draws are a Latin hypercube (McKay, Beckman & Conover 1979) of normal quantiles with a fixed seed; indicators are drawn independently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.facts.intervals import Z

DRAWS = 20_000
_SEED = 20_250_701
Floats = NDArray[np.float64]


def drawn(values: Sequence[tuple[float, float, float]]) -> Floats:
    """Draws of several values given as (value, low, high), one row a value; a value without width is the same in every draw.

    >>> rows = drawn([(10.0, 8.0, 13.0), (5.0, 5.0, 5.0)])
    >>> rows.shape, [round(float(x), 2) for x in np.quantile(rows[0], [0.025, 0.5, 0.975])]
    ((2, 20000), [8.0, 10.0, 13.0])
    """
    from scipy.special import ndtri

    grid = ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
    rows = np.empty((len(values), DRAWS))
    for number, (value, low, high) in enumerate(values):
        # A generator per place, so that one more indicator leaves the draws of the others as they are.
        normal = np.random.default_rng([_SEED, number]).permutation(grid)
        width = np.where(normal < 0, value - low, high - value) / Z
        rows[number] = value + normal * np.maximum(width, 0.0)
    return rows


def limits_of(draws: Any) -> tuple[float, float]:
    """The middle 95 % of draws."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def shares(draws: Any, at_least: Sequence[float]) -> list[float]:
    """The share of draws in each band; bands are given by their lower limits, from the highest to the lowest, the last open below.

    >>> shares(np.array([10.0, 60.0, 95.0, 99.0]), [90.0, 50.0, 0.0])
    [0.5, 0.25, 0.25]
    """
    reached = [float(np.mean(draws >= limit)) for limit in at_least[:-1]] + [1.0]
    return [after - before for before, after in zip([0.0, *reached], reached, strict=False)]

"""The contrast of two means on which hold-outs rest."""

from __future__ import annotations

import numpy as np

from kexiao.improvement.series import Contrast, Floats


def welch(treated: Floats, held_out: Floats) -> Contrast:
    """The difference of two means, variances apart (Welch 1938, 1947); each side needs two values.

    >>> found = welch(np.array([3.0, 4.0, 1.0, 2.1]), np.array([490.2, 340.0, 433.9]))
    >>> round(found.estimate / found.error, 3), round(found.df, 4), round(found.p_value, 5)
    (-9.559, 2.0009, 0.01075)
    """
    sides = [(len(side), float(side.mean()), float(side.var(ddof=1)) / len(side)) for side in (treated, held_out)]
    (n1, mean1, part1), (n2, mean2, part2) = sides
    variance = part1 + part2
    df = variance**2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1)) if variance > 0 else float(n1 + n2 - 2)
    return Contrast.of(mean1 - mean2, float(np.sqrt(variance)), df)

"""Expected (discounted) number of purchases under a gamma rate and a beta dropout, safe for any customer.

A customer who is alive now, with rate λ ~ Gamma(r, α) and dropout probability p ~ Beta(a, b), makes within t

    E[X(t)] = E[(1 − e^{−λpt}) / p]                                     Fader, Hardie & Lee (2005), eq. (5)
            = ∫ Beta(p; a, b) · (1 − (1 + pt/α)^{−r}) / p dp            over λ

purchases. The paper's closed form, eq. (9), subtracts nearly equal numbers for small t, is 0/0 at a = 1, and its ₂F₁ overflows for
heavy customers; the integrand above is positive and smooth. On the scale y = log(p / (1 − p)) its nearest singularities
lie π from the real axis whatever the parameters, so the trapezoid rule on a sinh-stretched grid converges geometrically
(Takahasi & Mori 1974): 128 nodes give 1e-10 at worst, mostly full precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DROPOUT_NODES = 128
TIME_NODES = 12
AGE_NODES = 24
FAR = 34.0  # nodes reach to where the density has fallen by e^-34
BLOCK = 2048  # rows at once, so that rows x nodes stay in cache


def expected_purchases(t: Any, r: Any, alpha: Any, a: Any, b: Any, *, discount: float = 0.0) -> Floats:
    """E of purchases within ``t``, each weighted by e^(−discount · its time); one per customer alive now, broadcast over all arguments.

    ``t`` and ``alpha`` in the same time unit, ``discount`` a rate per that unit. 0 for t ≤ 0.

    >>> expected_purchases(52.0, 0.2425945, 4.4136019, 0.7929199, 2.4258881).round(4).tolist()  # CDNOW, in weeks
    1.444
    """
    shape = np.broadcast_shapes(*(np.shape(each) for each in (t, r, alpha, a, b)))
    flat = [np.broadcast_to(np.asarray(each, dtype=np.float64), shape).ravel() for each in (t, r, alpha, a, b)]
    found = np.zeros(flat[0].shape)
    for start in range(0, len(found), BLOCK):
        part = slice(start, start + BLOCK)
        block = [each[part] for each in flat]
        found[part] = _block(block[0], block[1], block[2], (block[3], block[4]), discount=discount)
    return found.reshape(shape)


def over_customers(
    expected: Callable[[Floats, Floats], Floats], frequency: Floats, age: Floats, alpha: float
) -> Floats:
    """``expected(frequency, age)`` for many customers, by interpolation in log(α + age) for each frequency.

    The expectation is smooth in age, so 24 Chebyshev points a frequency carry 10⁶ customers to about 1e-9; with
    fewer distinct pairs than that, every customer is computed directly.
    """
    levels, level = np.unique(frequency, return_inverse=True)
    if len(age) <= len(levels) * AGE_NODES:
        return expected(frequency, age)
    low, high = np.log(alpha + age.min()), np.log(alpha + age.max())
    half, middle = max((high - low) / 2, 1e-12), (high + low) / 2
    order = np.arange(AGE_NODES)
    points = np.cos(np.pi * (order + 0.5) / AGE_NODES)
    ages = np.maximum(np.exp(middle + half * points) - alpha, 0.0)
    at_points = expected(np.repeat(levels, AGE_NODES), np.tile(ages, len(levels))).reshape(-1, AGE_NODES)
    series = at_points @ np.cos(np.outer(np.arccos(points), order)) * (2.0 / AGE_NODES)
    series[:, 0] /= 2
    found = np.empty(len(age))
    for start in range(0, len(age), 16 * BLOCK):
        part = slice(start, start + 16 * BLOCK)
        angle = np.arccos(np.clip((np.log(alpha + age[part]) - middle) / half, -1.0, 1.0))
        found[part] = _clenshaw(series, level[part], 2.0 * np.cos(angle))
    return found


def _clenshaw(series: Floats, level: NDArray[np.intp], twice: Floats) -> Floats:
    """Σ cₖ Tₖ by Clenshaw's recurrence, with each customer's own row of coefficients."""
    columns = np.ascontiguousarray(series.T)
    ahead = np.zeros(len(level))
    here = np.zeros(len(level))
    for k in range(AGE_NODES - 1, 0, -1):
        here, ahead = columns[k].take(level) + twice * here - ahead, here
    found: Floats = columns[0].take(level) + 0.5 * twice * here - ahead
    return found


def _block(t: Floats, r: Floats, alpha: Floats, dropout_shapes: tuple[Floats, Floats], *, discount: float) -> Floats:
    dropout, weight = _dropout_nodes(*dropout_shapes)
    shape = r[:, None]

    def undiscounted(within: Floats) -> Floats:
        bought = -np.expm1(-shape * np.log1p(dropout * (within / alpha)[:, None])) / dropout
        found: Floats = np.einsum("ij,ij->i", bought, weight)
        return found

    t = np.maximum(t, 0.0)
    found = undiscounted(t)
    if discount == 0.0:
        return found
    # by parts: ∫ e^(−δs) dE(s) = e^(−δt) E(t) + δ ∫ e^(−δs) E(s) ds, the latter by Gauss–Legendre in log(1 + s/α), where E is smooth
    found *= np.exp(-discount * t)
    span = np.log1p(t / alpha)
    for node, share in zip(*np.polynomial.legendre.leggauss(TIME_NODES), strict=True):
        s = alpha * np.expm1(span * (node + 1.0) / 2.0)
        found += discount * np.exp(-discount * s) * undiscounted(s) * (alpha + s) * span * share / 2.0
    return found


def _dropout_nodes(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Nodes p (n, 128) and weights, summing to 1, for expectations over Beta(a, b)."""
    spread = np.sqrt(1.0 / a + 1.0 / b)
    left = np.arcsinh((FAR / a + np.log1p(FAR / b)) / spread + 9.5)
    right = np.arcsinh((FAR / b + np.log1p(FAR / a)) / spread + 9.5)
    v = -left[:, None] + (left + right)[:, None] * np.linspace(0.0, 1.0, DROPOUT_NODES)
    y = np.log(a / b)[:, None] + spread[:, None] * np.sinh(v)
    log_p = -np.logaddexp(0.0, -y)
    log_weight = a[:, None] * log_p - b[:, None] * np.logaddexp(0.0, y)
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight) * np.cosh(v)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.maximum(np.exp(log_p), 1e-300), weight

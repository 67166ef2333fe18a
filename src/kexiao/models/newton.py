"""Newton's method with exact second derivatives inside a trust region, for likelihoods of a few parameters.

The step solves max g·s + ½ s·H·s within a radius that grows while the quadratic model predicts well and shrinks while it does
not (Nocedal & Wright, *Numerical Optimization*, 2nd ed., algorithm 4.1; the sub-problem by its eigenvalues, section 4.3).
It ends when the gain that a step promises falls under ``ENOUGH``: a gradient stalls on rounding, a promised gain does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ENOUGH = 1e-12
MOST_STEPS = 200
ROUNDING = 1e-13  # share of |value| below which a loss is rounding, not a worse point


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its gradient (k) and Hessian (k, k)."""

    value: float
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the search ended. ``held`` marks the parameters that ran into a bound; ``converged`` is False at ``MOST_STEPS``."""

    at: Floats
    point: Point
    steps: int
    held: NDArray[np.bool_]
    converged: bool


def maximise(objective: Callable[[Floats], Point], start: Floats, lower: Floats, upper: Floats) -> Maximum:
    """The maximum of ``objective`` near ``start`` within the box [lower, upper].

    >>> def bowl(x): return Point(-float((x - 2) @ (x - 2)), -2 * (x - 2), -2 * np.eye(2))
    >>> maximise(bowl, np.zeros(2), np.full(2, -9.0), np.full(2, 9.0)).at.round(9).tolist()
    [2.0, 2.0]
    """
    at = np.clip(start, lower, upper)
    here = objective(at)
    radius = 1.0
    for steps in range(MOST_STEPS):
        held = ((at <= lower) & (here.gradient < 0)) | ((at >= upper) & (here.gradient > 0))
        step = _step(here, ~held, radius)
        target = np.clip(at + step, lower, upper)
        cut = bool(np.any(target != at + step))
        step = target - at
        gain = float(here.gradient @ step + 0.5 * step @ here.hessian @ step)
        last = gain < ENOUGH and not cut
        there = objective(target)
        slack = ROUNDING * abs(here.value)
        real = there.value - here.value
        if np.isfinite(real) and real >= 0.1 * gain - slack:
            if real > 0.75 * gain and np.linalg.norm(step) > 0.8 * radius:
                radius = min(4.0 * radius, 8.0)
            at, here = target, there
        else:
            radius = 0.25 * min(radius, float(np.linalg.norm(step)))
        if last or radius < 1e-12:
            return Maximum(at, here, steps + 1, held, True)
    return Maximum(at, here, MOST_STEPS, held, False)


def covariance(hessian: Floats, held: NDArray[np.bool_]) -> Floats:
    """Inverse of the information −H over the free parameters.

    Directions along which the likelihood is flat get no variance instead of an endless one: predictions don't change along them.
    """
    free = np.flatnonzero(~held)
    found = np.zeros_like(hessian)
    values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
    firm = values > 1e-10 * max(float(values.max(initial=0.0)), 1e-300)
    found[np.ix_(free, free)] = (vectors[:, firm] / values[firm]) @ vectors[:, firm].T
    return found


def _step(point: Point, free: NDArray[np.bool_], radius: float) -> Floats:
    """The best step of the quadratic model no longer than ``radius``, in the free parameters."""
    whole = np.zeros_like(point.gradient)
    if not free.any():
        return whole
    values, vectors = np.linalg.eigh(-point.hessian[np.ix_(free, free)])
    pull = vectors.T @ point.gradient[free]
    shift = max(0.0, 1e-10 - float(values.min()))
    if np.linalg.norm(pull / (values + shift)) > radius:
        shift = _shift(values, pull, radius, shift)
    whole[free] = vectors @ (pull / (values + shift))
    return whole


def _shift(values: Floats, pull: Floats, radius: float, low: float) -> float:
    """μ with ‖(−H + μ)⁻¹ g‖ = radius, by bisection on a logarithmic scale; a percent is near enough."""
    low = max(low, 1e-12)
    high = low + float(np.linalg.norm(pull)) / radius
    while high / low > 1.01:
        middle = float(np.sqrt(low * high))
        if np.linalg.norm(pull / (values + middle)) > radius:
            low = middle
        else:
            high = middle
    return high

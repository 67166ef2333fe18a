"""A contrast with its interval in a short, possibly autocorrelated series: what trends and verdicts rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_GRID = np.arange(0.0, 0.96, 0.02)


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimate with standard error, degrees of freedom, 95 % limits and the two-sided p-value of “nothing”."""

    estimate: float
    error: float
    df: float
    low: float
    high: float
    p_value: float

    @staticmethod
    def of(estimate: float, error: float, df: float) -> Contrast:
        """The contrast with Student's t on ``df`` degrees of freedom; an error of 0 gives limits without width."""
        from scipy.special import stdtr, stdtrit

        half = float(stdtrit(df, 0.975)) * error
        if error <= 0:
            return Contrast(estimate, 0.0, df, estimate, estimate, 1.0 if estimate == 0 else 0.0)
        p_value = 2 * float(stdtr(df, -abs(estimate) / error))
        return Contrast(estimate, error, df, estimate - half, estimate + half, p_value)


def in_series(values: Floats, regressors: Floats, column: int) -> Contrast:
    """One coefficient of a least-squares fit to a series, its error honest under first-order autocorrelation.

    ``values`` has one entry a block of time, ``regressors`` one row a block. With residual maker M and the correlation matrix R(ρ) of an AR(1) process, ρ is
    the one in [0, 0.94] whose expected autocorrelation of residuals, tr(M L M R) ÷ tr(M R), is the observed one (which takes out the bias of short series),
    at lag one or summed over the first three lags, whichever asks for more; the variance is e'e ÷ tr(M R) · w'R w for the weights w of the coefficient, and the degrees of freedom are tr(M R)² ÷ tr(M R M R) (Satterthwaite 1946).
    With ρ = 0 this is ordinary least squares.
    """
    blocks, wide = regressors.shape
    if blocks <= wide:
        raise ValueError("a series needs more blocks than regressors")
    weights = np.linalg.pinv(regressors)[column]
    maker = np.eye(blocks) - regressors @ np.linalg.pinv(regressors)
    residuals = maker @ values
    correlations = _ar1(blocks, _autocorrelation(maker, residuals))
    spread = maker @ correlations
    scale = float(np.trace(spread))
    variance = float(residuals @ residuals) / scale * float(weights @ correlations @ weights)
    return Contrast.of(
        float(weights @ values), float(np.sqrt(max(variance, 0.0))), scale**2 / float(np.sum(spread * spread.T))
    )


def _ar1(blocks: int, rho: float) -> Floats:
    gaps = np.abs(np.subtract.outer(np.arange(blocks), np.arange(blocks)))
    return np.asarray(np.power(rho, gaps), dtype=np.float64)


def _autocorrelation(maker: Floats, residuals: Floats) -> float:
    """ρ by matching observed to expected autocorrelation; negative ones count as 0, and too short a series has none."""
    square = float(residuals @ residuals)
    if square <= 0:
        return 0.0
    return max((_matched(maker, residuals, lags) for lags in (1, 3) if len(residuals) >= 5 * lags), default=0.0)


def _matched(maker: Floats, residuals: Floats, lags: int) -> float:
    blocks = len(residuals)
    observed = sum(float(residuals[k:] @ residuals[:-k]) for k in range(1, lags + 1)) / float(residuals @ residuals)
    shift = np.zeros((blocks, blocks))
    for k in range(1, lags + 1):
        shift += np.diag(np.full(blocks - k, 0.5), k) + np.diag(np.full(blocks - k, 0.5), -k)
    seen = maker @ shift @ maker
    expected = np.array([_expected_ratio(maker, seen, float(rho)) for rho in _GRID])
    return 0.0 if observed <= expected[0] else float(np.interp(observed, np.maximum.accumulate(expected), _GRID))


def _expected_ratio(maker: Floats, seen: Floats, rho: float) -> float:
    correlations = _ar1(len(maker), rho)
    return float(np.sum(seen * correlations) / np.sum(maker * correlations))

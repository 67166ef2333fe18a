"""Contrasts in series: ordinary least squares where blocks are independent, honest where they hang together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress, ttest_ind

from kexiao.improvement.series import in_series


def phases(before: int, after: int) -> np.ndarray:
    return np.column_stack([np.ones(before + after), np.arange(before + after) >= before]).astype(float)


def test_without_autocorrelation_it_is_the_two_sample_t_test() -> None:
    values = np.array(
        [1.0, -1.0, 1.2, -0.8, 1.1, -1.3, 0.9, -1.1, 2.0, 0.1, 1.9, 0.2]
    )  # the signs alternate: nothing hangs together
    found = in_series(values, phases(8, 4), 1)
    theirs = ttest_ind(values[8:], values[:8])
    assert (found.estimate, found.df, found.p_value) == pytest.approx(
        (values[8:].mean() - values[:8].mean(), 10, theirs.pvalue)
    )


def test_a_slope_is_the_one_of_linear_regression() -> None:
    values = np.array([3.0, 1.2, 2.6, 0.8, 2.2, 0.4, 1.8, 0.1])
    steps = np.arange(8.0)
    found = in_series(values, np.column_stack([np.ones(8), steps]), 1)
    theirs = linregress(steps, values)
    assert (found.estimate, found.error, found.p_value) == pytest.approx((theirs.slope, theirs.stderr, theirs.pvalue))


def wandering(rng: np.random.Generator, length: int, rho: float) -> np.ndarray:
    noise = rng.standard_normal(length)
    for number in range(1, length):
        noise[number] = rho * noise[number - 1] + np.sqrt(1 - rho**2) * noise[number]
    return noise


@pytest.mark.parametrize(
    ("before", "after", "rho", "least"),
    [(52, 13, 0.0, 0.93), (52, 13, 0.5, 0.92), (12, 3, 0.0, 0.93), (12, 3, 0.4, 0.90), (6, 1, 0.3, 0.92)],
)
def test_the_interval_holds_the_truth_about_19_times_in_20(before: int, after: int, rho: float, least: float) -> None:
    rng = np.random.default_rng(4)
    regressors = phases(before, after)
    found = [in_series(wandering(rng, before + after, rho), regressors, 1) for _ in range(250)]
    held = np.mean([one.low <= 0 <= one.high for one in found])
    assert least <= held <= 0.99


def test_blocks_that_hang_together_make_the_interval_wider() -> None:
    rng = np.random.default_rng(9)
    regressors = phases(40, 12)
    wide = np.mean([in_series(wandering(rng, 52, 0.7), regressors, 1).error for _ in range(60)])
    narrow = np.mean([in_series(wandering(rng, 52, 0.0), regressors, 1).error for _ in range(60)])
    assert wide > 1.5 * narrow


def test_more_coefficients_than_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="more blocks"):
        in_series(np.array([1.0, 2.0]), np.eye(2), 0)

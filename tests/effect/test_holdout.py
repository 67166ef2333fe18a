"""Hold-outs: against scipy, by hand, and by simulation of what a 95 % interval promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from kexiao.effect.holdout import Arm, compare
from kexiao.effect.inference import welch


def arm(values: np.ndarray, before: np.ndarray | None = None) -> Arm:
    ones = np.ones(len(values))
    return Arm(values, ones, np.zeros(len(values)) if before is None else before, ones)


def test_welch_gives_what_scipy_gives() -> None:
    rng = np.random.default_rng(1)
    for size, spread in ((5, 1.0), (40, 3.0), (400, 0.2)):
        a, b = rng.normal(1, 1, size), rng.normal(0.8, spread, size * 2)
        ours, theirs = welch(a, b), ttest_ind(a, b, equal_var=False)
        limits = theirs.confidence_interval(0.95)
        assert (ours.p_value, ours.df, ours.low, ours.high) == pytest.approx(
            (theirs.pvalue, theirs.df, limits.low, limits.high)
        )


def test_without_a_time_before_it_is_welchs_test() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.poisson(0.6, 300).astype(float), rng.poisson(0.5, 200).astype(float)
    found = compare(arm(a), arm(b))
    assert found.absolute == welch(a, b)
    assert found.balance is None


def customers(rng: np.random.Generator, size: int, extra: float) -> tuple[np.ndarray, np.ndarray]:
    """Orders before and after of customers with paces of their own, as in life: most buy little, a few a lot."""
    pace = rng.gamma(0.9, 0.5, size)
    return rng.poisson(pace).astype(float), (rng.poisson(pace) + rng.poisson(extra, size)).astype(float)


@pytest.mark.parametrize("extra", [0.0, 0.15])
def test_the_interval_holds_the_truth_19_times_in_20(extra: float) -> None:
    rng = np.random.default_rng(11)
    held = false_alarms = runs = 600
    held = false_alarms = 0
    for _ in range(runs):
        (b1, y1), (b0, y0) = customers(rng, 350, extra), customers(rng, 150, 0.0)
        found = compare(arm(y1, b1), arm(y0, b0)).absolute
        held += found.low <= extra <= found.high
        false_alarms += found.p_value < 0.05
    assert 0.93 <= held / runs <= 0.97
    if extra == 0:
        assert false_alarms / runs <= 0.07


def test_the_time_before_makes_the_interval_narrower_and_leaves_it_in_the_middle() -> None:
    rng = np.random.default_rng(5)
    (b1, y1), (b0, y0) = customers(rng, 4000, 0.2), customers(rng, 2000, 0.0)
    with_before, without = compare(arm(y1, b1), arm(y0, b0)), compare(arm(y1), arm(y0))
    assert with_before.absolute.error < 0.95 * without.absolute.error
    assert with_before.variance_taken_out == pytest.approx(
        1 - (with_before.absolute.error / without.absolute.error) ** 2
    )
    correlation = np.corrcoef(np.concatenate([b1, b0]), np.concatenate([y1 - y1.mean(), y0 - y0.mean()]))[0, 1]
    assert with_before.variance_taken_out == pytest.approx(correlation**2, abs=0.02)
    assert with_before.absolute.estimate == pytest.approx(0.2, abs=3 * with_before.absolute.error)


def test_the_relative_effect_is_the_difference_over_the_hold_outs_level() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.poisson(1.2, 5000).astype(float), rng.poisson(1.0, 5000).astype(float)
    found = compare(arm(a), arm(b))
    assert found.relative is not None
    assert found.relative.estimate == pytest.approx(a.mean() / b.mean() - 1)
    draws = rng.normal(a.mean(), a.std() / 5000**0.5, 200_000) / rng.normal(b.mean(), b.std() / 5000**0.5, 200_000)
    assert found.relative.error == pytest.approx(draws.std(), rel=0.02)


def test_a_ratio_of_sums_is_compared_as_a_ratio_of_sums() -> None:
    # Order value: a customer without orders has no say in it, one with many has much.
    money, orders = np.array([0.0, 100, 300, 0, 50]), np.array([0.0, 1, 2, 0, 1])
    other, others = np.array([80.0, 0, 160, 40]), np.array([1.0, 0, 2, 1])
    zeros = np.zeros(5)
    found = compare(Arm(money, orders, zeros, zeros), Arm(other, others, zeros[:4], zeros[:4]))
    assert found.absolute.estimate == pytest.approx(450 / 4 - 280 / 4)


def test_arms_that_differed_before_are_noticed_and_chance_differences_are_not() -> None:
    rng = np.random.default_rng(8)
    flagged = 0
    for _ in range(300):
        (b1, y1), (b0, y0) = customers(rng, 200, 0.0), customers(rng, 200, 0.0)
        balance = compare(arm(y1, b1), arm(y0, b0)).balance
        assert balance is not None
        flagged += balance.p_value < 0.01
    assert flagged <= 9
    (b1, y1), (b0, y0) = customers(rng, 2000, 0.0), customers(rng, 2000, 0.0)
    balance = compare(arm(y1, b1 + rng.poisson(0.2, 2000)), arm(y0, b0)).balance
    assert balance is not None
    assert balance.p_value < 0.001

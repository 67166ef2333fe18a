"""Value tiers and concentration against counting, known distributions and leaving customers out one by one."""

from __future__ import annotations

import numpy as np
import pytest

from kexiao.errors import KexiaoError
from kexiao.models.segments.value_tiers import TIERS, TierLimits, concentration, limits_of, tiers


@pytest.mark.parametrize("by", ["value", "rank"])
@pytest.mark.parametrize("shares", [None, (0.5, 0.9), (0.1, 0.1)])
def test_tiers_follow_the_rule_customer_by_customer(by: str, shares: tuple[float, float] | None) -> None:
    values = np.random.default_rng(3).lognormal(3, 1.3, 400).round()
    values[::7] = 0
    values[::31] = -5
    upper, lower = shares or {"value": (0.8, 0.95), "rank": (0.2, 0.5)}[by]
    worth = np.maximum(values, 0)
    found = tiers(values, by=by, shares=shares)
    for value, tier in zip(values, found, strict=True):
        above = worth > value
        held = worth[above].sum() / worth.sum() if by == "value" else above.mean()
        wanted = 2 if value <= 0 else 0 if held < upper else 1 if held < lower else 2
        assert tier == wanted


def test_the_high_tier_is_the_smallest_that_reaches_its_share_of_value() -> None:
    values = np.random.default_rng(0).lognormal(3, 1.0, 10_000)
    high = tiers(values) == 0
    assert values[high].sum() >= 0.8 * values.sum()
    assert values[high].sum() - values[high].min() < 0.8 * values.sum()


def test_equal_customers_share_a_tier() -> None:
    assert set(tiers([10, 10, 10, 10, 10]).tolist()) == {0}
    assert set(tiers([10] * 50, by="rank").tolist()) == {0}


def test_nobody_is_high_where_nothing_is_earned() -> None:
    assert tiers([0, 0, -3]).tolist() == [2, 2, 2]
    assert tiers([0] * 90 + [5] * 10, by="rank").tolist() == [2] * 90 + [0] * 10


def test_limits_of_one_period_can_be_kept() -> None:
    assert tiers([9, 10, 99, 100], TierLimits(high=100, middle=10)).tolist() == [2, 1, 1, 0]
    assert limits_of([50, 30, 15, 5]) == TierLimits(high=30, middle=15)


@pytest.mark.parametrize("shares", [(0.9, 0.5), (0.0, 0.5), (0.5, 1.5)])
def test_impossible_shares_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(KexiaoError) as refused:
        tiers([1, 2, 3], shares=shares)
    assert "0.8" in refused.value.next_step("en")


def test_tiers_are_named_in_both_languages() -> None:
    assert [tier.zh for tier in TIERS] == ["高价值", "中价值", "低价值"]


def test_gini_is_half_the_relative_mean_difference() -> None:
    """The other definition: the mean of |xᵢ − xⱼ| over all pairs, over twice the mean."""
    values = np.random.default_rng(5).lognormal(2, 1.5, 300)
    pairs = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert concentration(values).gini == pytest.approx(pairs, rel=1e-12)


def test_gini_is_twice_the_area_between_the_lorenz_curve_and_the_diagonal() -> None:
    values = np.random.default_rng(5).lognormal(2, 1.0, 200)  # 200 customers: each point of the curve is one
    found = concentration(values)
    area = np.trapezoid(found.curve_customers - found.curve_value, found.curve_customers)
    assert found.gini == pytest.approx(2 * area, rel=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_known_distributions_have_their_known_gini(sigma: float) -> None:
    """Lognormal: 2Φ(σ/√2) − 1; exponential: 1/2 and a top fifth of 0.2 (1 + ln 5)."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    found = concentration(rng.lognormal(0, sigma, 400_000))
    assert found.gini == pytest.approx(2 * norm.cdf(sigma / np.sqrt(2)) - 1, abs=0.004)
    exponential = concentration(rng.exponential(1.0, 400_000))
    assert exponential.gini == pytest.approx(0.5, abs=0.003)
    assert exponential.top_fifth_share == pytest.approx(0.2 * (1 + np.log(5)), abs=0.003)


def test_the_top_fifth_of_seven_customers_is_one_and_two_fifths_of_them() -> None:
    found = concentration([1, 2, 3, 4, 5, 6, 10])
    assert found.top_fifth_share == pytest.approx((10 + 0.4 * 6) / 31)


def test_equal_customers_hold_equal_shares() -> None:
    found = concentration([5.0] * 10)
    assert (found.gini, found.top_fifth_share) == pytest.approx((0.0, 0.2))


def test_values_below_zero_count_as_zero_and_are_counted() -> None:
    found, floored = concentration([10, -5, 20, -1, 30]), concentration([10, 0, 20, 0, 30])
    assert found.below_zero == 2
    assert (found.gini, found.top_fifth_share) == (floored.gini, floored.top_fifth_share)


def test_nothing_at_all_has_no_concentration() -> None:
    found = concentration([0, 0, -3])
    assert (found.gini, found.top_fifth_share, found.customers, found.below_zero) == (None, None, 3, 1)


@pytest.mark.parametrize("customers", [7, 50, 101])
def test_the_intervals_are_the_jackknife_done_slowly(customers: int) -> None:
    values = np.random.default_rng(customers).lognormal(2, 1.0, customers).round()
    found = concentration(values)
    left_out = [concentration(np.delete(values, i)) for i in range(customers)]
    for name in ("gini", "top_fifth"):
        value = getattr(found, "gini" if name == "gini" else "top_fifth_share")
        each = np.array([getattr(one, "gini" if name == "gini" else "top_fifth_share") for one in left_out])
        error = np.sqrt((customers - 1) / customers * ((each - each.mean()) ** 2).sum())
        assert getattr(found, f"{name}_low") == pytest.approx(max(0, value - 1.959964 * error), rel=1e-6)
        assert getattr(found, f"{name}_high") == pytest.approx(min(1, value + 1.959964 * error), rel=1e-6)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(200):
        found = concentration(np.random.default_rng(seed).exponential(1.0, 500))
        hits += found.gini_low <= 0.5 <= found.gini_high
    assert 180 <= hits <= 199


def test_the_curve_rises_from_nothing_to_all() -> None:
    found = concentration(np.random.default_rng(0).exponential(1.0, 1000))
    assert found.curve_value[0] == 0.0
    assert found.curve_value[-1] == pytest.approx(1.0)
    assert np.all(np.diff(found.curve_value, n=2) > -1e-12)

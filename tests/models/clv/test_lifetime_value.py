"""Values of customers against simulated futures, exact sums and the papers' own special cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kexiao.errors import WrongUse
from kexiao.models.clv import lifetime_value as value
from kexiao.models.clv.bg_nbd import BgNbd
from kexiao.models.clv.gamma_gamma import GammaGamma
from kexiao.models.clv.history import purchase_history
from kexiao.models.clv.lifetime_value import Terms, ValueModel
from kexiao.models.clv.simulate import PurchaseParameters, simulate, spend
from kexiao.models.inputs import Unfitted

BG = BgNbd(0.6, 40.0, 0.8, 2.5, log_likelihood=0.0, customers=1, covariance=np.diag([1e-3, 2e-3, 5e-3, 6e-3]))
GG = GammaGamma(6.25, 3.74, 15.44, log_likelihood=0.0, customers=1, covariance=np.diag([1e-3, 1e-3, 2e-3]))
MODEL = ValueModel(BG, GG)
TERMS = Terms(margin_rate=0.4)


def base_of(
    customers: int, seed: int = 3, age: float = 500.0
) -> tuple[value.Customers, np.ndarray, np.ndarray, np.ndarray]:
    """Customers born at 0, seen until ``age``; beside them all events up to four years with amounts (customer, day, amount)."""
    rng = np.random.default_rng(seed)
    truth = PurchaseParameters(0.6, 40.0, 0.8, 2.5)
    who, day = simulate(rng, np.zeros(customers), 4 * 365.25, truth, whole_days=False)
    amount = spend(rng, who, 6.25, 3.74, 15.44)
    past = purchase_history(who, day, end_day=age)
    repeat = (day > 0) & (day < age)
    total = np.bincount(who[repeat], amount[repeat], customers)
    mean = np.divide(total, past.frequency, out=np.zeros(customers), where=past.frequency > 0)
    return value.customers(past.frequency, past.recency, past.age, mean), who, day, amount


def test_residual_values_are_what_simulated_customers_go_on_to_bring() -> None:
    """Two years of discounted margin after day 500 of 200,000 customers: the mean, and each group by frequency."""
    base, who, day, amount = base_of(200_000)
    horizon = 2 * 365.25
    later = (day >= 500.0) & (day < 500.0 + horizon)
    discounted = amount[later] * 1.1 ** (-(day[later] - 500.0) / 365.25)
    brought = 0.4 * np.bincount(who[later], discounted, len(base.age))
    expected = value.residual_value(MODEL, base, Terms(0.4, horizon_years=2.0))
    off = brought - expected
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(len(off))
    group = np.minimum(base.frequency, 8).astype(int)
    many = np.bincount(group)
    assert np.all(np.abs(np.bincount(group, off) / many) < 4 * np.sqrt(np.bincount(group, off**2)) / many)


def test_a_new_customer_is_worth_what_simulated_ones_bring() -> None:
    _, who, day, amount = base_of(200_000, seed=5)
    within = day < 3 * 365.25
    brought = 0.4 * np.bincount(who[within], amount[within] * 1.1 ** (-day[within] / 365.25))
    assert value.new_customer_value(MODEL, TERMS) == pytest.approx(
        brought.mean(), abs=4 * brought.std() / np.sqrt(200_000)
    )


def test_value_at_acquisition_is_the_margin_earned_and_the_rest_to_the_horizon() -> None:
    """Averaged over customers of a known age, it is what a customer to be won is worth: nothing is counted twice or left out."""
    base, who, day, amount = base_of(200_000, seed=6)
    seen = day < 500.0
    earned = 0.4 * np.bincount(who[seen], amount[seen] * value.discount_factor(day[seen] / 365.25))
    found = value.acquired_value(MODEL, base, TERMS, earned)
    assert found.mean() == pytest.approx(value.new_customer_value(MODEL, TERMS), abs=4 * found.std() / np.sqrt(200_000))


def test_a_customer_older_than_the_horizon_is_worth_what_he_brought() -> None:
    old = value.customers([3.0], [400.0], [1200.0], [20.0])
    assert value.acquired_value(MODEL, old, TERMS, [55.0]).tolist() == [55.0]


def test_without_discount_and_margin_it_is_purchases_times_spend() -> None:
    base, *_ = base_of(300)
    plain = value.residual_value(MODEL, base, Terms(1.0, horizon_years=1.0, discount_rate=0.0))
    bought = BG.conditional_expected_purchases(365.25, base.frequency, base.recency, base.age)
    np.testing.assert_allclose(plain, bought * GG.expected_mean_spend(base.frequency, base.mean_spend), rtol=1e-12)


def test_the_time_unit_does_not_change_the_value() -> None:
    base, *_ = base_of(300)
    weeks = base._replace(recency=base.recency / 7, age=base.age / 7)
    in_weeks = ValueModel(replace(BG, alpha=BG.alpha / 7, time_unit="week"), GG)
    np.testing.assert_allclose(
        value.residual_value(in_weeks, weeks, TERMS), value.residual_value(MODEL, base, TERMS), rtol=1e-9
    )


def test_value_grows_with_the_horizon_and_falls_with_the_discount() -> None:
    by_horizon = [value.new_customer_value(MODEL, Terms(0.4, horizon_years=y)) for y in (0.0, 1.0, 3.0, 10.0)]
    assert by_horizon == sorted(by_horizon)
    assert by_horizon[0] == pytest.approx(0.4 * GG.mean_spend)
    by_discount = [value.new_customer_value(MODEL, Terms(0.4, discount_rate=d)) for d in (0.0, 0.1, 0.5)]
    assert by_discount == sorted(by_discount, reverse=True)


def test_an_interval_for_the_mean_is_the_spread_over_parameters_drawn() -> None:
    """Delta method against 3,000 parameter sets drawn from the covariances."""
    base, *_ = base_of(20)
    found = value.residual_estimate(MODEL, base, TERMS)
    rng = np.random.default_rng(0)
    means = []
    for step_bg, step_gg in zip(
        rng.multivariate_normal(np.zeros(4), BG.covariance, 3000),
        rng.multivariate_normal(np.zeros(3), GG.covariance, 3000),
        strict=True,
    ):
        bg = replace(
            BG,
            **dict(
                zip(("r", "alpha", "a", "b"), np.array([BG.r, BG.alpha, BG.a, BG.b]) * np.exp(step_bg), strict=True)
            ),
        )
        gg = replace(GG, **dict(zip(("p", "q", "v"), np.array([GG.p, GG.q, GG.v]) * np.exp(step_gg), strict=True)))
        means.append(value.residual_value(ValueModel(bg, gg), base, TERMS).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    assert found.low < found.value < found.high
    assert found.low == pytest.approx(low, rel=0.02)
    assert found.high == pytest.approx(high, rel=0.02)


def test_intervals_for_the_value_of_a_new_customer_hold_the_truth_as_often_as_they_say() -> None:
    """60 companies of 3,000 customers: the 95 % interval holds the true value in nearly all of them."""
    truth = value.new_customer_value(MODEL, TERMS)
    hits = 0
    for seed in range(60):
        base, *_ = base_of(3000, seed=100 + seed, age=400.0)
        found = value.new_customer_estimate(value.fit(base), TERMS)
        hits += found.low <= truth <= found.high
    assert 51 <= hits <= 60


def test_predictive_intervals_hold_what_single_customers_bring() -> None:
    """Of 600 customers drawn from the model, about 95 % bring what their own interval holds."""
    base, who, day, amount = base_of(600, seed=8)
    later = (day >= 500.0) & (day < 500.0 + 365.25 * 2)
    brought = 0.4 * np.bincount(who[later], amount[later] * 1.1 ** (-(day[later] - 500.0) / 365.25), 600)
    found = value.predictive_intervals(MODEL, base, Terms(0.4, horizon_years=2.0), draws=1000)
    inside = (brought >= found.low - 1e-9) & (brought <= found.high + 1e-9)
    assert 0.93 <= inside.mean() <= 1.0
    assert np.mean(brought > found.high) < 0.05


def test_the_futures_of_a_customer_average_to_his_value() -> None:
    one = value.customers([6.0], [450.0], [500.0], [42.0])
    drawn = value.futures(MODEL, one, TERMS, np.random.default_rng(1), draws=200_000)
    assert value.residual_value(MODEL, one, TERMS)[0] == pytest.approx(
        drawn.mean(), abs=4 * drawn.std() / np.sqrt(200_000)
    )


def test_an_interval_does_not_depend_on_who_else_is_asked_about() -> None:
    base, *_ = base_of(5)
    together = value.predictive_intervals(MODEL, base, TERMS, draws=500)
    alone = value.predictive_intervals(MODEL, value.Customers(*(each[3:4] for each in base)), TERMS, draws=500)
    assert (together.low[3], together.high[3]) == (alone.low[0], alone.high[0])


def test_where_nothing_can_be_fitted_it_says_why_and_what_to_show_instead() -> None:
    thin = value.customers([0, 0, 0], [0, 0, 0], [10, 20, 30], [0, 0, 0])
    found = value.fit_or_explain(thin)
    assert isinstance(found, Unfitted)
    for text in (found.reason, found.next_step, found.instead):
        assert text is not None
        assert text("zh") != text("en")
    assert value.fit_or_explain(thin, wider=MODEL) is MODEL


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin_rate": 40.0},
        {"margin_rate": 0.4, "horizon_years": -1.0},
        {"margin_rate": 0.4, "discount_rate": float("nan")},
    ],
)
def test_impossible_terms_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(WrongUse) as refused:
        Terms(**wrong)
    assert "0.1" in refused.value.next_step("zh")


def test_discounting_three_years_at_ten_percent() -> None:
    assert value.discount_factor(3) == pytest.approx(1 / 1.1**3)


def test_the_uncertainty_of_any_group_follows_from_columns_kept_by_customer() -> None:
    """Seven directions at most stand for both covariances: means over groups have the variance of the delta method."""
    base, *_ = base_of(3_000)
    errors = value.parameter_errors(MODEL, lambda model: value.residual_value(model, base, TERMS))
    assert 1 <= errors.shape[1] <= 7
    for group in (slice(None), base.frequency == 0, base.frequency > 3):
        found = value.estimate(
            MODEL, lambda model, group=group: float(value.residual_value(model, base, TERMS)[group].mean())
        )
        deviation = float(np.log(found.high / found.value)) / value.NORMAL_95 * found.value
        assert np.sqrt((errors[group].mean(axis=0) ** 2).sum()) == pytest.approx(deviation, rel=2e-3)


def test_a_parameter_held_at_a_limit_adds_no_uncertainty() -> None:
    base, *_ = base_of(500)
    held = replace(MODEL, purchases=replace(BG, held=("r", "alpha", "a", "b")))
    errors = value.parameter_errors(held, lambda model: value.residual_value(model, base, TERMS))
    spend_alone = value.estimate(held, lambda model: float(value.residual_value(model, base, TERMS).mean()))
    deviation = float(np.log(spend_alone.high / spend_alone.value)) / value.NORMAL_95 * spend_alone.value
    assert np.sqrt((errors.mean(axis=0) ** 2).sum()) == pytest.approx(deviation, rel=1e-6)

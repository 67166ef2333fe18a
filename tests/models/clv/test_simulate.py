"""Simulated histories follow the laws they claim."""

from __future__ import annotations

import time

import numpy as np
import pytest

from kexiao.models.clv import bg_nbd
from kexiao.models.clv.history import purchase_days, purchase_history
from kexiao.models.clv.simulate import PurchaseParameters, simulate, spend

TRUTH = PurchaseParameters(0.6, 40.0, 0.8, 2.5)


def one_by_one(rng: np.random.Generator, end: float, truth: PurchaseParameters) -> list[float]:
    """The story told slowly: one customer, one gap after another, a coin after each purchase."""
    rate, dropout, now, found = rng.gamma(truth.r, 1 / truth.alpha), rng.beta(truth.a, truth.b), 0.0, []
    while (now := now + rng.exponential(1 / rate)) < end:
        found.append(now)
        if rng.random() < dropout:
            break
    return found


def test_it_is_the_story_told_customer_by_customer() -> None:
    """Number, first and last time of repeat purchases of 40,000 customers, each way: same laws (Kolmogorov–Smirnov)."""
    from scipy.stats import ks_2samp

    slow = [one_by_one(np.random.default_rng([3, i]), 500.0, TRUTH) for i in range(40_000)]
    who, when = simulate(np.random.default_rng(4), np.zeros(40_000), 500.0, TRUTH, whole_days=False)
    repeats = np.bincount(who) - 1
    assert repeats.mean() == pytest.approx(np.mean([len(times) for times in slow]), rel=0.05)
    for n in range(6):
        assert np.mean(repeats == n) == pytest.approx(np.mean([len(times) == n for times in slow]), abs=0.012)
    first = np.flatnonzero(np.diff(who, prepend=-1))
    last = np.append(first[1:], len(who)) - 1
    some = repeats > 0
    assert ks_2samp(when[first[some] + 1], [times[0] for times in slow if times]).pvalue > 0.001
    assert ks_2samp(when[last[some]], [times[-1] for times in slow if times]).pvalue > 0.001


def test_everyone_born_in_time_buys_once_at_birth_and_nobody_after_the_end() -> None:
    births = np.array([0, 10, 99, 100, 400])
    who, day = simulate(np.random.default_rng(0), births, 100, TRUTH)
    assert set(who.tolist()) == {0, 1, 2}
    first = np.flatnonzero(np.diff(who, prepend=-1))
    assert day[first].tolist() == [0, 10, 99]
    assert day.max() < 100
    assert day.dtype == np.int64


def test_events_come_by_customer_and_time() -> None:
    who, day = simulate(np.random.default_rng(0), np.arange(5000) % 300, 600, TRUTH)
    assert np.all(np.diff(who) >= 0)
    assert np.all(np.diff(day)[np.diff(who) == 0] >= 0)


def test_the_same_seed_gives_the_same_company() -> None:
    first, second = (simulate(np.random.default_rng(5), np.zeros(100), 300, TRUTH) for _ in range(2))
    np.testing.assert_array_equal(first.day, second.day)


def test_whole_days_leave_the_parameters_recoverable() -> None:
    rng = np.random.default_rng(17)
    births = rng.integers(0, 900, 60_000)
    who, day = simulate(rng, births, 1095, PurchaseParameters(0.6, 60.0, 0.8, 2.4))
    model = bg_nbd.fit(*purchase_history(who, day, end_day=1095)[1:])
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], [0.6, 60.0, 0.8, 2.4], rtol=0.06)


def test_each_customer_may_have_parameters_of_his_own() -> None:
    both = PurchaseParameters(np.repeat([0.5, 2.0], 5000), 40.0, 0.8, 2.5)
    who, _ = simulate(np.random.default_rng(0), np.zeros(10_000), 300.0, both, whole_days=False)
    repeats = np.bincount(who) - 1
    for part, r in ((repeats[:5000], 0.5), (repeats[5000:], 2.0)):
        model = bg_nbd.BgNbd(r, 40.0, 0.8, 2.5, log_likelihood=0, customers=1, covariance=np.eye(4))
        assert part.mean() == pytest.approx(model.expected_purchases(300.0), abs=4 * part.std() / np.sqrt(5000))


def test_a_busy_season_gets_its_share_of_purchases() -> None:
    """Nobody ever leaves, days 100–199 twice as busy: two thirds of the repeat purchases of 200 days fall on them."""
    tempo = np.repeat([1.0, 2.0], 100)
    staying = PurchaseParameters(5.0, 100.0, 1e-6, 5.0)
    _, when = simulate(np.random.default_rng(1), np.zeros(20_000), 200.0, staying, tempo=tempo, whole_days=False)
    repeats = when[when > 0]
    assert np.mean(repeats >= 100) == pytest.approx(2 / 3, abs=0.005)
    assert len(repeats) / 20_000 == pytest.approx(5.0 / 100.0 * 300, rel=0.02)


def test_a_season_shorter_than_the_time_is_refused() -> None:
    with pytest.raises(ValueError, match="tempo"):
        simulate(np.random.default_rng(1), np.zeros(3), 200.0, TRUTH, tempo=np.ones(100))


def test_amounts_follow_their_mean_and_customers_keep_their_level() -> None:
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(100_000), 2)
    amounts = spend(rng, who, 6.25, 3.74, 15.44)
    assert amounts.mean() == pytest.approx(6.25 * 15.44 / 2.74, rel=0.01)
    level = np.log(amounts.reshape(-1, 2))
    shared = 1 / (1 + _trigamma(6.25) / _trigamma(3.74))  # variance of log level ÷ variance of log amount
    assert np.corrcoef(level.T)[0, 1] == pytest.approx(shared, abs=0.01)
    assert spend(rng, np.array([], dtype=int), 1.0, 2.0, 3.0).shape == (0,)


def _trigamma(x: float) -> float:
    return sum(1 / (x + k) ** 2 for k in range(20_000))


def test_fifty_thousand_customers_over_three_years_take_under_a_second() -> None:
    rng = np.random.default_rng(0)
    start = time.process_time()
    who, _ = simulate(rng, rng.integers(0, 1095, 50_000), 1095, TRUTH)
    spend(rng, who, 6.25, 3.74, 15.44)
    assert time.process_time() - start < 1.0


# --- histories ----------------------------------------------------------------------------------------------------------


def test_a_history_counts_days_not_orders_whatever_their_order() -> None:
    rng = np.random.default_rng(0)
    customer, day = rng.integers(0, 50, 2000), rng.integers(0, 300, 2000)
    found = purchase_history(customer, day, end_day=200, start_day=20)
    for i, number in enumerate(found.customer.tolist()):
        days = sorted(
            {d for c, d in zip(customer.tolist(), day.tolist(), strict=True) if c == number and 20 <= d < 200}
        )
        assert (found.frequency[i], found.recency[i], found.age[i]) == (
            len(days) - 1,
            days[-1] - days[0],
            200 - days[0],
        )


def test_no_events_make_no_customers() -> None:
    assert [len(values) for values in purchase_history([], [], end_day=9)] == [0, 0, 0, 0]
    assert [len(values) for values in purchase_days([1], [10], end_day=9)] == [0, 0]

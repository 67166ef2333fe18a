"""BG/NBD against Fader, Hardie & Lee (2005), against simulation, and against the slow obvious way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kexiao.errors import InputRejected
from kexiao.models import newton
from kexiao.models.clv import bg_nbd
from kexiao.models.clv._bg_nbd_likelihood import log_likelihood, prepare
from kexiao.models.clv.bg_nbd import BgNbd, probability_of_purchases
from kexiao.models.clv.history import purchase_history
from kexiao.models.clv.simulate import PurchaseParameters, simulate
from kexiao.models.inputs import CannotFit

MODEL = BgNbd(0.6, 40.0, 0.8, 2.5, log_likelihood=0.0, customers=1, covariance=np.eye(4))


def histories(customers: int = 3000, seed: int = 4, *, whole_days: bool = True) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    births = rng.integers(0, 500, customers)
    bought = simulate(rng, births, 600, PurchaseParameters(0.6, 40.0, 0.8, 2.5), whole_days=whole_days)
    return tuple(purchase_history(*bought, end_day=600)[1:])


# --- what was published: the CDNOW sample -------------------------------------------------------------------------------


def test_the_raw_file_sums_up_to_the_published_summary(summary, transactions, shared: Path) -> None:
    rows = np.genfromtxt(shared / "data/clv/cdnow_customers_summary.csv", delimiter=",", skip_header=1)
    np.testing.assert_array_equal(rows[:, 1], summary.frequency)
    np.testing.assert_allclose(rows[:, 2:4], np.column_stack([summary.recency, summary.age]), atol=0.005)
    ours = purchase_history(transactions.customer, transactions.day, end_day=272 + 1e-9)
    np.testing.assert_array_equal(ours.customer, summary.customer)
    np.testing.assert_array_equal(ours.frequency, summary.frequency)
    np.testing.assert_allclose(ours.recency / 7, summary.recency, atol=1e-9)
    np.testing.assert_allclose(ours.age / 7, summary.age, atol=1e-9)


def test_it_finds_the_published_parameters(cdnow: BgNbd) -> None:
    """R1: the paper to its printed digits, and CLVTools to more."""
    found = [cdnow.r, cdnow.alpha, cdnow.a, cdnow.b]
    np.testing.assert_allclose(found, [0.243, 4.414, 0.793, 2.426], atol=0.0006)
    np.testing.assert_allclose(found, [0.2425945, 4.4136019, 0.7929199, 2.4258881], atol=3e-5)
    assert cdnow.customers == 2357
    assert cdnow.held == ()


def test_it_finds_the_published_log_likelihood(cdnow: BgNbd) -> None:
    """R2."""
    assert cdnow.log_likelihood == pytest.approx(-9582.429, abs=0.001)


def test_the_rounded_summary_gives_the_same_parameters(shared: Path) -> None:
    rows = np.genfromtxt(shared / "data/clv/cdnow_customers_summary.csv", delimiter=",", skip_header=1)
    model = bg_nbd.fit(rows[:, 1], rows[:, 2], rows[:, 3], time_unit="week")
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], [0.243, 4.414, 0.793, 2.426], atol=0.005)
    assert model.log_likelihood == pytest.approx(-9582.429, abs=0.01)


def test_new_customers_buy_as_published(cdnow: BgNbd, published: BgNbd) -> None:
    """R3 and R4."""
    t = np.array([0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0])
    wanted = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    np.testing.assert_allclose(cdnow.expected_purchases(t), wanted, atol=0.001)
    np.testing.assert_allclose(published.expected_purchases(t), wanted, atol=0.003)
    assert cdnow.expected_purchases(52.0) == pytest.approx(1.444004, abs=0.0001)


def test_a_known_customer_buys_as_published(cdnow: BgNbd) -> None:
    """R5, and customer 1516 of R6."""
    assert cdnow.conditional_expected_purchases(39, [2], [30.43], [38.86])[0] == pytest.approx(1.226, abs=0.001)
    assert cdnow.conditional_expected_purchases(52, [26], [30.857], [31.0])[0] == pytest.approx(25.75659, abs=0.01)
    assert cdnow.probability_alive([26], [30.857], [31.0])[0] == pytest.approx(0.9688523, abs=0.0001)


def test_numbers_of_purchases_are_as_likely_as_published(published: BgNbd) -> None:
    """R7."""
    found = published.probability_of_purchases([10, 0, 11], [2.0, 39.0, 30.0])
    np.testing.assert_allclose(found, [1.07869e-07, 0.5737864, 0.0019995214], rtol=1e-5)


def test_the_hold_out_is_as_published(cdnow: BgNbd, summary) -> None:
    """R8 (what happened) and R9 (what was expected), by number of purchases before: 0…6, 7+."""
    bucket = np.minimum(summary.frequency, 7).astype(int)
    expected = cdnow.conditional_expected_purchases(39, summary.frequency, summary.recency, summary.age)
    many = np.bincount(bucket)
    actual = [0.2367, 0.6970, 1.3925, 1.56, 2.5323, 2.9474, 3.8621, 6.3594]
    wanted = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
    np.testing.assert_allclose(np.bincount(bucket, summary.later) / many, actual, atol=0.0001)
    np.testing.assert_allclose(np.bincount(bucket, expected) / many, wanted, atol=0.0005)


@pytest.mark.parametrize(
    ("purchases", "wanted"), [(10, 0.3474606), (15, 0.04283391), (20, 0.004158973), (25, 0.0003583685)]
)
def test_more_past_purchases_and_the_same_silence_mean_fewer_to_come(
    cdnow: BgNbd, purchases: int, wanted: float
) -> None:
    """The "increasing frequency paradox", R12: last seen at 20 of 39 weeks, 52 weeks ahead."""
    assert cdnow.conditional_expected_purchases(52, [purchases], [20.0], [39.0])[0] == pytest.approx(wanted, rel=0.01)


# --- the likelihood -----------------------------------------------------------------------------------------------------


def plain_log_likelihood(x: int, t_x: float, age: float, r: float, alpha: float, a: float, b: float) -> float:
    """Eq. (6) as printed, one customer, with the standard library's gamma function."""
    from math import exp, lgamma, log

    def log_beta(one: float, other: float) -> float:
        return lgamma(one) + lgamma(other) - lgamma(one + other)

    head = lgamma(r + x) - lgamma(r) + r * log(alpha) - log_beta(a, b)
    alive = exp(log_beta(a, b + x) - (r + x) * log(alpha + age))
    gone = exp(log_beta(a + 1, b + x - 1) - (r + x) * log(alpha + t_x)) if x else 0.0
    return head + log(alive + gone)


@pytest.mark.parametrize("whole_days", [True, False])
def test_the_likelihood_is_the_papers(whole_days: bool) -> None:
    x, last, age = histories(300, whole_days=whole_days)
    weight = np.random.default_rng(1).uniform(0, 3, len(x))
    at = np.log([0.7, 31.0, 0.9, 2.2])
    rows = [plain_log_likelihood(int(n), t, T, *np.exp(at)) for n, t, T in zip(x, last, age, strict=True)]
    assert log_likelihood(prepare(x, last, age, None), at).value == pytest.approx(sum(rows), rel=1e-12)
    assert log_likelihood(prepare(x, last, age, weight), at).value == pytest.approx(float(weight @ rows), rel=1e-12)


@pytest.mark.parametrize("at", [(0.6, 40.0, 0.8, 2.5), (0.05, 3.0, 5.0, 0.3), (20.0, 900.0, 0.02, 40.0)])
def test_gradient_and_hessian_are_those_of_the_likelihood(at: tuple[float, ...]) -> None:
    """By central differences with Richardson's correction, each entry to 1e-7 of its scale."""
    data = prepare(*histories(800), np.random.default_rng(2).uniform(0, 2, 800))
    start = np.log(at)

    def differences(of, h: float = 2e-3) -> np.ndarray:
        def slope(step: float) -> np.ndarray:
            return np.array([(of(start + step * e) - of(start - step * e)) / (2 * step) for e in np.eye(4)])

        coarse, middle, fine = slope(h), slope(h / 2), slope(h / 4)
        once, again = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
        return (16 * again - once) / 15

    found = log_likelihood(data, start)
    gradient = differences(lambda p: log_likelihood(data, p).value)
    hessian = differences(lambda p: log_likelihood(data, p).gradient)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-7, atol=1e-7 * np.abs(gradient).max())
    np.testing.assert_allclose(found.hessian, hessian, rtol=1e-7, atol=1e-8 * np.abs(hessian).max())
    np.testing.assert_allclose(found.hessian, found.hessian.T, rtol=1e-14)


def test_the_maximum_is_one() -> None:
    """No random step away from the estimate finds a better point, and the gradient there is nothing."""
    columns = histories(3000)
    model, data = bg_nbd.fit(*columns), prepare(*columns, None)
    at = np.log([model.r, model.alpha, model.a, model.b])
    here = log_likelihood(data, at)
    assert np.abs(here.gradient).max() < 1e-6
    assert np.linalg.eigvalsh(here.hessian).max() < 0
    for step in np.random.default_rng(0).normal(0, 0.05, (50, 4)):
        assert log_likelihood(data, at + step).value < here.value


def test_a_large_base_ends_where_a_search_from_far_off_ends() -> None:
    """Large bases begin on a sample; that must change the road only, not the end."""
    columns = histories(120_000, seed=9)
    model, data = bg_nbd.fit(*columns), prepare(*columns, None)
    far = np.log([5.0, 5.0, 5.0, 5.0])
    best = newton.maximise(lambda p: log_likelihood(data, p), far, np.full(4, -14.0), np.full(4, 14.0))
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], np.exp(best.at), rtol=1e-9)
    assert model.steps <= 5


def test_scipys_general_optimiser_finds_nothing_better() -> None:
    from scipy.optimize import minimize

    columns = histories(500)
    rows = list(zip(columns[0].astype(int).tolist(), columns[1].tolist(), columns[2].tolist(), strict=True))
    other = minimize(
        lambda p: -sum(plain_log_likelihood(*row, *np.exp(p)) for row in rows),
        np.log([1.0, 100.0, 1.0, 2.0]),
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 800},
    )
    model = bg_nbd.fit(*columns)
    assert model.log_likelihood == pytest.approx(-other.fun, abs=1e-4)
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], np.exp(other.x), rtol=1e-3)


# --- probabilities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b", "t"),
    [(0.243, 4.414, 0.793, 2.426, 52.0), (3.0, 9.0, 0.05, 0.4, 30.0), (0.6, 40.0, 1.0, 1.0, 365.0)],
)
def test_the_probabilities_of_all_numbers_of_purchases_sum_to_one_and_average_to_the_expectation(
    r: float, alpha: float, a: float, b: float, t: float
) -> None:
    n = np.arange(4000)
    chance = probability_of_purchases(n, t, r=r, alpha=alpha, a=a, b=b)
    assert chance.min() >= 0
    assert chance.sum() == pytest.approx(1.0, abs=1e-10)
    model = replace(MODEL, r=r, alpha=alpha, a=a, b=b)
    assert chance @ n == pytest.approx(model.expected_purchases(t), rel=1e-8)


def test_nothing_is_bought_in_no_time() -> None:
    np.testing.assert_array_equal(MODEL.probability_of_purchases([0, 1, 5], 0.0), [1.0, 0.0, 0.0])
    assert MODEL.expected_purchases(0.0) == 0.0


def test_simulated_customers_buy_as_often_as_expected() -> None:
    """Mean and distribution over 400,000 simulated customers, within four standard errors."""
    rng = np.random.default_rng(21)
    who, _ = simulate(rng, np.zeros(400_000), 365.0, PurchaseParameters(0.6, 40.0, 0.8, 2.5), whole_days=False)
    repeats = np.bincount(who) - 1
    assert repeats.mean() == pytest.approx(
        MODEL.expected_purchases(365.0), abs=4 * repeats.std() / np.sqrt(len(repeats))
    )
    chance = MODEL.probability_of_purchases(np.arange(8), 365.0)
    seen = np.bincount(repeats)[:8] / len(repeats)
    assert np.all(np.abs(seen - chance) < 4 * np.sqrt(chance * (1 - chance) / len(repeats)))


def test_simulated_customers_go_on_as_expected_after_a_cut() -> None:
    """Purchases in the year after a cut, by frequency and recency before it, against eq. (10): no group off by four standard errors."""
    rng = np.random.default_rng(22)
    who, when = simulate(rng, np.zeros(300_000), 730.0, PurchaseParameters(0.6, 40.0, 0.8, 2.5), whole_days=False)
    past = purchase_history(who, when, end_day=365.0)
    later = np.bincount(who[when >= 365.0], minlength=300_000)
    expected = MODEL.conditional_expected_purchases(365.0, *past[1:])
    group = np.minimum(past.frequency, 6).astype(int) * 4 + np.minimum(past.recency // 92, 3).astype(int)
    many = np.bincount(group)
    large = many > 500
    off = np.bincount(group, later - expected) / np.maximum(many, 1)
    spread = np.sqrt(np.bincount(group, (later - expected) ** 2)) / np.maximum(many, 1)
    assert large.sum() > 15
    assert np.all(np.abs(off[large]) < 4 * spread[large])


def test_only_a_repeat_buyer_can_have_left() -> None:
    alive = MODEL.probability_alive([0, 1, 1, 30], [0, 300, 10, 10], [300, 300, 300, 300])
    assert alive[0] == 1.0
    assert alive[1] > alive[2] > alive[3] > 0
    assert alive[1] == pytest.approx(1 / (1 + 0.8 / 2.5))  # bought at the very end: gone only if that was the last time


def test_a_heavy_customer_gone_quiet_is_gone_without_an_overflow() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert MODEL.probability_alive([20_000], [10.0], [3650.0])[0] == pytest.approx(0.0, abs=1e-300)
        assert MODEL.conditional_expected_purchases(365.0, [20_000], [10.0], [3650.0])[0] == pytest.approx(
            0.0, abs=1e-200
        )


def test_a_heavy_and_steady_customer_goes_on() -> None:
    assert MODEL.conditional_expected_purchases(30.0, [5000], [3650.0], [3650.0])[0] == pytest.approx(
        5000 / 3650 * 30, rel=0.03
    )


def test_a_horizon_per_customer_is_the_same_as_one_at_a_time() -> None:
    x, last, age = (values[:40] for values in histories(200))
    horizon = np.linspace(0, 900, 40)
    together = MODEL.conditional_expected_purchases(horizon, x, last, age)
    alone = [
        MODEL.conditional_expected_purchases(t, [n], [s], [T])[0]
        for t, n, s, T in zip(horizon, x, last, age, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


# --- data at the edge ---------------------------------------------------------------------------------------------------


def test_a_base_that_nobody_leaves_is_fitted_with_hardly_any_dropout() -> None:
    rng = np.random.default_rng(8)
    who, day = simulate(rng, np.zeros(3000), 1000, PurchaseParameters(2.0, 60.0, 1e-6, 5.0), whole_days=False)
    model = bg_nbd.fit(*purchase_history(who, day, end_day=1000)[1:])
    assert model.probability_alive([20], [990.0], [1000.0])[0] > 0.999
    assert model.expected_purchases(300.0) == pytest.approx(2.0 / 60.0 * 300, rel=0.03)
    assert np.isfinite(model.covariance).all()


def test_customers_all_alike_are_fitted_with_hardly_any_spread() -> None:
    rng = np.random.default_rng(8)
    who, day = simulate(rng, np.zeros(2000), 500, PurchaseParameters(1e5, 5e6, 4e5, 6e5), whole_days=False)
    model = bg_nbd.fit(*purchase_history(who, day, end_day=500)[1:])
    assert model.r / model.alpha == pytest.approx(0.02, rel=0.06)
    assert model.a / (model.a + model.b) == pytest.approx(0.4, rel=0.06)
    assert np.isfinite(model.covariance).all()
    assert np.isfinite(model.conditional_expected_purchases(100.0, [0, 3], [0.0, 200.0], [500.0, 500.0])).all()


@pytest.mark.parametrize("repeaters", [0, 1])
def test_too_few_repeat_buyers_are_refused_and_told_how_many(repeaters: int) -> None:
    x = np.zeros(100)
    x[:repeaters] = 2
    with pytest.raises(CannotFit) as refused:
        bg_nbd.fit(x, x * 10, np.full(100, 50.0))
    assert str(repeaters) in refused.value.what("zh")
    assert refused.value.next_step("en")


def test_two_repeat_buyers_are_fitted_or_refused_but_never_wrong_silently() -> None:
    model = bg_nbd.fit([2, 1, 0, 0, 0], [20, 30, 0, 0, 0], [50, 60, 50, 40, 30])
    assert np.isfinite(model.conditional_expected_purchases(30, [2, 0], [20, 0], [50, 50])).all()


@pytest.mark.parametrize(
    ("frequency", "recency", "age"),
    [
        ([1, 1, 1], [5, 5, 9], [8, 8, 8]),
        ([0, 1, 1], [3, 5, 5], [8, 8, 8]),
        ([1.5, 1, 1], [3, 5, 5], [8, 8, 8]),
        ([1, 1, 1], [0, 5, 5], [8, 8, 8]),
    ],
    ids=["bought after the end", "repeat time without repeat", "half a purchase", "repeat without a gap"],
)
def test_an_impossible_history_is_refused(frequency: list, recency: list, age: list) -> None:
    with pytest.raises(InputRejected) as refused:
        bg_nbd.fit(frequency, recency, age)
    assert refused.value.next_step("zh")


def test_the_core_starts_without_scipy() -> None:
    """scipy takes a second to import; the fit does without it."""
    import subprocess
    import sys

    code = "import sys, kexiao.models.registry as m; m.all_models(); assert 'scipy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

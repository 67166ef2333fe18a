"""Gamma-Gamma against Fader & Hardie (2013), against simulation, and against numerical integration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kexiao.models.clv import gamma_gamma
from kexiao.models.clv.gamma_gamma import GammaGamma, log_likelihood
from kexiao.models.clv.simulate import spend
from kexiao.models.inputs import CannotFit

MODEL = GammaGamma(6.25, 3.74, 15.44, log_likelihood=0.0, customers=1, covariance=np.eye(3))


def spenders(customers: int = 3000, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bought = rng.geometric(0.4, customers)
    who = np.repeat(np.arange(customers), bought)
    return bought.astype(float), np.bincount(who, spend(rng, who, 6.25, 3.74, 15.44)) / bought


@pytest.fixture(scope="module")
def published_summary(shared: Path) -> np.ndarray:
    """Repeat purchases and mean spend, 2,357 rows."""
    return np.genfromtxt(shared / "data/clv/cdnow_customers_summary_with_spend.csv", delimiter=",", skip_header=1)[
        :, [1, 4]
    ]


def test_it_finds_the_published_parameters(published_summary: np.ndarray) -> None:
    """R15: 946 repeat customers, to the printed digits."""
    model = gamma_gamma.fit(*published_summary.T)
    np.testing.assert_allclose([model.p, model.q, model.v], [6.25, 3.74, 15.44], atol=0.02)
    assert model.log_likelihood == pytest.approx(-4055.9177, abs=0.01)
    assert (model.customers, model.excluded, model.missing) == (946, 0, 0)


def test_the_raw_file_gives_the_same(summary) -> None:
    """R15 by the second road: mean spend rebuilt from the transactions, unrounded."""
    model = gamma_gamma.fit(summary.frequency, summary.spend)
    np.testing.assert_allclose([model.p, model.q, model.v], [6.2496, 3.7442, 15.4435], atol=0.001)
    assert model.log_likelihood == pytest.approx(-4055.9177, abs=0.001)


def test_the_first_ten_customers_are_expected_to_spend_as_published(published_summary: np.ndarray) -> None:
    """R16."""
    wanted = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    model = gamma_gamma.fit(*published_summary.T)
    np.testing.assert_allclose(model.expected_mean_spend(*published_summary[:10].T), wanted, atol=0.1)


def test_the_likelihood_is_the_papers() -> None:
    """Eq. (1a) as printed, with the standard library's gamma function."""
    from math import lgamma, log

    x, mean = spenders(200)
    p, q, v = 5.0, 2.5, 11.0
    rows = [
        lgamma(p * n + q)
        - lgamma(p * n)
        - lgamma(q)
        + q * log(v)
        + (p * n - 1) * log(m)
        + p * n * log(n)
        - (p * n + q) * log(v + m * n)
        for n, m in zip(x, mean, strict=True)
    ]
    found = log_likelihood(gamma_gamma.prepare(x, mean, None), np.log([p, q, v]))
    assert found.value == pytest.approx(sum(rows), rel=1e-12)


def test_the_likelihood_is_that_of_amounts_drawn_one_by_one() -> None:
    """The density of a mean, from the two gamma laws alone, integrated over the customer's level numerically."""
    from scipy.integrate import quad
    from scipy.stats import gamma

    x, mean, (p, q, v) = 3.0, 22.0, (4.0, 2.5, 11.0)
    density, _ = quad(
        lambda level: gamma(p * x, scale=1 / (level * x)).pdf(mean) * gamma(q, scale=1 / v).pdf(level),
        0,
        5,
        epsabs=1e-13,
    )
    found = log_likelihood(gamma_gamma.prepare(np.array([x]), np.array([mean]), None), np.log([p, q, v]))
    assert found.value == pytest.approx(np.log(density), rel=1e-9)


@pytest.mark.parametrize("at", [(6.25, 3.74, 15.44), (0.3, 1.2, 400.0), (90.0, 60.0, 2.0)])
def test_gradient_and_hessian_are_those_of_the_likelihood(at: tuple[float, ...]) -> None:
    data = gamma_gamma.prepare(*spenders(700), np.random.default_rng(2).uniform(0.1, 2, 700))
    start, step = np.log(at), 1e-4

    def slope(of) -> np.ndarray:
        far = np.array([(of(start + step * e) - of(start - step * e)) / (2 * step) for e in np.eye(3)])
        near = np.array([(of(start + step / 2 * e) - of(start - step / 2 * e)) / step for e in np.eye(3)])
        return (4 * near - far) / 3

    found = log_likelihood(data, start)
    gradient, hessian = (
        slope(lambda at: log_likelihood(data, at).value),
        slope(lambda at: log_likelihood(data, at).gradient),
    )
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-6, atol=1e-7 * np.abs(gradient).max())
    np.testing.assert_allclose(found.hessian, hessian, rtol=1e-6, atol=1e-7 * np.abs(hessian).max())


def test_a_known_customer_is_expected_to_spend_as_simulated_ones_do() -> None:
    """True levels p/ν of 300,000 simulated customers, by what they showed in two purchases: within four standard errors."""
    rng = np.random.default_rng(9)
    level = rng.gamma(3.74, 1 / 15.44, 300_000)
    shown = rng.gamma(2 * 6.25, 1.0, 300_000) / level / 2
    off = 6.25 / level - MODEL.expected_mean_spend(np.full(300_000, 2), shown)
    group = np.digitize(shown, [10, 15, 20, 30, 45, 70, 100])
    many = np.bincount(group)
    assert np.all(np.abs(np.bincount(group, off) / many) < 4 * np.sqrt(np.bincount(group, off**2)) / many)


def test_a_mean_over_many_purchases_is_believed_and_over_none_is_not() -> None:
    found = MODEL.expected_mean_spend([0, 1, 100_000, 4, 4], [999.0, 100.0, 100.0, np.nan, -3.0])
    assert found[0] == found[3] == found[4] == pytest.approx(MODEL.mean_spend)
    assert MODEL.mean_spend < found[1] < 100.0
    assert found[2] == pytest.approx(100.0, rel=1e-3)
    assert MODEL.mean_spend == pytest.approx(6.25 * 15.44 / 2.74)


def test_yuan_and_fen_give_the_same_model() -> None:
    x, mean = spenders()
    fen = (mean * 100).round().astype(np.int64)
    of_fen, of_yuan = gamma_gamma.fit(x.astype(int), fen), gamma_gamma.fit(x, fen / 100)
    assert of_fen.v / 100 == pytest.approx(of_yuan.v, rel=1e-9)
    np.testing.assert_allclose(
        of_fen.expected_mean_spend(x, fen) / 100, of_yuan.expected_mean_spend(x, fen / 100), rtol=1e-9
    )


def test_zero_negative_and_unknown_amounts_are_left_out_and_counted() -> None:
    x, mean = spenders(500)
    found = gamma_gamma.fit(np.append(x, [2, 1, 3, 0, 0]), np.append(mean, [0.0, -5.0, np.nan, np.nan, -1.0]))
    alone = gamma_gamma.fit(x, mean)
    assert (found.excluded, found.missing, found.customers) == (2, 1, 500)
    assert (found.p, found.q, found.v) == pytest.approx((alone.p, alone.q, alone.v), rel=1e-12)


def test_it_tells_whether_spend_goes_with_frequency() -> None:
    x, mean = spenders()
    assert abs(gamma_gamma.fit(x, mean).correlation) < 0.06
    assert gamma_gamma.fit(x, mean * x).correlation > 0.4
    assert gamma_gamma.fit(x, mean).correlation == pytest.approx(np.corrcoef(x, mean)[0, 1])


def test_too_few_spenders_are_refused() -> None:
    with pytest.raises(CannotFit) as refused:
        gamma_gamma.fit([1, 2, 0, 0], [5.0, 6.0, 0.0, 0.0])
    assert "2" in refused.value.what("zh")


def test_spend_without_a_finite_mean_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(CannotFit) as refused:
        gamma_gamma.fit(np.ones(3000), rng.gamma(8.0, 1.0, 3000) / rng.gamma(0.6, 1.0, 3000))
    assert "wholesale" in refused.value.next_step("en")


def test_customers_all_alike_are_fitted() -> None:
    rng = np.random.default_rng(1)
    model = gamma_gamma.fit(np.full(2000, 2), rng.gamma(12.0, 5.0, 2000))
    np.testing.assert_allclose(model.expected_mean_spend([2, 2], [40.0, 80.0]), 60.0, atol=6.0)
    assert np.isfinite(model.covariance).all()

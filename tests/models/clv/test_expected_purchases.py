"""The expectation by quadrature, against the paper's closed form in 50 digits and against a sum that needs neither."""

from __future__ import annotations

import numpy as np
import pytest

from kexiao.models.clv.expected import expected_purchases, over_customers


def by_counting(t: float, r: float, alpha: float, a: float, b: float) -> float:
    """Σⱼ P(more than j purchases, were there no dropout) · P(surviving j of them): every term positive."""
    from scipy.stats import nbinom

    chance = nbinom(r, alpha / (alpha + t))
    j = np.arange(int(chance.isf(1e-16)) + 10)
    survive = np.concatenate([[1.0], np.cumprod((b + j[:-1]) / (a + b + j[:-1]))])
    return float(chance.sf(j) @ survive)


def draws(number: int = 150, seed: int = 0) -> np.ndarray:
    """Parameters over orders of magnitude, heavy customers (r, b raised by up to 1,000 purchases) among them."""
    rng = np.random.default_rng(seed)
    bought = rng.choice([0, 0, 1, 2, 5, 20, 100, 1000], number)
    powers = [
        rng.uniform(low, high, number) for low, high in ((-1.0, 2.0), (-1.5, 1.0), (0.0, 2.5), (-1.3, 1.0), (-1.0, 1.5))
    ]
    t, r, alpha, a, b = (10.0**power for power in powers)
    return np.column_stack([t, r + bought, alpha, a, b + bought])


@pytest.mark.parametrize("row", draws(60).tolist())
def test_it_is_the_sum_over_survived_purchases(row: list[float]) -> None:
    assert float(expected_purchases(*row)) == pytest.approx(by_counting(*row), rel=1e-10)


def test_it_is_the_papers_closed_form_in_high_precision() -> None:
    """Eq. (9) with mpmath's ₂F₁ in 60 digits, 150 sets of parameters."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")
    mpmath.mp.dps = 60
    rows = draws(150, seed=1)
    found = expected_purchases(*rows.T)
    for row, value in zip(rows.tolist(), found.tolist(), strict=True):
        t, r, alpha, a, b = (mpmath.mpf(each) for each in row)
        z = t / (alpha + t)
        closed = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * mpmath.hyp2f1(r, b, a + b - 1, z))
        assert value == pytest.approx(float(closed), rel=2e-10), row


def test_nothing_breaks_where_the_closed_form_divides_by_zero() -> None:
    near = [float(expected_purchases(30.0, 0.5, 20.0, a, 2.0)) for a in (1 - 1e-7, 1.0, 1 + 1e-7)]
    assert near[0] > near[1] > near[2]
    assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-9)
    assert float(expected_purchases(30.0, 0.5, 20.0, 1.0, 2.0)) == pytest.approx(
        by_counting(30.0, 0.5, 20.0, 1.0, 2.0), rel=1e-10
    )


def test_without_dropout_it_is_rate_times_time() -> None:
    assert float(expected_purchases(100.0, 0.6, 40.0, 1e-6, 3.0)) == pytest.approx(0.6 / 40.0 * 100.0, rel=1e-4)


@pytest.mark.parametrize("discount", [1e-4, 1e-3, 0.05])
@pytest.mark.parametrize("row", draws(8, seed=3).tolist())
def test_discounting_weighs_each_purchase_by_its_time(row: list[float], discount: float) -> None:
    """By summing the expected purchases of 20,000 short intervals, each at its middle."""
    t, *shapes = row
    edges = t * np.linspace(0, 1, 20_001) ** 2
    bought = np.diff(expected_purchases(edges, *shapes))
    wanted = float(bought @ np.exp(-discount * (edges[1:] + edges[:-1]) / 2))
    assert float(expected_purchases(t, *shapes, discount=discount)) == pytest.approx(wanted, rel=3e-6)


def test_no_time_no_purchases() -> None:
    np.testing.assert_array_equal(expected_purchases([0.0, -5.0], 1.0, 10.0, 1.0, 2.0), [0.0, 0.0])


def test_interpolation_in_age_agrees_with_the_direct_way() -> None:
    rng = np.random.default_rng(6)
    frequency = np.minimum(rng.geometric(0.3, 5000) - 1.0, 12.0)
    age = rng.uniform(0.0, 2000.0, 5000)

    def expect(x: np.ndarray, span: np.ndarray) -> np.ndarray:
        return expected_purchases(365.0, 0.3 + x, 5.0 + span, 0.8, 2.4 + x, discount=3e-4)

    np.testing.assert_allclose(over_customers(expect, frequency, age, 5.0), expect(frequency, age), rtol=1e-8)


def test_it_keeps_the_shape_of_its_arguments() -> None:
    assert expected_purchases(np.ones((3, 1)), 0.5, np.full((1, 4), 9.0), 1.0, 2.0).shape == (3, 4)
    assert expected_purchases(1.0, 0.5, 9.0, 1.0, 2.0).shape == ()

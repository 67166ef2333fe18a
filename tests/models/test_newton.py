"""The maximiser on surfaces where plain Newton fails."""

from __future__ import annotations

import numpy as np
import pytest

from kexiao.models.newton import Point, covariance, maximise

WIDE = (np.full(2, -50.0), np.full(2, 50.0))


def banana(at: np.ndarray) -> Point:
    """−Rosenbrock: a curved ridge with its top at (1, 1)."""
    x, y = at.tolist()
    gradient = -np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
    hessian = -np.array([[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200.0]])
    return Point(-((1 - x) ** 2 + 100 * (y - x * x) ** 2), gradient, hessian)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -2.0), (-5.0, -5.0)])
def test_it_follows_a_curved_ridge_to_the_top(start: tuple[float, float]) -> None:
    found = maximise(banana, np.array(start), *WIDE)
    np.testing.assert_allclose(found.at, [1.0, 1.0], atol=1e-7)
    assert found.converged
    assert found.steps < 100


def test_it_leaves_a_saddle() -> None:
    """x² − y² − x⁴ bends upwards at the start, where plain Newton would walk into the saddle."""

    def saddle(at: np.ndarray) -> Point:
        x, y = at.tolist()
        return Point(x * x - y * y - x**4, np.array([2 * x - 4 * x**3, -2 * y]), np.diag([2 - 12 * x * x, -2.0]))

    found = maximise(saddle, np.array([0.05, 1.0]), *WIDE)
    np.testing.assert_allclose(found.at, [np.sqrt(0.5), 0.0], atol=1e-7)


def test_it_stops_at_a_bound_and_says_which_parameter_is_held() -> None:
    def slope(at: np.ndarray) -> Point:
        x, y = at.tolist()
        return Point(-np.exp(-x) - (y - 2) ** 2, np.array([np.exp(-x), -2 * (y - 2)]), np.diag([-np.exp(-x), -2.0]))

    found = maximise(slope, np.zeros(2), np.full(2, -5.0), np.full(2, 5.0))
    np.testing.assert_allclose(found.at, [5.0, 2.0], atol=1e-9)
    assert found.held.tolist() == [True, False]
    np.testing.assert_allclose(covariance(found.point.hessian, found.held), [[0, 0], [0, 0.5]])


def test_a_flat_direction_gets_no_variance() -> None:
    information = np.array([[2.0, 2.0], [2.0, 2.0]])  # flat along (1, −1)
    found = covariance(-information, np.zeros(2, dtype=bool))
    np.testing.assert_allclose(found, np.linalg.pinv(information))

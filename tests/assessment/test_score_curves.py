"""Score curves: checked against points worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kexiao.assessment.curves import Curve


@pytest.mark.parametrize(
    ("value", "points"),
    [(0.5, 0), (0.6, 0), (0.62, 20), (0.65, 50), (0.7, 100), (0.72, 105), (0.74, 110), (0.78, 120), (0.95, 120)],
)
def test_a_linear_curve_is_straight_between_floor_target_and_stretch(value: float, points: float) -> None:
    assert Curve("linear", 0.6, 0.7, 0.78).points(value, higher=True) == pytest.approx(points)


@pytest.mark.parametrize(("value", "points"), [(90, 0), (70, 0), (64, 50), (58, 100), (53, 110), (48, 120), (20, 120)])
def test_where_lower_is_better_the_curve_is_mirrored(value: float, points: float) -> None:
    assert Curve("linear", 70, 58, 48).points(value, higher=False) == pytest.approx(points)


def test_a_capped_curve_never_passes_100_even_with_a_stretch_goal() -> None:
    assert Curve("capped", 0, 10, 20).points([5, 10, 15, 30], higher=True).tolist() == [50, 100, 100, 100]


def test_a_curve_without_a_stretch_goal_ends_at_100() -> None:
    assert Curve("linear", 0, 10, None).points([10, 15], higher=True).tolist() == [100, 100]


def test_a_step_curve_gives_all_or_nothing() -> None:
    assert Curve("step", None, 10, 20).points([9.99, 10, 19.99, 20], higher=True).tolist() == [0, 100, 100, 120]
    assert Curve("step", None, 10, 5).points([10.01, 10, 5.01, 5], higher=False).tolist() == [0, 100, 100, 120]


@pytest.mark.parametrize("kind", ["linear", "capped", "step"])
def test_a_better_value_never_scores_less(kind: str) -> None:
    values = np.linspace(-10, 40, 501)
    assert (np.diff(Curve(kind, 0, 10, 20).points(values, higher=True)) >= 0).all()  # type: ignore[arg-type]
    assert (np.diff(Curve(kind, 20, 10, 0).points(values, higher=False)) <= 0).all()  # type: ignore[arg-type]

"""Difference-in-differences: by hand, by brute force over customers, and by simulation."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from effect.conftest import Draw

from kexiao.effect.differences import Side, difference, drift, pooled, step_gradient, usable, widened
from kexiao.effect.panel import blocks_around, customer_variances, read_panel
from kexiao.improvement.series import Contrast
from kexiao.metrics.catalogue import metric_named


def side(*tops: float, bottoms: tuple[float, ...] | None = None) -> Side:
    return Side(np.array(tops), np.ones(len(tops)) if bottoms is None else np.array(bottoms))


AFTER = np.array([False, False, False, False, True, True])


def test_the_relative_effect_is_the_ratio_of_ratios() -> None:
    treated, other = side(10, 12, 9, 9, 18, 12), side(20, 21, 19, 20, 22, 23)
    found = difference(treated, other, AFTER, relative=True)
    assert np.exp(found.estimate) == pytest.approx((15 / 10) / (22.5 / 20))


def test_the_absolute_effect_is_the_difference_of_differences_of_ratios() -> None:
    treated = side(1, 2, 1, 2, 4, 4, bottoms=(10, 10, 10, 10, 10, 10))
    other = side(2, 2, 2, 2, 3, 3, bottoms=(10, 20, 10, 20, 10, 10))
    found = difference(treated, other, AFTER, relative=False)
    assert found.estimate == pytest.approx((8 / 20 - 6 / 40) - (6 / 20 - 8 / 60))


def test_a_season_that_both_share_leaves_no_trace() -> None:
    season = np.array([1.0, 3, 2, 5, 4, 1])
    found = difference(Side(10 * season, np.ones(6)), Side(40 * season, np.ones(6)), AFTER, relative=True)
    assert found.estimate == pytest.approx(0, abs=1e-12)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_segments_are_pooled_by_adding_up() -> None:
    both = pooled([side(1, 2, bottoms=(10, 10)), side(3, 4, bottoms=(30, 40))], additive=False)
    assert (both.top.tolist(), both.bottom.tolist()) == ([4, 6], [40, 50])
    sums = pooled([side(1, 2), side(3, 4)], additive=True)
    assert (sums.top.tolist(), sums.bottom.tolist()) == ([4, 6], [1, 1])


def test_a_side_without_anything_in_a_phase_is_not_usable() -> None:
    assert usable([side(1, 1, 1, 1, 1, 1)], AFTER, relative=True)
    assert not usable([side(1, 1, 1, 1, 0, 0)], AFTER, relative=True)
    assert usable([side(1, 1, 1, 1, 0, 0)], AFTER, relative=False)


def weeks(rng: np.random.Generator, effect: float, shock: float) -> tuple[Side, Side]:
    """65 weeks of a region and the rest: shared season, Poisson orders, shocks of the region's own that last some weeks."""
    season = np.exp(0.4 * np.sin(np.arange(65) / 52 * 2 * np.pi) + 0.1 * rng.standard_normal(65))
    own = np.zeros(65)
    for week in range(1, 65):
        own[week] = 0.4 * own[week - 1] + shock * rng.standard_normal()
    lift = np.where(np.arange(65) >= 52, np.log1p(effect), 0.0)
    return side(*rng.poisson(120 * season * np.exp(own + lift))), side(*rng.poisson(300 * season))


@pytest.mark.parametrize(("effect", "shock"), [(0.0, 0.0), (0.0, 0.05), (0.15, 0.05)])
def test_the_interval_holds_the_truth_and_nothing_is_seldom_called_something(effect: float, shock: float) -> None:
    rng = np.random.default_rng(21)
    after = np.arange(65) >= 52
    found = [difference(*weeks(rng, effect, shock), after, relative=True) for _ in range(300)]
    held = np.mean([one.low <= np.log1p(effect) <= one.high for one in found])
    assert 0.925 <= held <= 0.985
    if effect == 0:
        assert np.mean([one.p_value < 0.05 for one in found]) <= 0.07


def test_parallel_courses_seldom_fail_the_check_and_drifting_ones_do() -> None:
    rng = np.random.default_rng(22)
    steady, drifting = [], []
    for _ in range(200):
        treated, other = weeks(rng, 0.0, 0.03)
        first = np.arange(65) < 52
        steady.append(drift(treated.part(first), other.part(first), relative=True, ahead=32.5).p_value < 0.01)
        gone = Side(treated.top * np.exp(-0.01 * np.arange(65)), treated.bottom)
        drifting.append(drift(gone.part(first), other.part(first), relative=True, ahead=32.5).p_value < 0.01)
    assert np.mean(steady) <= 0.03
    assert np.mean(drifting) >= 0.95


def test_an_error_is_widened_but_never_narrowed() -> None:
    found = Contrast.of(0.1, 0.05, 20)
    assert widened(found, 0.05**2 / 2) == found
    assert widened(found, None) == found
    assert widened(found, 0.1**2) == Contrast.of(0.1, 0.1, 20)


def test_the_customers_error_is_that_of_adding_up_each_customers_part(company: Draw) -> None:
    rng = np.random.default_rng(3)
    orders = [
        (
            customer if customer % 7 else None,
            day,
            "店",
            "东" if customer % 3 == 0 else "西",
            float(rng.integers(10, 90)),
        )
        for customer in range(1, 200)
        for day in rng.integers(0, 280, rng.integers(1, 6))
    ]
    source = company(orders)
    start, last = date(2024, 8, 5), date(2024, 9, 29)
    for metric in ("orders", "average_order_value"):
        periods, before = blocks_around(source, metric_named(metric).formula, start, last)
        panel = read_panel(source, metric, periods, before, ("region",))
        east = panel.sides[("东",)]
        gradient = step_gradient(east, ~panel.after, panel.after, relative=True, additive=panel.additive)
        found = customer_variances(source, metric, panel, ("region",), [([("东",)], [gradient])])
        first = (periods[0].start - date(2024, 1, 1)).days
        added: dict[object, float] = {}
        for number, (customer, day, _, region, amount) in enumerate(orders):
            block = (int(day) - first) // 7
            if region == "东" and 0 <= block < len(periods):
                one = (1.0, 0.0) if metric == "orders" else (amount, 1.0)
                key = customer if customer is not None else f"anonymous {number}"
                added[key] = added.get(key, 0.0) + one[0] * gradient.top[block] + one[1] * gradient.bottom[block]
        assert found is not None
        assert found[0] == pytest.approx(sum(part**2 for part in added.values()))


def test_heavy_buyers_who_stay_heavy_are_in_the_customers_error(company: Draw) -> None:
    # One customer who buys every day after the start moves the region's total; 60 small ones do not.
    small = [(c, day, "店", "东", 10.0) for c in range(1, 61) for day in range(c % 5, 280, 5)]
    heavy = [(999, day, "店", "东", 10.0) for day in range(217, 280)] * 8
    source = company([*small, *heavy])
    periods, before = blocks_around(source, metric_named("orders").formula, date(2024, 8, 5), date(2024, 9, 29))
    panel = read_panel(source, "orders", periods, before, ("region",))
    gradient = step_gradient(panel.sides[("东",)], ~panel.after, panel.after, relative=True, additive=True)
    variances = customer_variances(source, "orders", panel, ("region",), [([("东",)], [gradient])])
    assert variances is not None
    assert variances[0] ** 0.5 > 0.3  # nearly half of the total hangs on one person


def test_blocks_are_weeks_from_the_start_day_and_lengths_that_cannot_be_cut_stay_whole(company: Draw) -> None:
    source = company([(1, 0, "店", "东", 10.0), (1, 699, "店", "东", 10.0)])
    start, last = date(2025, 7, 1), date(2025, 9, 30)
    periods, before = blocks_around(source, metric_named("orders").formula, start, last)
    assert (before, len(periods)) == (52, 65)
    assert periods[52].start == start
    assert {period.days for period in periods} == {7}
    whole, before = blocks_around(source, metric_named("retention_rate").formula, start, last)
    assert (before, [period.days for period in whole]) == (5, [92] * 6)
    assert (whole[5].start, whole[4].end) == (start, start)

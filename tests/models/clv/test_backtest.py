"""The backtest card on CDNOW as published, and on simulated companies."""

from __future__ import annotations

import numpy as np
import pytest

from kexiao.models.clv.backtest import backtest
from kexiao.models.clv.simulate import PurchaseParameters, simulate
from kexiao.models.inputs import CannotFit

CUT, END = 272 + 1e-9, 272 + 39 * 7 + 1e-9  # the paper counts the last day in, and ages to it


@pytest.fixture(scope="module")
def company() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(12)
    return simulate(rng, rng.integers(0, 300, 20_000), 730, PurchaseParameters(0.6, 40.0, 0.8, 2.5))


def test_the_buckets_are_as_published(transactions) -> None:
    """R8 and R9 from the raw file through the card."""
    card = backtest(transactions.customer, transactions.day, cut_day=CUT, end_day=END)
    actual = [0.2367, 0.6970, 1.3925, 1.56, 2.5323, 2.9474, 3.8621, 6.3594]
    expected = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
    np.testing.assert_allclose([bucket.actual for bucket in card.buckets], actual, atol=0.0001)
    np.testing.assert_allclose([bucket.expected for bucket in card.buckets], expected, atol=0.0005)
    assert [bucket.frequency for bucket in card.buckets] == list(range(8))
    assert [bucket.and_more for bucket in card.buckets] == [False] * 7 + [True]
    assert sum(bucket.customers for bucket in card.buckets) == card.customers == 2357
    assert card.beats_naive


def test_the_weekly_tracking_is_as_published(transactions) -> None:
    """R13, weeks 20–25: counts exactly, expectations to 0.1 %."""
    card = backtest(transactions.customer, transactions.day, cut_day=CUT, end_day=END)
    weeks = card.tracking.days / 7
    place = [int(np.argmin(np.abs(weeks - week))) for week in range(20, 26)]
    assert card.tracking.actual[place].tolist() == [1359, 1414, 1484, 1517, 1573, 1672]
    wanted = [1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6]
    np.testing.assert_allclose(card.tracking.expected[place], wanted, rtol=1e-4)


def test_a_company_that_follows_the_model_is_forecast_within_chance(company) -> None:
    card = backtest(*company, cut_day=500, end_day=730)
    assert card.share_of_actual == pytest.approx(1.0, abs=0.05)  # over many companies the ratio spreads by 0.012
    assert card.mean_absolute_error < card.naive_error
    for bucket in card.buckets:
        assert bucket.expected == pytest.approx(bucket.actual, rel=0.15, abs=0.02)
    ratio = card.tracking.expected[10:] / card.tracking.actual[10:]
    assert np.abs(ratio - 1).max() < 0.05


def test_errors_and_totals_are_those_of_plain_loops(company) -> None:
    customer, day = company.customer_index[:4000], company.day[:4000]
    card = backtest(customer, day, cut_day=500, end_day=730)
    days: dict[int, set[int]] = {}
    for number, when in zip(customer.tolist(), day.tolist(), strict=True):
        days.setdefault(number, set()).add(when)
    known = {number: sorted(whens) for number, whens in days.items() if min(whens) < 500}
    later = [sum(500 <= d < 730 for d in whens) for whens in known.values()]
    naive = [(sum(d < 500 for d in whens) - 1) / (500 - whens[0]) * 230 for whens in known.values()]
    assert card.actual_total == sum(later)
    assert card.naive_error == pytest.approx(np.mean(np.abs(np.subtract(naive, later))))
    repeats_by = [sum(sum(d < mark for d in whens[1:]) for whens in known.values()) for mark in card.tracking.days]
    assert card.tracking.actual.tolist() == repeats_by


def test_the_order_of_events_does_not_matter(company) -> None:
    order = np.random.default_rng(0).permutation(len(company.day))
    first = backtest(*company, cut_day=500, end_day=730)
    second = backtest(company.customer_index[order], company.day[order], cut_day=500, end_day=730)
    assert first.buckets == second.buckets
    assert first.mean_absolute_error == second.mean_absolute_error


def test_a_backtest_without_time_after_the_cut_is_refused(company) -> None:
    with pytest.raises(CannotFit) as refused:
        backtest(*company, cut_day=730, end_day=730)
    assert refused.value.next_step("zh")


def test_a_backtest_without_a_past_is_refused(company) -> None:
    with pytest.raises(CannotFit):
        backtest(*company, cut_day=-5, end_day=730)

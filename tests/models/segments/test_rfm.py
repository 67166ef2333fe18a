"""RFM by its published rule, checked by counting."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from kexiao.errors import InputRejected, WrongUse
from kexiao.models.segments.rfm import HIGH_FROM, SEGMENTS, Limits, limits_of, movement, score

BY_HAND = Limits(recency=(365, 180, 90, 30), frequency=(2, 3, 5, 10), monetary=(100, 300, 1000, 3000))


def base(customers: int = 5000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bought = rng.geometric(0.5, customers)
    return rng.integers(0, 700, customers), bought, (bought * rng.gamma(4.0, 25.0, customers)).round(2)


def test_without_ties_each_score_holds_a_fifth() -> None:
    days, amounts = np.random.default_rng(0).permutation(1000), np.random.default_rng(1).permutation(1000)
    found = score(days, days, amounts, limits_of(days, days, amounts))
    for scores in found[:3]:
        assert np.bincount(scores).tolist() == [0, 200, 200, 200, 200, 200]
    assert set(found.recency[days < 200].tolist()) == {5}
    assert set(found.frequency[days < 200].tolist()) == {1}


def test_equal_customers_get_equal_scores_and_better_ones_never_less() -> None:
    recency, frequency, monetary = base()
    found = score(recency, frequency, monetary, limits_of(recency, frequency, monetary))
    for values, scores in ((-recency, found.recency), (frequency, found.frequency), (monetary, found.monetary)):
        order = np.argsort(values, kind="stable")
        assert np.all(np.diff(scores[order]) >= 0)
        ties = np.diff(values[order]) == 0
        assert np.all(np.diff(scores[order])[ties] == 0)


def test_limits_are_the_smallest_values_above_the_fifths() -> None:
    """By brute force: for k/5 of the customers, the smallest value that they do not exceed, then the next one seen."""
    recency, frequency, monetary = base(997)
    limits = limits_of(recency, frequency, monetary)
    for values, found in (
        (frequency, limits.frequency),
        (monetary, limits.monetary),
        (-recency, tuple(-x for x in limits.recency)),
    ):
        for k, limit in zip(range(1, 5), found, strict=True):
            quantile = min(v for v in values if np.sum(values <= v) * 5 >= k * len(values))
            assert limit == min((v for v in values if v > quantile), default=np.inf)


def test_one_time_buyers_score_one_even_where_they_are_most() -> None:
    frequency = np.array([1] * 70 + [2] * 20 + [7] * 10)
    found = score(np.zeros(100), frequency, frequency, limits_of(np.zeros(100), frequency, frequency))
    assert np.unique(found.frequency[:70]).tolist() == [1]
    assert np.unique(found.frequency[70:90]).tolist() == [4]
    assert np.unique(found.frequency[90:]).tolist() == [5]


def test_limits_by_hand_mean_at_most_so_many_days_and_at_least_so_much() -> None:
    found = score([30, 31, 366, 90], [10, 9, 1, 2], [3000, 2999.99, 99.99, 100], BY_HAND)
    assert found.recency.tolist() == [5, 4, 1, 4]
    assert found.frequency.tolist() == [5, 4, 1, 2]
    assert found.monetary.tolist() == [5, 4, 1, 2]


def test_every_combination_has_the_segment_that_its_rule_says() -> None:
    """The Chinese rule sentence names R, F, M high or low; each of the 125 combinations matches exactly one."""
    days, counts, amounts = [400, 200, 100, 60, 10], [1, 2, 3, 5, 10], [50, 100, 300, 1000, 3000]
    for r, f, m in product(range(5), repeat=3):
        found = score([days[r]], [counts[f]], [amounts[m]], BY_HAND)
        assert (found.recency[0], found.frequency[0], found.monetary[0]) == (r + 1, f + 1, m + 1)
        words = [f"{letter} {'高' if s + 1 >= HIGH_FROM else '低'}" for letter, s in zip("RFM", (r, f, m), strict=True)]
        matching = [i for i, segment in enumerate(SEGMENTS) if segment.rule.zh.startswith(" ".join(words))]
        assert matching == [found.segment[0]]


def test_segments_have_names_rules_and_advice_in_both_languages() -> None:
    assert len({segment.name for segment in SEGMENTS}) == len({segment.label.zh for segment in SEGMENTS}) == 8
    for segment in SEGMENTS:
        for text in (segment.label, segment.rule, segment.advice):
            assert text.zh.isascii() is False
            assert text.en.isascii()
        assert segment.label.zh[:2] == ("重要" if "M 高" in segment.rule.zh else "一般")


def test_movement_counts_every_customer_once() -> None:
    recency, frequency, monetary = base(2000)
    first = score(recency, frequency, monetary, BY_HAND).segment
    second = score(recency + 60, frequency, monetary, BY_HAND).segment
    before, after = np.arange(2000), np.arange(500, 2500)[::-1]
    found = movement(before, first, after, second)
    loops = np.zeros((9, 9), dtype=int)
    now = dict(zip(after.tolist(), second.tolist(), strict=True))
    was = dict(zip(before.tolist(), first.tolist(), strict=True))
    for customer in was.keys() | now.keys():
        loops[was.get(customer, 8), now.get(customer, 8)] += 1
    np.testing.assert_array_equal(found.customers, loops)
    assert found.customers[:8].sum() == 2000
    assert found.customers[:, :8].sum() == 2000
    shares = found.shares()
    np.testing.assert_allclose(np.nansum(shares, axis=1)[found.customers.sum(axis=1) > 0], 1.0)


def test_the_limits_of_one_period_show_the_same_customer_unmoved_in_the_next() -> None:
    recency, frequency, monetary = base()
    limits = limits_of(recency, frequency, monetary)
    whole = score(recency, frequency, monetary, limits)
    half = score(recency[::2], frequency[::2], monetary[::2], limits)
    np.testing.assert_array_equal(whole.segment[::2], half.segment)


def test_limits_that_do_not_get_better_are_refused() -> None:
    with pytest.raises(WrongUse) as refused:
        Limits(recency=(30, 90, 180, 365), frequency=(2, 3, 5, 10), monetary=(100, 300, 1000, 3000))
    assert "365" in refused.value.next_step("zh")


def test_a_missing_amount_is_refused_and_a_negative_one_is_not() -> None:
    with pytest.raises(InputRejected):
        limits_of([1, 2], [1, 1], [5.0, np.nan])
    assert score([1, 2], [1, 1], [-5.0, 10.0], BY_HAND).monetary.tolist() == [1, 1]

"""A change's parts add up to it exactly, whatever the groups do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexiao.facts.decomposition import split_ratio, split_total

AMOUNTS = st.tuples(st.integers(-50, 10_000), st.integers(0, 500))
SIDES = st.dictionaries(st.sampled_from("abcd"), AMOUNTS, min_size=1)


def has_volume(side: dict[str, tuple[int, int]]) -> bool:
    return sum(bottom for _, bottom in side.values()) > 0


@given(SIDES, SIDES)
def test_a_total_is_volume_plus_mix_plus_rate(
    before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]]
) -> None:
    found = split_total(before, now)
    change = sum(t for t, _ in now.values()) - sum(t for t, _ in before.values())
    assert found.change == change
    assert found.volume is not None
    assert found.volume + found.mix + found.rate == pytest.approx(change, abs=1e-6)
    assert sum(part.change for part in found.segments) == pytest.approx(change, abs=1e-6)


@given(SIDES.filter(has_volume), SIDES.filter(has_volume))
def test_a_ratio_is_mix_plus_rate(before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]]) -> None:
    found = split_ratio(before, now)
    ratios = [sum(t for t, _ in s.values()) / sum(b for _, b in s.values()) for s in (before, now)]
    assert found.mix + found.rate == pytest.approx(ratios[1] - ratios[0], abs=1e-9)
    assert found.volume is None


def test_equal_rates_leave_only_mix() -> None:
    found = split_ratio({"a": (50, 100), "b": (10, 100)}, {"a": (50, 100), "b": (20, 200)})
    assert found.rate == pytest.approx(0)
    assert found.mix == pytest.approx(70 / 300 - 60 / 200)


def test_a_group_that_leaves_is_all_mix() -> None:
    found = split_total({"a": (100, 10), "b": (300, 10)}, {"a": (200, 20)})
    gone = next(part for part in found.segments if part.segment == "b")
    assert gone.rate == 0
    assert gone.change < 0


def test_every_group_up_and_the_total_down_is_flagged_as_simpsons_reversal() -> None:
    found = split_ratio({"a": (90, 100), "b": (10, 50)}, {"a": (19, 20), "b": (60, 200)})
    assert found.simpson
    assert found.change < 0
    assert found.rate > 0 > found.mix


def test_growth_of_a_group_below_average_counts_against_it() -> None:
    found = split_ratio({"high": (80, 100), "low": (20, 100)}, {"high": (80, 100), "low": (60, 300)})
    low = next(part for part in found.segments if part.segment == "low")
    assert low.mix < 0

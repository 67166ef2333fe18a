"""Shrinkage and funnels, checked by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from kexiao.assessment.fairness import Basis, beside_group


def proportions(hits: list[int], trials: list[int]) -> list[Basis]:
    return [Basis(h / n, 0.1, (float(h), float(n))) for h, n in zip(hits, trials, strict=True)]


def test_equal_proportions_are_pooled_entirely() -> None:
    found = beside_group(proportions([30, 30, 31], [100, 100, 100]))
    assert found is not None
    assert [stand.shrunk for stand in found] == pytest.approx([91 / 300] * 3)


def test_kleinmans_moments_are_those_worked_out_by_hand() -> None:
    hits, trials = np.array([10.0, 30.0, 50.0]), np.array([100.0, 100.0, 100.0])
    mean, subjects = 0.3, 3
    between = sum(100 * (p - mean) ** 2 for p in (0.1, 0.3, 0.5)) - mean * 0.7 * (subjects - 1)
    rho = between / (mean * 0.7 * (300 - 30000 / 300 - 2))
    strength = (1 - rho) / rho
    found = beside_group(proportions([10, 30, 50], [100, 100, 100]))
    assert found is not None
    assert [s.shrunk for s in found] == pytest.approx(((hits + strength * mean) / (trials + strength)).tolist())


def test_the_smaller_base_is_drawn_further_to_the_mean() -> None:
    found = beside_group(proportions([3, 60, 20, 30, 45], [5, 100, 100, 100, 100]))
    assert found is not None
    assert found[0].shrunk < found[1].shrunk  # both have 60 %, one from five leads, one from a hundred
    assert found[0].mean < found[0].shrunk < 0.6
    assert found[0].beyond is None
    assert found[1].beyond == "above"


def test_the_funnel_holds_19_of_20_subjects_that_are_all_alike() -> None:
    rng = np.random.default_rng(7)
    inside = total = 0
    for _ in range(60):
        trials = rng.integers(40, 400, 20)
        found = beside_group(proportions(rng.binomial(trials, 0.3).tolist(), trials.tolist()))
        assert found is not None
        inside += sum(stand.beyond is None for stand in found)
        total += len(found)
    assert 0.94 < inside / total < 0.985  # exact binomial limits hold at least 95 %


def test_funnel_limits_are_binomial_quantiles() -> None:
    found = beside_group(proportions([10, 30, 50], [100, 100, 100]))
    assert found is not None
    assert (found[0].low, found[0].high) == (binom.ppf(0.025, 100, 0.3) / 100, binom.ppf(0.975, 100, 0.3) / 100)


def test_means_are_shrunk_by_their_own_error_against_the_spread_between_subjects() -> None:
    values, errors = np.array([200.0, 220.0, 260.0]), np.array([10.0, 10.0, 20.0])
    weights = errors**-2
    fixed = (weights * values).sum() / weights.sum()
    heterogeneity = (weights * (values - fixed) ** 2).sum()
    between = (heterogeneity - 2) / (weights.sum() - (weights**2).sum() / weights.sum())
    mean = np.average(values, weights=1 / (errors**2 + between))
    found = beside_group([Basis(v, e) for v, e in zip(values, errors, strict=True)])
    assert found is not None
    expected = (between * values + errors**2 * mean) / (between + errors**2)
    assert [stand.shrunk for stand in found] == pytest.approx(expected.tolist())


def test_shrunk_values_lie_closer_to_the_truth_than_raw_ones() -> None:
    rng = np.random.default_rng(3)
    raw = better = 0.0
    for _ in range(40):
        truth = rng.beta(30, 70, 25)
        trials = rng.integers(5, 120, 25)
        hits = rng.binomial(trials, truth)
        found = beside_group(proportions(hits.tolist(), trials.tolist()))
        assert found is not None
        raw += ((hits / trials - truth) ** 2).sum()
        better += ((np.array([s.shrunk for s in found]) - truth) ** 2).sum()
    assert better < 0.45 * raw


def test_two_subjects_have_no_group_to_be_beside() -> None:
    assert beside_group(proportions([1, 2], [5, 5])) is None

"""Fairness to small bases: values drawn toward the group's mean, and funnel limits that say who really stands out.

Proportions of counted subjects are shrunk by the beta-binomial with moments of Kleinman (1973, J. Am. Stat. Assoc. 68, eq. 2.9), everything else that has an
interval by the normal model with the variance between subjects of DerSimonian & Laird (1986, Control. Clin. Trials 7). Funnel limits follow
Spiegelhalter (2005, Stat. Med. 24): 95 % of subjects of a size would lie inside if all were alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kexiao.facts.intervals import Z

_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Basis:
    """What one subject brings: its value, the standard error, and for a proportion its counts."""

    value: float
    error: float
    counts: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A subject beside its group: the shrunk value, the group's mean, the funnel's limits and the side on which it lies outside."""

    shrunk: float
    mean: float
    low: float
    high: float
    beyond: Literal["above", "below"] | None


def beside_group(bases: Sequence[Basis]) -> list[Standing] | None:
    """Where each subject of a group stands; None for fewer than three, since a mean of two says nothing of either.

    >>> found = beside_group([Basis(0.6, 0.2, (3, 5)), Basis(0.3, 0.05, (30, 100)), Basis(0.28, 0.05, (28, 100)), Basis(0.32, 0.05, (32, 100))])
    >>> round(found[0].shrunk, 3), found[0].beyond
    (0.305, None)
    """
    if len(bases) < _FEWEST:
        return None
    counts = [basis.counts for basis in bases if basis.counts is not None]
    if len(counts) == len(bases):
        return _proportions(bases, np.array(counts, dtype=np.float64))
    return _normal(bases)


def _proportions(bases: Sequence[Basis], counts: np.ndarray) -> list[Standing] | None:
    from scipy.stats import binom

    hits, trials = counts[:, 0], counts[:, 1]
    if (trials <= 0).any():
        return None
    whole, subjects = trials.sum(), len(bases)
    mean = hits.sum() / whole
    spread = mean * (1 - mean)
    # Kleinman's moment estimate of the correlation within a subject, weights equal to the trials.
    between = (trials * (hits / trials - mean) ** 2).sum() - spread * (subjects - 1)
    scale = spread * (whole - (trials**2).sum() / whole - (subjects - 1))
    within = min(max(between / scale, 0.0), 1.0) if scale > 0 else 0.0
    strength = (1 - within) / within if within > 0 else np.inf
    found = []
    for basis, hit, trial in zip(bases, hits, trials, strict=True):
        shrunk = mean if np.isinf(strength) else (hit + strength * mean) / (trial + strength)
        low, high = (float(binom.ppf(q, round(trial), mean)) / round(trial) for q in (0.025, 0.975))
        found.append(_standing(basis.value, float(shrunk), float(mean), low, high))
    return found


def _normal(bases: Sequence[Basis]) -> list[Standing] | None:
    values = np.array([basis.value for basis in bases])
    errors = np.array([basis.error for basis in bases])
    if (errors <= 0).any() or not np.isfinite(errors).all():
        return None
    weights = errors**-2
    fixed = (weights * values).sum() / weights.sum()
    heterogeneity = (weights * (values - fixed) ** 2).sum()
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    between = max(0.0, (heterogeneity - (len(bases) - 1)) / scale)
    total = 1 / (errors**2 + between)
    mean = (total * values).sum() / total.sum()
    found = []
    for value, error in zip(values, errors, strict=True):
        kept = between / (between + error**2)
        shrunk = kept * value + (1 - kept) * mean
        found.append(
            _standing(float(value), float(shrunk), float(mean), float(mean - Z * error), float(mean + Z * error))
        )
    return found


def _standing(value: float, shrunk: float, mean: float, low: float, high: float) -> Standing:
    beyond: Literal["above", "below"] | None = "above" if value > high else "below" if value < low else None
    return Standing(shrunk, mean, low, high, beyond)

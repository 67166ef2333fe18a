"""The active window that the data suggest: how long a customer usually stays away between purchase days."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHARE = 0.9
STEP = 30
GAP_COUNTS_QUERY = """
    SELECT n.gaps AS gaps, d.gap AS gap, count(*) AS times
    FROM {purchase_days} AS d
    JOIN (SELECT customer_id, count(gap) AS gaps FROM {purchase_days} GROUP BY customer_id) AS n ON n.customer_id = d.customer_id
    WHERE d.gap IS NOT NULL GROUP BY n.gaps, d.gap"""
"""How often customers with so many closed gaps have one of a length, in days."""


@dataclass(frozen=True, slots=True)
class WindowSuggestion:
    """``days``: the suggestion; ``quantile_days``: the 90th percentile before rounding; ``curve``: (gap in days, share of gaps no longer)."""

    days: int
    quantile_days: int
    customers_with_gaps: float
    curve: tuple[tuple[int, float], ...]


def gap_weights(counts: Iterable[tuple[int, int, int]]) -> list[tuple[int, float]]:
    """Gap lengths and their weight, each customer's gaps weighing 1 together, from (gaps of the customer, gap, times).

    >>> gap_weights([(2, 10, 3), (1, 10, 1), (2, 30, 1)])
    [(10, 2.5), (30, 0.5)]
    """
    parts: dict[int, list[float]] = {}
    for gaps, gap, times in counts:
        parts.setdefault(int(gap), []).append(int(times) / int(gaps))
    return [(gap, math.fsum(weights)) for gap, weights in sorted(parts.items())]


def suggest_window(gap_weights: Sequence[tuple[int, float]]) -> WindowSuggestion | None:
    """The 90th percentile of gaps between purchase days, customers weighing the same, rounded up to 30 days; None without any gap.

    >>> suggest_window([(10, 5.0), (40, 4.0), (200, 1.0)]).days
    60
    """
    total = math.fsum(weight for _, weight in gap_weights)
    if total <= 0:
        return None
    curve, so_far = [], 0.0
    for gap, weight in gap_weights:
        so_far += weight
        curve.append((int(gap), so_far / total))
    quantile = next(gap for gap, share in curve if share >= SHARE - 1e-12)
    return WindowSuggestion(math.ceil(quantile / STEP) * STEP, quantile, total, tuple(curve))

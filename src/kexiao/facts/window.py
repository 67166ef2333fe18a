"""The active window that the data suggest: how long a customer usually stays away between purchase days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SHARE = 0.9
STEP = 30
# Customers and weight of a gap length, in days: each customer's closed gaps weigh 1 together.
GAP_WEIGHTS_QUERY = """
    SELECT gap, sum(CAST(1 AS DOUBLE) / gaps) AS weight
    FROM (SELECT gap, count(*) OVER (PARTITION BY customer_id) AS gaps FROM purchase_days WHERE gap IS NOT NULL)
    GROUP BY gap ORDER BY gap"""


@dataclass(frozen=True, slots=True)
class WindowSuggestion:
    """``days``: the suggestion; ``quantile_days``: the 90th percentile before rounding; ``curve``: (gap in days, share of gaps no longer)."""

    days: int
    quantile_days: int
    customers_with_gaps: float
    curve: tuple[tuple[int, float], ...]


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

"""How good are the forecasts? Fit on the past up to a day, forecast the time after it, and compare.

The three views are those of Fader, Hardie & Lee (2005), figures 2–4: cumulative purchases week by week, and purchases in the hold-out by
number of purchases before it; beside them the mean absolute error against the rule of thumb "everyone goes on as before".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.models.clv import bg_nbd
from kexiao.models.clv.bg_nbd import BgNbd
from kexiao.models.clv.history import purchase_days, purchase_history
from kexiao.models.inputs import CannotFit
from kexiao.text import Text

Floats = NDArray[np.float64]

TOP_BUCKET = 7


@dataclass(frozen=True, slots=True)
class Bucket:
    """Customers with ``frequency`` repeat purchases before the cut (``and_more``: or more), and their mean purchases after it."""

    frequency: int
    and_more: bool
    customers: int
    actual: float
    expected: float


@dataclass(frozen=True, slots=True)
class Tracking:
    """Cumulative repeat purchases of the customers seen before the cut, at each day in ``days``; the cut lies inside."""

    days: Floats
    actual: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class BacktestCard:
    """The forecast for [cut_day, end_day) beside what happened. Errors are in purchases per customer.

    ``naive_error``: of "everyone goes on at his rate so far" (frequency ÷ age). ``share_of_actual``: expected ÷ actual total, None
    where nothing was bought.
    """

    model: BgNbd
    cut_day: float
    end_day: float
    customers: int
    buckets: tuple[Bucket, ...]
    tracking: Tracking
    mean_absolute_error: float
    naive_error: float
    actual_total: float
    expected_total: float

    @property
    def share_of_actual(self) -> float | None:
        return self.expected_total / self.actual_total if self.actual_total else None

    @property
    def beats_naive(self) -> bool:
        return self.mean_absolute_error < self.naive_error


def backtest(customer: Any, day: Any, *, cut_day: float, end_day: float, track_every: float = 7.0) -> BacktestCard:
    """Fit on purchase events before ``cut_day``, forecast until ``end_day``. Events: customer number and day, any order.

    Raises CannotFit where the past is too thin or there is no time after the cut.
    """
    if not cut_day < end_day:
        raise CannotFit(
            Text(zh="检验期为空：截止日不早于期末。", en="There is no time to test on: the cut is not before the end."),
            next_step=Text(
                zh="请把截止日提前，例如留出最后四分之一的时间。",
                en="Move the cut earlier, say to leave the last quarter of the time.",
            ),
        )
    past = purchase_history(customer, day, end_day=cut_day)
    model = bg_nbd.fit(past.frequency, past.recency, past.age)
    births = cut_day - past.age
    events = _of_known(past.customer, *purchase_days(customer, day, end_day=end_day))
    actual = np.bincount(events[0][events[1] >= cut_day], minlength=len(births)).astype(np.float64)
    length = end_day - cut_day
    expected = model.conditional_expected_purchases(length, past.frequency, past.recency, past.age)
    naive = np.divide(past.frequency * length, past.age, out=np.zeros(len(past.age)), where=past.age > 0)
    return BacktestCard(
        model=model,
        cut_day=float(cut_day),
        end_day=float(end_day),
        customers=len(past.customer),
        buckets=_buckets(past.frequency, actual, expected),
        tracking=_tracking(model, births, events[1], np.arange(births.min() + track_every, end_day, track_every)),
        mean_absolute_error=float(np.abs(expected - actual).mean()),
        naive_error=float(np.abs(naive - actual).mean()),
        actual_total=float(actual.sum()),
        expected_total=float(expected.sum()),
    )


def _of_known(known: NDArray[np.int64], who: NDArray[np.int64], when: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Events of the customers in ``known`` (ascending), as positions in it."""
    place = np.minimum(np.searchsorted(known, who), len(known) - 1)
    match = known[place] == who
    return place[match], when[match]


def _buckets(frequency: Floats, actual: Floats, expected: Floats) -> tuple[Bucket, ...]:
    bucket = np.minimum(frequency, TOP_BUCKET).astype(np.intp)
    many = np.bincount(bucket)
    sums = np.bincount(bucket, actual), np.bincount(bucket, expected)
    return tuple(
        Bucket(k, k == TOP_BUCKET, int(many[k]), float(sums[0][k] / many[k]), float(sums[1][k] / many[k]))
        for k in np.flatnonzero(many).tolist()
    )


def _tracking(model: BgNbd, births: Floats, purchases: Floats, marks: Floats) -> Tracking:
    """Repeat purchases before each mark: counted, and Σ over customers of E[X(mark − birth)]."""
    starts, many = np.unique(births, return_counts=True)
    actual = np.searchsorted(np.sort(purchases), marks) - np.cumsum(many)[np.searchsorted(starts, marks) - 1]
    ages = np.maximum(marks[:, None] - starts, 0.0)
    distinct, place = np.unique(ages, return_inverse=True)
    expected = model.expected_purchases(distinct)[place.reshape(ages.shape)] @ many
    return Tracking(marks, actual.astype(np.float64), expected)

"""Purchase histories as the models see them, from a list of purchase events."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class PurchaseHistory(NamedTuple):
    """One entry per customer with a purchase before the end, in order of ``customer``; times in the unit of the days given."""

    customer: NDArray[np.int64]
    frequency: Floats
    """Distinct purchase days after the first one: a split order is no repeat."""
    recency: Floats
    """From the first to the last purchase day."""
    age: Floats
    """From the first purchase day to the end."""


def purchase_history(customer: Any, day: Any, *, end_day: float, start_day: float = -np.inf) -> PurchaseHistory:
    """Sum events up per customer, counting those with start_day ≤ day < end_day. The age runs to ``end_day``.

    >>> found = purchase_history([7, 7, 7, 9], [0, 10, 10, 5], end_day=30)
    >>> found.customer.tolist(), found.frequency.tolist(), found.recency.tolist(), found.age.tolist()
    ([7, 9], [1.0, 0.0], [10.0, 0.0], [30.0, 25.0])
    """
    who, when = purchase_days(customer, day, end_day=end_day, start_day=start_day)
    first = np.flatnonzero(np.diff(who, prepend=who[:1] - 1))
    last = np.append(first[1:], len(who))[: len(first)] - 1
    begin = when[first]
    return PurchaseHistory(who[first], (last - first).astype(np.float64), when[last] - begin, float(end_day) - begin)


def purchase_days(
    customer: Any, day: Any, *, end_day: float = np.inf, start_day: float = -np.inf
) -> tuple[NDArray[np.int64], Floats]:
    """Distinct (customer, day) pairs within [start_day, end_day), by customer and day."""
    who, when = np.asarray(customer, dtype=np.int64), np.asarray(day, dtype=np.float64)
    inside = (when >= start_day) & (when < end_day)
    who, when = who[inside], when[inside]
    step = np.diff(who)
    if not (np.all(step >= 0) and np.all((np.diff(when) >= 0) | (step > 0))):
        order = np.lexsort((when, who))
        who, when = who[order], when[order]
    new = np.ones(len(who), dtype=bool)
    new[1:] = (np.diff(who) != 0) | (np.diff(when) != 0)
    return who[new], when[new]

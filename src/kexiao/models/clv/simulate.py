"""Draw purchase histories from the very models that we fit: BG/NBD for when, Gamma-Gamma for how much.

The story of one customer (Fader, Hardie & Lee 2005, section 3): a first purchase at birth; then purchases at a personal
rate λ ~ Gamma(r, α); after each of them the customer is gone for good with a personal probability p ~ Beta(a, b). The
mean spend of a purchase follows Fader & Hardie (2013), note 025: ν ~ Gamma(q, v), amount ~ Gamma(p, ν).

>>> rng = np.random.default_rng(1)
>>> who, day = simulate(rng, births=np.array([0, 0, 30]), end_day=365, parameters=PurchaseParameters(0.8, 40.0, 0.8, 2.5))
>>> amounts = spend(rng, who, p=6.25, q=3.74, v=154.4)
>>> bool(len(who) == len(day) == len(amounts)), bool(day.max() < 365)
(True, True)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALLEST_DROPOUT = 1e-9  # a Beta draw can underflow to 0, and a geometric draw refuses 0


class HasPurchaseParameters(Protocol):
    """Anything with r, alpha, a, b: the parameters below, or a fitted ``BgNbd`` with days as its time unit."""

    @property
    def r(self) -> Any: ...
    @property
    def alpha(self) -> Any: ...
    @property
    def a(self) -> Any: ...
    @property
    def b(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class PurchaseParameters:
    """True parameters to draw from; each a number, or one number per customer.

    ``r`` and ``alpha`` (days): shape and rate of the purchase rate, so r / alpha purchases a day on average.
    ``a`` and ``b``: the dropout probability after a repeat purchase, a / (a + b) on average.
    """

    r: float | Floats
    alpha: float | Floats
    a: float | Floats
    b: float | Floats


class Purchases(NamedTuple):
    """Purchase events, all of one customer together and in time order."""

    customer_index: Integers
    """Position in ``births``."""
    day: NDArray[Any]
    """Days since the start (whole days, unless asked otherwise)."""


def simulate(
    rng: np.random.Generator,
    births: NDArray[Any],
    end_day: float,
    parameters: HasPurchaseParameters,
    *,
    tempo: Floats | None = None,
    whole_days: bool = True,
) -> Purchases:
    """Purchase events of every customer from birth to ``end_day`` (exclusive), the first purchase at birth included.

    ``births``: day of the first purchase per customer, counted from the start; those at or after ``end_day`` buy nothing.
    ``tempo``: relative purchase rate of each calendar day from day 0 (1 = usual, 2 = twice as many), at least ``end_day``
    long: seasons and holidays. Customers then live in the model's time, which runs faster on busy days.
    ``whole_days``: give integer days; a birth is taken to lie anywhere within its day, so gaps in days are unbiased.
    Two purchases can fall on one day, as in life. With ``whole_days=False`` births and times are taken as exact.

    For millions of customers call it once per chunk of ``births``; the events of a chunk fit in memory where all do not.
    """
    start = np.asarray(births, dtype=np.float64)
    if whole_days:
        start = np.floor(start) + rng.random(len(start))
    clock = _Clock(end_day, tempo)
    begin = clock.model_time(start)
    length = np.maximum(clock.end - begin, 0.0)
    born = start < end_day
    rate, dropout = draw_customers(rng, len(start), parameters)
    possible = rng.poisson(rate * length)
    kept = np.minimum(possible, rng.geometric(dropout)) * born
    who = np.repeat(np.arange(len(start), dtype=np.int64), kept + born)
    first = np.cumsum(kept + born) - (kept + born)
    is_first = np.zeros(len(who), dtype=bool)
    is_first[first[born]] = True
    times = np.empty(len(who))
    times[is_first] = start[born]
    times[~is_first] = clock.calendar_time(event_times(rng, begin, length, possible, kept))
    return Purchases(who, np.floor(times).astype(np.int64) if whole_days else times)


def draw_customers(
    rng: np.random.Generator, customers: int, parameters: HasPurchaseParameters
) -> tuple[Floats, Floats]:
    """The hidden truth of each customer: purchases a day while alive, and dropout probability after each."""
    rate = rng.gamma(parameters.r, 1.0 / np.asarray(parameters.alpha), customers)
    dropout = rng.beta(parameters.a, parameters.b, customers)
    return rate, np.clip(dropout, SMALLEST_DROPOUT, 1.0)


def spend(rng: np.random.Generator, customer_index: Integers, p: float, q: float, v: float) -> Floats:
    """An amount for each transaction, in the unit of ``v`` (mean over customers p·v / (q − 1)).

    ``customer_index`` counts from 0; transactions of one customer share one personal spending level.
    Fader & Hardie (2013), note 025, assumptions (i)–(iii).
    """
    customers = int(customer_index.max()) + 1 if len(customer_index) else 0
    level = rng.gamma(q, 1.0 / v, customers)
    amounts: Floats = rng.gamma(p, 1.0, len(customer_index)) / level[customer_index]
    return amounts


def event_times(rng: np.random.Generator, begin: Floats, length: Floats, possible: Integers, kept: Integers) -> Floats:
    """The first ``kept`` of ``possible`` events, uniform over each customer's observed life, in order, without a sort.

    Uniform order statistics are partial sums of exponentials over the sum of all: Σ₁ᵏE / (Σ₁ⁿE + Eₙ₊₁). The events
    after the dropout are never drawn one by one; their sum is one Gamma(n + 1 − kept) draw.
    """
    total = int(kept.sum())
    running = np.cumsum(rng.standard_exponential(total))
    last = np.cumsum(kept)
    before = np.concatenate([[0.0], running])[last - kept]
    through = np.concatenate([[0.0], running])[last]
    whole = through - before + rng.standard_gamma(possible + 1.0 - kept)
    owner = np.repeat(np.arange(len(kept)), kept)
    fraction = (running - before[owner]) / whole[owner]
    times: Floats = begin[owner] + length[owner] * np.minimum(fraction, np.nextafter(1.0, 0.0))
    return times


class _Clock:
    """Calendar days to model time and back; the same where there is no tempo."""

    def __init__(self, end_day: float, tempo: Floats | None) -> None:
        self.knots: Floats | None = None
        self.end = float(end_day)
        if tempo is None:
            return
        days = int(np.ceil(end_day))
        if len(tempo) < days or not np.all(np.asarray(tempo[:days]) > 0):
            raise ValueError(f"tempo needs a number above 0 for each of the {days} days")
        self.days = np.arange(days + 1, dtype=np.float64)
        self.knots = np.concatenate([[0.0], np.cumsum(tempo[:days])])
        self.end = float(np.interp(end_day, self.days, self.knots))

    def model_time(self, calendar: Floats) -> Floats:
        return calendar if self.knots is None else np.interp(calendar, self.days, self.knots)

    def calendar_time(self, model: Floats) -> Floats:
        return model if self.knots is None else np.interp(model, self.knots, self.days)

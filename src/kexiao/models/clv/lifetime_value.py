"""What a customer is worth: discounted expected margin, from BG/NBD (how often, how long) and Gamma-Gamma (how much).

    residual value   = margin rate · E[M | x, m̄] · Σ over future purchases of E[d^time],     d = 1 / (1 + discount rate a year)
    CLV at acquisition = margin earned so far + what is expected from now to the horizon, both discounted to the first purchase

The expected discounted purchases follow P. Fader, B. Hardie, K. Lee (2005), 'RFM and CLV: Using Iso-Value Curves for Customer Base
Analysis', Journal of Marketing Research 42(4), 415–430 (DERT), here cut off at a horizon and
with BG/NBD for purchases. Before acquisition cost.

>>> terms = Terms(margin_rate=0.4)
>>> terms.horizon_years, terms.discount_rate
(3.0, 0.1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import WrongUse
from kexiao.models.clv import bg_nbd, gamma_gamma
from kexiao.models.clv.bg_nbd import BgNbd, TimeUnit
from kexiao.models.clv.expected import expected_purchases
from kexiao.models.clv.gamma_gamma import GammaGamma
from kexiao.models.clv.simulate import SMALLEST_DROPOUT, event_times
from kexiao.models.inputs import CannotFit, Unfitted
from kexiao.text import Text

Floats = NDArray[np.float64]

UNITS_PER_YEAR: dict[TimeUnit, float] = {"day": 365.25, "week": 365.25 / 7.0, "month": 12.0}
NORMAL_95 = 1.959963984540054
SEED = 20_050_101
INSTEAD = Text(
    zh="改看历史客户价值（至今毛利 ÷ 客户数），不作预测。",
    en="Show the historic customer value instead (margin to date ÷ customers); no forecast is made.",
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How value is counted: share of sales that is margin (0–1), years ahead, discount a year (0.1 = 10 %)."""

    margin_rate: float
    horizon_years: float = 3.0
    discount_rate: float = 0.10

    def __post_init__(self) -> None:
        for name, value, low, high in (
            (Text(zh="毛利率", en="margin rate"), self.margin_rate, -1.0, 1.0),
            (Text(zh="预测年限", en="horizon in years"), self.horizon_years, 0.0, 50.0),
            (Text(zh="年贴现率", en="discount rate a year"), self.discount_rate, 0.0, 10.0),
        ):
            if not low <= value <= high:
                raise WrongUse(
                    Text(zh="{name}不能是 {value}。", en="The {name} can't be {value}.").fill(name=name, value=value),
                    next_step=Text(
                        zh="请取 {low} 到 {high} 之间的数（10 % 写作 0.1）。",
                        en="Give a number from {low} to {high} (10 % is 0.1).",
                    ).fill(low=f"{low:g}", high=f"{high:g}"),
                )


class Customers(NamedTuple):
    """Columns of existing customers, each (n,): see ``bg_nbd.fit``; ``mean_spend`` is money per purchase over ``spend_purchases`` of them."""

    frequency: Floats
    recency: Floats
    age: Floats
    mean_spend: Floats
    spend_purchases: Floats


@dataclass(frozen=True, slots=True)
class ValueModel:
    """Both fitted models of one customer base."""

    purchases: BgNbd
    spend: GammaGamma


class Estimate(NamedTuple):
    """A mean or total with its 95 % interval, in money: the uncertainty of the parameters, no shocks to come.

    ``high`` is infinite where a handful of customers leave the parameters wide open.
    """

    value: float
    low: float
    high: float


class Intervals(NamedTuple):
    """For each customer asked, the middle 95 % of what he may bring (money, shape (n,)), parameters taken as known."""

    low: Floats
    high: Floats


def customers(frequency: Any, recency: Any, age: Any, mean_spend: Any, spend_purchases: Any | None = None) -> Customers:
    """The columns as arrays. Without ``spend_purchases`` the mean spend is over the repeat purchases."""
    x, last, span, mean = (np.asarray(each, dtype=np.float64).ravel() for each in (frequency, recency, age, mean_spend))
    return Customers(
        x, last, span, mean, x if spend_purchases is None else np.asarray(spend_purchases, dtype=np.float64)
    )


def fit(base: Customers, *, weights: Any | None = None, time_unit: TimeUnit = "day") -> ValueModel:
    """Both models. Raises CannotFit where the data don't carry one of them."""
    purchases = bg_nbd.fit(base.frequency, base.recency, base.age, weights, time_unit=time_unit)
    return ValueModel(purchases, gamma_gamma.fit(base.spend_purchases, base.mean_spend, weights))


def fit_or_explain(
    base: Customers, *, weights: Any | None = None, time_unit: TimeUnit = "day", wider: ValueModel | None = None
) -> ValueModel | Unfitted:
    """Both models; else those of a wider scope, if given (a channel borrows the company's); else the reason why there is no CLV."""
    try:
        return fit(base, weights=weights, time_unit=time_unit)
    except CannotFit as error:
        return wider or Unfitted(error.what, error.next_step, INSTEAD)


def residual_value(model: ValueModel, base: Customers, terms: Terms) -> Floats:
    """Expected discounted margin of each customer from now to the horizon. Money, shape (n,)."""
    horizon, discount = _in_units(model.purchases, terms)
    x, last, age = base.frequency, base.recency, base.age
    bought = model.purchases.conditional_expected_purchases(horizon, x, last, age, discount=discount)
    spend = model.spend.expected_mean_spend(base.spend_purchases, base.mean_spend)
    return terms.margin_rate * spend * bought


def acquired_value(model: ValueModel, base: Customers, terms: Terms, earned: Any) -> Floats:
    """CLV of each customer as of his first purchase: margin earned + expected until the horizon after it. Money, shape (n,).

    ``earned`` (n,): margin so far, each purchase (the first included) times ``discount_factor(years since the first)``, and only
    purchases within the horizon.
    """
    horizon, discount = _in_units(model.purchases, terms)
    found = np.array(earned, dtype=np.float64).ravel()
    young = np.flatnonzero(base.age < horizon)
    x, last, age = base.frequency[young], base.recency[young], base.age[young]
    if len(young):
        ahead = model.purchases.conditional_expected_purchases(
            lambda span: horizon - span, x, last, age, discount=discount
        )
        spend = model.spend.expected_mean_spend(base.spend_purchases[young], base.mean_spend[young])
        found[young] += terms.margin_rate * spend * ahead * np.exp(-discount * age)
    return found


def new_customer_value(model: ValueModel, terms: Terms) -> float:
    """CLV of a customer to be won, as of the first purchase, that purchase included. Money."""
    horizon, discount = _in_units(model.purchases, terms)
    shapes = model.purchases.r, model.purchases.alpha, model.purchases.a, model.purchases.b
    bought = float(expected_purchases(horizon, *shapes, discount=discount))
    return terms.margin_rate * model.spend.mean_spend * (1.0 + bought)


def discount_factor(years: Any, discount_rate: float = 0.10) -> Any:
    """What money ``years`` ahead is worth today: (1 + rate)^(−years).

    >>> round(float(discount_factor(3)), 4)
    0.7513
    """
    return np.power(1.0 + discount_rate, -np.asarray(years, dtype=np.float64))[()]


def estimate(model: ValueModel, mean: Callable[[ValueModel], float]) -> Estimate:
    """A mean (or total) with the 95 % interval that the uncertainty of the parameters gives it.

    Delta method: the gradient of log |mean| by the seven log-parameters, by central differences, through both covariances; BG/NBD and Gamma-Gamma
    are estimated independently. On the log scale, so that an interval never crosses zero.
    ``estimate(model, lambda m: float(residual_value(m, base, terms).sum()))`` is customer equity with its interval.
    """
    value = mean(model)
    if value == 0.0:
        return Estimate(0.0, 0.0, 0.0)
    variance = 0.0
    for part, names in (("purchases", ("r", "alpha", "a", "b")), ("spend", ("p", "q", "v"))):
        fitted = getattr(model, part)
        slopes = np.array([_slope(model, part, name, mean) for name in names]) / value
        variance += float(slopes @ fitted.covariance @ slopes)
    with np.errstate(over="ignore"):
        factor = float(np.exp(NORMAL_95 * np.sqrt(variance)))
    low, high = sorted((value / factor, value * factor))
    return Estimate(value, low, high)


def parameter_errors(model: ValueModel, each: Callable[[ValueModel], Floats], *, kept: float = 0.999999) -> Floats:
    """How the uncertainty of the parameters moves each customer's value: money, shape (n, k), k at most 7.

    The variance of any sum or mean of values is the sum over the columns of the square of the same sum or mean of the column, so that a mean over
    whichever customers gets its interval from stored columns. Delta method, as in ``estimate``; columns are the principal directions, those that
    carry the last millionth of the squares left out.
    """
    moved = []
    for part, names in (("purchases", ("r", "alpha", "a", "b")), ("spend", ("p", "q", "v"))):
        slopes = np.column_stack([_slope(model, part, name, each) for name in names])
        size, direction = np.linalg.eigh(getattr(model, part).covariance)
        moved.append(slopes @ (direction * np.sqrt(np.maximum(size, 0.0))))
    errors: Floats = np.hstack(moved)
    # Summed in one fixed order: the same data give the same columns to the last bit.
    size, direction = np.linalg.eigh(np.einsum("ni,nj->ij", errors, errors))
    share = np.cumsum(size[::-1]) / max(float(size.sum()), 1e-300)
    count = int(np.searchsorted(share, kept)) + 1
    found: Floats = errors @ direction[:, ::-1][:, : min(count, 7)]
    return found * np.where(found.sum(axis=0) < 0, -1.0, 1.0)


def residual_estimate(model: ValueModel, base: Customers, terms: Terms) -> Estimate:
    """Mean residual value over the customers, with its interval. Money per customer."""
    return estimate(model, lambda m: float(residual_value(m, base, terms).mean()))


def new_customer_estimate(model: ValueModel, terms: Terms) -> Estimate:
    """CLV of a customer to be won, with its interval. Money."""
    return estimate(model, lambda m: new_customer_value(m, terms))


def predictive_intervals(
    model: ValueModel, base: Customers, terms: Terms, *, draws: int = 4000, seed: int = SEED
) -> Intervals:
    """What a single customer may bring by the horizon: the middle 95 % of ``draws`` futures of him. About two milliseconds a customer.

    Each future draws whether he is still there, his rate, dropout and spending level given his history, then purchases one by one.
    Every customer starts from the same seed: equal histories give equal intervals, whoever else is asked about.
    """
    found = np.empty((len(base.age), 2))
    for i in range(len(found)):
        one = Customers(*(values[i : i + 1] for values in base))
        rng = np.random.default_rng(seed)
        found[i] = np.quantile(futures(model, one, terms, rng, draws=draws), [0.025, 0.975])
    return Intervals(np.minimum(*found.T), np.maximum(*found.T))


def futures(model: ValueModel, one: Customers, terms: Terms, rng: np.random.Generator, *, draws: int = 4000) -> Floats:
    """Discounted margin in each of ``draws`` futures of one customer (columns of length 1). Money, shape (draws,)."""
    alive = model.purchases.probability_alive(one.frequency, one.recency, one.age)
    horizon, discount = _in_units(model.purchases, terms)
    bg, gg = model.purchases, model.spend
    x, age = float(one.frequency[0]), float(one.age[0])
    rate = rng.gamma(bg.r + x, 1.0 / (bg.alpha + age), draws)
    dropout = np.maximum(rng.beta(bg.a, bg.b + x, draws), SMALLEST_DROPOUT)
    possible = rng.poisson(rate * horizon)
    kept = np.minimum(possible, rng.geometric(dropout)) * (rng.random(draws) < alive[0])
    when = event_times(rng, np.zeros(draws), np.full(draws, horizon), possible, kept)
    known = bool(one.spend_purchases[0] > 0 and one.mean_spend[0] > 0)
    bought = float(one.spend_purchases[0]) if known else 0.0
    spent = bought * float(one.mean_spend[0]) if known else 0.0
    level = rng.gamma(gg.q + gg.p * bought, 1.0 / (gg.v + spent), draws)
    future = np.repeat(np.arange(draws), kept)
    amounts = rng.gamma(gg.p, 1.0, len(future)) / level[future] * np.exp(-discount * when)
    total: Floats = terms.margin_rate * np.bincount(future, amounts, draws).astype(np.float64)
    return total


def _in_units(purchases: BgNbd, terms: Terms) -> tuple[float, float]:
    """Horizon in time units, and the continuous discount rate per time unit."""
    year = UNITS_PER_YEAR[purchases.time_unit]
    return terms.horizon_years * year, float(np.log1p(terms.discount_rate)) / year


def _slope(model: ValueModel, part: str, name: str, mean: Callable[[ValueModel], Any]) -> Any:
    """∂ mean / ∂ log(parameter), by central differences; 0 for a parameter that was held at a limit. A number, or one a customer."""
    fitted = getattr(model, part)
    if name in fitted.held:
        return 0.0 * mean(model)
    step = 1e-4
    sides = []
    for sign in (1.0, -1.0):
        moved = replace(fitted, **{name: getattr(fitted, name) * float(np.exp(sign * step))})
        sides.append(mean(replace(model, **{part: moved})))
    return (sides[0] - sides[1]) / (2.0 * step)

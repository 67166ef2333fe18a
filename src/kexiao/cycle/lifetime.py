"""Customer lifetime value over the facts: BG/NBD on purchase days, Gamma-Gamma on what a purchase brings, and a test of the forecast on the past.

Time is in days, since the facts know days: whole days are exact, weeks would round. A purchase is a purchase day: a split order is no repeat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kexiao.cycle.histories import DAYS_A_YEAR, Histories, Ids, data_end, day_number, histories, purchase_events
from kexiao.facts.source import FactSource
from kexiao.models.clv import lifetime_value as clv
from kexiao.models.clv.backtest import BacktestCard, backtest
from kexiao.models.clv.lifetime_value import Customers, Estimate, Terms, ValueModel
from kexiao.models.inputs import CannotFit, Unfitted
from kexiao.text import Text

Floats = NDArray[np.float64]
Basis = Literal["margin", "sales_at_margin_rate", "net_sales"]

# Under so many repeat buyers the parameters are anybody's guess; the models themselves would go down to two.
FEWEST_REPEATERS = 30
FEWEST_DAYS = 90
NEXT_DAYS = 365
# Customers whose purchases lost money cannot enter Gamma-Gamma; more than this share left out would flatter the rest.
MOST_LEFT_OUT = 0.01
HELD_OUT = 0.25
DRAWS = 4000

BASIS_WORDS: dict[Basis, Text] = {
    "margin": Text(zh="毛利（每笔成本已知）", en="margin (every cost is known)"),
    "sales_at_margin_rate": Text(
        zh="净销售额 × 整体毛利率（有客户的毛利为负，毛利不能直接建模）",
        en="net sales × the overall margin rate (some customers lose money, so margin itself cannot be modelled)",
    ),
    "net_sales": Text(
        zh="净销售额，不是毛利：成本未知，也未设毛利率", en="net sales, not margin: no cost is known and no rate is set"
    ),
}


@dataclass(frozen=True, slots=True)
class LifetimeValues:
    """What each known customer is worth, as of ``as_of`` (exclusive). Arrays (n,) in the order of ``customer``; money per ``basis``.

    ``expected_purchases``: purchase days in the next year. ``residual_value``: from now to the horizon; ``lifetime_value``: from the first purchase to the
    horizon after it. ``rate``: what a unit of modelled spend brings. ``stand_in_cost``: the policy's margin rate stands in for unknown costs.
    ``mean_residual``, ``of_a_new_customer``, ``equity``: with 95 % intervals of the parameters.
    """

    as_of: date
    customer: Ids
    model: ValueModel
    base: Customers
    terms: Terms
    basis: Basis
    stand_in_cost: bool
    probability_alive: Floats
    expected_purchases: Floats
    residual_value: Floats
    lifetime_value: Floats
    earned: Floats
    mean_residual: Estimate
    of_a_new_customer: Estimate
    equity: Estimate
    backtest: BacktestCard | Unfitted

    @property
    def is_margin(self) -> bool:
        """Whether values are margin, as the metric customer_lifetime_value needs them."""
        return self.basis != "net_sales"


def lifetime_values(
    source: FactSource, *, horizon_years: float = 3.0, discount_rate: float = 0.10
) -> LifetimeValues | Unfitted:
    """Fit both models to all known customers and value each; the reason where the data cannot carry it."""
    end, covered = data_end(source), source.coverage.get("orders")
    if end is None or covered is None:
        return _refused(Text(zh="没有订单。", en="There are no orders."))
    past = histories(source, covered.first, end, horizon_years=horizon_years, discount_rate=discount_rate)
    if reason := _too_thin(past, covered.first):
        return _refused(reason)
    basis, rate, spend, earned = _money(past)
    base = clv.customers(past.days - 1.0, past.last - past.first, past.age, spend / past.days, past.days)
    terms = Terms(rate, horizon_years, discount_rate)
    model = clv.fit_or_explain(base)
    if isinstance(model, Unfitted):
        return model
    residual = clv.residual_value(model, base, terms)
    mean = clv.residual_estimate(model, base, terms)
    return LifetimeValues(
        as_of=end,
        customer=past.customer,
        model=model,
        base=base,
        terms=terms,
        basis=basis,
        stand_in_cost=source.policy.margin_rate is not None,
        probability_alive=model.purchases.probability_alive(base.frequency, base.recency, base.age),
        expected_purchases=model.purchases.conditional_expected_purchases(
            float(NEXT_DAYS), base.frequency, base.recency, base.age
        ),
        residual_value=residual,
        lifetime_value=clv.acquired_value(model, base, terms, earned),
        earned=earned,
        mean_residual=mean,
        of_a_new_customer=clv.new_customer_estimate(model, terms),
        equity=Estimate(*(part * len(past) for part in mean)),
        backtest=tested(source, covered.first, end),
    )


def tested(source: FactSource, first: date, end: date) -> BacktestCard | Unfitted:
    """The purchase model fitted on the first three quarters of the time, and its forecast of the last quarter beside what happened."""
    customer, day = purchase_events(source, end)
    low, high = float(day_number(first)), float(day_number(end))
    cut = high - round((high - low) * HELD_OUT)
    if _repeaters_before(customer, day, cut) < FEWEST_REPEATERS:
        return _refused(Text(zh="检验期之前的复购客户太少。", en="There are too few repeat buyers before the test."))
    try:
        return backtest(customer, day, cut_day=cut, end_day=high)
    except CannotFit as problem:
        return Unfitted(problem.what, problem.next_step)


def residual_intervals(values: LifetimeValues, places: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The middle 95 % of what some customers (positions) may bring from now to the horizon, parameters taken as known; two milliseconds each."""
    some = Customers(*(column[places] for column in values.base))
    low, high = clv.predictive_intervals(values.model, some, values.terms, draws=DRAWS)
    return low, high


def lifetime_intervals(values: LifetimeValues, places: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The same for the lifetime value: what was earned, and the futures from now to the horizon after the first purchase."""
    found = np.empty((len(places), 2))
    discount = float(np.log1p(values.terms.discount_rate))
    for row, place in enumerate(places.tolist()):
        years = float(values.base.age[place]) / DAYS_A_YEAR
        left = max(0.0, values.terms.horizon_years - years)
        found[row] = values.earned[place]
        if left > 0:
            one = Customers(*(column[place : place + 1] for column in values.base))
            rng = np.random.default_rng(clv.SEED)
            ahead = clv.futures(values.model, one, replace(values.terms, horizon_years=left), rng, draws=DRAWS)
            found[row] += np.exp(-discount * years) * np.quantile(ahead, [0.025, 0.975])
    return np.minimum(*found.T), np.maximum(*found.T)


def lifetime_errors(values: LifetimeValues) -> Floats:
    """How the uncertainty of the parameters moves each lifetime value, shape (n, k): see ``parameter_errors``."""
    return clv.parameter_errors(
        values.model, lambda model: clv.acquired_value(model, values.base, values.terms, values.earned)
    )


def _money(past: Histories) -> tuple[Basis, float, Floats, Floats]:
    """(basis, what a unit of modelled spend brings, spend to model, discounted money earned so far)."""
    if not past.margin_known:
        return "net_sales", 1.0, past.net, past.net_earned
    if float((past.margin <= 0).mean()) <= MOST_LEFT_OUT:
        return "margin", 1.0, past.margin, past.earned
    net = float(past.net.sum())
    rate = float(past.margin.sum()) / net if net > 0 else 0.0
    return "sales_at_margin_rate", float(np.clip(rate, -1.0, 1.0)), past.net, past.earned


def _too_thin(past: Histories, first: date) -> Text | None:
    repeaters = int((past.days > 1).sum())
    if (past.until - first).days < FEWEST_DAYS:
        return Text(
            zh="订单只覆盖 {d} 天，不足 {n} 天。", en="Orders cover {d} days only; {n} are needed."
        ).fill(d=(past.until - first).days, n=FEWEST_DAYS)  # fmt: skip
    if repeaters < FEWEST_REPEATERS:
        return Text(
            zh="在两天及以上下过单的客户只有 {k} 位（共 {n} 位），少于 {least} 位，购买模型无从学习。",
            en="Only {k} of {n} customers bought on two days or more; the purchase model needs {least} of them to learn from.",
        ).fill(k=repeaters, n=len(past), least=FEWEST_REPEATERS)
    return None


def _repeaters_before(customer: Ids, day: Floats, cut: float) -> int:
    _, many = np.unique(customer[day < cut], return_counts=True)
    return int((many > 1).sum())


def _refused(reason: Text) -> Unfitted:
    step = Text(zh="导入更长时间、带客户编号的订单。", en="Load a longer history of orders that name their customer.")
    return Unfitted(reason, step, clv.INSTEAD)

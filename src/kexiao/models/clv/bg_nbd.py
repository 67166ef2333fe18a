"""BG/NBD: when customers of a non-contractual business buy, and when they silently leave.

While alive a customer buys at random with a personal rate λ ~ Gamma(r, α); after each repeat purchase he leaves for good
with a personal probability p ~ Beta(a, b).

Source: P. Fader, B. Hardie, K. Lee (2005), '"Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model',
Marketing Science 24(2), 275–284: likelihood eq. (6), pmf eq. (8), expectations eq. (9) and (10).
P(alive): Fader & Hardie (2008), 'Computing P(alive) Using the BG/NBD Model'.

>>> from kexiao.models.clv.simulate import PurchaseParameters, simulate
>>> from kexiao.models.clv.history import purchase_history
>>> births = np.zeros(3000)
>>> who, day = simulate(np.random.default_rng(7), births, 365, PurchaseParameters(0.8, 40.0, 0.8, 2.5))
>>> history = purchase_history(who, day, end_day=365)
>>> model = fit(history.frequency, history.recency, history.age)
>>> bool(3.0 < model.expected_purchases(365.0) < 5.0)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import InputRejected
from kexiao.models import newton
from kexiao.models.clv import expected
from kexiao.models.clv._bg_nbd_likelihood import Histories, log_likelihood, prepare
from kexiao.models.clv.history import purchase_history
from kexiao.models.clv.simulate import PurchaseParameters, simulate
from kexiao.models.inputs import CannotFit, column, counts, same_length, weights_for
from kexiao.models.registry import Column, Columns, Model, Quantity, Sample
from kexiao.text import Text

Floats = NDArray[np.float64]
TimeUnit = Literal["day", "week", "month"]

FEWEST_REPEATERS = 2
SAMPLE = 20_000  # customers for the first approach; the last steps always see everyone
EDGE = 1e6  # how far a shape may run before it is held: beyond, predictions no longer change

FREQUENCY = Text(zh="复购次数", en="frequency")
RECENCY = Text(zh="最近一次复购距首购的时间", en="recency")
AGE = Text(zh="首购至今的时间", en="age")


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model.

    ``r``, ``alpha`` (in ``time_unit``): shape and rate of the purchase rate; ``a``, ``b``: of the dropout probability.
    ``covariance`` (4, 4): of (log r, log α, log a, log b), the inverse of the observed information.
    ``customers``: number fitted (the sum of weights). ``held``: parameters that ran off to a limit, where the data fit a simpler
    model as well (nobody leaves, or all customers are alike); predictions stand, the parameter itself means nothing.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: float
    covariance: Floats
    time_unit: TimeUnit = "day"
    steps: int = 0
    held: tuple[str, ...] = ()

    @property
    def standard_errors(self) -> Floats:
        """Standard errors (4,) of r, α, a, b (delta method)."""
        found: Floats = np.sqrt(np.diag(self.covariance)) * np.array([self.r, self.alpha, self.a, self.b])
        return found

    def expected_purchases(self, t: Any) -> Any:
        """E[X(t)]: repeat purchases of a newly acquired customer within ``t``, eq. (9). Shape of ``t``."""
        return expected.expected_purchases(t, self.r, self.alpha, self.a, self.b)[()]

    def conditional_expected_purchases(
        self, t: Any, frequency: Any, recency: Any, age: Any, *, discount: float = 0.0
    ) -> Floats:
        """E[Y(t) | x, tₓ, T]: purchases in the next ``t`` of customers with a history, eq. (10). Shape (n,).

        Given that he is alive, a customer's λ ~ Gamma(r + x, α + T) and p ~ Beta(a, b + x) are independent, so eq. (10) is
        P(alive) times eq. (9) with those parameters. ``t``: one number, a smooth function of age, or (slow for many) one per customer.
        ``discount``: weigh each purchase by e^(−discount · time until it), a rate per time unit.
        """
        x, last, span = _history(frequency, recency, age)
        return self.probability_alive(x, last, span) * self.purchases_if_alive(t, x, span, discount=discount)

    def purchases_if_alive(self, t: Any, frequency: Any, age: Any, *, discount: float = 0.0) -> Floats:
        """As the conditional expectation, given that the customer is still there. Shape (n,)."""
        x, span = np.atleast_1d(np.asarray(frequency, dtype=np.float64), np.asarray(age, dtype=np.float64))

        def expect(x: Floats, span: Floats, within: Any) -> Floats:
            shapes = self.r + x, self.alpha + span, self.a, self.b + x
            return expected.expected_purchases(within, *shapes, discount=discount)

        if np.ndim(t):
            return expect(x, span, t)
        within = t if callable(t) else lambda _: t
        return expected.over_customers(lambda x, span: expect(x, span, within(span)), x, span, self.alpha)

    def probability_alive(self, frequency: Any, recency: Any, age: Any) -> Floats:
        """P(alive at T | x, tₓ, T), shape (n,); 1 without repeat purchases, since the model lets nobody leave before one.

        1 / (1 + a / (b + x − 1) · ((α + T) / (α + tₓ))^(r + x)), on the log scale.
        """
        x, last, span = _history(frequency, recency, age)
        dead = np.full(len(x), -np.inf)
        some = x > 0
        ratio = np.log1p((span[some] - last[some]) / (self.alpha + last[some]))
        dead[some] = np.log(self.a) - np.log(self.b + x[some] - 1.0) + (self.r + x[some]) * ratio
        with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / inf the right 0
            found: Floats = 1.0 / (1.0 + np.exp(dead))
        return found

    def probability_of_purchases(self, n: Any, t: Any) -> Any:
        """P(X(t) = n) for a newly acquired customer, eq. (8); broadcast over ``n`` and ``t``.

        The sum in eq. (8) is P(N(t) ≥ n) of the NBD, an incomplete beta function.
        """
        return probability_of_purchases(n, t, r=self.r, alpha=self.alpha, a=self.a, b=self.b)


def probability_of_purchases(n: Any, t: Any, *, r: float, alpha: float, a: float, b: float) -> Any:
    """P(X(t) = n), eq. (8), from the parameters alone. See ``BgNbd.probability_of_purchases``."""
    from scipy.special import betainc, betaln, gammaln, xlog1py, xlogy

    n, t = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(t, dtype=np.float64))
    z = t / (alpha + t)
    survive = np.exp(betaln(a, b + n) - betaln(a, b))
    count = np.exp(gammaln(r + n) - gammaln(r) - gammaln(n + 1.0) + xlog1py(r, -z) + xlogy(n, z))
    some = np.maximum(n, 1.0)
    left = np.where(n > 0, np.exp(betaln(a + 1.0, b + some - 1.0) - betaln(a, b)) * betainc(some, r, z), 0.0)
    return (survive * count + left)[()]


def fit(frequency: Any, recency: Any, age: Any, weights: Any | None = None, *, time_unit: TimeUnit = "day") -> BgNbd:
    """Maximum likelihood, eq. (6), by Newton with the exact Hessian on log-parameters.

    ``frequency`` (n,): repeat purchases (purchase days after the first). ``recency`` (n,): time from the first to the last purchase,
    0 for one-time buyers. ``age`` (n,): time from the first purchase to the end of observation. Both in ``time_unit``;
    whole days are fastest. ``weights`` (n,): how many equal customers a row stands for.

    Raises InputRejected for impossible histories, CannotFit where there are too few repeat buyers.
    """
    x, last, span = _history(frequency, recency, age)
    weight = weights_for(weights, len(x))
    _refuse_too_few(x, weight)
    data = prepare(x, last, span, weight)
    start = np.array([0.0, np.log(data.mean_age), 0.0, np.log(2.0)])
    if len(x) > 4 * SAMPLE:
        every = len(x) // SAMPLE
        sample = x[::every], last[::every], span[::every], None if weight is None else weight[::every]
        if _repeaters(sample[0], sample[3]) > 100:
            start = _search(prepare(*sample), start).at
    best = _search(data, start)
    if not best.converged or not np.isfinite(best.point.value) or best.held[1]:
        raise _no_maximum()  # α at its limit: purchases without any gap, which no forecast can rest on
    r, alpha, a, b = np.exp(best.at).tolist()
    held = tuple(name for name, yes in zip(("r", "alpha", "a", "b"), best.held, strict=True) if yes)
    covariance = newton.covariance(best.point.hessian, best.held)
    return BgNbd(r, alpha, a, b, best.point.value, data.customers, covariance, time_unit, best.steps, held)


def _search(data: Histories, start: Floats) -> newton.Maximum:
    edge, age = np.log(EDGE), np.log(data.mean_age)
    lower = np.array([-edge, age - 2 * edge, -edge, -edge])
    upper = np.array([edge, age + 2 * edge, edge, edge])
    return newton.maximise(partial(log_likelihood, data), start, lower, upper)


def _history(frequency: Any, recency: Any, age: Any) -> tuple[Floats, Floats, Floats]:
    """The three columns, checked: 0 ≤ recency ≤ age, recency 0 if and only if nothing was repeated."""
    x, last, span = counts(frequency, FREQUENCY), column(recency, RECENCY), column(age, AGE)
    same_length(frequency=x, recency=last, age=span)
    for wrong, how in (
        (last > span, Text(zh="最近一次购买晚于观察期末", en="whose last purchase lies after the end of observation")),
        (
            (x == 0) & (last > 0),
            Text(zh="没有复购却有复购时间", en="with a time of repeat purchase but no repeat purchase"),
        ),
        # without a gap the likelihood has no maximum: orders of one day are one purchase
        (
            (x > 0) & (last == 0),
            Text(zh="复购与首购在同一时刻", en="whose repeat purchase came together with the first"),
        ),
    ):
        if wrong.any():
            raise _impossible(wrong, how)
    return x, last, span


def _impossible(where: NDArray[np.bool_], how: Text) -> InputRejected:
    return InputRejected(
        Text(
            zh="有 {n} 位客户{how}，第一位在第 {first} 位。",
            en="There are {n} customers {how}, the first at position {first}.",
        ).fill(n=int(where.sum()), how=how, first=int(np.argmax(where)) + 1),
        next_step=Text(
            zh="请让三列取自同一截止日：首购、最近购买和期末用同一时间单位。",
            en="Take all three columns at one cut-off date, in one time unit.",
        ),
    )


def _repeaters(x: Floats, weight: Floats | None) -> int:
    return int(np.count_nonzero(x if weight is None else x * weight))


def _refuse_too_few(x: Floats, weight: Floats | None) -> None:
    repeaters = _repeaters(x, weight)
    if repeaters < FEWEST_REPEATERS:
        raise CannotFit(
            Text(zh="有复购的客户只有 {n} 位。", en="Only {n} customers have bought again.").fill(n=repeaters),
            why=Text(
                zh="购买模型从复购的间隔中学习，至少需要 {least} 位复购客户，几百位才可靠。",
                en="The purchase model learns from gaps between purchases; it needs at least {least} repeat buyers, hundreds to be reliable.",
            ).fill(least=FEWEST_REPEATERS),
            next_step=Text(
                zh="请导入更长时间的订单，或把范围放大到整个公司；在此之前请看历史客户价值。",
                en="Load a longer history, or widen the scope to the whole company; until then use the historic customer value.",
            ),
        )


def _no_maximum() -> CannotFit:
    return CannotFit(
        Text(zh="购买模型没有收敛。", en="The purchase model did not converge."),
        next_step=Text(
            zh="请导入更长时间或更多客户的订单，或把范围放大到整个公司。",
            en="Load a longer history or more customers, or widen the scope to the whole company.",
        ),
    )


def _parameters(model: BgNbd) -> dict[str, Quantity]:
    r, alpha, a, b = model.standard_errors.tolist()
    return {
        "r": Quantity(model.r, error=r),
        "alpha": Quantity(model.alpha, "time", alpha),
        "a": Quantity(model.a, error=a),
        "b": Quantity(model.b, error=b),
    }


def _outputs(model: BgNbd, columns: Columns) -> dict[str, Quantity]:
    horizon = 2.0 * model.alpha  # in the data's own time, so that it scales with the unit
    return {
        "probability_alive": Quantity(model.probability_alive(*columns)),
        "expected_purchases": Quantity(model.conditional_expected_purchases(horizon, *columns)),
    }


def _simulate(rng: np.random.Generator, customers: int) -> Sample:
    truth = PurchaseParameters(0.6, 40.0, 0.8, 2.5)
    births = rng.uniform(0.0, 600.0, customers)
    bought = simulate(rng, births, 730.0, truth, whole_days=False)
    history = purchase_history(*bought, end_day=730.0)
    return Sample(tuple(history[1:]), {"r": 0.6, "alpha": 40.0, "a": 0.8, "b": 2.5})


MODEL = Model(
    name="bg_nbd",
    label=Text(zh="购买与流失模型 BG/NBD", en="Purchases and dropout (BG/NBD)"),
    paper="Fader, Hardie & Lee (2005), Marketing Science 24(2), 275–284",
    columns=(Column("frequency", "count"), Column("recency", "time"), Column("age", "time")),
    fit=fit,
    parameters=_parameters,
    outputs=_outputs,
    simulate=_simulate,
    weighted=True,
)

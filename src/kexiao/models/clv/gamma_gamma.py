"""Gamma-Gamma: how much a customer spends per purchase, apart from how often he buys.

Amounts of one customer vary as Gamma(p, ν) around his own mean p/ν, and ν ~ Gamma(q, v) varies between customers. A mean over few
purchases is drawn towards the mean of all.

Source: P. Fader, B. Hardie (2013), 'The Gamma-Gamma Model of Monetary Value', note 025: likelihood eq. (1a), expectation eq. (5).
The model wants spend and frequency unrelated; ``correlation`` in the fit shows how far that holds.

>>> model = fit([2, 1, 4, 0, 3, 1], [20.0, 35.0, 18.0, 0.0, 60.0, 25.0])
>>> bool(18.0 < model.expected_mean_spend([4], [18.0])[0] < 25.0)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.models import newton
from kexiao.models.clv.simulate import spend
from kexiao.models.inputs import CannotFit, column, counts, same_length, weights_for
from kexiao.models.registry import Column, Columns, Model, Quantity, Sample
from kexiao.text import Text

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

FEWEST_CUSTOMERS = 3
EDGE = 1e6
BLOCK = 8192

PURCHASES = Text(zh="购买次数", en="repeat purchases")
MEAN_SPEND = Text(zh="次均消费额", en="mean spend")


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted Gamma-Gamma model; money in the unit of the data.

    ``p``: shape of one customer's amounts; ``q`` (> 1), ``v`` (money): shape and rate between customers.
    ``covariance`` (3, 3): of (log p, log q, log v). ``customers``: number fitted (the sum of weights).
    ``excluded``: customers with purchases left out since their mean spend is zero or negative; ``missing``: since it is not known.
    ``correlation``: between number of purchases and mean spend, of those fitted. ``held``: parameters that ran off to a limit.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: float
    covariance: Floats
    excluded: int = 0
    missing: int = 0
    correlation: float = 0.0
    steps: int = 0
    held: tuple[str, ...] = ()

    @property
    def mean_spend(self) -> float:
        """E[M]: mean spend per purchase of a customer not yet known, p·v / (q − 1). Money."""
        return self.p * self.v / (self.q - 1.0)

    @property
    def standard_errors(self) -> Floats:
        """Standard errors (3,) of p, q, v (delta method)."""
        found: Floats = np.sqrt(np.diag(self.covariance)) * np.array([self.p, self.q, self.v])
        return found

    def expected_mean_spend(self, repeat_purchases: Any, mean_spend: Any) -> Floats:
        """E[M | x, m̄], eq. (5): p (v + m̄x) / (px + q − 1). Money per purchase, shape (n,).

        Without purchases, or where their mean is missing, zero or negative, it is the mean of all.
        """
        x = counts(repeat_purchases, PURCHASES)
        m = np.asarray(mean_spend, dtype=np.float64).ravel()
        same_length(repeat_purchases=x, mean_spend=m)
        x = np.where((x > 0) & (m > 0) & np.isfinite(m), x, 0.0)
        total = np.where(x > 0, x * np.where(x > 0, m, 0.0), 0.0)
        found: Floats = self.p * (self.v + total) / (self.p * x + self.q - 1.0)
        return found


def fit(repeat_purchases: Any, mean_spend: Any, weights: Any | None = None) -> GammaGamma:
    """Maximum likelihood, eq. (1a), by Newton with the exact Hessian on log-parameters.

    ``repeat_purchases`` (n,): purchases that the mean is over, the same ones as in ``mean_spend`` (n,), money per purchase in any unit,
    yuan or fen. Customers without purchases are passed over; zero, negative and unknown means are left out and counted.

    Raises InputRejected for impossible columns, CannotFit where too few customers are left or the mean is not finite.
    """
    x = counts(repeat_purchases, PURCHASES)
    m = _means(mean_spend)
    same_length(repeat_purchases=x, mean_spend=m)
    weight = weights_for(weights, len(x))
    some = (x > 0) & (np.ones(len(x), dtype=bool) if weight is None else weight > 0)
    known = some & np.isfinite(m)
    usable = known & (np.nan_to_num(m) > 0)
    _refuse_too_few(int(usable.sum()))
    x, m, weight = x[usable], m[usable], None if weight is None else weight[usable]
    data = prepare(x, m, weight)
    edge, scale = np.log(EDGE), np.log(data.mean)
    lower = np.array([-edge, -edge, scale - 2 * edge])
    upper = np.array([edge, edge, scale + 2 * edge])
    best = newton.maximise(partial(log_likelihood, data), np.array([0.5, 1.0, scale]), lower, upper)
    p, q, v = np.exp(best.at).tolist()
    if not best.converged or not np.isfinite(best.point.value) or q <= 1.0:
        raise _no_mean()
    return GammaGamma(
        p=p,
        q=q,
        v=v,
        log_likelihood=best.point.value,
        customers=data.customers,
        covariance=newton.covariance(best.point.hessian, best.held),
        excluded=int((known & ~usable).sum()),
        missing=int((some & ~known).sum()),
        correlation=_correlation(x, m, weight),
        steps=best.steps,
        held=tuple(name for name, yes in zip(("p", "q", "v"), best.held, strict=True) if yes),
    )


@dataclass(frozen=True, slots=True)
class Spending:
    """Customers summed up: only log(v + m̄x) needs every one of them, at each step."""

    customers: float
    mean: float
    levels: Floats
    """Distinct x, with the customers (weighted) at each."""
    customers_at: Floats
    x: Floats
    total: Floats
    log_total_x: float
    """Σ x log(m̄x), which no step changes; and Σ log m̄."""
    log_mean: float
    weight: Floats | None


def prepare(x: Floats, m: Floats, weight: Floats | None) -> Spending:
    """Sum customers up, as far as the likelihood allows; every x and m above 0."""
    levels, level = np.unique(x, return_inverse=True) if x.max() > 10 * len(x) + 1000 else _counted(x)
    total = x * m
    share = np.ones(1) if weight is None else weight
    return Spending(
        customers=float(len(x)) if weight is None else float(weight.sum()),
        mean=float((total * share).sum() / (x * share).sum()),
        levels=levels,
        customers_at=np.bincount(level, weight).astype(np.float64),
        x=x,
        total=total,
        log_total_x=float((x * np.log(total) * share).sum()),
        log_mean=float((np.log(m) * share).sum()),
        weight=weight,
    )


def _counted(x: Floats) -> tuple[Floats, Index]:
    level = x.astype(np.intp)
    return np.arange(int(level.max()) + 1, dtype=np.float64), level


def log_likelihood(data: Spending, log_parameters: Floats) -> newton.Point:
    """ℓ, gradient (3,) and Hessian (3, 3) with respect to (log p, log q, log v).

    With s = m̄x, eq. (1a) is ℓ = log Γ(px + q) − log Γ(px) − log Γ(q) − px log(1 + v/s) − q log(1 + s/v) − log m̄.
    """
    p, q, v = np.exp(log_parameters).tolist()
    sum_far, x_far, sum_away, x_near, sum_both, x_both = _over_customers(data, v).tolist()
    bought = float(data.levels @ data.customers_at)
    x_log = x_far + bought * float(np.log(v)) - data.log_total_x  # Σ x log(1 + v/s)
    value, slope, bend = _gammas(data, p, q)
    of_p, of_q, of_v = slope[0] - p * x_log, slope[1] - q * sum_far, q * sum_away - p * x_near
    hessian = np.diag([of_p, of_q, -p * x_both - q * sum_both])
    hessian[:2, :2] += bend
    hessian[0, 2] = hessian[2, 0] = -p * x_near
    hessian[1, 2] = hessian[2, 1] = q * sum_away
    return newton.Point(value - p * x_log - q * sum_far - data.log_mean, np.array([of_p, of_q, of_v]), hessian)


def _over_customers(data: Spending, v: float) -> Floats:
    """Σ f, Σ x f, Σ (1 − y), Σ x y, Σ y(1 − y), Σ x y(1 − y) with f = log(1 + s/v) and y = v / (v + s), in blocks that stay in cache."""
    sums = np.zeros(6)
    for start in range(0, len(data.x), BLOCK):
        part = slice(start, start + BLOCK)
        x, s = data.x[part], data.total[part]
        share = np.ones(len(x)) if data.weight is None else data.weight[part]
        bought = x * share
        far = np.log1p(s / v)
        near = v / (v + s)
        away = 1.0 - near
        both = near * away
        sums += (far @ share, far @ bought, away @ share, near @ bought, both @ share, both @ bought)
    return sums


def _gammas(data: Spending, p: float, q: float) -> tuple[float, Floats, Floats]:
    """Σ log Γ(px + q) − log Γ(px) − log Γ(q) over distinct x; its slopes (2,) in log p, log q; and p², pq, q² times its second derivatives."""
    from scipy.special import digamma, gammaln, polygamma

    some = (data.levels > 0) & (data.customers_at > 0)
    x, many = data.levels[some], data.customers_at[some]
    px, whole = p * x, p * x + q
    value = float(many @ (gammaln(whole) - gammaln(px))) - data.customers * float(gammaln(q))
    first, second = digamma(whole), polygamma(1, whole)
    slope_p = p * float((many * x) @ (first - digamma(px)))
    slope_q = q * (float(many @ first) - data.customers * float(digamma(q)))
    bend_p = p * p * float((many * x * x) @ (second - polygamma(1, px)))
    bend_q = q * q * (float(many @ second) - data.customers * float(polygamma(1, q)))
    cross = p * q * float((many * x) @ second)
    return value, np.array([slope_p, slope_q]), np.array([[bend_p, cross], [cross, bend_q]])


def _means(mean_spend: Any) -> Floats:
    """Mean spend as float64; unknown (NaN) is allowed, text and infinities are not."""
    try:
        found = np.asarray(mean_spend, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return column(mean_spend, MEAN_SPEND)
    if np.isinf(found).any():
        return column(np.where(np.isnan(found), 0.0, found), MEAN_SPEND, lowest=None)
    return found


def _correlation(x: Floats, m: Floats, weight: Floats | None) -> float:
    share = np.ones(len(x)) if weight is None else weight
    share = share / share.sum()
    dx, dm = x - share @ x, m - share @ m
    spread = float(np.sqrt((share @ dx**2) * (share @ dm**2)))
    return float(share @ (dx * dm)) / spread if spread > 0 else 0.0


def _refuse_too_few(customers: int) -> None:
    if customers < FEWEST_CUSTOMERS:
        raise CannotFit(
            Text(
                zh="有复购且金额大于 0 的客户只有 {n} 位。",
                en="Only {n} customers have repeat purchases with an amount above 0.",
            ).fill(n=customers),
            why=Text(
                zh="消费额模型至少需要 {least} 位，几百位才可靠。",
                en="The spend model needs at least {least}, hundreds to be reliable.",
            ).fill(least=FEWEST_CUSTOMERS),
            next_step=Text(
                zh="请导入更长时间的订单，或检查金额列的映射。",
                en="Load a longer history, or check how the amount column is mapped.",
            ),
        )


def _no_mean() -> CannotFit:
    return CannotFit(
        Text(
            zh="客户之间的消费额悬殊到没有可用的平均值。",
            en="Spend differs so wildly between customers that it has no finite mean.",
        ),
        why=Text(
            zh="消费额模型的参数 q 不大于 1，或没有收敛。",
            en="The spend model's q is not above 1, or it did not converge.",
        ),
        next_step=Text(
            zh="请检查极大的订单（批发、测试单、单位混用），或把批发客户与零售客户分开计算。",
            en="Look for huge orders (wholesale, tests, mixed units), or fit wholesale and retail customers apart.",
        ),
    )


def _parameters(model: GammaGamma) -> dict[str, Quantity]:
    p, q, v = model.standard_errors.tolist()
    return {"p": Quantity(model.p, error=p), "q": Quantity(model.q, error=q), "v": Quantity(model.v, "money", v)}


def _outputs(model: GammaGamma, columns: Columns) -> dict[str, Quantity]:
    return {"expected_mean_spend": Quantity(model.expected_mean_spend(*columns), "money")}


def _simulate(rng: np.random.Generator, customers: int) -> Sample:
    bought = rng.poisson(rng.gamma(0.8, 3.0, customers)).astype(np.float64)
    total = np.bincount(
        (who := np.repeat(np.arange(customers), bought.astype(np.intp))), spend(rng, who, 6.25, 3.74, 15.44), customers
    )
    mean = np.divide(total, bought, out=np.zeros(customers), where=bought > 0)
    return Sample((bought, mean), {"p": 6.25, "q": 3.74, "v": 15.44})


MODEL = Model(
    name="gamma_gamma",
    label=Text(zh="消费额模型 Gamma-Gamma", en="Spend per purchase (Gamma-Gamma)"),
    paper="Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value, note 025",
    columns=(Column("repeat_purchases", "count"), Column("mean_spend", "money")),
    fit=fit,
    parameters=_parameters,
    outputs=_outputs,
    simulate=_simulate,
    weighted=True,
)

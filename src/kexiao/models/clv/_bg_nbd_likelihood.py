"""The BG/NBD log-likelihood with exact first and second derivatives, arranged for speed.

With x purchases until tₓ of an age T, eq. (6) of Fader, Hardie & Lee (2005) is

    ℓ = Σⱼ₍ⱼ₌₀…ₓ₋₁₎ [log(r + j) − log(1 + a / (b + j))] − (r + x) log(1 + T/α) − x log α + [x > 0] log(1 + eᵘ)
    u = log a − log(b + x − 1) + (r + x) · log((α + T) / (α + tₓ)),      P(alive) = 1 / (1 + eᵘ)

Gamma and beta functions are rising products over whole x, so their sum over customers needs only how many have x > j. Terms in T need
only how many share each T. What is left, log(1 + eᵘ), runs over repeat buyers, in blocks that stay in cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kexiao.models.newton import Point

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

BLOCK = 8192
LONGEST = 200_000  # whole time units that still get a table with one place each


@dataclass(frozen=True, slots=True)
class Levels:
    """Distinct times and, for each customer, which one is his."""

    values: Floats
    index: Index


@dataclass(frozen=True, slots=True)
class Histories:
    """Customers, summed up as far as the likelihood allows."""

    customers: float
    mean_age: float
    above: Floats
    """above[j]: customers (weighted) with more than j repeat purchases."""
    ages: Floats
    customers_at_age: Floats
    purchases_at_age: Floats
    repeat_age: Levels
    repeat_recency: Levels
    repeat_count: Index
    """x of each repeat buyer; with ``repeat_weight`` (None: all 1) the only columns as long as the customer list."""
    repeat_weight: Floats | None


def prepare(x: Floats, last: Floats, span: Floats, weight: Floats | None) -> Histories:
    """Sum customers up. Whole times are counted into tables; others are sorted first."""
    if weight is not None:
        some = weight > 0
        x, last, span, weight = x[some], last[some], span[some], weight[some]
    count = x.astype(np.intp)
    age = _levels(span)
    customers = float(len(x)) if weight is None else float(weight.sum())
    per_count = np.bincount(count, weight).astype(np.float64)
    per_age = np.bincount(age.index, weight, len(age.values)).astype(np.float64)
    bought = np.bincount(age.index, x if weight is None else x * weight, len(age.values)).astype(np.float64)
    repeat = np.flatnonzero(count)
    return Histories(
        customers=customers,
        mean_age=float(per_age @ age.values) / customers,
        above=np.cumsum(per_count[:0:-1])[::-1],
        ages=age.values,
        customers_at_age=per_age,
        purchases_at_age=bought,
        repeat_age=Levels(age.values, age.index[repeat]),
        repeat_recency=_levels(last[repeat]),
        repeat_count=count[repeat],
        repeat_weight=None if weight is None else weight[repeat],
    )


def log_likelihood(data: Histories, log_parameters: Floats) -> Point:
    """ℓ, gradient (4,) and Hessian (4, 4) with respect to (log r, log α, log a, log b)."""
    r, alpha, a, b = np.exp(log_parameters).tolist()
    value, gradient, hessian = _counts(data, r, a, b)
    for part in (_ages(data, r, alpha), _dropout(data, r, alpha, a, b)):
        value += part.value
        gradient += part.gradient
        hessian += part.hessian
    return Point(value, gradient, hessian)


def _counts(data: Histories, r: float, a: float, b: float) -> tuple[float, Floats, Floats]:
    """Σⱼ above[j] · [log(r + j) − log(1 + a / (b + j))]."""
    many, j = data.above, np.arange(len(data.above), dtype=np.float64)
    in_r, in_b, in_ab = 1.0 / (r + j), 1.0 / (b + j), 1.0 / (a + b + j)
    value = float(many @ (np.log(r + j) - np.log1p(a * in_b)))
    gradient = np.array([r * (many @ in_r), 0.0, -a * (many @ in_ab), b * a * (many @ (in_b * in_ab))])
    second_ab = float(many @ in_ab**2)
    hessian = np.diag(gradient)
    hessian[0, 0] -= r * r * (many @ in_r**2)
    hessian[2, 2] += a * a * second_ab
    hessian[2, 3] = hessian[3, 2] = a * b * second_ab
    hessian[3, 3] -= b * b * a * (many @ (in_b * in_ab * (in_b + in_ab)))  # 1/(b+j)² − 1/(a+b+j)²
    return value, gradient, hessian


def _ages(data: Histories, r: float, alpha: float) -> Point:
    """−Σ (r + x) log(1 + T/α) − x log α."""
    age, many, bought = data.ages, data.customers_at_age, data.purchases_at_age
    far = np.log1p(age / alpha)
    past, ahead = age / (alpha + age), alpha / (alpha + age)
    of_r = -r * float(many @ far)
    value = of_r - float(bought @ far) - float(bought.sum()) * np.log(alpha)
    cross = r * float(many @ past)
    gradient = np.array([of_r, cross - float(bought @ ahead), 0.0, 0.0])
    hessian = np.zeros((4, 4))
    hessian[0, 0] = of_r
    hessian[0, 1] = hessian[1, 0] = cross
    hessian[1, 1] = -float((bought + r * many) @ (past * ahead))
    return Point(float(value), gradient, hessian)


def _dropout(data: Histories, r: float, alpha: float, a: float, b: float) -> Point:
    """Σ log(1 + eᵘ) over repeat buyers: derivatives σ(u) ∂u and σ(u) ∂²u + σ(u)(1 − σ(u)) ∂u ∂uᵀ."""
    tables = _Tables.of(data, r, alpha, a, b)
    value, gradient, hessian, second = 0.0, np.zeros(4), np.zeros((4, 4)), np.zeros(3)
    slope = np.empty((4, BLOCK))
    for start in range(0, len(data.repeat_count), BLOCK):
        part = slice(start, start + BLOCK)
        x, i, k = data.repeat_count[part], data.repeat_age.index[part], data.repeat_recency.index[part]
        u_i = slope[:, : len(x)]
        rate = tables.r_plus.take(x)
        span = tables.log_age.take(i) - tables.log_recency.take(k)
        near_age, near_recency = tables.near_age.take(i), tables.near_recency.take(k)
        pull = near_age - near_recency
        np.multiply(span, r, out=u_i[0])
        np.multiply(rate, pull, out=u_i[1])
        u_i[2] = 1.0
        tables.slope_b.take(x, out=u_i[3], mode="clip")
        u = rate * span + tables.log_odds.take(x)
        small = np.exp(-np.abs(u))
        gone = np.where(u >= 0, 1.0, small) / (1.0 + small)
        lift = np.log1p(small) + np.maximum(u, 0.0)
        both = gone * (1.0 - gone)
        if data.repeat_weight is not None:
            weight = data.repeat_weight[part]
            lift, gone, both = lift * weight, gone * weight, both * weight
        value += float(lift.sum())
        gradient += u_i @ gone
        hessian += (u_i * both) @ u_i.T
        bend = u_i[1] * (1.0 - near_age - near_recency)
        second += (gone @ pull, gone @ bend, gone @ tables.bend_b.take(x))
    hessian[0, 0] += gradient[0]  # ∂²u/∂(log r)² = ∂u/∂ log r
    hessian[0, 1] += r * second[0]
    hessian[1, 0] = hessian[0, 1]
    hessian[1, 1] += second[1]
    hessian[3, 3] += second[2]
    return Point(value, gradient, hessian)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Everything that depends on one of x, T, tₓ alone."""

    r_plus: Floats
    log_odds: Floats
    slope_b: Floats
    bend_b: Floats
    log_age: Floats
    log_recency: Floats
    near_age: Floats
    near_recency: Floats

    @staticmethod
    def of(data: Histories, r: float, alpha: float, a: float, b: float) -> _Tables:
        x = np.arange(len(data.above) + 1, dtype=np.float64)
        share = b / np.maximum(b + x - 1.0, b)  # b / (b + x − 1); x = 0 is never looked up
        ages, recencies = data.repeat_age.values, data.repeat_recency.values
        return _Tables(
            r_plus=r + x,
            log_odds=np.log(a / b) + np.log(share),
            slope_b=-share,
            bend_b=share * share - share,
            log_age=np.log1p(ages / alpha),
            log_recency=np.log1p(recencies / alpha),
            near_age=alpha / (alpha + ages),
            near_recency=alpha / (alpha + recencies),
        )


def _levels(times: Floats) -> Levels:
    if len(times) and times.max() <= LONGEST:
        index = times.astype(np.intp)
        if np.array_equal(index, times):
            return Levels(np.arange(int(index.max()) + 1, dtype=np.float64), index)
    values, index = np.unique(times, return_inverse=True)
    return Levels(values, index)

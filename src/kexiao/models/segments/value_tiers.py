"""Value tiers 高 / 中 / 低, and how far value is concentrated on a few customers.

**Rule.** Walk down from the most valuable customer. By *value share* a customer is high while those strictly above him hold less than
80 % of all value, middle below 95 %, else low (the ABC rule: H. F. Dickie 1951, 'ABC Inventory Analysis Shoots for Dollars'). By *rank
share* the shares are of customers: 20 % and 50 %. Equal customers always share a tier; without value (0 or less) the tier is low.

**Concentration.** Lorenz curve and Gini coefficient Σ(2i − n − 1)xᵢ ÷ (n Σx), ascending (M. O. Lorenz 1905; C. Gini 1912). Values below zero
count as 0, and are counted. Intervals by the jackknife over customers.

>>> tiers([50, 30, 15, 5, 0]).tolist()
[0, 0, 1, 2, 2]
>>> found = concentration([1, 1, 1, 1, 6])
>>> found.gini, found.top_fifth_share
(0.4, 0.6)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import WrongUse
from kexiao.models.inputs import column, same_length
from kexiao.models.registry import Column, Columns, Model, Quantity, Sample
from kexiao.text import Text

Floats = NDArray[np.float64]

TIERS: tuple[Text, Text, Text] = (
    Text(zh="高价值", en="High value"),
    Text(zh="中价值", en="Middle value"),
    Text(zh="低价值", en="Low value"),
)
SHARES = {"value": (0.80, 0.95), "rank": (0.20, 0.50)}
NORMAL_95 = 1.959963984540054
CURVE_POINTS = 201

VALUE = Text(zh="客户价值", en="customer value")


class Concentration(NamedTuple):
    """How unequal values are; shares 0–1, None where all value is zero. The curve runs from the poorest customer up."""

    gini: float | None
    gini_low: float | None
    gini_high: float | None
    top_fifth_share: float | None
    top_fifth_low: float | None
    top_fifth_high: float | None
    customers: int
    below_zero: int
    curve_customers: Floats
    curve_value: Floats


@dataclass(frozen=True, slots=True)
class TierLimits:
    """A customer is high from ``high`` on, middle from ``middle`` on (money, always above 0)."""

    high: float
    middle: float


def limits_of(
    values: Any, *, by: Literal["value", "rank"] = "value", shares: tuple[float, float] | None = None
) -> TierLimits:
    """The lowest values that make a customer high, and middle. ``shares``: instead of 80 % and 95 % of value (20 % and 50 % of customers)."""
    upper, lower = shares or SHARES[by]
    if not 0.0 < upper <= lower <= 1.0:
        raise WrongUse(
            Text(
                zh="价值分层的两个比例应在 0 到 1 之间且依次增大。",
                en="The two shares of value tiers must rise from 0 to 1.",
            ),
            next_step=Text(zh="例如 0.8 与 0.95。", en="For example 0.8 and 0.95."),
        )
    ordered = np.sort(_floored(_values(values)))[::-1]
    distinct, first = np.unique(-ordered, return_index=True)
    held = np.concatenate([[0.0], np.cumsum(ordered)])[first] if by == "value" else first.astype(np.float64)
    whole = ordered.sum() if by == "value" else float(len(ordered))
    worth = -distinct > 0

    def lowest(share: float) -> float:
        inside = worth & (held < share * whole * (1.0 - 1e-12))
        return float(-distinct[inside][-1]) if inside.any() else np.inf

    return TierLimits(lowest(upper), lowest(lower))


def tiers(
    values: Any,
    limits: TierLimits | None = None,
    *,
    by: Literal["value", "rank"] = "value",
    shares: tuple[float, float] | None = None,
) -> NDArray[np.int8]:
    """The tier of each customer, (n,): position in ``TIERS``. Limits of an earlier period may be given."""
    found = _values(values)
    limits = limits or limits_of(found, by=by, shares=shares)
    tier: NDArray[np.int8] = (2 - (found >= limits.middle) - (found >= limits.high)).astype(np.int8)
    return tier


def concentration(values: Any, *, top: float = 0.2) -> Concentration:
    """Gini, share of the top fifth (interpolated on the Lorenz curve) and the curve itself, of values per customer."""
    found = _values(values)
    ordered = np.sort(_floored(found))
    share = np.linspace(0.0, 1.0, CURVE_POINTS)
    summed = np.concatenate([[0.0], np.cumsum(ordered)])
    total, n = float(summed[-1]), len(ordered)
    below = int((found < 0).sum())
    if not total > 0:
        return Concentration(None, None, None, None, None, None, n, below, share, np.full(CURVE_POINTS, np.nan))
    curve = np.interp(share * n, np.arange(n + 1), summed) / total
    gini = float((2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered) / (n * total)
    top_share = 1.0 - float(np.interp((1.0 - top) * n, np.arange(n + 1), summed)) / total
    gini_low, gini_high = _around(gini, _gini_without_each(ordered))
    top_low, top_high = _around(top_share, _top_without_each(ordered, top))
    return Concentration(gini, gini_low, gini_high, top_share, top_low, top_high, n, below, share, curve)


def _gini_without_each(x: Floats) -> Floats:
    """Gini of the others, for each customer left out; ``x`` ascending. Ranks above the one left out move down by one."""
    n, total = len(x), float(x.sum())
    rank = np.arange(1, n + 1)
    weighted = float((2.0 * rank - n - 1.0) @ x)
    above = total - np.cumsum(x)
    left = weighted - (2.0 * rank - n - 1.0) * x + (total - x) - 2.0 * above
    return _ratio(left, (n - 1.0) * (total - x))


def _top_without_each(x: Floats, top: float) -> Floats:
    """Share of the top of the others, for each customer left out; ``x`` ascending."""
    n, falling = len(x), x[::-1]
    summed = np.concatenate([[0.0], np.cumsum(falling)])
    size = top * (n - 1.0)
    whole, part = int(size), size - int(size)
    rank = np.arange(n)
    following = np.append(falling, 0.0)
    among = rank < whole
    held = np.where(among, summed[min(whole + 1, n)] - falling, summed[whole])
    held = held + part * np.where(rank <= whole, following[min(whole + 1, n)], following[whole])
    return _ratio(held, summed[-1] - falling)


def _around(value: float, without_each: Floats) -> tuple[float | None, float | None]:
    """The 95 % interval by the jackknife, within 0 and 1; none where leaving a customer out leaves nothing."""
    n = len(without_each)
    if n < 3 or not np.isfinite(without_each).all():
        return None, None
    error = float(np.sqrt((n - 1.0) / n * ((without_each - without_each.mean()) ** 2).sum()))
    return max(0.0, value - NORMAL_95 * error), min(1.0, value + NORMAL_95 * error)


def _ratio(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _values(values: Any) -> Floats:
    found = column(values, VALUE, lowest=None)
    same_length(values=found)
    return found


def _floored(values: Floats) -> Floats:
    return np.maximum(values, 0.0)


def _parameters(limits: TierLimits) -> dict[str, Quantity]:
    return {"high": Quantity(limits.high, "money"), "middle": Quantity(limits.middle, "money")}


def _outputs(limits: TierLimits, columns: Columns) -> dict[str, Quantity]:
    return {"tier": Quantity(tiers(columns[0], limits))}


def _simulate(rng: np.random.Generator, customers: int) -> Sample:
    return Sample((rng.lognormal(4.0, 1.2, customers).round(2),), {})


MODEL = Model(
    name="value_tiers",
    label=Text(zh="客户价值分层", en="Value tiers"),
    paper="Dickie (1951), ABC Inventory Analysis Shoots for Dollars",
    columns=(Column("values", "money"),),
    fit=limits_of,
    parameters=_parameters,
    outputs=_outputs,
    simulate=_simulate,
)

"""Purchase histories as columns: what the customer models read from the facts.

One entry a customer with a completed order, in an order that depends on the purchases only, never on our numbers for customers: so results are
the same to the last bit wherever the same data are loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.engine.dialects import render
from kexiao.facts.source import FactSource

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
EPOCH = date(1970, 1, 1)
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Histories:
    """Columns (n,), one entry a customer, from the purchases of [``since``, ``until``).

    ``first``, ``last``: day numbers (from 1970-01-01); ``days``: purchase days; ``net``: net sales less refunds; ``margin``: the same less cost, NaN where
    a cost is unknown; ``earned``: margin discounted to the first purchase, only what came within the horizon; ``net_earned``: net sales likewise.
    """

    since: date
    until: date
    customer: Ids
    first: Floats
    last: Floats
    days: Floats
    net: Floats
    margin: Floats
    earned: Floats
    net_earned: Floats

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def margin_known(self) -> bool:
        """Whether the cost of everything these customers bought is known."""
        return len(self) > 0 and bool(np.isfinite(self.margin).all())

    @property
    def recency(self) -> Floats:
        """Days from the last purchase to the end."""
        return float(day_number(self.until)) - self.last

    @property
    def age(self) -> Floats:
        """Days from the first purchase to the end."""
        return float(day_number(self.until)) - self.first


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def data_end(source: FactSource) -> date | None:
    """The day after the last one that orders cover; None without orders."""
    covered = source.coverage.get("orders")
    return covered.last + timedelta(days=1) if covered else None


def histories(
    source: FactSource, since: date, until: date, *, horizon_years: float = 3.0, discount_rate: float = 0.1
) -> Histories:
    """The purchases and refunds of known customers within [since, until), summed up per customer."""
    columns = fetch(source, _sql(since, until, horizon_years, discount_rate))
    unknown = columns["unknown"] > 0
    margin, earned = columns["net"] - columns["cost"], columns["net_earned"] - columns["cost_earned"]
    margin[unknown] = earned[unknown] = np.nan
    plain = {name: columns[name] for name in ("first", "last", "days", "net", "net_earned")}
    return Histories(since, until, columns["customer"].astype(np.int64), margin=margin, earned=earned, **plain)


def purchase_events(source: FactSource, until: date) -> tuple[Ids, Floats]:
    """Customer and day number of every purchase day before ``until``, in no particular order."""
    columns = fetch(
        source,
        "SELECT customer_id AS customer, DAY_INDEX(sold_on) AS day FROM purchase_days "
        f"WHERE sold_on < DAY_OF('{until}') ORDER BY sold_on, orders, net, customer_id",
    )
    return columns["customer"].astype(np.int64), columns["day"].astype(np.float64)


def fetch(source: FactSource, sql: str) -> dict[str, NDArray[Any]]:
    """Columns of a query as arrays: whole numbers as they are, the rest as floats, null as NaN."""
    found = source.connection.execute(render(sql)).fetchnumpy()
    return {name: _plain(values) for name, values in found.items()}


def _plain(values: Any) -> NDArray[Any]:
    if values.dtype.kind in "iu" and not np.ma.is_masked(values):
        return np.asarray(values)
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


def _sql(since: date, until: date, horizon_years: float, discount_rate: float) -> str:
    """Sales and refunds reduced apart, then added; exact decimals until the end, but for what is discounted."""
    years = f"((DAY_INDEX(x.day) - f.first) / {DAYS_A_YEAR})"
    worth = f"CASE WHEN {years} <= {horizon_years} THEN power({1 + discount_rate}, -{years}) ELSE 0 END"
    moves = f"""
        SELECT customer_id, sold_on AS day, net, coalesce(cost, 0) AS cost, CASE WHEN cost IS NULL THEN 1 ELSE 0 END AS unknown
        FROM sale_orders WHERE customer_id IS NOT NULL AND {_within("sold_on", since, until)}
        UNION ALL SELECT customer_id, booked_on AS day, -amount AS net, -cost AS cost, 0 AS unknown
        FROM returns WHERE customer_id IS NOT NULL AND {_within("booked_on", since, until)}"""
    firsts = f"""
        SELECT customer_id, min(DAY_INDEX(sold_on)) AS first, max(DAY_INDEX(sold_on)) AS last, count(*) AS days
        FROM purchase_days WHERE {_within("sold_on", since, until)} GROUP BY customer_id"""
    return f"""
        SELECT f.customer_id AS customer, CAST(f.first AS DOUBLE) AS first, CAST(f.last AS DOUBLE) AS last, CAST(f.days AS DOUBLE) AS days,
               CAST(sum(x.net) AS DOUBLE) AS net, CAST(sum(x.cost) AS DOUBLE) AS cost, CAST(sum(x.unknown) AS DOUBLE) AS unknown,
               sum(CAST(x.net AS DOUBLE) * {worth}) AS net_earned, sum(CAST(x.cost AS DOUBLE) * {worth}) AS cost_earned
        FROM ({firsts}) AS f JOIN ({moves}) AS x ON x.customer_id = f.customer_id
        GROUP BY f.customer_id, f.first, f.last, f.days
        ORDER BY f.first, f.last, f.days, net, cost, f.customer_id"""


def _within(column: str, since: date, until: date) -> str:
    return f"{column} >= DAY_OF('{since}') AND {column} < DAY_OF('{until}')"

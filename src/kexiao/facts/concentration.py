"""How much of a total the top customers hold, with a jackknife over customers, in one pass per request."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kexiao.facts.grouping import cell_of
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, SumsQuery, expression, units_sql, unknown_rows


@dataclass(frozen=True, slots=True)
class Concentration:
    """``value``: the share of the top, or the Gini coefficient; ``top``: what the top customers hold; ``total``: all; ``customers``: ordering customers;
    ``negative``: those counted as 0; ``variance``: jackknife; ``unknown_rows``: rows without a value."""

    value: float
    top: float
    total: float
    customers: int
    negative: int
    variance: float
    unknown_rows: int


def run_concentration(source: FactSource, query: SumsQuery, share: float | None) -> dict[Cell, Concentration]:
    """The Lorenz curve's end at ``share`` per (period, dimensions), interpolated between customers; without a share the Gini coefficient.

    ``query.formulas`` is (the measured total, the count of ordering customers), in this order. A customer's value below 0 counts as 0.
    """
    found: dict[Cell, Concentration] = {}
    for row in source.query(_sql(query, share)):
        width = 1 + len(query.dimensions)
        cell = cell_of(row[0], row[1:width])
        n, total, top, negative, spread, unknown = row[width:]
        n = int(n)
        variance = (n - 1) / n * float(spread or 0) if n > 1 else math.nan
        top, total = float(top or 0), float(total or 0)
        value = (
            math.nan if total <= 0 else top / total if share is not None else (2 * top - (n + 1) * total) / (n * total)
        )
        found[cell] = Concentration(value, top, total, n, int(negative or 0), variance, int(unknown or 0))
    return found


def _sql(query: SumsQuery, share: float | None) -> str:
    """Per cell: customers, total, what the top holds, how many below 0, and the leave-one-out shares' squares about their mean (Efron & Stein 1981).

    The mean is taken away before squaring: shares are nearly alike, and squares less the square of the mean would keep few of their digits.
    """
    measured, ordering = query.formulas
    keys = ", ".join(["p", *query.dim_names()])
    values = (
        f"SELECT {keys}, CAST({expression(measured, query)} AS DOUBLE) AS raw, {unknown_rows(measured, query)} AS missing FROM units "
        f"WHERE u IS NOT NULL AND {expression(ordering, query)} > 0"
    )
    ranked = f"""
        SELECT {keys}, x, raw, missing, count(*) OVER (PARTITION BY {keys}) AS n, sum(x) OVER (PARTITION BY {keys}) AS total,
               row_number() OVER (PARTITION BY {keys} ORDER BY x DESC) AS place
        FROM (SELECT v.*, greatest(raw, 0) AS x FROM ({values}) AS v)"""
    left_out = _shares_left_out(keys, ranked, share) if share is not None else _ginis_left_out(keys, ranked)
    centred = f"SELECT l.*, theta - avg(theta) OVER (PARTITION BY {keys}) AS off FROM ({left_out}) AS l"
    return f"""
        WITH {units_sql(query)}
        SELECT {keys}, count(*), max(total), max(top), sum(CASE WHEN raw < 0 THEN 1 ELSE 0 END), sum(off * off), sum(missing)
        FROM ({centred}) GROUP BY {keys}"""


def _shares_left_out(keys: str, ranked: str, share: float) -> str:
    tops = ", ".join(f"sum({_weight(k)} * x) OVER (PARTITION BY {keys}) AS {name}" for name, k in _cuts(share).items())
    return f"""
        SELECT {keys}, x, raw, missing, n, total, top,
               CASE WHEN total - x <= 0 OR n < 2 THEN 0
                    WHEN place <= {share} * (n - 1) + 1 THEN (top_plus - x) / (total - x)
                    ELSE top_less / (total - x) END AS theta
        FROM (SELECT r.*, {tops} FROM ({ranked}) AS r)"""


def _ginis_left_out(keys: str, ranked: str) -> str:
    """``top`` is Σ i xᵢ, ascending. Without a customer those above fall by one rank, so Σ i xᵢ falls by the customer's own and by all above."""
    ascending = "(n - place + 1)"
    above = f"sum(x) OVER (PARTITION BY {keys} ORDER BY place ROWS UNBOUNDED PRECEDING)"
    weighted = (
        f"SELECT r.*, sum({ascending} * x) OVER (PARTITION BY {keys}) AS top, {above} - x AS above FROM ({ranked}) AS r"
    )
    return f"""
        SELECT {keys}, x, raw, missing, n, total, top,
               CASE WHEN total - x <= 0 OR n < 2 THEN 0
                    ELSE (2 * (top - {ascending} * x - above) - n * (total - x)) / ((n - 1) * (total - x)) END AS theta
        FROM ({weighted})"""


def _cuts(share: float) -> dict[str, str]:
    """Ranks at which the sorted values are cut: the top itself, the top of one customer fewer, and that plus one."""
    return {"top": f"({share} * n)", "top_less": f"({share} * (n - 1))", "top_plus": f"({share} * (n - 1) + 1)"}


def _weight(cut: str) -> str:
    return f"least(1, greatest(0, {cut} - place + 1))"

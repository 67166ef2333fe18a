"""The data behind a verdict: arms of a campaign, customer by customer, or segments in blocks of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from kexiao.effect.differences import Gradient, Side
from kexiao.effect.holdout import Arm
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import (
    Both,
    CohortShare,
    Customers,
    Formula,
    Growth,
    Ratio,
    ScoreMean,
    State,
    TopShare,
    is_linear,
    walk,
)
from kexiao.facts.metric import MetricValue
from kexiao.facts.passes import OwnPass
from kexiao.facts.periods import Grain, Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import SumsQuery, atoms_of, expression, units_sql
from kexiao.improvement.initiatives import Scope
from kexiao.metrics.catalogue import metric_named

WEEK, MOST_BEFORE, FEWEST_AFTER = 7, 52, 4
Segment = tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """Segments over consecutive blocks: per segment one ``Side``; ``after`` marks the blocks after the start; ``additive``: a sum, without a denominator."""

    periods: tuple[Period, ...]
    after: np.ndarray
    sides: Mapping[Segment, Side]
    additive: bool
    immature: bool


def can_be_followed(formula: Formula) -> bool:
    """Whether a formula has a value in each block that can be added over blocks: no growth, concentration, cohort table or model score."""
    return not any(isinstance(part, (Growth, TopShare, CohortShare, ScoreMean, OwnPass)) for part in walk(formula))


def grows_with_length(formula: Formula) -> bool:
    """Whether the length of a period is part of the meaning: distinct customers and states at its edges do not add up over shorter blocks."""
    for part in walk(formula):
        if isinstance(part, (Customers, Both)) or (isinstance(part, State) and part.name != "new"):
            return True
    return False


def blocks_around(source: FactSource, formula: Formula, start: date, last: date) -> tuple[list[Period], int]:
    """The blocks before the start and after it, and how many are before.

    Weeks counted from the start day, up to 52 before it; where weeks cannot be added up, or the time after is under four weeks, blocks as long as the whole
    time after (one) and as many before as the data hold, up to 12.
    """
    days = (last - start).days + 1
    weekly = days >= WEEK * FEWEST_AFTER and not grows_with_length(formula)
    length = WEEK if weekly else days
    after = days // length
    orders = source.coverage.get("orders")
    room = (start - orders.first).days // length if orders else 0
    before = max(0, min(room, MOST_BEFORE if weekly else 12))
    # Seven-day blocks count as weeks, so that one pass reads them all; any start day will do.
    grain: Grain = "week" if weekly else "range"
    first = start - timedelta(days=before * length)
    edges = [first + timedelta(days=length * number) for number in range(before + after + 1)]
    return [Period(a, b, grain, source.fiscal_start) for a, b in pairwise(edges)], before


def read_panel(
    source: FactSource, metric: str, periods: Sequence[Period], before: int, dimensions: Sequence[str]
) -> Panel:
    """The metric in every block for every combination of the dimensions' values."""
    definition = metric_named(metric)
    values = evaluate(source, [Request(metric, definition.formula, definition.unit)], periods, tuple(dimensions))
    places = {period.name: number for number, period in enumerate(periods)}
    additive = not isinstance(definition.formula, Ratio)
    found: dict[Segment, Side] = {}
    for value in values:
        if len(value.dimensions) < len(dimensions):
            continue
        segment = tuple(str(value.dimensions[name]) for name in dimensions)
        side = found.setdefault(segment, _empty(len(periods), additive=additive))
        _put(side, places[value.period], value, additive=additive)
    after = np.arange(len(periods)) >= before
    return Panel(tuple(periods), after, found, additive, any(value.immature for value in values))


def _empty(blocks: int, *, additive: bool) -> Side:
    return Side(np.zeros(blocks), np.ones(blocks) if additive else np.zeros(blocks))


def _put(side: Side, place: int, value: MetricValue, *, additive: bool) -> None:
    if additive:
        side.top[place] = float(value.value or 0)
    else:
        side.top[place] = float(value.numerator or 0)
        side.bottom[place] = float(value.denominator or 0)


def inside(segment: Segment, dimensions: Sequence[str], scope: Scope) -> bool:
    """Whether a segment lies in a scope.

    >>> inside(("门店", "华东"), ("channel", "region"), {"region": ("华东",)})
    True
    """
    return all(segment[dimensions.index(name)] in values for name, values in scope.items())


def can_be_counted_per_customer(formula: Formula) -> bool:
    """Whether every customer has a value of their own: sums and counts of rows with a customer, or a ratio of two such."""
    parts = (formula.numerator, formula.denominator) if isinstance(formula, Ratio) else (formula,)
    return all(is_linear(part) and all(atom.fact.customer for atom in atoms_of(part)) for part in parts)


def customer_variances(
    source: FactSource,
    metric: str,
    panel: Panel,
    dimensions: Sequence[str],
    parts: Sequence[tuple[Sequence[Segment], Sequence[Gradient]]],
) -> list[float] | None:
    """For each of several estimates, the sum over customers of the square of what each adds to it; None where the metric has no value per customer.

    ``parts`` are the sides: their segments, and a gradient an estimate. A customer seen on two sides counts as two; an anonymous order is a unit of its own.
    """
    formula = metric_named(metric).formula
    if not can_be_counted_per_customer(formula):
        return None
    halves = (formula.numerator, formula.denominator) if isinstance(formula, Ratio) else (formula,)
    query = SumsQuery(tuple(halves), (), panel.periods, tuple(dimensions))
    top, bottom = expression(halves[0], query), expression(halves[1], query) if len(halves) > 1 else "0"
    estimates = len(parts[0][1])
    total = np.zeros(estimates)
    for segments, gradients in parts:
        wanted = " OR ".join("(" + " AND ".join(_equals(i, v) for i, v in enumerate(s)) + ")" for s in segments)
        added = ", ".join(f"sum(m.top * w.t{k} + m.bottom * w.b{k}) AS f{k}" for k in range(estimates))
        alone = ", ".join(f"m.top * w.t{k} + m.bottom * w.b{k} AS f{k}" for k in range(estimates))
        squares = ", ".join(f"SQUARE_SUM(f{k})" for k in range(estimates))
        row = source.query(f"""
            WITH {units_sql(query)}, w AS ({_weights(gradients)}),
            m AS (SELECT p, u, CAST({top} AS DOUBLE) AS top, CAST({bottom} AS DOUBLE) AS bottom FROM units WHERE {wanted})
            SELECT {squares} FROM (
                SELECT {added} FROM m JOIN w ON w.p = m.p WHERE m.u IS NOT NULL GROUP BY m.u
                UNION ALL SELECT {alone} FROM m JOIN w ON w.p = m.p WHERE m.u IS NULL)""")[0]
        total += [float(square or 0) for square in row]
    return [float(value) for value in total]


def _equals(number: int, value: str) -> str:
    return f"d{number} = '" + value.replace("'", "''") + "'"


def _weights(gradients: Sequence[Gradient]) -> str:
    """The gradients as a table: a row a block."""
    rows = []
    for block in range(len(gradients[0].top)):
        cells = ", ".join(
            f"CAST({float(g.top[block])!r} AS DOUBLE) AS t{k}, CAST({float(g.bottom[block])!r} AS DOUBLE) AS b{k}"
            for k, g in enumerate(gradients)
        )
        rows.append(f"SELECT {block} AS p, {cells}")
    return " UNION ALL ".join(rows)


def read_arms(source: FactSource, metric: str, campaign: str, now: Period, before: Period) -> dict[str, Arm]:
    """The arms of a campaign (``treated``, ``holdout``), an entry a customer by arm assigned, whoever ordered or not."""
    formula = metric_named(metric).formula
    parts = (formula.numerator, formula.denominator) if isinstance(formula, Ratio) else (formula, None)
    query = SumsQuery(tuple(part for part in parts if part is not None), (), (before, now))
    top, bottom = expression(parts[0], query), expression(parts[1], query) if parts[1] is not None else "1"
    name = campaign.replace("'", "''")
    rows = source.query(f"""
        WITH {units_sql(query)}, mine AS (SELECT p, u, {top} AS top, {bottom} AS bottom FROM units WHERE u IS NOT NULL)
        SELECT a.arm, n.top, n.bottom, b.top, b.bottom
        FROM participations AS a
        LEFT JOIN (SELECT * FROM mine WHERE p = 1) AS n ON n.u = a.customer_id
        LEFT JOIN (SELECT * FROM mine WHERE p = 0) AS b ON b.u = a.customer_id
        WHERE a.campaign = '{name}' AND a.arm IS NOT NULL ORDER BY a.customer_id""")
    counted = parts[1] is None
    return {arm: _arm([row[1:] for row in rows if row[0] == arm], counted=counted) for arm in ("treated", "holdout")}


def _arm(rows: Sequence[Iterable[Any]], *, counted: bool) -> Arm:
    table = np.array([[float(cell or 0) for cell in row] for row in rows], dtype=np.float64).reshape(-1, 4)
    if counted:
        table[:, 1] = table[:, 3] = 1.0
    return Arm(table[:, 0], table[:, 1], table[:, 2], table[:, 3])

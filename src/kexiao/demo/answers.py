"""Exact answers, counted from what was drawn: sales, customers, leads, surveys and complaints by month, quarter and year.

Customers belong to one chunk each, so every count adds up over chunks, distinct customers too. Money is integer fen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from kexiao.demo import aftersales, leads, setting
from kexiao.demo.calendar import MONTH_OF_DAY, MONTHS, QUARTER_OF_DAY, QUARTERS, YEARS
from kexiao.demo.costs import WINNING, Cost
from kexiao.demo.tables import Chunk

GRAINS = {"month": (1, MONTHS), "quarter": (3, QUARTERS), "year": (12, tuple(str(year) for year in YEARS))}
TOTAL = "total"
WINDOWS = (90, 180, 365)
_NEVER = -10_000
Counts = dict[str, int]


class Totals:
    """Sums by (grain, period, group): the group is ``total`` or a channel."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, int, str], Counts] = defaultdict(lambda: defaultdict(int))
        self.store_sales = [[0, 0] for _ in MONTHS]
        """Fen of first and of other store orders of known customers, by month."""
        self._states: dict[tuple[int, int], Counts] = defaultdict(lambda: defaultdict(int))

    def add(self, grain: str, period: int, group: str, **values: int | None) -> None:
        """Add values to one cell."""
        for name, value in values.items():
            self._sums[grain, period, group][name] += int(value or 0)

    def cell(self, grain: str, period: int, group: str) -> Counts:
        """The sums of one cell."""
        return self._sums[grain, period, group]

    def add_chunk(self, connection: DuckDBPyConnection, chunk: Chunk) -> None:
        """Count one chunk, whose tables stand in the connection."""
        self._add_states(chunk)
        connection.execute(_SOLD)
        for grain, (months, _) in GRAINS.items():
            for by in (TOTAL, "channel"):
                for query in _QUERIES:
                    self._add_query(connection, grain, query.format(months=months, group=_GROUP[by]))
        for month, first, amount in connection.execute(_STORE_SALES).fetchall():
            self.store_sales[month][0 if first else 1] += int(amount)

    def _add_query(self, connection: DuckDBPyConnection, grain: str, query: str) -> None:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        for row in found.fetchall():
            values = dict(zip(names[2:], row[2:], strict=True))
            self.add(grain, row[0], TOTAL if row[1] is None else setting.CHANNELS[row[1]].name, **values)

    def _add_states(self, chunk: Chunk) -> None:
        """Active at t: a counted order in [t − window, t); from one quarter's start to its end."""
        known = np.flatnonzero(chunk.orders.counted & (chunk.orders.customer >= 0))
        customer, day = chunk.orders.customer[known], chunk.orders.day[known]
        latest = np.full(len(chunk.people), _NEVER)
        for index in range(len(QUARTERS)):
            start, end = (int(edge) for edge in np.searchsorted(QUARTER_OF_DAY, (index, index + 1)))
            before = latest.copy()
            inside = slice(*np.searchsorted(day, (start, end)))
            np.maximum.at(latest, customer[inside], day[inside])
            fresh = (chunk.people.birth >= start) & (chunk.people.birth < end)
            for window in WINDOWS:
                at_start, at_end = before >= start - window, latest >= end - window
                cell = self._states[window, index]
                cell["customers_at_start"] += int(at_start.sum())
                cell["customers_at_end"] += int(at_end.sum())
                cell["retained_customers"] += int((at_start & at_end).sum())
                cell["lost_customers"] += int((at_start & ~at_end).sum())
                cell["reactivated_customers"] += int((~at_start & at_end & ~fresh).sum())
                cell["new_customers_still_active"] += int((at_end & fresh).sum())

    def states(self) -> dict[str, Any]:
        """Customer states by activity window in days and quarter."""
        return {
            str(window): {
                quarter: {
                    **(cell := self._states[window, index]),
                    "retention_rate": _ratio(cell["retained_customers"], cell["customers_at_start"]),
                }
                for index, quarter in enumerate(QUARTERS)
            }
            for window in WINDOWS
        }

    def add_costs(self, costs: list[Cost]) -> None:
        """Count the spend, acquisition and all."""
        for cost in costs:
            for grain, (months, _) in GRAINS.items():
                period = int(MONTH_OF_DAY[cost.day]) // months
                for group in (TOTAL, cost.channel):
                    won = cost.fen if cost.purpose == WINNING else 0
                    self.add(grain, period, group, spend_fen=cost.fen, acquisition_spend_fen=won)

    def as_truth(self) -> dict[str, Any]:
        """Everything, with what follows from it: net sales, margin, CAC, rates."""
        return {
            grain: {
                period: {
                    TOTAL: _derived(self.cell(grain, index, TOTAL)),
                    "by_channel": {c.name: _derived(self.cell(grain, index, c.name)) for c in setting.CHANNELS},
                }
                for index, period in enumerate(periods)
            }
            for grain, (_, periods) in GRAINS.items()
        }


def _derived(counts: Counts) -> dict[str, Any]:
    found: dict[str, Any] = dict(sorted(counts.items()))
    get = counts.get
    net = get("paid_fen", 0) - get("refunds_fen", 0)
    found["net_sales_fen"] = net
    found["gross_margin_fen"] = net - get("cost_fen", 0) + get("cost_returned_fen", 0)
    found["refund_rate"] = _ratio(get("refunds_fen", 0), get("paid_fen", 0))
    found["average_order_value"] = _ratio(net / 100, get("orders", 0))
    found["customer_acquisition_cost"] = _ratio(get("acquisition_spend_fen", 0) / 100, get("new_customers", 0))
    found["repeat_purchase_rate"] = _ratio(get("customers_with_two_orders", 0), get("ordering_customers", 0))
    found["lead_conversion_rate"] = _ratio(get("leads_won", 0), get("leads", 0))
    nps = get("promoters", 0) - get("detractors", 0)
    share = _ratio(nps, get("nps_answers", 0))
    found["net_promoter_score"] = None if share is None else 100 * share
    found["csat_top_two"] = _ratio(get("csat_top_two_answers", 0), get("csat_answers", 0))
    return found


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None


_GROUP = {TOTAL: "NULL", "channel": "channel"}

_SOLD = """
    CREATE OR REPLACE TEMP TABLE sold AS
    WITH sums AS (
        SELECT l."order" AS id, sum(g.price * l.quantity) AS gross, sum(g.cost * l.quantity) AS cost, sum(l.quantity) AS items
        FROM lines l JOIN products g ON g.id = l.product GROUP BY l."order")
    SELECT o.id, o.customer, o.channel, o.kind, o.amount, d.month, s.gross, s.cost, s.items
    FROM orders o JOIN sums s USING (id) JOIN calendar d USING (day) WHERE o.counted"""

_STORE_SALES = f"""
    SELECT month, kind = 0 AS first, sum(amount) FROM sold
    WHERE channel = {setting.STORE} AND customer >= 0 GROUP BY ALL ORDER BY ALL"""

_LATEST_ANSWERS = """
    SELECT n.measure, n.customer, d.month // 3 AS survey, d.month // {months} AS period, arg_max(n.score, n.id) AS score,
        arg_max(n.channel, n.id) AS channel
    FROM answers n JOIN calendar d USING (day) GROUP BY ALL"""

_QUERIES = (
    """SELECT month // {months}, {group}, count(*) AS orders, sum(gross) AS gross_sales_fen, sum(amount) AS paid_fen,
        sum(cost) AS cost_fen, sum(items) AS items, count(*) FILTER (customer < 0) AS anonymous_orders,
        sum(amount) FILTER (customer >= 0) AS identified_paid_fen FROM sold GROUP BY ALL""",
    """WITH each AS (SELECT month // {months} AS period, {group} AS part, customer, count(*) AS orders FROM sold
        WHERE customer >= 0 GROUP BY ALL)
        SELECT period, part, count(*) AS ordering_customers, count(*) FILTER (orders > 1) AS customers_with_two_orders
        FROM each GROUP BY ALL""",
    """SELECT d.month // {months}, {group}, count(*) AS refund_count, sum(r.amount) AS refunds_fen,
        sum(r.cost) AS cost_returned_fen FROM refunds r JOIN calendar d USING (day) JOIN
        (SELECT id AS "order", channel FROM orders) o USING ("order") GROUP BY ALL""",
    """SELECT d.month // {months}, {group}, count(*) AS new_customers FROM people_drawn p
        JOIN calendar d ON d.day = p.birth GROUP BY ALL""",
    f"""SELECT d.month // {{months}}, {{group}}, count(*) AS leads, count(*) FILTER (status = {leads.WON}) AS leads_won
        FROM leads l JOIN calendar d USING (day) GROUP BY ALL""",
    f"""WITH latest AS ({_LATEST_ANSWERS}) SELECT period, {{group}},
        count(*) FILTER (measure = {aftersales.NPS}) AS nps_answers,
        count(*) FILTER (measure = {aftersales.NPS} AND score >= 9) AS promoters,
        count(*) FILTER (measure = {aftersales.NPS} AND score <= 6) AS detractors,
        count(*) FILTER (measure = {aftersales.CSAT}) AS csat_answers,
        count(*) FILTER (measure = {aftersales.CSAT} AND score >= 4) AS csat_top_two_answers
        FROM latest GROUP BY ALL""",
    """SELECT d.month // {months}, {group}, count(*) AS complaints FROM complaints k JOIN calendar d USING (day)
        JOIN (SELECT id AS "order", channel FROM orders) o USING ("order") GROUP BY ALL""",
)

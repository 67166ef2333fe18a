"""Facts of selling: opportunities, quotas, and the sales that are credited to whoever has a quota."""

from __future__ import annotations

from kexiao.facts.subjects import Fact
from kexiao.text import Text

_SELLER = {"region": "region", "team": "team", "salesperson": "salesperson"}
_DEAL = {"channel": "channel", "campaign": "campaign", **_SELLER}

OPPORTUNITIES = Fact(
    "opportunities",
    Text(zh="商机", en="Opportunities"),
    "opened_on",
    "opportunity_id",
    "customer_id",
    _DEAL,
    ("opportunities",),
)
CLOSED_OPPORTUNITIES = Fact(
    "closed_opportunities",
    Text(zh="已关闭的商机（需要结果与关闭日期）", en="Closed opportunities (from those with an outcome and its day)"),
    "closed_on",
    "opportunity_id",
    "customer_id",
    _DEAL,
    ("closed_opportunities", "opportunities"),
)
_CREDITED = ("quotas", "targets", "orders", "order_lines", "products")
CREDITED_SALES = Fact(
    "credited_sales",
    Text(zh="计入指标的订单", en="Orders credited to a quota"),
    "sold_on",
    "order_id",
    "customer_id",
    _SELLER,
    _CREDITED,
)
CREDITED_RETURNS = Fact(
    "credited_returns",
    Text(zh="计入指标的退款", en="Refunds credited to a quota"),
    "booked_on",
    "refund_id",
    "customer_id",
    _SELLER,
    (*_CREDITED, "refunds"),
)
QUOTAS = ("quotas", "targets")
"""The name under which the coverage of quotas is kept: from the first one on, as far as the orders."""
SELLING_FACTS = (OPPORTUNITIES, CLOSED_OPPORTUNITIES, CREDITED_SALES, CREDITED_RETURNS)
SELLING_LABELS = {
    **{fact.name: fact.label for fact in SELLING_FACTS},
    "quotas": Text(zh="销售指标（需要净销售额的目标）", en="Sales quotas (from targets of net sales)"),
}
_CLOSED_ON = "coalesce(closed_on, expected_on)"
_IS_QUOTA = "metric = 'net_sales' AND campaign IS NULL AND channel IS NULL"
# What each view is covered by, as ``facts.source`` keeps it.
SELLING_VIEWS: dict[str, tuple[str | None, str]] = {
    "closed_opportunities": (None, f"SELECT min({_CLOSED_ON}) FROM opportunities WHERE status <> 'open'"),
    "quotas": (None, f"SELECT min(from_on) FROM targets WHERE {_IS_QUOTA}"),
}


def selling_queries() -> dict[str, str]:
    """SQL of these facts by name; later ones read earlier ones."""
    return {
        "closed_opportunities": _closed_opportunities(),
        "quota_terms": _quota_terms(),
        "credited_sales": _credited("sale_orders", "order_id", "sold_on"),
        "credited_returns": _credited("returns", "refund_id", "booked_on"),
    }


def _closed_opportunities() -> str:
    """One row an opportunity won or lost, on the day it was closed; where a source keeps one day alone, on the day that it was expected."""
    return f"""
        SELECT opportunity_id, customer_id, {_CLOSED_ON} AS closed_on, channel, campaign, region, team, salesperson,
               CASE WHEN status = 'won' THEN 1 ELSE 0 END AS won
        FROM opportunities WHERE status <> 'open' AND {_CLOSED_ON} IS NOT NULL"""


def _quota_terms() -> str:
    """One row a quota and term in post: holder, value, days of the whole quota, and the days [from_on, until_on) on which it holds.

    Quotas of people count where there are any, else those of teams, else of regions, else of the company: one sale is never held against two levels.
    Who is in no list of staff is taken to be in post throughout.
    """
    level = "CASE WHEN salesperson IS NOT NULL THEN 1 WHEN team IS NOT NULL THEN 2 WHEN region IS NOT NULL THEN 3 ELSE 4 END"
    quotas = f"SELECT t.*, {level} AS level FROM targets AS t WHERE {_IS_QUOTA}"
    until = "DAYS_LATER(q.to_on, 1)"
    terms = f"""
        SELECT q.level, q.salesperson, coalesce(q.team, s.team) AS team, coalesce(q.region, s.region) AS region, q.value,
               CASE q.level WHEN 1 THEN q.salesperson WHEN 2 THEN q.team WHEN 3 THEN q.region ELSE '' END AS holder,
               DAY_INDEX(q.to_on) - DAY_INDEX(q.from_on) + 1 AS days,
               greatest(q.from_on, coalesce(s.from_on, q.from_on)) AS from_on, least({until}, coalesce(s.to_on, {until})) AS until_on
        FROM ({quotas}) AS q LEFT JOIN staff AS s ON s.staff_id = q.salesperson"""
    return f"SELECT * FROM ({terms}) WHERE from_on < until_on AND level = (SELECT min(level) FROM ({quotas}))"


def _credited(table: str, key: str, day: str) -> str:
    """Rows of a table on days on which their holder has a quota; each once, however many quotas overlap."""
    holder = "CASE l.level WHEN 1 THEN o.salesperson WHEN 2 THEN o.team WHEN 3 THEN o.region ELSE '' END"
    held = f"SELECT o.{key}, o.{day}, {holder} AS holder FROM {table} AS o CROSS JOIN (SELECT min(level) AS level FROM quota_terms) AS l"
    return f"""
        SELECT * FROM {table} WHERE {key} IN (
            SELECT h.{key} FROM ({held}) AS h JOIN quota_terms AS q ON q.holder = h.holder AND h.{day} >= q.from_on AND h.{day} < q.until_on)"""

"""Facts of selling: prospects, offers, referrals, opportunities, quotas, and the sales that are credited to whoever has a quota."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kexiao.facts.policy import Policy
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
OFFERS = Fact(
    "offer_outcomes",
    Text(zh="销售提议", en="Offers"),
    "offered_on",
    "offer_id",
    "customer_id",
    {**_DEAL, "product": "product_id"},
    ("offers",),
)
PROSPECTS = Fact(
    "prospect_outcomes",
    Text(zh="潜在客户触达", en="Prospects contacted"),
    "contacted_on",
    "prospect_id",
    None,
    _DEAL,
    ("prospects",),
)
REFERRALS = Fact(
    "referral_outcomes",
    Text(zh="客户推荐", en="Referrals"),
    "referred_on",
    "referral_id",
    "customer_id",
    {"channel": "channel", "campaign": "campaign"},
    ("referrals",),
)
CATEGORIES = ("sold_categories", "products", "orders")
TIERS = ("sold_tiers", "products", "orders")
"""Names under which it is kept whether products say their category, and their tier and price."""
QUOTAS = ("quotas", "targets")
CAMPAIGN_GOALS = ("campaign_goals", "targets")
CAMPAIGN_DAYS = ("campaign_days", "campaigns")
"""Names under which the coverage of quotas, of campaigns' goals and of their days is kept: from the first one on, as far as the orders."""
SELLING_FACTS = (OPPORTUNITIES, CLOSED_OPPORTUNITIES, CREDITED_SALES, CREDITED_RETURNS, OFFERS, PROSPECTS, REFERRALS)
SELLING_LABELS = {
    **{fact.name: fact.label for fact in SELLING_FACTS},
    "sold_categories": Text(zh="商品类别（需要商品资料）", en="Product categories (from products that have one)"),
    "sold_tiers": Text(
        zh="商品档次与标价（需要商品资料）", en="Product tiers and prices (from products that have both)"
    ),
    "quotas": Text(zh="销售指标（需要净销售额的目标）", en="Sales quotas (from targets of net sales)"),
    "campaign_days": Text(
        zh="活动起止日期（需要有开始与结束日期的活动）",
        en="Days of campaigns (from campaigns with a first and a last day)",
    ),
    "campaign_goals": Text(zh="活动目标（需要写明活动的目标）", en="Goals of campaigns (from targets that name one)"),
}
_CLOSED_ON = "coalesce(closed_on, expected_on)"
_IS_QUOTA = "metric = 'net_sales' AND campaign IS NULL AND channel IS NULL"
# What each view is covered by, as ``facts.source`` keeps it.
SELLING_VIEWS: dict[str, tuple[str | None, str]] = {
    "closed_opportunities": (None, f"SELECT min({_CLOSED_ON}) FROM opportunities WHERE status <> 'open'"),
    "sold_categories": ("orders", "SELECT max(DAY_OF('1970-01-01')) FROM products WHERE category IS NOT NULL"),
    "sold_tiers": (
        "orders",
        "SELECT max(DAY_OF('1970-01-01')) FROM products WHERE tier IS NOT NULL AND price IS NOT NULL",
    ),
    "quotas": (None, f"SELECT min(from_on) FROM targets WHERE {_IS_QUOTA}"),
    "campaign_days": (None, "SELECT min(start_on) FROM campaigns WHERE end_on >= start_on"),
    "campaign_goals": (None, "SELECT min(from_on) FROM targets WHERE campaign IS NOT NULL"),
}


def selling_queries(policy: Policy, coverage: Mapping[str, date]) -> dict[str, str]:
    """SQL of these facts by name; later ones read earlier ones. ``coverage``: the first day no longer covered, by table."""
    orders, offers = coverage.get("orders"), coverage.get("offers")
    return {
        "offer_outcomes": _offer_outcomes(policy.offer_window_days, offers),
        "prospect_outcomes": _first_orders("prospects", "contacted_on", "customer_id", policy.lead_window_days, orders),
        "referral_outcomes": _first_orders("referrals", "referred_on", "referred_id", policy.lead_window_days, orders),
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
            SELECT h.{key} FROM ({held}) AS h JOIN quota_terms AS q ON q.holder = h.holder
            WHERE h.{day} >= q.from_on AND h.{day} < q.until_on)"""


def _over(day: str, window: int, end: date | None) -> str:
    """Whether a window that begins on a day was over when the data end."""
    return f"DAYS_LATER({day}, {window}) <= DAY_OF('{end}')" if end else "false"


def _offer_outcomes(window: int, end: date | None) -> str:
    """One row an offer: whether its window is over, and whether it was taken inside it."""
    over = _over("offered_on", window, end)
    return f"""
        SELECT offer_id, customer_id, kind, offered_on, product_id, channel, campaign, region, team, salesperson,
               CASE WHEN {over} THEN 1 ELSE 0 END AS matured,
               CASE WHEN {over} AND accepted_on < DAYS_LATER(offered_on, {window}) THEN 1 ELSE 0 END AS accepted_matured
        FROM offers"""


def _first_orders(table: str, day: str, who: str, window: int, end: date | None) -> str:
    """Rows of a table with whether their window is over, and whether whom they name first ordered inside it."""
    over = _over(f"t.{day}", window, end)
    won = f"c.first_on >= t.{day} AND c.first_on < DAYS_LATER(t.{day}, {window})"
    return f"""
        SELECT t.*, CASE WHEN {over} THEN 1 ELSE 0 END AS matured, CASE WHEN {over} AND {won} THEN 1 ELSE 0 END AS won_matured
        FROM {table} AS t LEFT JOIN customer_summary AS c ON c.customer_id = t.{who}"""

"""The facts by name: what one row is, its day, its customer, the columns that can be added up and the dimensions it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kexiao.text import Text


@dataclass(frozen=True, eq=False)
class Fact:
    """One derived table.

    ``entity`` is the column whose distinct values are counted as rows of the fact; ``parts`` is the same fact per order line, which also knows the
    product dimensions; ``canonical`` are the tables it is derived from, the one whose days it covers first, which may be a coverage of its own. Of rows equal in ``latest_per`` only a customer's latest in the period counts.
    ``known_exactly`` amounts are no sample. ``nullable`` columns may be unknown in a row.
    ``of_customers``: dimensions are the customer's, fixed at acquisition. ``looks_back``: a row rests on who was a customer before ("acquired") or on
    the orders of the year before ("year") or of the activity window ("window"), which the data's first months cannot know.
    """

    name: str
    label: Text
    day: str
    entity: str
    customer: str | None
    dimensions: Mapping[str, str]
    canonical: tuple[str, ...]
    parts: Fact | None = None
    one_row_per_entity: bool = True
    latest_per: tuple[str, ...] = ()
    known_exactly: bool = False
    nullable: tuple[str, ...] = ()
    of_customers: bool = False
    looks_back: Literal["", "window", "acquired", "year"] = ""

    def __repr__(self) -> str:
        return f"Fact({self.name})"


_ORDER = {
    "channel": "channel",
    "campaign": "campaign",
    "region": "region",
    "team": "team",
    "salesperson": "salesperson",
    "segment": "segment",
}
_LINE = {**_ORDER, "category": "category", "product": "product_id"}
_ORDERS_FROM = ("orders", "order_lines", "products")

SALE_LINES = Fact(
    "sale_lines",
    Text(zh="销售明细", en="Sale lines"),
    "sold_on",
    "order_id",
    "customer_id",
    _LINE,
    _ORDERS_FROM,
    one_row_per_entity=False,
    nullable=("cost", "quantity"),
)
SALES = Fact(
    "sale_orders",
    Text(zh="成交订单", en="Completed orders"),
    "sold_on",
    "order_id",
    "customer_id",
    _ORDER,
    _ORDERS_FROM,
    SALE_LINES,
    nullable=("cost", "quantity"),
)
RETURN_LINES = Fact(
    "return_lines",
    Text(zh="退款明细", en="Refund lines"),
    "booked_on",
    "refund_id",
    "customer_id",
    _LINE,
    (*_ORDERS_FROM, "refunds"),
    one_row_per_entity=False,
)
RETURNS = Fact(
    "returns",
    Text(zh="退款", en="Refunds"),
    "booked_on",
    "refund_id",
    "customer_id",
    _ORDER,
    (*_ORDERS_FROM, "refunds"),
    RETURN_LINES,
)
PURCHASE_DAYS = Fact(
    "purchase_days",
    Text(zh="购买日", en="Purchase days"),
    "sold_on",
    "sold_on",
    "customer_id",
    {},
    _ORDERS_FROM,
    of_customers=True,
    looks_back="year",
)
ACQUISITIONS = Fact(
    "acquisitions",
    Text(zh="新客户", en="New customers"),
    "new_on",
    "customer_id",
    "customer_id",
    {},
    _ORDERS_FROM,
    of_customers=True,
    looks_back="acquired",
)
SALE_OUTCOMES = Fact(
    "sale_outcomes",
    Text(zh="成交订单及其退款", en="Completed orders with their refunds"),
    "sold_on",
    "order_id",
    "customer_id",
    _ORDER,
    (*_ORDERS_FROM, "refunds"),
)
LEADS = Fact(
    "lead_outcomes",
    Text(zh="线索", en="Leads"),
    "created_on",
    "lead_id",
    None,
    {k: k for k in ("channel", "campaign", "region", "team", "salesperson")},
    ("leads",),
)
SPEND = Fact(
    "spend",
    Text(zh="费用", en="Spend"),
    "spent_on",
    "line",
    None,
    {"channel": "channel", "campaign": "campaign"},
    ("spend",),
    known_exactly=True,
)
LAGGED_SPEND = Fact(
    "lagged_spend",
    Text(
        zh="按销售周期后移的费用（需要费用与成交线索）", en="Spend moved by the sales cycle (from spend and leads won)"
    ),
    "counted_on",
    "line",
    None,
    {"channel": "channel", "campaign": "campaign"},
    ("lagged_spend", "spend", "leads", "orders"),
    known_exactly=True,
)
RESPONSES = Fact(
    "survey_responses",
    Text(zh="问卷回答", en="Survey responses"),
    "responded_on",
    "response_id",
    "customer_id",
    {k: k for k in ("channel", "campaign", "region", "team", "mode")},
    ("survey_responses",),
    latest_per=("survey", "question", "customer_id"),
)
COMPLAINTS = Fact(
    "complaints",
    Text(zh="投诉", en="Complaints"),
    "opened_on",
    "complaint_id",
    "customer_id",
    {k: k for k in ("channel", "region", "team", "category")},
    ("complaints",),
)
QUALIFIED_LEADS = Fact(
    "qualified_leads",
    Text(zh="合格线索（需要合格时间）", en="Qualified leads (from leads with a day of qualification)"),
    "qualified_on",
    "lead_id",
    None,
    LEADS.dimensions,
    ("qualified_leads", "leads"),
)
WON_LEADS = Fact(
    "won_leads",
    Text(zh="成交线索（需要线索与其客户的订单）", en="Leads won (from leads and the orders of their customers)"),
    "won_on",
    "lead_id",
    "customer_id",
    LEADS.dimensions,
    ("won_leads", "leads", "orders"),
)
PURCHASE_GAPS = Fact(
    "purchase_gaps",
    Text(zh="购买间隔", en="Gaps between purchase days"),
    "sold_on",
    "sold_on",
    "customer_id",
    {},
    _ORDERS_FROM,
    of_customers=True,
    looks_back="window",
)
OPEN_GAPS = Fact(
    "open_gaps",
    Text(zh="购买间隔（含未结束）", en="Gaps between purchase days, unfinished ones too"),
    "sold_on",
    "sold_on",
    "customer_id",
    {},
    _ORDERS_FROM,
    of_customers=True,
)
CASES = Fact(
    "complaint_outcomes",
    Text(zh="投诉处理", en="Complaints with what became of them"),
    "opened_on",
    "complaint_id",
    "customer_id",
    COMPLAINTS.dimensions,
    ("resolved_complaints", "complaints"),
)
ANSWERED_CASES = Fact(
    "answered_complaints",
    Text(zh="投诉首次响应（需要首次响应时间）", en="First responses to complaints (from complaints that say when)"),
    "opened_on",
    "complaint_id",
    "customer_id",
    COMPLAINTS.dimensions,
    ("answered_complaints", "complaints"),
)
RESOLVED_CASES = Fact(
    "resolved_cases",
    Text(zh="投诉重开（需要重开时间）", en="Complaints reopened (from complaints that say when)"),
    "resolved_on",
    "complaint_id",
    "customer_id",
    COMPLAINTS.dimensions,
    ("resolved_cases", "complaints"),
)
FOLLOWED_LEADS = Fact(
    "lead_outcomes",
    Text(zh="线索跟进（需要跟进次数）", en="Follow-ups of leads (from leads that count them)"),
    "created_on",
    "lead_id",
    None,
    LEADS.dimensions,
    ("followed_leads", "leads"),
)
PARTICIPANTS = Fact(
    "participants",
    Text(zh="活动参与者", en="Participants of campaigns"),
    "joined_on",
    "customer_id",
    "customer_id",
    {k: k for k in ("channel", "campaign", "mode")},
    ("participants", "participations"),
)
CAMPAIGN_OUTCOMES = Fact(
    "campaign_outcomes",
    Text(zh="市场活动及其费用", en="Campaigns with what they cost"),
    "begun_on",
    "campaign",
    None,
    {"channel": "channel", "campaign": "campaign"},
    ("campaign_outcomes", "campaigns", "spend"),
    known_exactly=True,
)
ALL_ORDERS = Fact(
    "placed_orders",
    Text(zh="全部下单", en="Orders placed, whatever became of them"),
    "sold_on",
    "order_id",
    "customer_id",
    _ORDER,
    _ORDERS_FROM,
)
_AD = {"channel": "channel", "campaign": "campaign"}
AD_IMPRESSIONS = Fact(
    "ad_results",
    Text(zh="广告展示（需要展示量）", en="Impressions (from ad results that count them)"),
    "day",
    "line",
    None,
    _AD,
    ("ad_impressions", "ad_results"),
    known_exactly=True,
)
AD_CLICKS = Fact(
    "ad_results",
    Text(zh="广告点击（需要点击量）", en="Clicks (from ad results that count them)"),
    "day",
    "line",
    None,
    _AD,
    ("ad_clicks", "ad_results"),
    known_exactly=True,
)
AD_SPEND = Fact(
    "ad_spend",
    Text(zh="有投放效果的渠道的媒介费用", en="Media spend of channels with ad results"),
    "spent_on",
    "line",
    None,
    _AD,
    ("spend",),
    known_exactly=True,
)
STAFF_POSTS = ("staff_posts", "staff")
ARMS = ("campaign_arms", "participations", "orders")
"""Names under which coverage of their own is kept: who was in post, who was drawn into which arm."""
FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        SALES,
        SALE_LINES,
        RETURNS,
        RETURN_LINES,
        PURCHASE_DAYS,
        ACQUISITIONS,
        SALE_OUTCOMES,
        LEADS,
        SPEND,
        LAGGED_SPEND,
        RESPONSES,
        COMPLAINTS,
        QUALIFIED_LEADS,
        WON_LEADS,
        PURCHASE_GAPS,
        OPEN_GAPS,
        CASES,
        ANSWERED_CASES,
        RESOLVED_CASES,
        PARTICIPANTS,
        CAMPAIGN_OUTCOMES,
        ALL_ORDERS,
        AD_SPEND,
    )
}
COVERAGE_LABELS: Mapping[str, Text] = {
    **{name: fact.label for name, fact in FACTS.items()},
    "resolved_complaints": Text(
        zh="投诉解决时间（需要带解决时间的投诉）", en="Resolved complaints (from complaints that say when)"
    ),
    "followed_leads": FOLLOWED_LEADS.label,
    "ad_impressions": AD_IMPRESSIONS.label,
    "ad_clicks": AD_CLICKS.label,
    "staff_posts": Text(zh="员工任职", en="Staff in post"),
    "campaign_arms": Text(
        zh="实验组与对照组（需要带分组的活动名单）", en="Treated and held out (from participations with an arm)"
    ),
}
"""What a coverage of its own is called, where it is no canonical table."""

CUSTOMER_DIMENSIONS = ("channel", "campaign", "cohort", "region", "level")
_ONLY_OF_CUSTOMERS = ("cohort", "level")


def dimensions_known(fact: Fact) -> tuple[str, ...]:
    """The dimensions that a fact knows by itself or by its customer."""
    if fact.of_customers:
        return CUSTOMER_DIMENSIONS
    return *fact.dimensions, *(_ONLY_OF_CUSTOMERS if fact.customer else ())


DIMENSION_LABELS: Mapping[str, Text] = {
    "channel": Text(zh="渠道", en="Channel"),
    "campaign": Text(zh="活动", en="Campaign"),
    "region": Text(zh="大区", en="Region"),
    "team": Text(zh="团队", en="Team"),
    "salesperson": Text(zh="销售员", en="Salesperson"),
    "segment": Text(zh="细分", en="Segment"),
    "category": Text(zh="商品类别", en="Product category"),
    "product": Text(zh="商品", en="Product"),
    "mode": Text(zh="方式", en="Mode"),
    "plan": Text(zh="方案", en="Plan"),
    "cohort": Text(zh="获客同期群", en="Acquisition cohort"),
    "level": Text(zh="会员等级", en="Member level"),
    "age": Text(zh="月龄", en="Age"),
}

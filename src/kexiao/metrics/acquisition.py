"""客户获取: how customers are won, and what that costs."""

from __future__ import annotations

from kexiao.facts.formula import PerLength, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Median, Payback
from kexiao.facts.subjects import WON_LEADS
from kexiao.metrics.parts import (
    acquisition_cost,
    at_end,
    base,
    customers_won,
    every_cost,
    first_amount,
    immature_leads,
    immature_prospects,
    known_margin,
    lagged_acquisition_cost,
    leads_created,
    leads_qualified,
    marketing_and_sales_cost,
    marketing_cost,
    matured_leads,
    matured_prospects,
    new,
    new_from_paid_channels,
    opportunities_opened,
    paid_media_cost,
    prospects_won,
    returned_after_a_year,
    won_leads,
)
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

new_customers = Metric(
    label=Text(zh="新客户数量", en="New customers"),
    why=Text(
        zh="增长的第一来源；第一个活跃窗口内的数据无法区分新老客户。",
        en="The first source of growth; in the first active window of the data new and old cannot be told apart.",
    ),
    formula=new,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1, window=WINDOW),
    variants={
        "no_order_365d": Variant(
            Text(zh="365 天内首购（店铺新客）", en="No order in 365 days (shop newcomers)"),
            returned_after_a_year,
            Text(
                zh="电商平台口径：一年未购即算新客，与首次购买不同。",
                en="Platforms count anyone without an order for a year as new.",
            ),
        ),
    },
    more_examples=(Example(SHOP, answer=1, window=WINDOW, variant="no_order_365d"),),
)

new_customer_share = Metric(
    label=Text(zh="新增客户占比", en="New customer share"),
    why=Text(
        zh="看生意靠新客还是靠老客，本身无所谓好坏。",
        en="Whether sales rest on new or on old customers; neither is good as such.",
    ),
    formula=Ratio(new, ordering, kind="share"),
    unit="ratio",
    better="neither",
    source=Text(
        zh="市场营销教材：新客户获取量 = 新增客户数 ÷ 同期总客户数 × 100%，实为比率",
        en="Marketing textbooks print it as a “quantity”, though it is a rate",
    ),
    example=Example(SHOP, answer=0.25, window=WINDOW),
    variants={
        "of_end": Variant(
            Text(zh="÷ 期末客户数 E", en="÷ customers at the end (E)"),
            Ratio(new, at_end),
            Text(zh="“总客户数”读作期末活跃客户。", en="“All customers” read as those active at the end."),
        ),
        "of_base": Variant(
            Text(zh="÷ 累计客户数 B", en="÷ customer base (B)"),
            Ratio(new, base, kind="share"),
            Text(
                zh="“总客户数”读作历史累计客户，会随时间变小。",
                en="“All customers” read as everyone ever acquired; falls as the base grows.",
            ),
        ),
    },
    more_examples=(
        Example(SHOP, answer=0.25, window=WINDOW, variant="of_end"),
        Example(SHOP, answer=0.2, window=WINDOW, variant="of_base"),
    ),
)

leads = Metric(
    label=Text(zh="线索数", en="Leads"),
    why=Text(zh="漏斗的入口。", en="The mouth of the funnel."),
    formula=leads_created,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=4, window=WINDOW),
)

qualified_leads = Metric(
    label=Text(zh="合格线索数", en="Qualified leads"),
    why=Text(
        zh="值得销售跟进的线索；按合格当日计，与创建日无关。",
        en="Leads worth a seller’s time, counted on the day they were qualified, whenever they were created.",
    ),
    formula=leads_qualified,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "leads": """
                lead_id | created_on | qualified_on
                L1      | 2025-03-02 | 2025-03-04
                L2      | 2025-03-05 |
                L3      | 2025-02-20 | 2025-03-15
                L4      | 2025-03-20 | 2025-04-02
                """
        },
        answer=2,
    ),
)

opportunities = Metric(
    label=Text(zh="商机数量", en="Opportunities"),
    why=Text(zh="期内新建的商机，是后面几个月销售的来源。", en="Deals opened in the period: where the sales of the months to come are from."),
    formula=opportunities_opened,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "opportunities": """
                opportunity_id | customer_id | opened_on  | status
                p1             | 1           | 2025-03-02 | open
                p2             | 1           | 2025-03-31 | lost
                p3             | 2           | 2025-04-01 | won
                """
        },
        answer=2,
    ),
)  # fmt: skip

_PROSPECTS = {
    "prospects": """
        prospect_id | customer_id | contacted_on
        x1          | 1           | 2025-03-02
        x2          | 2           | 2025-03-05
        x3          |             | 2025-03-06
        x4          | 3           | 2025-03-09
        x5          |             | 2025-06-20
        """,
    "orders": """
        order_id | customer_id | ordered_on | amount
        a        | 1           | 2025-03-20 | 10
        b        | 2           | 2025-06-03 | 10
        c        | 3           | 2025-03-01 | 10
        z        | 9           | 2025-06-30 | 10
        """,
}

acquisition_rate = Metric(
    label=Text(zh="获客率", en="Acquisition rate"),
    why=Text(
        zh="联系过的潜在客户中，90 天内首次下单的比例；只算已满 90 天的。",
        en="Of the prospects contacted the share who first ordered within 90 days, of those whose 90 days are over.",
    ),
    formula=Ratio(prospects_won, matured_prospects, kind="share", immature=immature_prospects),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_PROSPECTS, answer=0.25),
    more_examples=(Example(_PROSPECTS, answer=None, period="2025-06"),),
)

cost_per_lead = Metric(
    label=Text(zh="单条线索成本", en="Cost per lead"),
    why=Text(
        zh="得到一条线索花多少营销费用；便宜的线索未必成交，与客户转化率同看。",
        en="What one lead costs in marketing; cheap leads may not convert, so read it beside the conversion rate.",
    ),
    formula=Ratio(marketing_cost, leads_created),
    unit="money/lead",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=25, window=WINDOW),
)

sales_cycle_days = Metric(
    label=Text(zh="销售周期", en="Sales cycle"),
    why=Text(
        zh="从线索到首单的天数，取期内成交线索的中位数，几笔特别慢的单子不会拉高它。",
        en="Days from lead to first order, the median over leads won in the period, which a few slow deals do not move.",
    ),
    formula=Median(WON_LEADS, "days", Text(zh="期内成交线索从创建到首单的天数的中位数", en="median days from lead to first order of leads won in the period")),
    unit="days",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "leads": """
                lead_id | customer_id | created_on
                L1      | 1           | 2025-02-01
                L2      | 2           | 2025-03-01
                L3      | 3           | 2025-03-02
                L4      |             | 2025-03-05
                L5      | 4           | 2025-03-06
                """,
            "orders": """
                order_id | customer_id | ordered_on | amount
                a        | 1           | 2025-03-05 | 10
                b        | 2           | 2025-03-11 | 10
                c        | 3           | 2025-03-22 | 10
                d        | 4           | 2025-04-01 | 10
                """,
        },
        answer=20,
    ),
)  # fmt: skip

first_order_value = Metric(
    label=Text(zh="新客首单金额", en="First order value"),
    why=Text(
        zh="新客户第一天下单的平均实付额；同一天拆成几单算一次，之后的退款不减。",
        en="What new customers pay on their first day, on average; a split order is one, and later refunds are not taken off.",
    ),
    formula=Ratio(first_amount, customers_won),
    unit="money/customer",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "orders": """
                order_id | customer_id | ordered_on | amount
                a        | 1           | 2025-01-10 | 500
                b        | 2           | 2025-03-05 | 60
                c        | 2           | 2025-03-05 | 40
                d        | 2           | 2025-03-09 | 900
                e        | 3           | 2025-03-06 | 50
                f        | 1           | 2025-04-01 | 10
                """
        },
        answer=75,
        window=WINDOW,
    ),
)

lead_conversion_rate = Metric(
    label=Text(zh="客户转化率", en="Lead conversion rate"),
    why=Text(
        zh="线索变成客户的比例；只算观察期已满的线索，避免新线索拉低比率。",
        en="The share of leads that become customers; only leads whose window is over count, so fresh ones do not pull it down.",
    ),
    formula=Ratio(won_leads, matured_leads, kind="share", immature=immature_leads),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.25, window=WINDOW),
    variants={
        "same_period": Variant(
            Text(zh="本期新客户 ÷ 本期线索", en="customers won ÷ leads created, same period"),
            Ratio(new, leads_created),
            Text(
                zh="分子分母不是同一批人，可能大于 1。",
                en="Numerator and denominator are different people; can exceed 1.",
            ),
        ),
    },
    more_examples=(Example(SHOP, answer=0.25, window=WINDOW, variant="same_period"),),
)

customer_acquisition_cost = Metric(
    label=Text(zh="客户获取成本", en="Customer acquisition cost"),
    why=Text(
        zh="赢得一位新客户的花费；留存费用不算在内。",
        en="What it costs to win one new customer; retention spend is left out.",
    ),
    formula=Ratio(acquisition_cost, new),
    unit="money/customer",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=90, window=WINDOW),
    variants={
        "marketing_sales": Variant(
            Text(zh="（营销费用 + 销售费用）÷ 新客户", en="(marketing + sales cost) ÷ new customers"),
            Ratio(marketing_and_sales_cost, new),
            Text(zh="含留存费用。", en="Includes retention spend."),
        ),
        "all_costs": Variant(
            Text(zh="（营销 + 人力 + 其他）÷ 新客户", en="(marketing + labour + other) ÷ new customers"),
            Ratio(every_cost, new),
            Text(zh="含与获客无关的其他成本。", en="Includes cost that wins nobody."),
        ),
        "paid": Variant(
            Text(zh="媒介费用 ÷ 付费渠道新客户", en="media spend ÷ new customers of paid channels"),
            Ratio(paid_media_cost, new_from_paid_channels),
            Text(
                zh="付费渠道指花过媒介费用的获客渠道；不含人力，自然流量的客户不算。",
                en="Paid are channels of acquisition on which media money was ever spent; no labour in it, no customers who came by themselves.",
            ),
        ),
        "lagged": Variant(
            Text(zh="早一个销售周期的费用 ÷ 新客户", en="cost one sales cycle earlier ÷ new customers"),
            Ratio(lagged_acquisition_cost, new),
            Text(
                zh="费用后移一个销售周期的中位数（全部成交线索，从线索到首单），让花钱与成交对上。",
                en="Cost is moved by the median sales cycle (all leads won, lead to first order), so that it meets the customers it won.",
            ),
        ),
    },
    more_examples=(
        Example(SHOP, answer=100, window=WINDOW, variant="marketing_sales"),
        Example(SHOP, answer=105, window=WINDOW, variant="all_costs"),
        Example(SHOP, answer=60, period="2025-03-01..2025-03-12", window=WINDOW, variant="lagged"),
        Example(
            {
                "orders": """
                    order_id | customer_id | ordered_on | channel | amount
                    a        | 1           | 2025-01-10 | web     | 10
                    b        | 2           | 2025-03-05 | web     | 10
                    c        | 3           | 2025-03-06 | web     | 10
                    d        | 4           | 2025-03-07 | store   | 10
                    e        | 1           | 2025-04-01 | web     | 10
                    """,
                "spend": """
                    spent_on   | channel | category  | purpose     | amount
                    2025-03-01 | web     | media     | acquisition | 40
                    2025-03-02 | store   | promotion | acquisition | 20
                    2025-03-06 | web     | media     | retention   | 10
                    2025-04-01 | web     | media     | acquisition | 1
                    """,
            },
            answer=20,
            window=WINDOW,
            variant="paid",
        ),
    ),
)

_PAYBACK_SHOP = {
    "orders": """
        order_id | customer_id | ordered_on | amount | cost
        a        | 1           | 2025-03-01 | 100    | 60
        b        | 1           | 2025-03-20 | 50     | 30
        c        | 1           | 2025-04-10 | 100    | 60
        d        | 2           | 2025-03-11 | 60     | 40
        e        | 2           | 2025-05-15 | 80     | 40
        f        | 1           | 2025-06-30 | 10     | 5
        """,
    "spend": """
        spent_on   | channel | category | purpose     | amount
        2025-03-05 | web     | media    | acquisition | 100
        2025-06-30 | web     | media    | acquisition | 1
        """,
}

cac_payback_months = Metric(
    label=Text(zh="获客成本回收期", en="CAC payback"),
    why=Text(
        zh="期内获得的客户用几个月的毛利收回获客成本；一个月为各自首单起 30 天，未收回则为空。",
        en="In how many months the customers of a period bring back, in margin, what they cost; a month is 30 days from each one’s first order. Not yet is no number.",
    ),
    formula=Payback(
        acquisition_cost,
        Text(zh="同期新客累计每客毛利首次达到获客成本的月份", en="the first month in which the cohort’s margin per customer reaches its acquisition cost"),
    ),
    unit="months",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_PAYBACK_SHOP, answer=2, window=WINDOW),
    variants={
        "simple": Variant(
            Text(zh="获客成本 ÷ 每客月均毛利", en="CAC ÷ monthly margin per customer"),
            Ratio(Ratio(acquisition_cost, new), PerLength(Ratio(known_margin, ordering), "month")),
            Text(
                zh="假设新客一直像本期全部下单客户一样带来毛利。",
                en="Supposes that new customers go on bringing what all of the period’s customers bring.",
            ),
        ),
    },
    more_examples=(
        Example(_PAYBACK_SHOP, answer=1.25, window=WINDOW, variant="simple"),
        Example(SHOP, answer=None, window=WINDOW),
    ),
)  # fmt: skip

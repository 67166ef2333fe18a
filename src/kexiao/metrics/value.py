"""客户价值: what customers are worth."""

from __future__ import annotations

from kexiao.facts.formula import Growth, Ratio, TopShare, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Gini
from kexiao.metrics.parts import (
    completed_orders,
    cross_taken,
    discount_amount,
    existing_buyers,
    gross_amount,
    higher_tier_buyers,
    immature_cross,
    immature_sales,
    immature_up,
    known_net,
    known_orders,
    margin,
    market_size,
    marketing_and_sales_cost,
    matured_cross,
    matured_sales,
    matured_up,
    net,
    new_category_buyers,
    placed_amount,
    quantity,
    refund_amount,
    refunded_of_matured,
    sold_amount,
    up_taken,
)
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

_OFFERED = {
    "offers": """
        offer_id | customer_id | kind       | offered_on | accepted_on
        o1       | 1           | cross_sell | 2025-03-02 | 2025-03-20
        o2       | 2           | cross_sell | 2025-03-03 | 2025-04-20
        o3       | 2           | up_sell    | 2025-03-03 | 2025-03-04
        o4       | 3           | cross_sell | 2025-06-20 |
        """,
    "products": """
        product_id | category | tier | price
        p1         | tea      | A    | 20
        p2         | cups     | A    | 30
        p3         | tea      | B    | 90
        """,
    "orders": """
        order_id | customer_id | ordered_on
        a        | 1           | 2025-01-10
        b        | 1           | 2025-03-10
        c        | 2           | 2025-01-11
        d        | 2           | 2025-03-11
        e        | 3           | 2025-03-12
        """,
    "order_lines": """
        order_id | line_no | product_id | quantity | net
        a        | 1       | p1         | 1        | 20
        b        | 1       | p2         | 1        | 30
        c        | 1       | p1         | 1        | 20
        d        | 1       | p3         | 1        | 90
        e        | 1       | p3         | 1        | 90
        """,
}
_MARKET = {
    "orders": """
        order_id | customer_id | ordered_on | region | amount
        a        | 1           | 2025-03-01 | east   | 40
        b        | 2           | 2025-03-09 | west   | 260
        c        | 2           | 2025-04-30 | west   | 10
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount
        r1        | a        | 2025-03-02  | 30
        r2        | c        | 2025-04-30  | 1
        """,
    "external_figures": """
        figure      | from_on    | to_on      | region | value | source   | published_on
        market_size | 2025-03-01 | 2025-03-31 |        | 1000  | old      | 2025-04-10
        market_size | 2025-03-01 | 2025-03-31 |        | 900   | new      | 2025-05-10
        market_size | 2025-03-01 | 2025-03-31 | east   | 50    | new      | 2025-05-10
        market_size | 2025-04-01 | 2025-06-30 |        | 4000  | new      | 2025-08-10
        """,
}

gross_sales = Metric(
    label=Text(zh="销售额", en="Gross sales"),
    why=Text(zh="优惠与退款之前的销售规模。", en="Sales before discounts and refunds."),
    formula=gross_amount,
    unit="money",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=375, window=WINDOW),
    variants={
        "gmv": Variant(
            Text(zh="GMV：全部下单金额", en="GMV: all orders placed"),
            placed_amount,
            Text(
                zh="含未付款与已取消的订单，不是收入。",
                en="Unpaid and cancelled orders are in it; it is no revenue.",
            ),
        ),
    },
    volume=completed_orders,
    more_examples=(Example(SHOP, answer=875, window=WINDOW, variant="gmv"),),
)

net_sales = Metric(
    label=Text(zh="净销售额", en="Net sales"),
    why=Text(
        zh="减去优惠与退款后真正得到的销售额，不含运费。",
        en="What is left of sales after discounts and refunds, without freight.",
    ),
    formula=net,
    unit="money",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=315, window=WINDOW),
    volume=completed_orders,
)

refunds = Metric(
    label=Text(zh="退款额", en="Refunds"),
    why=Text(zh="期内入账的退款。", en="Refunds booked in the period."),
    formula=refund_amount,
    unit="money",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=50, window=WINDOW),
    volume=completed_orders,
)

refund_rate = Metric(
    label=Text(zh="退款率", en="Refund rate"),
    why=Text(
        zh="每卖出 100 元退回多少；退款按退款日入账。",
        en="How much of each 100 sold is paid back; booked on the refund’s own day.",
    ),
    formula=Ratio(refund_amount, sold_amount),
    unit="ratio",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.136986301369863, window=WINDOW),
    variants={
        "cohort": Variant(
            Text(
                zh="下单后 30 天内退款 ÷ 这些订单的实付额",
                en="refunds within 30 days of the order ÷ the sales of these orders",
            ),
            Ratio(refunded_of_matured, matured_sales, immature=immature_sales),
            Text(
                zh="只算退款期已满的订单，退款算回下单的那一期；期限可在口径 refund_window_days 中设置。",
                en="Only orders whose window is over, each refund in the period of its order; the days are the policy's refund_window_days.",
            ),
        ),
    },
    more_examples=(Example(SHOP, answer=0.15151515151515152, period="2025-02", window=WINDOW, variant="cohort"),),
)

discount_rate = Metric(
    label=Text(zh="折扣率", en="Discount rate"),
    why=Text(zh="优惠占优惠前销售额的比例。", en="Discounts as a share of sales before discount."),
    formula=Ratio(discount_amount, gross_amount),
    unit="ratio",
    better="neither",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.02666666666666667, window=WINDOW),
)

gross_margin = Metric(
    label=Text(zh="毛利", en="Gross margin"),
    why=Text(
        zh="净销售额减商品成本；任何一行成本未知则不给数字。",
        en="Net sales less cost of goods; one unknown cost and there is no number.",
    ),
    formula=margin,
    unit="money",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=120, window=WINDOW),
    volume=completed_orders,
)

gross_margin_rate = Metric(
    label=Text(zh="毛利率", en="Gross margin rate"),
    why=Text(zh="每一元净销售额留下多少毛利。", en="How much of each unit of net sales stays."),
    formula=Ratio(margin, net),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.38095238095238093, window=WINDOW),
)

orders = Metric(
    label=Text(zh="订单数", en="Orders"),
    why=Text(zh="成交订单数。", en="Completed orders."),
    formula=completed_orders,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=6, window=WINDOW),
)

ordering_customers = Metric(
    label=Text(zh="下单客户数", en="Ordering customers"),
    why=Text(zh="期内成交过的客户数。", en="Distinct customers with a completed order."),
    formula=ordering,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=4, window=WINDOW),
)

identified_share = Metric(
    label=Text(zh="可识别订单占比", en="Identified share"),
    why=Text(
        zh="有多少订单知道是谁买的；按客户的指标只覆盖这一部分。",
        en="How many orders are known by customer; metrics per customer cover only these.",
    ),
    formula=Ratio(known_orders, completed_orders, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.8333333333333334, window=WINDOW),
)

items_per_order = Metric(
    label=Text(zh="件单价（连带率）", en="Items per order"),
    why=Text(zh="一单买几件。", en="How many items an order holds."),
    formula=Ratio(quantity, completed_orders),
    unit="items/order",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1.5, window=WINDOW),
)

average_order_value = Metric(
    label=Text(zh="平均订单金额", en="Average order value"),
    why=Text(
        zh="区分“买得多”与“买得勤”。门店叫客单价，平台的客单价是客户平均消费额。",
        en="Tells bigger baskets from more baskets.",
    ),
    formula=Ratio(net, completed_orders),
    unit="money/order",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=52.5, window=WINDOW),
)

purchase_frequency = Metric(
    label=Text(zh="购买频率", en="Purchase frequency"),
    why=Text(zh="每位下单客户平均下几单。", en="Orders per ordering customer."),
    formula=Ratio(known_orders, ordering),
    unit="orders/customer",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1.25, window=WINDOW),
)

revenue_per_customer = Metric(
    label=Text(zh="客户平均消费额", en="Revenue per customer"),
    why=Text(zh="每位下单客户带来多少净销售额。", en="Net sales per ordering customer."),
    formula=Ratio(known_net, ordering),
    unit="money/customer",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=72.5, window=WINDOW),
)

sales_growth = Metric(
    label=Text(zh="销售额增长率", en="Sales growth"),
    why=Text(
        zh="与上一期相比；未结束的期间只与上期相同天数比较。",
        en="Against the period before; an unfinished one against as many days of it.",
    ),
    formula=Growth(net, "before"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=-0.045454545454545456, window=WINDOW),
)

sales_growth_yoy = Metric(
    label=Text(zh="销售额同比", en="Sales growth, year on year"),
    why=Text(
        zh="与上年同期相比，避开季节影响。", en="Against the same period a year before, which leaves the seasons out."
    ),
    formula=Growth(net, "year_before"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "orders": """
                order_id | customer_id | ordered_on | amount
                a        | 1           | 2024-03-01 | 100
                b        | 2           | 2024-03-31 | 100
                c        | 1           | 2025-03-02 | 250
                d        | 2           | 2025-04-02 | 1
                """
        },
        answer=0.25,
    ),
    variants={
        "festival_aligned": Variant(
            Text(zh="按春节对齐", en="aligned to Spring Festival"),
            Growth(net, "festival"),
            Text(
                zh="春节前后 30 天内的期间（不超过一个季度），与上年离春节同样远的那些天相比；其余期间即同比。",
                en="A period within 30 days of Spring Festival, a quarter at most, against the days as far from it a year before; other periods as year on year.",
            ),
        ),
        "national_day_aligned": Variant(
            Text(zh="按国庆对齐", en="aligned to National Day"),
            Growth(net, "national_day"),
            Text(
                zh="国庆假期前后两周内的一周，与上年离 10 月 1 日同样远的七天相比；其余期间即同比。中秋落在假期里的年份多放一天假（如 2020、2023、2025），这一天不作调整。",
                en="A week within two weeks of the holidays, against the seven days as far from 1 October a year before; other periods as year on year. Years with Mid-Autumn in the holidays have a day more of them (2020, 2023, 2025), which is not adjusted for.",
            ),
        ),
    },
    more_examples=(
        Example(
            {
                "orders": """
                    order_id | customer_id | ordered_on | amount
                    z        | 9           | 2024-01-01 | 1
                    a        | 1           | 2024-02-12 | 500
                    b        | 1           | 2024-02-13 | 100
                    c        | 1           | 2024-03-11 | 60
                    d        | 1           | 2024-03-12 | 300
                    e        | 1           | 2025-02-01 | 200
                    f        | 1           | 2025-03-01 | 10
                    """
            },
            answer=0.25,
            period="2025-02",
            variant="festival_aligned",
        ),
        Example(
            {
                "orders": """
                    order_id | customer_id | ordered_on | amount
                    z        | 9           | 2024-01-01 | 1
                    a        | 1           | 2024-09-28 | 70
                    b        | 1           | 2024-09-29 | 80
                    c        | 1           | 2024-10-05 | 20
                    d        | 1           | 2024-10-06 | 900
                    e        | 1           | 2025-09-28 | 7
                    f        | 1           | 2025-10-01 | 150
                    g        | 1           | 2025-10-06 | 5
                    """
            },
            answer=0.5,
            period="2025-W40",
            variant="national_day_aligned",
        ),
    ),
)


top_fifth_share = Metric(
    label=Text(zh="前 20% 客户占比", en="Share of the top fifth"),
    why=Text(zh="利润集中在少数客户手里的程度。", en="How far the margin rests on a few customers."),
    formula=TopShare(margin),
    unit="ratio",
    better="neither",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.35, window=WINDOW),
    variants={
        "by_sales": Variant(
            Text(zh="按净销售额", en="by net sales"), TopShare(net), Text(zh="不看成本。", en="Cost is left out.")
        ),
    },
    more_examples=(Example(SHOP, answer=0.3764705882352941, window=WINDOW, variant="by_sales"),),
)

gini = Metric(
    label=Text(zh="基尼系数", en="Gini coefficient"),
    why=Text(
        zh="毛利在下单客户之间分得多不均：0 为人人相同，1 为全在一人手里。",
        en="How unequally the margin is spread over ordering customers: 0 all alike, 1 one customer holds all.",
    ),
    formula=Gini(margin, Text(zh="下单客户毛利的基尼系数", en="Gini coefficient of margin over ordering customers")),
    unit="ratio",
    better="neither",
    source=Text(zh="Gini 1912；Lorenz 1905", en="Gini 1912; Lorenz 1905"),
    example=Example(SHOP, answer=0.25, window=WINDOW),
    variants={
        "by_sales": Variant(
            Text(zh="按净销售额", en="by net sales"),
            Gini(net, Text(zh="下单客户净销售额的基尼系数", en="Gini coefficient of net sales over ordering customers")),
            Text(zh="不看成本。", en="Cost is left out."),
        ),
    },
    more_examples=(Example(SHOP, answer=420 / 1360, window=WINDOW, variant="by_sales"),),
)  # fmt: skip

cross_sell_rate = Metric(
    label=Text(zh="交叉销售成功率", en="Cross-sell rate"),
    why=Text(
        zh="交叉销售提议中 30 天内被接受的比例；只算已满 30 天的，期限可在口径 offer_window_days 中设置。",
        en="Of the cross-sell offers the share taken within 30 days, of those whose 30 days are over; the days are the policy’s offer_window_days.",
    ),
    formula=Ratio(cross_taken, matured_cross, kind="share", immature=immature_cross),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_OFFERED, answer=0.5),
    variants={
        "behaviour": Variant(
            Text(zh="按购买行为", en="by what they bought"),
            Ratio(new_category_buyers, existing_buyers, kind="share"),
            Text(
                zh="老客户中买了从未买过的类别的比例：不需要提议记录，但也不说明是谁促成的。",
                en="Of existing customers who order, those who bought a category new to them: needs no record of offers, and does not say who brought it about.",
            ),
        ),
    },
    more_examples=(
        Example(_OFFERED, answer=0.5, variant="behaviour"),
        Example(_OFFERED, answer=None, period="2025-06"),
    ),
)

upsell_rate = Metric(
    label=Text(zh="客户升级成功率", en="Up-sell rate"),
    why=Text(
        zh="升级提议中 30 天内被接受的比例；只算已满 30 天的。",
        en="Of the up-sell offers the share taken within 30 days, of those whose 30 days are over.",
    ),
    formula=Ratio(up_taken, matured_up, kind="share", immature=immature_up),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_OFFERED, answer=1),
    variants={
        "behaviour": Variant(
            Text(zh="按购买行为", en="by what they bought"),
            Ratio(higher_tier_buyers, existing_buyers, kind="share"),
            Text(
                zh="老客户中买了高于以往最高档次的比例；档次高低按其商品平均标价排。",
                en="Of existing customers who order, those who bought above their highest tier so far; tiers are ranked by what their products cost on average.",
            ),
        ),
    },
    more_examples=(Example(_OFFERED, answer=0.5, variant="behaviour"),),
)

market_share = Metric(
    label=Text(zh="市场份额", en="Market share"),
    why=Text(
        zh="净销售额 ÷ 同时段、同范围的市场规模；市场规模来自外部，注明来源与发布日期，全年数不能拆成季度用。",
        en="Net sales ÷ the market’s size for the same span and scope; that size comes from outside, with its source and date, and a year’s says nothing of its quarters.",
    ),
    formula=Ratio(net, market_size),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_MARKET, answer=0.3),
    more_examples=(
        Example(_MARKET, answer=0.2, dimensions={"region": "east"}),
        Example(_MARKET, answer=None, period="2025-04"),
    ),
)

marketing_cost_ratio = Metric(
    label=Text(zh="营销费用率", en="Marketing cost ratio"),
    why=Text(
        zh="每一元净销售额花掉多少营销与销售费用。",
        en="How much marketing and sales cost each unit of net sales takes.",
    ),
    formula=Ratio(marketing_and_sales_cost, net),
    unit="ratio",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=100 / 315, window=WINDOW),
)

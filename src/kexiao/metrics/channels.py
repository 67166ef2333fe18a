"""渠道: what spending brings back."""

from __future__ import annotations

from kexiao.facts.formula import Minus, Ratio
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.metrics.parts import (
    ad_clicks,
    ad_impressions,
    clicks_of_shown,
    cost_of_clicks,
    cost_of_impressions,
    immature_leads,
    margin,
    marketing_cost,
    matured_leads,
    media_cost,
    net,
    shown_and_clicked,
    won_leads,
)
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

return_on_ad_spend = Metric(
    label=Text(zh="广告支出回报率", en="Return on ad spend"),
    why=Text(
        zh="每一元媒介费用对应多少净销售额；高于 1 ÷ 毛利率才不亏。订单按自身记录的渠道归属。",
        en="Net sales per unit of media spend; breaks even at 1 ÷ margin rate. Orders are credited to the channel they bear.",
    ),
    formula=Ratio(net, media_cost),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=6.3, window=WINDOW),
)

return_on_marketing_investment = Metric(
    label=Text(zh="营销投资回报率", en="Return on marketing investment"),
    why=Text(zh="营销花费带回的毛利是否盖过花费。", en="Whether the margin exceeds what marketing cost."),
    formula=Ratio(Minus(margin, marketing_cost), marketing_cost),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.2, window=WINDOW),
    variants={
        "on_sales": Variant(
            Text(zh="（净销售额 − 费用）÷ 费用", en="(net sales − spend) ÷ spend"),
            Ratio(Minus(net, marketing_cost), marketing_cost),
            Text(zh="没有减去商品成本，偏高。", en="Cost of goods is left out, so it looks high."),
        ),
    },
    more_examples=(Example(SHOP, answer=2.15, window=WINDOW, variant="on_sales"),),
)

channel_conversion_rate = Metric(
    label=Text(zh="渠道转化率", en="Channel conversion rate"),
    why=Text(
        zh="渠道带来的线索有多少在观察期内首次下单；各渠道都以线索计，可以互相比较。",
        en="How many leads of a channel order within the window; leads are counted for every channel, so they compare.",
    ),
    formula=Ratio(won_leads, matured_leads, kind="share", immature=immature_leads),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "leads": """
                lead_id | customer_id | created_on | channel
                L1      | 1           | 2025-03-02 | web
                L2      |             | 2025-03-05 | web
                L3      | 2           | 2025-03-06 | store
                L4      |             | 2025-06-20 | web
                """,
            "orders": """
                order_id | customer_id | ordered_on | amount
                a        | 1           | 2025-03-05 | 10
                b        | 2           | 2025-07-01 | 10
                """,
        },
        answer=0.5,
        dimensions={"channel": "web"},
    ),
)

_ADS = {
    "ad_results": """
        day        | channel | campaign | impressions | clicks | visits
        2025-03-01 | web     | spring   | 8000        | 80     |
        2025-03-02 | web     |          | 2000        | 70     |
        2025-03-02 | video   |          | 30000       |        |
        2025-03-03 | site    |          |             |        | 900
        2025-06-30 | web     |          | 10          | 1      |
        """,
    "spend": """
        spent_on   | channel | campaign | category  | purpose     | amount
        2025-03-01 | web     | spring   | media     | acquisition | 60
        2025-03-02 | web     |          | media     | acquisition | 90
        2025-03-02 | video   |          | media     | acquisition | 250
        2025-03-05 | radio   |          | media     | acquisition | 700
        2025-03-05 | web     |          | content   | acquisition | 40
        2025-06-30 | web     |          | media     | acquisition | 1
        """,
}

impressions = Metric(
    label=Text(zh="曝光量", en="Impressions"),
    why=Text(zh="广告被展示的次数，不是人数。", en="How often ads were shown, which is not how many people saw them."),
    formula=ad_impressions,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_ADS, answer=40000),
    more_examples=(Example(SHOP, answer=None, window=WINDOW),),
)

cpm = Metric(
    label=Text(zh="千次曝光成本", en="Cost per thousand impressions"),
    why=Text(
        zh="一千次展示花多少媒介费用；没有展示数据的渠道，费用也不计入。",
        en="What a thousand impressions cost in media; spend on channels that count no impressions is left out.",
    ),
    formula=Ratio(cost_of_impressions, ad_impressions, times=1000),
    unit="money/thousand",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_ADS, answer=10),
    more_examples=(Example(_ADS, answer=15, dimensions={"channel": "web"}),),
)

cpc = Metric(
    label=Text(zh="点击成本", en="Cost per click"),
    why=Text(
        zh="一次点击花多少媒介费用；没有点击数据的渠道，费用也不计入。",
        en="What a click costs in media; spend on channels that count no clicks is left out.",
    ),
    formula=Ratio(cost_of_clicks, ad_clicks),
    unit="money/click",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_ADS, answer=1),
    more_examples=(Example(_ADS, answer=0.75, dimensions={"campaign": "spring"}),),
)

ctr = Metric(
    label=Text(zh="点击率", en="Click-through rate"),
    why=Text(
        zh="展示变成点击的比例；只算两者都有的行。", en="How many impressions are clicked, over rows that count both."
    ),
    formula=Ratio(clicks_of_shown, shown_and_clicked),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_ADS, answer=0.015),
)

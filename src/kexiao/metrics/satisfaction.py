"""满意度与客户之声: what customers say."""

from __future__ import annotations

from kexiao.facts.formula import Minus, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.metrics.parts import (
    complaining_buyers,
    complaints_opened,
    completed_orders,
    csat_answers,
    csat_satisfied,
    csat_scores,
    detractors,
    nps_answers,
    promoters,
)
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

csat_mean = Metric(
    label=Text(zh="客户满意度（均值）", en="Satisfaction, mean"),
    why=Text(zh="平均得分；不同量表不能混在一起平均。", en="The mean score; different scales are never averaged."),
    formula=Ratio(csat_scores, csat_answers),
    unit="score",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=4.25, window=WINDOW),
)

csat_top_two = Metric(
    label=Text(zh="客户满意度（最高两档占比）", en="Satisfaction, top two boxes"),
    why=Text(
        zh="打最高两档的比例，比均值更容易解释。", en="The share in the top two boxes, easier to explain than a mean."
    ),
    formula=Ratio(csat_satisfied, csat_answers, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.75, window=WINDOW),
)

net_promoter_score = Metric(
    label=Text(zh="净推荐值", en="Net promoter score"),
    why=Text(zh="推荐者占比减贬损者占比。", en="Promoters less detractors."),
    formula=Ratio(Minus(promoters, detractors), nps_answers, times=100, kind="net_promoter"),
    unit="nps",
    better="higher",
    source=Text(zh="Reichheld 2003", en="Reichheld 2003"),
    example=Example(SHOP, answer=25.0, window=WINDOW),
)

complaint_rate = Metric(
    label=Text(zh="客户投诉率", en="Complaint rate"),
    why=Text(zh="每 100 位下单客户的投诉件数。", en="Complaints per 100 ordering customers."),
    formula=Ratio(complaints_opened, ordering, times=100),
    unit="per_100_customers",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=50.0, window=WINDOW),
    variants={
        "per_1000_orders": Variant(
            Text(zh="每千单投诉数", en="per 1,000 orders"),
            Ratio(complaints_opened, completed_orders, times=1000),
            Text(zh="分母是订单。", en="The denominator is orders."),
            unit="per_1000_orders",
        ),
        "complaining_customers": Variant(
            Text(zh="投诉客户占比", en="share of customers who complained"),
            Ratio(complaining_buyers, ordering, kind="share"),
            Text(zh="一位客户投诉多次只算一次。", en="A customer counts once."),
            unit="ratio",
        ),
    },
    more_examples=(
        Example(SHOP, answer=333.3333333333333, window=WINDOW, variant="per_1000_orders"),
        Example(SHOP, answer=0.25, window=WINDOW, variant="complaining_customers"),
    ),
)

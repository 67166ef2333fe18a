"""市场活动: who took part, what it cost, and what came of it beyond a holdout."""

from __future__ import annotations

from kexiao.facts.formula import Formula, Minus, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Incremental, KeyFigureChange
from kexiao.metrics.goal_parts import goals_reached
from kexiao.metrics.parts import (
    budgets,
    campaign_answers,
    campaign_cost,
    campaign_satisfied,
    campaign_scores,
    completed_orders,
    customers_won,
    messages_clicked,
    messages_for_clicks,
    messages_for_leaving,
    messages_for_opens,
    messages_left,
    messages_opened,
    net,
    people_offline,
    people_online,
    people_taking_part,
    spent_of_budgets,
    unfinished_budgets,
)
from kexiao.text import Text

_SPRING = {
    "campaigns": """
        campaign | channel | start_on   | end_on     | budget
        spring   | web     | 2025-03-01 | 2025-03-31 | 100
        store    | store   | 2025-03-10 | 2025-03-12 | 60
        long     | web     | 2025-03-15 | 2025-12-31 | 500
        quiet    | web     | 2025-03-20 | 2025-03-21 |
        """,
    "spend": """
        spent_on   | channel | campaign | category | purpose     | amount
        2025-02-20 | web     | spring   | content  | acquisition | 30
        2025-03-05 | web     | spring   | media    | acquisition | 50
        2025-03-11 | store   | store    | media    | acquisition | 64
        2025-03-16 | web     | long     | media    | acquisition | 20
        2025-03-20 | web     |          | media    | acquisition | 7
        2025-06-30 | web     |          | media    | acquisition | 1
        """,
    "participations": """
        campaign | customer_id | joined_on  | mode    | arm
        spring   | 1           | 2025-03-01 | online  | treated
        spring   | 2           | 2025-03-01 | online  | treated
        spring   | 3           | 2025-03-01 | online  | treated
        spring   | 4           | 2025-03-01 | online  | treated
        spring   | 5           | 2025-03-01 |         | holdout
        spring   | 6           | 2025-03-01 |         | holdout
        store    | 1           | 2025-03-10 | offline |
        store    | 7           | 2025-03-11 | offline |
        """,
    "orders": """
        order_id | customer_id | ordered_on | amount | cost
        z        | 9           | 2025-01-01 | 10     | 5
        a        | 1           | 2025-03-03 | 100    | 60
        b        | 1           | 2025-03-04 | 60     | 30
        c        | 2           | 2025-03-31 | 80     | 40
        d        | 3           | 2025-04-01 | 500    | 100
        e        | 5           | 2025-03-09 | 50     | 30
        y        | 9           | 2025-06-30 | 10     | 5
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount | cost_returned
        r1        | c        | 2025-03-31  | 10     | 0
        r2        | z        | 2025-06-30  | 1      | 0
        """,
}

participants = Metric(
    label=Text(zh="活动参与人数", en="Participants"),
    why=Text(
        zh="参加过期内活动的客户，一人参加几场只算一次；对照组不算。",
        en="Distinct customers who took part in the period, however often; those held out do not count.",
    ),
    formula=people_taking_part,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SPRING, answer=5),
    variants={
        "online": Variant(
            Text(zh="线上", en="online"), people_online, Text(zh="线上线下都参加的人两边都算。", en="Who took part both ways counts in both.")
        ),
        "offline": Variant(
            Text(zh="线下", en="offline"), people_offline, Text(zh="线上线下都参加的人两边都算。", en="Who took part both ways counts in both.")
        ),
    },
    more_examples=(
        Example(_SPRING, answer=4, variant="online"),
        Example(_SPRING, answer=2, variant="offline"),
        Example(_SPRING, answer=2, dimensions={"campaign": "store"}),
    ),
)  # fmt: skip

cost_per_participant = Metric(
    label=Text(zh="单人参与成本", en="Cost per participant"),
    why=Text(
        zh="每位参与者摊到的活动费用；未记到活动上的费用不算。",
        en="What campaigns cost per participant; spend that names no campaign is left out.",
    ),
    formula=Ratio(campaign_cost, people_taking_part),
    unit="money/customer",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SPRING, answer=26.8),
    more_examples=(Example(_SPRING, answer=32, dimensions={"campaign": "store"}),),
)

_ASKED = {
    "survey_responses": """
        response_id | customer_id | responded_on | question | measure | score | scale_low | scale_high | campaign
        s1          | 1           | 2025-03-04   | q1       | csat    | 5     | 1         | 5          | spring
        s2          | 2           | 2025-03-05   | q1       | csat    | 3     | 1         | 5          | spring
        s3          | 3           | 2025-03-26   | q1       | csat    | 4     | 1         | 5          | store
        s4          | 4           | 2025-03-27   | q1       | csat    | 1     | 1         | 5          |
        s1          | 1           | 2025-03-04   | q2       | nps     | 9     | 0         | 10         | spring
        s5          | 7           | 2025-07-01   | q1       | csat    | 1     | 1         | 5          | spring
        """,
}

campaign_csat = Metric(
    label=Text(zh="活动满意度", en="Campaign satisfaction"),
    why=Text(
        zh="参加活动的人对活动打几分；只算注明了活动的问卷，不同量表不能混在一起平均。",
        en="How those who took part score a campaign; of surveys that name one, and different scales are never averaged.",
    ),
    formula=Ratio(campaign_scores, campaign_answers),
    unit="score",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_ASKED, answer=4),
    variants={
        "top_two": Variant(
            Text(zh="最高两档占比", en="top two boxes"),
            Ratio(campaign_satisfied, campaign_answers, kind="share"),
            Text(zh="打最高两档的比例，是比率而不是分数。", en="The share in the top two boxes: a ratio, no score."),
            "ratio",
        ),
    },
    more_examples=(
        Example(_ASKED, answer=2 / 3, variant="top_two"),
        Example(_ASKED, answer=4, dimensions={"campaign": "spring"}),
    ),
)

budget_execution_rate = Metric(
    label=Text(zh="预算执行率", en="Budget execution rate"),
    why=Text(
        zh="花掉的费用 ÷ 预算，越接近 1 越好；只算期内开始、已结束、有预算的活动，费用算到活动整个周期。",
        en="Spend ÷ budget, good when near 1; of campaigns with a budget that began in the period and are over, with all that was ever spent on them.",
    ),
    formula=Ratio(spent_of_budgets, budgets, immature=unfinished_budgets),
    unit="ratio",
    better="neither",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SPRING, answer=0.9),
    more_examples=(Example(_SPRING, answer=64 / 60, dimensions={"channel": "store"}),),
)

budget_variance = Metric(
    label=Text(zh="预算偏差", en="Budget variance"),
    why=Text(zh="实际费用 − 预算，正数为超支。", en="Spend less budget; above 0 is overspent."),
    formula=Minus(spent_of_budgets, budgets),
    unit="money",
    better="neither",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SPRING, answer=-16),
)

incremental_conversions = Metric(
    label=Text(zh="增量下单客户", en="Incremental conversions"),
    why=Text(
        zh="实验组比对照组多带来的下单客户；区间跨过 0 就是尚不能判断。按抽签分组计，不按是否真的参加。",
        en="Customers who ordered beyond what the holdout says would have; an interval across 0 means it cannot be told. By the arm drawn, whether or not they took part.",
    ),
    formula=Incremental(
        "ordered",
        Text(
            zh="（实验组下单率 − 对照组下单率）× 实验组人数，逐活动相加",
            en="(share ordering of the treated − of the held out) × treated, added over campaigns",
        ),
    ),
    unit="customers",
    better="higher",
    source=Text(zh="Fisher 1935；Neyman 1923", en="Fisher 1935; Neyman 1923"),
    example=Example(_SPRING, answer=0),
)

incremental_margin = Metric(
    label=Text(zh="增量毛利", en="Incremental margin"),
    why=Text(
        zh="实验组比对照组多带来的毛利，从活动开始到结束；优惠已在毛利中扣除。",
        en="Margin beyond what the holdout says would have come, from the campaign’s start to its end; discounts are in the margin.",
    ),
    formula=Incremental(
        "margin",
        Text(
            zh="（实验组人均毛利 − 对照组人均毛利）× 实验组人数，逐活动相加",
            en="(margin per treated − per held out) × treated, added over campaigns",
        ),
    ),
    unit="money",
    better="higher",
    source=Text(zh="Fisher 1935；Neyman 1923", en="Fisher 1935; Neyman 1923"),
    example=Example(_SPRING, answer=60),
)

incremental_romi = Metric(
    label=Text(zh="增量投资回报率", en="Incremental return on investment"),
    why=Text(
        zh="多出来的毛利盖过活动费用多少；没有对照组就没有这个数。",
        en="By how much the extra margin exceeds what the campaigns cost; without a holdout there is no such number.",
    ),
    formula=Incremental(
        "romi", Text(zh="（增量毛利 − 活动费用）÷ 活动费用", en="(incremental margin − cost of the campaigns) ÷ cost")
    ),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SPRING, answer=-0.25),
)

_MESSAGES = {
    "messages": """
        message_id | customer_id | channel | sent_on    | delivered_on | opened_on  | clicked_on | unsubscribed_on | status
        m1         | 1           | email   | 2025-03-01 | 2025-03-01   | 2025-03-02 | 2025-03-02 |                 |
        m2         | 2           | email   | 2025-03-01 | 2025-03-01   | 2025-03-05 |            | 2025-03-05      |
        m3         | 3           | email   | 2025-03-01 | 2025-03-01   |            |            |                 |
        m4         | 4           | email   | 2025-03-01 | 2025-03-01   |            |            |                 |
        m5         | 5           | email   | 2025-03-01 |              |            |            |                 | failed
        m6         | 1           | sms     | 2025-03-03 | 2025-03-03   |            |            |                 |
        m7         | 1           | email   | 2025-04-01 | 2025-04-01   |            |            |                 |
        """
}

open_rate = Metric(
    label=Text(zh="打开率", en="Open rate"),
    why=Text(
        zh="打开 ÷ 送达；只算记录打开的渠道（短信无从知道），邮箱会代为打开，数偏高。",
        en="Opened ÷ delivered, on channels that tell of opening (a text message does not); mail programs open by themselves, so it reads high.",
    ),
    formula=Ratio(messages_opened, messages_for_opens, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_MESSAGES, answer=0.5),
)

click_rate = Metric(
    label=Text(zh="点击率（触达）", en="Click rate of messages"),
    why=Text(zh="点击 ÷ 送达，一条消息只算一次。", en="Clicked ÷ delivered; a message counts once."),
    formula=Ratio(messages_clicked, messages_for_clicks, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_MESSAGES, answer=0.25),
)

unsubscribe_rate = Metric(
    label=Text(zh="退订率", en="Unsubscribe rate"),
    why=Text(zh="由消息引起的退订 ÷ 送达：打扰的代价。", en="Unsubscribed ÷ delivered: what disturbing people costs."),
    formula=Ratio(messages_left, messages_for_leaving, kind="share"),
    unit="ratio",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_MESSAGES, answer=0.25),
)

_GOALS = {
    "targets": """
        metric         | campaign | channel | from_on    | to_on      | value | start_value
        net_sales      | spring   |         | 2025-03-01 | 2025-03-20 | 200   | 50
        refund_rate    | spring   |         | 2025-03-01 | 2025-03-31 | 0.2   |
        net_sales      | store    |         | 2025-02-01 | 2025-02-10 | 40    |
        discount_rate  | store    |         | 2025-02-01 | 2025-02-11 | 0.25  |
        orders         | long     |         | 2025-03-01 | 2025-12-31 | 9     |
        orders         | none     |         | 2025-04-01 | 2025-04-05 | 0     |
        orders         | trial    |         | 2025-05-01 | 2025-05-31 | 3     | 1
        net_sales      |          |         | 2025-03-01 | 2025-03-31 | 999   |
        """,
    "orders": """
        order_id | customer_id | ordered_on | campaign | amount | discount
        a        | 1           | 2025-02-03 | store    | 60     | 40
        b        | 2           | 2025-03-03 | spring   | 100    |
        c        | 3           | 2025-03-20 | spring   | 50     |
        d        | 3           | 2025-03-21 | spring   | 30     |
        e        | 4           | 2025-03-09 |          | 500    |
        f        | 5           | 2025-05-02 | trial    | 10     |
        g        | 6           | 2025-05-31 | trial    | 10     |
        z        | 9           | 2025-06-30 |          | 10     |
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount
        r1        | d        | 2025-03-25  | 18
        r2        | z        | 2025-06-30  | 1
        """,
}

goal_attainment_rate = Metric(
    label=Text(zh="活动目标达成率", en="Goal attainment rate"),
    why=Text(
        zh="期内到期的活动目标达成了多少：越高越好的为 实际 ÷ 目标，越低越好的为 2 − 实际 ÷ 目标，贴近为好的为 1 − |实际 ÷ 目标 − 1|，最低为 0、不封顶。几个目标取平均，缺一个就不给数。",
        en="How far campaigns reached the goals that ended in the period: actual ÷ goal where higher is better, 2 − actual ÷ goal where lower is, 1 − |actual ÷ goal − 1| where near is; never below 0, not capped. Of several the mean, and none at all where one is missing.",
    ),
    formula=goals_reached("attainment", Text(zh="按各目标的指标方向计算的达成率", en="actual against goal, by where the goal’s metric should be")),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_GOALS, answer=1.125, dimensions={"campaign": "spring"}),
    variants={
        "progress": Variant(
            Text(zh="按进度", en="progress"),
            goals_reached("progress", Text(zh="（实际 − 起点）÷（目标 − 起点）", en="(actual − start) ÷ (goal − start), goal by goal")),
            Text(zh="任何方向都适用；没有起点值就没有数。", en="Fits any direction; without a start there is no number."),
        ),
        "inverse": Variant(
            Text(zh="目标 ÷ 实际", en="goal ÷ actual"),
            goals_reached("inverse", Text(zh="目标 ÷ 实际，逐个目标", en="goal ÷ actual, goal by goal")),
            Text(zh="常用于越低越好的指标；实际接近 0 时会变得极大。", en="Printed for metrics that should be low; it grows without bound as the actual nears 0."),
        ),
    },
    more_examples=(
        Example(_GOALS, answer=(1.5 + 0.4) / 2, period="2025-02"),
        Example(_GOALS, answer=None, period="2025-04"),
        Example(_GOALS, answer=None, period="2025-12"),
        Example(_GOALS, answer=None, variant="progress"),
        Example(_GOALS, answer=0.5, period="2025-05", variant="progress"),
        Example(_GOALS, answer=(40 / 60 + 0.25 / 0.4) / 2, period="2025-02", variant="inverse"),
    ),
)  # fmt: skip

_BEFORE_AND_AFTER = {
    "campaigns": """
        campaign | channel | start_on   | end_on
        spring   | web     | 2025-03-11 | 2025-03-20
        store    | store   | 2025-05-05 | 2025-05-06
        quiet    |         | 2025-05-09 | 2025-05-11
        """,
    "orders": """
        order_id | customer_id | ordered_on | channel | amount
        y        | 9           | 2025-01-01 | web     | 10
        a        | 1           | 2025-03-02 | web     | 40
        b        | 2           | 2025-03-10 | web     | 60
        c        | 1           | 2025-03-11 | web     | 90
        d        | 3           | 2025-03-20 | web     | 80
        e        | 4           | 2025-03-15 | store   | 500
        f        | 5           | 2025-03-21 | web     | 70
        g        | 6           | 2025-05-10 | store   | 25
        z        | 9           | 2025-06-30 | web     | 10
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount
        r1        | b        | 2025-03-12  | 10
        r2        | z        | 2025-06-30  | 1
        """,
}


def _changed(of: Formula, figure: Text) -> KeyFigureChange:
    shape = Text(zh="活动期间的{x} − 活动前同样天数的{x}", en="{x} on the campaign’s days − {x} on as many days before")
    return KeyFigureChange(of, shape.fill(x=figure))


_SEASON = Text(zh="前后差含季节与其他活动，不是证明。", en="Season and other campaigns are in it: no proof.")
_DEALS, _BUYERS = Text(zh="订单数", en="orders"), Text(zh="下单客户数", en="ordering customers")
_NEW = Text(zh="新客户数", en="new customers")
key_figure_change = Metric(
    label=Text(zh="关键数据变化", en="Key figure change"),
    why=Text(
        zh="期内结束的活动，其期间的净销售额比活动前同样天数多了多少；活动写明渠道的只看该渠道。前后相比不是证明，要看作用请用对照组（增量指标）。",
        en="Of the campaign that ended in the period, net sales on its days less those on as many days before; in its channel where it names one. A comparison with before is no proof: what a campaign brought is told by a holdout (incremental metrics).",
    ),
    formula=_changed(net, Text(zh="净销售额", en="net sales")),
    unit="money",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_BEFORE_AND_AFTER, answer=60),
    variants={
        "orders": Variant(_DEALS, _changed(completed_orders, _DEALS), _SEASON, "orders"),
        "ordering_customers": Variant(_BUYERS, _changed(ordering, _BUYERS), _SEASON, "customers"),
        "new_customers": Variant(_NEW, _changed(customers_won, _NEW), _SEASON, "customers"),
    },
    more_examples=(
        Example(_BEFORE_AND_AFTER, answer=0, variant="orders"),
        Example(_BEFORE_AND_AFTER, answer=0, variant="ordering_customers"),
        Example(_BEFORE_AND_AFTER, answer=-1, variant="new_customers"),
        Example(_BEFORE_AND_AFTER, answer=None, period="2025-05"),
        Example(_BEFORE_AND_AFTER, answer=25, period="2025-05", dimensions={"campaign": "quiet"}),
    ),
)

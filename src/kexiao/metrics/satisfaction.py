"""满意度与客户之声: what customers say."""

from __future__ import annotations

from kexiao.facts.formula import Index, Minus, Plus, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Median
from kexiao.facts.subjects import ANSWERED_CASES, CASES
from kexiao.metrics.parts import (
    active_or_ordering,
    cases_reopened,
    cases_resolved,
    ces_answers,
    ces_scores,
    complaining_buyers,
    complaints_opened,
    completed_orders,
    csat_answers,
    csat_satisfied,
    csat_scores,
    delivered_answered,
    detractors,
    immature_cases,
    immature_referrals,
    immature_resolved,
    invitations_answered,
    invitations_delivered,
    invitations_sent,
    matured_cases,
    matured_referrals,
    matured_resolved,
    nps_answers,
    positive_reviews,
    promoters,
    referrals_won,
    referring,
    repeat_customers,
    reviews_written,
    stars_given,
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

customer_effort_score = Metric(
    label=Text(zh="客户费力度", en="Customer effort score"),
    why=Text(
        zh="客户办成一件事有多容易；题目按“很容易”给高分，若题目问“多费力”则方向相反。",
        en="How easily customers got done what they came for; a question that asks how much effort it took reads the other way round.",
    ),
    formula=Ratio(ces_scores, ces_answers),
    unit="score",
    better="higher",
    source=Text(zh="Dixon, Freeman & Toman 2010", en="Dixon, Freeman & Toman 2010"),
    example=Example(
        {
            "survey_responses": """
                response_id | customer_id | responded_on | question | measure | score | scale_low | scale_high
                s1          | 1           | 2025-03-04   | q3       | ces     | 5     | 1         | 7
                s2          | 2           | 2025-03-05   | q3       | ces     | 7     | 1         | 7
                s3          | 3           | 2025-03-06   | q3       | ces     | 2     | 1         | 7
                s4          | 3           | 2025-03-26   | q3       | ces     | 6     | 1         | 7
                s5          | 4           | 2025-03-27   | q1       | csat    | 1     | 1         | 5
                """
        },
        answer=6,
    ),
)

_CASES = {
    "complaints": """
        complaint_id | customer_id | opened_on  | first_response_on | resolved_on
        c1           | 1           | 2025-03-03 | 2025-03-03        | 2025-03-04
        c2           | 2           | 2025-03-05 | 2025-03-07        | 2025-03-18
        c3           | 3           | 2025-03-06 | 2025-03-07        |
        c4           |             | 2025-03-10 |                   | 2025-03-12
        c5           | 4           | 2025-07-01 |                   |
        """
}

resolution_rate = Metric(
    label=Text(zh="投诉解决率", en="Resolution rate"),
    why=Text(
        zh="七天内解决的投诉占比；只算已满七天的投诉，期限可在口径 complaint_window_days 中设置。",
        en="The share of complaints resolved within seven days, of those that are seven days old; the days are the policy’s complaint_window_days.",
    ),
    formula=Ratio(cases_resolved, matured_cases, kind="share", immature=immature_cases),
    unit="ratio",
    better="higher",
    source=Text(zh="ISO 10002；客效指标目录", en="ISO 10002; the Kexiao catalogue"),
    example=Example(_CASES, answer=0.5),
    more_examples=(Example(_CASES, answer=None, period="2025-07"), Example(SHOP, answer=None, window=WINDOW)),
)

resolution_hours = Metric(
    label=Text(zh="投诉处理时长", en="Hours to resolution"),
    why=Text(
        zh="期内受理的投诉有一半在多少小时内解决；未解决的按已等时间计入，不会因为拖着不结而变好看。",
        en="Within how many hours half of the complaints opened are resolved; open ones count for the time they have waited, so leaving them open does not help.",
    ),
    formula=Median(
        CASES,
        "minutes",
        Text(zh="从受理到解决的时长的 Kaplan–Meier 中位数", en="Kaplan–Meier median time from opening to resolution"),
        ended="ended",
        over=60,
    ),
    unit="hours",
    better="lower",
    source=Text(zh="Kaplan & Meier 1958", en="Kaplan & Meier 1958"),
    example=Example(_CASES, answer=48),
)

first_response_hours = Metric(
    label=Text(zh="投诉首次响应时长", en="Hours to first response"),
    why=Text(
        zh="期内受理的投诉有一半在多少小时内得到首次回复；未回复的按已等时间计入。",
        en="Within how many hours half of the complaints opened get a first answer; those without count for the time they have waited.",
    ),
    formula=Median(
        ANSWERED_CASES,
        "minutes",
        Text(zh="从受理到首次回复的时长的 Kaplan–Meier 中位数", en="Kaplan–Meier median time from opening to the first answer"),
        ended="ended",
        over=60,
    ),
    unit="hours",
    better="lower",
    source=Text(zh="Kaplan & Meier 1958", en="Kaplan & Meier 1958"),
    example=Example(_CASES, answer=24),
)  # fmt: skip

_INVITED = {
    "survey_invitations": """
        invitation_id | customer_id | channel | sent_on    | delivered_on | answered_on | status
        i1            | 1           | sms     | 2025-03-01 | 2025-03-01   | 2025-03-02  |
        i2            | 2           | sms     | 2025-03-01 | 2025-03-01   |             |
        i3            | 3           | sms     | 2025-03-01 |              |             | failed
        i4            | 4           | wechat  | 2025-03-02 |              | 2025-03-03  |
        i5            | 5           | wechat  | 2025-03-02 |              |             |
        i6            | 1           | sms     | 2025-04-01 | 2025-04-01   |             |
        """
}

response_rate = Metric(
    label=Text(zh="问卷回收率", en="Response rate"),
    why=Text(
        zh="回答 ÷ 送达；只算记录送达的渠道，没送到的人没有机会回答。",
        en="Answered ÷ delivered, on channels that tell of delivery: whom nothing reached could not answer.",
    ),
    formula=Ratio(delivered_answered, invitations_delivered, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="AAPOR《标准定义》", en="AAPOR Standard Definitions"),
    example=Example(_INVITED, answer=0.5),
    variants={
        "of_sent": Variant(
            Text(zh="按发出数", en="of those sent"),
            Ratio(invitations_answered, invitations_sent, kind="share"),
            Text(zh="分母含没送到的，低估意愿。", en="The denominator holds what never arrived, which understates willingness."),
        ),
    },
    more_examples=(Example(_INVITED, answer=0.4, variant="of_sent"),),
)  # fmt: skip

_STARS = {
    "reviews": """
        review_id | customer_id | channel | reviewed_on | stars
        v1        | 1           | tmall   | 2025-03-02  | 5
        v2        | 2           | tmall   | 2025-03-04  | 4
        v3        | 2           | jd      | 2025-03-05  | 1
        v4        |             | jd      | 2025-03-09  | 5
        v5        | 3           | jd      | 2025-04-01  | 2
        """
}

review_rating = Metric(
    label=Text(zh="评价均分", en="Review rating"),
    why=Text(
        zh="平均星级（1–5）；各平台评分习惯不同，请按渠道看。",
        en="The mean of 1 to 5 stars; platforms differ in their habits, so look at each channel.",
    ),
    formula=Ratio(stars_given, reviews_written),
    unit="score",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_STARS, answer=3.75),
    more_examples=(Example(_STARS, answer=3, dimensions={"channel": "jd"}),),
)

positive_review_share = Metric(
    label=Text(zh="好评率", en="Share of positive reviews"),
    why=Text(
        zh="4–5 星的评价占比，按渠道看更可比。", en="The share of reviews with 4 or 5 stars; compare it by channel."
    ),
    formula=Ratio(positive_reviews, reviews_written, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_STARS, answer=0.75),
)

reopened_rate = Metric(
    label=Text(zh="投诉重开率", en="Reopened rate"),
    why=Text(
        zh="解决后七天内又重开的投诉占比；只算解决已满七天的。只为结案而结案，会在这里露出来。",
        en="Of the complaints resolved in the period the share opened again within seven days, of those resolved seven days ago; closing for the sake of closing shows here.",
    ),
    formula=Ratio(cases_reopened, matured_resolved, kind="share", immature=immature_resolved),
    unit="ratio",
    better="lower",
    source=Text(zh="ISO 10002；客效指标目录", en="ISO 10002; the Kexiao catalogue"),
    example=Example(
        {
            "complaints": """
                complaint_id | customer_id | opened_on  | resolved_on | reopened_on
                c1           | 1           | 2025-03-01 | 2025-03-04  |
                c2           | 2           | 2025-03-02 | 2025-03-20  | 2025-03-08
                c3           | 3           | 2025-03-03 |             | 2025-03-09
                c4           | 4           | 2025-03-04 | 2025-03-05  | 2025-03-12
                c5           | 5           | 2025-03-04 | 2025-04-20  |
                """
        },
        answer=0.5,
    ),
)

_FRIENDS = {
    "orders": """
        order_id | customer_id | ordered_on | amount
        a        | 1           | 2025-02-20 | 10
        b        | 2           | 2025-02-25 | 10
        c        | 3           | 2025-03-09 | 10
        d        | 3           | 2025-03-10 | 10
        e        | 4           | 2025-03-11 | 10
        f        | 5           | 2024-06-11 | 10
        z        | 9           | 2025-07-01 | 10
        """,
    "referrals": """
        referral_id | customer_id | referred_id | referred_on
        r1          | 1           | 4           | 2025-03-10
        r2          | 1           |             | 2025-03-11
        r3          | 3           |             | 2025-03-12
        r4          | 5           |             | 2025-03-12
        """,
    "survey_responses": """
        response_id | customer_id | responded_on | question | measure | score | scale_low | scale_high
        s1          | 1           | 2025-03-04   | q1       | nps     | 10    | 0         | 10
        s2          | 2           | 2025-03-05   | q1       | nps     | 9     | 0         | 10
        s3          | 3           | 2025-03-06   | q1       | nps     | 7     | 0         | 10
        s4          | 4           | 2025-03-07   | q1       | nps     | 2     | 0         | 10
        """,
}

referral_rate = Metric(
    label=Text(zh="推荐率", en="Referral rate"),
    why=Text(
        zh="期初活跃或期内下单的客户（S 或 O）中，期内推荐过别人的比例。",
        en="Of the customers active at the start or ordering in the period (S or O) the share who referred someone in it.",
    ),
    formula=Ratio(referring, active_or_ordering, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_FRIENDS, answer=0.5, window=30),
    variants={
        "converted": Variant(
            Text(zh="推荐转化率", en="referrals converted"),
            Ratio(referrals_won, matured_referrals, kind="share", immature=immature_referrals),
            Text(
                zh="分母是推荐次数而不是客户：被推荐人 90 天内首次下单的比例。",
                en="Of referrals, not of customers: the share whose friend first ordered within 90 days.",
            ),
        ),
    },
    more_examples=(Example(_FRIENDS, answer=0.25, variant="converted"),),
)

loyalty_index = Metric(
    label=Text(zh="客户忠诚度指数", en="Loyalty index"),
    why=Text(
        zh="复购率、推荐率与换算到 0–1 的净推荐值的平均，权重相等；企业之间不可比，也不要与其组成部分一起考核。",
        en="The mean of the repeat purchase rate, the referral rate and the net promoter score brought to 0–1, weighing the same; not comparable between firms, and never to be weighed beside its own parts.",
    ),
    formula=Index(
        (
            (Text(zh="复购率", en="repeat purchase rate"), Ratio(repeat_customers, ordering, kind="share")),
            (Text(zh="推荐率", en="referral rate"), Ratio(referring, active_or_ordering, kind="share")),
            (
                Text(zh="（净推荐值 + 100）÷ 200", en="(net promoter score + 100) ÷ 200"),
                Ratio(Plus(Minus(promoters, detractors), nps_answers), Plus(nps_answers, nps_answers)),
            ),
        ),
        (1, 1, 1),
    ),
    unit="index",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_FRIENDS, answer=100 * (1 / 2 + 1 / 2 + 125 / 200) / 3, window=30),
)

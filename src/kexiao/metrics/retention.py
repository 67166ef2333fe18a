"""客户留存: how customers are kept, lost and won back."""

from __future__ import annotations

from kexiao.facts.formula import CohortSecondOrder, CohortShare, Minus, Plus, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Lifetime, Median, RevenueKept
from kexiao.facts.subjects import OPEN_GAPS, PURCHASE_GAPS
from kexiao.metrics.contract_parts import CONTRACTS, monthly_after, monthly_ended, monthly_kept, terms_not_judged
from kexiao.metrics.parts import (
    at_end,
    at_start,
    base,
    base_at_start,
    lost,
    new,
    prior_buyers,
    reactivated,
    repeat_customers,
    repeat_day_customers,
    repurchased,
    retained,
)
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

customers_at_start = Metric(
    label=Text(zh="期初客户数", en="Customers at the start"),
    why=Text(
        zh="期初仍活跃的客户，是留存率的分母。",
        en="Who is active when the period begins: the denominator of retention.",
    ),
    formula=at_start,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=3, window=WINDOW),
)

customers_at_end = Metric(
    label=Text(zh="期末客户数", en="Customers at the end"),
    why=Text(zh="期末仍活跃的客户。", en="Who is active when the period ends."),
    formula=at_end,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=4, window=WINDOW),
)

customer_base = Metric(
    label=Text(zh="累计客户数", en="Customer base"),
    why=Text(zh="历史上获得的全部客户。", en="Everyone ever acquired."),
    formula=base,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=5, window=WINDOW),
)

retained_customers = Metric(
    label=Text(zh="留存客户数", en="Retained customers"),
    why=Text(zh="期初与期末都活跃的客户。", en="Active at the start and at the end."),
    formula=retained,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=2, window=WINDOW),
)

lost_customers = Metric(
    label=Text(zh="流失客户数", en="Lost customers"),
    why=Text(zh="期初活跃、期末不再活跃的客户。", en="Active at the start, no longer at the end."),
    formula=lost,
    unit="customers",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1, window=WINDOW),
)

reactivated_customers = Metric(
    label=Text(zh="召回客户数", en="Reactivated customers"),
    why=Text(zh="沉睡后又回来的老客户。", en="Old customers who came back."),
    formula=reactivated,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1, window=WINDOW),
)

retention_rate = Metric(
    label=Text(zh="客户留存率", en="Retention rate"),
    why=Text(
        zh="每 100 位期初客户中留下多少；只与窗口和期长相同的留存率比较。",
        en="How many of 100 customers stay; compare with equal windows and periods only.",
    ),
    formula=Ratio(retained, at_start, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(
        zh="客户关系管理教材：（期末 − 新增）÷ 期初；客效取留存人数 ÷ 期初",
        en="Textbooks print (end − new) ÷ start; ours counts the customers themselves",
    ),
    example=Example(SHOP, answer=0.6666666666666666, window=WINDOW),
    variants={
        "end_less_new": Variant(
            Text(zh="（期末 − 新增）÷ 期初", en="(end − new) ÷ start"),
            Ratio(Minus(at_end, new), at_start),
            Text(zh="把召回客户算作留存，可能大于 1。", en="Counts customers won back as kept; can exceed 1."),
        ),
        "end_over_start": Variant(
            Text(zh="期末活跃 ÷ 期初客户", en="end ÷ start"),
            Ratio(at_end, at_start),
            Text(zh="含新客户，可能大于 1。", en="Includes new customers; can exceed 1."),
        ),
        "end_over_base": Variant(
            Text(zh="期末活跃 ÷ 期初累计客户", en="end ÷ base at the start"),
            Ratio(at_end, base_at_start),
            Text(zh="“总数”读作历史累计。", en="“All” read as everyone ever acquired."),
        ),
    },
    more_examples=(
        Example(SHOP, answer=1.0, window=WINDOW, variant="end_less_new"),
        Example(SHOP, answer=1.3333333333333333, window=WINDOW, variant="end_over_start"),
        Example(SHOP, answer=1.0, window=WINDOW, variant="end_over_base"),
    ),
)

churn_rate = Metric(
    label=Text(zh="客户流失率", en="Churn rate"),
    why=Text(
        zh="等于 1 − 留存率；考核中二者只取其一。", en="One less retention: a scorecard weighs only one of the two."
    ),
    formula=Ratio(lost, at_start, kind="share"),
    unit="ratio",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.3333333333333333, window=WINDOW),
    variants={
        "start_less_end_plus_new": Variant(
            Text(zh="（期初 − 期末 + 新增）÷ 期初", en="(start − end + new) ÷ start"),
            Ratio(Plus(Minus(at_start, at_end), new), at_start),
            Text(zh="召回客户会抵消流失，可能为负。", en="Customers won back hide lost ones; can be negative."),
        ),
    },
    more_examples=(Example(SHOP, answer=0.0, window=WINDOW, variant="start_less_end_plus_new"),),
)

repeat_purchase_rate = Metric(
    label=Text(zh="复购率", en="Repeat purchase rate"),
    why=Text(
        zh="期内买过两次及以上的客户占比；期间越长越高，只比较等长期间。",
        en="The share of buyers with two or more orders; grows with the period, so compare equal lengths.",
    ),
    formula=Ratio(repeat_customers, ordering, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.25, window=WINDOW),
    variants={
        "by_purchase_days": Variant(
            Text(zh="按购买日", en="by purchase days"),
            Ratio(repeat_day_customers, ordering, kind="share"),
            Text(zh="同一天拆成两单不算复购。", en="A split order is no repeat."),
        ),
        "repurchase": Variant(
            Text(zh="回购率：上期买过、本期又买", en="repurchase: of those who bought in the period before"),
            Ratio(repurchased, prior_buyers, kind="share"),
            Text(zh="分母是上期客户。", en="The denominator is the period before."),
        ),
        "cohort": Variant(
            Text(zh="新客 90 天内二次购买", en="second order within 90 days of the first"),
            Ratio(
                CohortSecondOrder(
                    won=True, label=Text(zh="观察期内再次下单的新客", en="new customers with a second order in time")
                ),
                CohortSecondOrder(
                    won=False, label=Text(zh="观察期已满的新客", en="new customers whose window is over")
                ),
                kind="share",
            ),
            Text(zh="只算观察期已满的新客。", en="Only new customers whose window is over."),
        ),
    },
    more_examples=(
        Example(SHOP, answer=0.25, window=WINDOW, variant="by_purchase_days"),
        Example(SHOP, answer=0.6666666666666666, window=WINDOW, variant="repurchase"),
        Example(SHOP, answer=1.0, window=WINDOW, variant="cohort"),
    ),
)

cohort_retention = Metric(
    label=Text(zh="同期群留存", en="Cohort retention"),
    why=Text(
        zh="同一时期获得的客户之后还剩多少在购买；未结束的期间不显示。",
        en="How many of those won together still buy later; a period that is not over is left empty.",
    ),
    formula=CohortShare("customers"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=0.5, period="2025-02", window=WINDOW, dimensions={"cohort": "2025-02", "age": 1}),
    variants={
        "by_sales": Variant(
            Text(zh="按净销售额", en="by net sales"),
            CohortShare("sales"),
            Text(zh="一两个大客户可改变结果。", en="A few large customers can move it."),
        ),
        "rolling": Variant(
            Text(zh="滚动留存", en="rolling"),
            CohortShare("rolling"),
            Text(zh="之后任何时候再购买都算留存，近期偏低。", en="Any later purchase counts, so recent ages look low."),
        ),
    },
    more_examples=(
        Example(
            SHOP,
            answer=40 / 250,
            period="2025-02",
            window=WINDOW,
            dimensions={"cohort": "2025-02", "age": 1},
            variant="by_sales",
        ),
        Example(
            SHOP,
            answer=0.5,
            period="2025-02",
            window=WINDOW,
            dimensions={"cohort": "2025-02", "age": 1},
            variant="rolling",
        ),
        Example(SHOP, answer=1.0, period="2025-02", window=WINDOW, dimensions={"cohort": "2025-02", "age": 0}),
    ),
)

reactivation_rate = Metric(
    label=Text(zh="客户召回率", en="Reactivation rate"),
    why=Text(
        zh="期初沉睡的老客户中有多少被召回；分母是累计客户减期初活跃客户。",
        en="How many of those asleep at the start came back; the denominator is the base less those active.",
    ),
    formula=Ratio(reactivated, Minus(base_at_start, at_start), kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=1, window=WINDOW),
    more_examples=(
        Example(
            {
                "orders": """
                    order_id | customer_id | ordered_on | amount
                    a        | 1           | 2025-01-03 | 10
                    b        | 2           | 2025-01-04 | 10
                    c        | 3           | 2025-01-05 | 10
                    d        | 4           | 2025-02-20 | 10
                    e        | 1           | 2025-03-09 | 10
                    f        | 5           | 2025-03-10 | 10
                    g        | 4           | 2025-04-02 | 10
                    """
            },
            answer=1 / 3,
            window=WINDOW,
        ),
    ),
)

_LAST_YEAR = {
    "orders": """
        order_id | customer_id | ordered_on | amount
        a        | 9           | 2024-01-05 | 10
        b        | 1           | 2024-03-02 | 100
        c        | 2           | 2024-03-09 | 200
        d        | 3           | 2024-03-30 | 120
        e        | 1           | 2025-03-05 | 150
        f        | 2           | 2025-03-06 | 50
        g        | 4           | 2025-03-07 | 500
        h        | 4           | 2025-04-02 | 10
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount
        r1        | d        | 2024-03-31  | 20
        """,
}

gross_revenue_retention = Metric(
    label=Text(zh="收入留存率（毛）", en="Gross revenue retention"),
    why=Text(
        zh="去年同期的销售额今年还剩多少，每位客户最多算到去年的额度，增购不能掩盖流失。",
        en="How much of last year’s sales is still there; no customer counts above last year, so growth hides no loss.",
    ),
    formula=RevenueKept(
        gross=True,
        label=Text(
            zh="上年同期有净销售额的客户：Σ 两期较小者 ÷ Σ 上年同期",
            en="customers with net sales a year earlier: Σ the smaller of both ÷ Σ then",
        ),
    ),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_LAST_YEAR, answer=0.375),
    variants={
        "contracts": Variant(
            Text(zh="合同：与上一期合同比", en="contracts: against the term before"),
            Ratio(monthly_kept, monthly_ended, immature=terms_not_judged),
            Text(
                zh="逐份合同比月费：期内到期的各份，续约后还剩多少；续约后多出的不计。",
                en="Monthly amounts, contract by contract: of those that came to an end in the period, what is left after renewal; what a renewal adds does not count.",
            ),
        ),
    },
    more_examples=(
        Example(CONTRACTS, answer=0.4, period="2025Q1", variant="contracts"),
        Example(SHOP, answer=None, window=WINDOW),
    ),
)

net_revenue_retention = Metric(
    label=Text(zh="收入留存率（净）", en="Net revenue retention"),
    why=Text(
        zh="去年同期的客户今年带来的销售额 ÷ 去年；高于 1 表示增购超过流失，新客户不算。",
        en="What last year’s customers bring now ÷ what they brought; above 1 growth outdoes loss, new customers do not count.",
    ),
    formula=RevenueKept(
        gross=False,
        label=Text(
            zh="上年同期有净销售额的客户：Σ 本期 ÷ Σ 上年同期",
            en="customers with net sales a year earlier: Σ now ÷ Σ then",
        ),
    ),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_LAST_YEAR, answer=0.5),
    variants={
        "contracts": Variant(
            Text(zh="合同：与上一期合同比", en="contracts: against the term before"),
            Ratio(monthly_after, monthly_ended, immature=terms_not_judged),
            Text(
                zh="逐份合同比月费：期内到期的各份，续约后还剩多少；续约后涨价或扩容计入，可大于 1。",
                en="Monthly amounts, contract by contract: of those that came to an end in the period, what is left after renewal; what renewals add counts, so it can exceed 1.",
            ),
        ),
    },
    more_examples=(Example(CONTRACTS, answer=160 / 350, period="2025Q1", variant="contracts"),),
)

interpurchase_days = Metric(
    label=Text(zh="购买间隔", en="Days between purchases"),
    why=Text(
        zh="期内再次购买的客户隔了多少天（中位数）；还没回来的客户不在其中。",
        en="How long those who bought again had stayed away, the median; who has not come back is not in it.",
    ),
    formula=Median(
        PURCHASE_GAPS,
        "gap",
        Text(zh="期内结束的购买日间隔的中位数", en="median gap between purchase days, of those ended in the period"),
        clustered=True,
    ),
    unit="days",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=19.5, window=WINDOW),
    variants={
        "open_gaps": Variant(
            Text(zh="含未结束的间隔", en="with unfinished gaps"),
            Median(
                OPEN_GAPS,
                "days",
                Text(
                    zh="期内开始的购买日间隔的 Kaplan–Meier 中位数",
                    en="Kaplan–Meier median of the gaps that begin in the period",
                ),
                ended="ended",
                clustered=True,
            ),
            Text(
                zh="期内每次购买之后多久再买，至今未买的按已等天数计入；一半以上未回来则为空。",
                en="How long after each purchase of the period the next one comes, those still waiting counted for what they show; none if over half have not come back.",
            ),
        ),
    },
    more_examples=(
        Example(SHOP, answer=28, period="2025-02", window=WINDOW, variant="open_gaps"),
        Example(SHOP, answer=None, window=WINDOW, variant="open_gaps"),
    ),
)

average_customer_lifetime = Metric(
    label=Text(zh="客户平均生命周期", en="Average customer lifetime"),
    why=Text(
        zh="从首单到最后一单再加活跃窗口的天数；仍活跃的客户按删失处理，最多算三年。",
        en="Days from first order to last order plus the window; the still active count for what they show, up to three years.",
    ),
    formula=Lifetime(
        "restricted_mean",
        Text(
            zh="Kaplan–Meier 生存曲线下的面积（至三年，或最老客户的年限）",
            en="area under the Kaplan–Meier curve, to three years or the oldest customer",
        ),
    ),
    unit="days",
    better="higher",
    source=Text(zh="Kaplan & Meier 1958；Irwin 1949", en="Kaplan & Meier 1958; Irwin 1949"),
    example=Example(SHOP, answer=98.25, window=WINDOW),
    variants={
        "first_to_last": Variant(
            Text(zh="末单 − 首单 的平均", en="mean of last − first order"),
            Lifetime("first_to_last", Text(zh="末单日 − 首单日 的平均", en="mean of last − first order, in days")),
            Text(
                zh="只买一次的客户为 0，仍在购买的客户被截短，偏低。",
                en="0 for one-time buyers and cut short for those who still buy, so it looks low.",
            ),
        ),
        "inverse_churn": Variant(
            Text(zh="1 ÷ 流失率", en="1 ÷ churn rate"),
            Ratio(at_start, lost, kind="inverse_share"),
            Text(zh="以期数计，假设流失率永远不变。", en="Counted in periods; supposes that churn never changes."),
            unit="periods",
        ),
    },
    more_examples=(
        Example(SHOP, answer=38.8, window=WINDOW, variant="first_to_last"),
        Example(SHOP, answer=3, window=WINDOW, variant="inverse_churn"),
    ),
)

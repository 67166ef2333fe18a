"""客户留存: how customers are kept, lost and won back."""

from __future__ import annotations

from kexiao.facts.formula import CohortSecondOrder, CohortShare, Minus, Plus, Ratio, ordering
from kexiao.facts.metric import Example, Metric, Variant
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

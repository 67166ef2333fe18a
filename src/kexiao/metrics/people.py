"""人员: what those who sell bring in."""

from __future__ import annotations

from kexiao.facts.formula import Ratio
from kexiao.facts.metric import Example, Metric
from kexiao.facts.passes import Headcount
from kexiao.metrics.parts import (
    credited_net,
    deals_closed,
    deals_won,
    follow_ups,
    leads_followed,
    net,
    open_pipeline,
    quota,
    quota_left,
)
from kexiao.text import Text

sales_per_person = Metric(
    label=Text(zh="人均销售额", en="Sales per person"),
    why=Text(
        zh="净销售额 ÷ 期内平均在职人数；中途入职或离职的按在职天数折算。",
        en="Net sales ÷ the mean number in post; who came or left in between counts for the days in post.",
    ),
    formula=Ratio(net, Headcount(Text(zh="平均在职人数", en="mean headcount"))),
    unit="money/person",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "staff": """
                staff_id | team  | from_on    | to_on
                s1       | north | 2024-01-01 |
                s2       | north | 2025-04-16 |
                s3       | south | 2024-01-01 | 2025-04-16
                s4       | south | 2023-01-01 | 2025-03-01
                """,
            "orders": """
                order_id | customer_id | ordered_on | team  | amount
                a        | 1           | 2025-03-30 | north | 10
                b        | 1           | 2025-04-02 | north | 240
                c        | 2           | 2025-04-09 | south | 160
                d        | 2           | 2025-05-09 | south | 10
                """,
        },
        answer=200,
        period="2025-04",
    ),
)

_QUOTAS = {
    "targets": """
        metric    | from_on    | to_on      | salesperson | value
        net_sales | 2025-04-01 | 2025-04-30 | s1          | 300
        net_sales | 2025-04-01 | 2025-04-30 | s2          | 300
        """,
    "staff": """
        staff_id | team  | from_on    | to_on
        s1       | north | 2024-01-01 |
        s2       | south | 2025-04-16 |
        s3       | south | 2024-01-01 |
        """,
    "orders": """
        order_id | customer_id | ordered_on | salesperson | team  | amount
        a        | 1           | 2025-04-02 | s1          | north | 240
        b        | 2           | 2025-04-20 | s2          | south | 150
        c        | 2           | 2025-04-21 | s3          | south | 999
        d        | 3           | 2025-05-31 | s1          | north | 10
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount
        r1        | a        | 2025-04-09  | 30
        r2        | d        | 2025-05-31  | 1
        """,
    "opportunities": """
        opportunity_id | customer_id | opened_on  | closed_on  | status | salesperson | amount
        p1             | 1           | 2025-03-10 |            | open   | s1          | 120
        p2             | 2           | 2025-04-10 | 2025-05-05 | won    | s2          | 60
        p3             | 3           | 2025-04-11 | 2025-04-20 | won    | s1          | 500
        p4             | 4           | 2025-02-11 | 2025-04-21 | lost   | s2          | 80
        p5             | 5           | 2025-02-12 | 2025-04-22 | lost   | s2          | 90
        p6             | 5           | 2025-05-31 |            | open   | s1          | 40
        """,
}

win_rate = Metric(
    label=Text(zh="赢单率", en="Win rate"),
    why=Text(
        zh="期内关闭的商机中赢单的比例；未关闭的不算，拖着不关也不会变好看。",
        en="Of the opportunities closed in the period the share won; those still open are in neither part.",
    ),
    formula=Ratio(deals_won, deals_closed, kind="share"),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_QUOTAS, answer=1 / 3, period="2025-04"),
    more_examples=(Example(_QUOTAS, answer=0, period="2025-04", dimensions={"salesperson": "s2"}),),
)

quota_attainment = Metric(
    label=Text(zh="指标达成率", en="Quota attainment"),
    why=Text(
        zh="计入指标的净销售额 ÷ 在岗天数对应的销售指标；没有指标的人，其销售不算。有个人指标按个人算，否则按团队、大区或公司。",
        en="Net sales credited to whoever has a quota ÷ the quota for the days in post; sales of people without one are left out. Quotas of people count where there are any, else those of teams, regions or the company.",
    ),
    formula=Ratio(credited_net, quota),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_QUOTAS, answer=0.8, period="2025-04"),
    more_examples=(
        Example(_QUOTAS, answer=0.7, period="2025-04", dimensions={"salesperson": "s1"}),
        Example(_QUOTAS, answer=1, period="2025-04", dimensions={"team": "south"}),
    ),
)

pipeline_coverage = Metric(
    label=Text(zh="管道覆盖率", en="Pipeline coverage"),
    why=Text(
        zh="期末进行中的商机金额 ÷ 尚未完成的销售指标：手里的商机够不够补上差额。未结束的时段看到数据末日为止。",
        en="Open pipeline at the period’s end ÷ quota left: whether what is in hand can fill the gap. An unfinished period is looked at on the data’s last day.",
    ),
    formula=Ratio(open_pipeline, quota_left),
    unit="times",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_QUOTAS, answer=2, period="2025-04"),
    more_examples=(Example(_QUOTAS, answer=None, period="2025-04", dimensions={"salesperson": "s2"}),),
)

follow_ups_per_lead = Metric(
    label=Text(zh="线索平均跟进次数", en="Follow-ups per lead"),
    why=Text(zh="期内创建的线索平均跟进几次；只算记录了次数的线索。", en="How often leads created in the period were followed up, of those that count it."),
    formula=Ratio(follow_ups, leads_followed),
    unit="count/lead",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(
        {
            "leads": """
                lead_id | created_on | follow_ups
                L1      | 2025-03-02 | 4
                L2      | 2025-03-05 | 0
                L3      | 2025-03-06 |
                L4      | 2025-04-06 | 9
                """
        },
        answer=2,
    ),
)  # fmt: skip

"""人员: what those who sell bring in."""

from __future__ import annotations

from kexiao.facts.formula import Ratio
from kexiao.facts.metric import Example, Metric
from kexiao.facts.passes import Headcount
from kexiao.metrics.parts import net
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

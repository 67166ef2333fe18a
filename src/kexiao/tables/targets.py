"""What is to be reached: sales quotas of people, teams or the company, and goals of campaigns."""

from __future__ import annotations

from kexiao.tables.description import CHANNEL, REGION, SALESPERSON, TEAM, Column, Table
from kexiao.text import Text

METRICS = (
    "net_sales", "gross_margin", "orders", "ordering_customers", "new_customers", "participants", "leads", "qualified_leads", "impressions",
    "csat_mean", "net_promoter_score", "complaint_rate", "refund_rate", "cost_per_lead", "customer_acquisition_cost", "discount_rate",
)  # fmt: skip
"""The metrics for which a target can be set, by their names in the catalogue."""

targets = Table(
    name="targets",
    label=Text(zh="指标与目标", en="Quotas and goals"),
    one_row=Text(
        zh="一个对象在一段时间内一项指标的目标：销售指标，或活动目标。",
        en="What one metric is to reach in a span of days, for one holder: a sales quota, or a campaign's goal.",
    ),
    key=("metric", "from_on", "to_on", "salesperson", "team", "region", "channel", "campaign"),
    columns=(
        Column("metric", "choice", Text(zh="指标", en="Metric"), Text(zh="指标目录中的名称。", en="Its name in the catalogue."), choices=METRICS, required=True),
        Column("from_on", "date", Text(zh="开始日期", en="From"), Text(zh="第一天。", en="First day."), required=True),
        Column("to_on", "date", Text(zh="结束日期", en="To"), Text(zh="最后一天（含）。", en="Last day, included."), required=True),
        SALESPERSON,
        TEAM,
        REGION,
        CHANNEL,
        Column("campaign", "key", Text(zh="活动编号", en="Campaign"), Text(zh="活动目标所属的活动。", en="The campaign whose goal it is.")),
        Column("value", "number", Text(zh="目标值", en="Target"), Text(zh="要达到的值，单位同指标。", en="What is to be reached, in the metric's unit."), required=True),
        Column("start_value", "number", Text(zh="起点值", en="Start"), Text(zh="开始时的值，用于按进度计算。", en="Where it stood at the beginning, for progress.")),
    ),
    group="decisions",
    date_column="from_on",
)  # fmt: skip

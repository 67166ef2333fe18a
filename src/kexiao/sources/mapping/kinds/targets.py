"""Quotas and goals: what people, teams, the company or campaigns are to reach."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    FIRST_DAY,
    FROM_ON,
    LAST_DAY,
    PERIOD,
    REGION,
    SALESPERSON,
    TEAM,
    TO_ON,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

METRICS = {
    "net_sales": ("净销售额", "销售额", "业绩", "销售业绩", "sales", "revenue", "netsales"),
    "gross_margin": ("毛利", "毛利额", "grossmargin", "margin"),
    "orders": ("订单数", "单量", "orders"),
    "ordering_customers": ("下单客户数", "成交客户数", "buyers"),
    "new_customers": ("新客户数", "新客户数量", "新客", "拉新", "newcustomers"),
    "participants": ("活动参与人数", "参与人数", "participants"),
    "leads": ("线索", "线索数", "leads"),
    "qualified_leads": ("合格线索", "合格线索数", "qualifiedleads"),
    "impressions": ("曝光", "曝光量", "impressions"),
    "csat_mean": ("客户满意度", "满意度", "csat", "satisfaction"),
    "net_promoter_score": ("净推荐值", "nps"),
    "complaint_rate": ("投诉率", "客户投诉率", "complaintrate"),
    "refund_rate": ("退款率", "refundrate"),
    "cost_per_lead": ("单条线索成本", "线索成本", "costperlead", "cpl"),
    "customer_acquisition_cost": ("客户获取成本", "获客成本", "cac"),
    "discount_rate": ("折扣率", "discountrate"),
}

KIND = SheetKind(
    name="targets",
    label=Text(zh="指标与目标", en="quotas and goals"),
    fields=(
        Field("metric", "choice", Text(zh="指标", en="metric"), ("指标", "考核指标", "指标名称", "目标指标", "metric", "goalmetric", "kpi"), required=True, choices=METRICS),
        PERIOD,
        FROM_ON,
        TO_ON,
        SALESPERSON,
        TEAM,
        REGION,
        CHANNEL,
        replace(CAMPAIGN, words=("活动编号", "活动id", "活动代码", "活动", "市场活动", "campaignid", "campaigncode", "campaign")),
        Field("amount", "money", Text(zh="销售指标", en="quota"), ("销售指标", "销售目标", "业绩目标", "业绩指标", "任务额", "销售任务", "quota", "salesquota", "salestarget"), strict=True),
        Field("value", "number", Text(zh="目标值", en="target"), ("目标值", "目标", "target", "targetvalue", "goal", "goalvalue"), strict=True),
        Field("start_value", "number", Text(zh="起点值", en="start"), ("起点值", "起点", "基线", "基线值", "startvalue", "baseline"), strict=True),
        UPDATED_AT,
    ),
    needs=(("amount", "value"), ("period", "from_on")),
    signs=("amount", "start_value", "metric"),
    stems=("目标", "任务", "quota", "target", "goal"),
)  # fmt: skip

MAKES = (
    Makes(
        "targets",
        {
            "metric": "CASE WHEN amount IS NOT NULL THEN 'net_sales' ELSE metric END",
            "value": "coalesce(CAST(amount AS DOUBLE), value)",
            "from_on": FIRST_DAY,
            "to_on": LAST_DAY,
        },
    ),
)

"""Opportunities: deals that may become sales."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    CUSTOMER_ID,
    NAME,
    PHONE,
    REGION,
    SALESPERSON,
    TEAM,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

STATUSES = {
    "open": (
        "进行中", "跟进中", "初步接洽", "需求确认", "方案报价", "商务谈判", "谈判", "报价", "open", "inprogress", "prospecting", "qualification", "needsanalysis",
        "valueproposition", "proposal", "proposalpricequote", "negotiation", "negotiationreview",
    ),
    "won": ("赢单", "成交", "已成交", "成功", "签约", "已签约", "won", "closedwon", "win"),
    "lost": ("输单", "丢单", "失败", "已流失", "放弃", "无效", "lost", "closedlost", "closedlosttocompetition", "abandoned"),
}  # fmt: skip

KIND = SheetKind(
    name="opportunities",
    label=Text(zh="商机", en="opportunities"),
    fields=(
        Field("opportunity_id", "key", Text(zh="商机编号", en="opportunity id"), ("商机编号", "商机id", "商机号", "销售机会编号", "机会编号", "opportunityid", "opportunityno", "dealid", "dealno"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        Field("lead_id", "key", Text(zh="线索编号", en="lead id"), ("线索编号", "线索id", "来源线索", "leadid")),
        Field("opened_at", "instant", Text(zh="创建时间", en="opened at"), ("商机创建时间", "创建时间", "创建日期", "立项时间", "立项日期", "openedat", "openedon", "createdat", "createdtime", "createddate", "createdon", "opendate"), required=True, past=True),
        Field("closed_at", "instant", Text(zh="关闭时间", en="closed at"), ("关闭时间", "关闭日期", "赢单时间", "赢单日期", "输单时间", "结案日期", "成交日期", "closedat", "closedon", "closedate", "closeddate"), strict=True),
        Field("expected_on", "date", Text(zh="预计成交日期", en="expected on"), ("预计成交日期", "预计成交时间", "预计签约日期", "预计结单日期", "预计关闭日期", "expectedon", "expectedclosedate", "closingdate"), strict=True),
        Field("status", "choice", Text(zh="结果", en="outcome"), ("商机状态", "赢单状态", "结果", "状态", "销售阶段", "商机阶段", "阶段", "outcome", "status", "stage", "dealstage"), required=True, choices=STATUSES),
        Field("stage", "text", Text(zh="阶段", en="stage"), ("销售阶段", "商机阶段", "阶段", "stage", "dealstage")),
        Field("amount", "money", Text(zh="金额", en="amount"), ("商机金额", "预计金额", "预计成交金额", "预计销售金额", "金额", "opportunityamount", "dealamount", "amount", "value"), strict=True),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        UPDATED_AT,
    ),
    needs=(("opportunity_id",), ("opened_at",), ("status",)),
    signs=("opportunity_id", "expected_on"),
    stems=("商机", "机会", "opportunit", "deal", "pipeline"),
)  # fmt: skip

MAKES = (Makes("opportunities", {"customer_id": "_person"}),)

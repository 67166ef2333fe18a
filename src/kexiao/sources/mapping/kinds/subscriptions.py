"""Contracts and subscriptions: what customers are bound by for a time."""

from dataclasses import replace

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
    "draft": ("草稿", "待签", "待签约", "审批中", "未生效", "draft", "pending", "unsigned"),
    "signed": (
        "已签", "已签约", "已签订", "生效", "生效中", "执行中", "履行中", "服务中", "正常", "有效", "已到期", "到期", "已续约", "已续签", "signed", "active", "live", "current", "expired",
        "renewed",
    ),
    "ended": (
        "已终止", "终止", "提前终止", "已结束", "已解约", "解约", "已退订", "退订", "已取消", "取消", "ended", "terminated", "cancelled", "canceled", "churned", "closed",
    ),
    "void": ("作废", "已作废", "无效", "void", "voided", "invalid"),
}  # fmt: skip

KIND = SheetKind(
    name="subscriptions",
    label=Text(zh="合同与订阅", en="contracts and subscriptions"),
    fields=(
        Field("contract_id", "key", Text(zh="合同编号", en="contract id"), ("合同编号", "合同号", "合同id", "订阅编号", "订阅号", "订阅id", "contractid", "contractno", "contractnumber", "subscriptionid", "subscriptionno"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        Field("renews", "key", Text(zh="续自合同", en="renews"), ("续自合同", "续签合同", "原合同编号", "原合同号", "上一合同编号", "上期合同编号", "renews", "renewalof", "renewedfrom", "previouscontract", "previouscontractid")),
        Field("plan", "text", Text(zh="方案", en="plan"), ("方案", "套餐", "版本", "订阅方案", "产品版本", "服务套餐", "套餐名称", "plan", "planname", "subscriptionplan", "package")),
        Field("status", "choice", Text(zh="状态", en="status"), ("合同状态", "订阅状态", "状态", "contractstatus", "subscriptionstatus", "status"), choices=STATUSES),
        Field(
            "from_on", "date", Text(zh="开始日期", en="from"),
            ("合同开始日期", "合同开始时间", "服务开始日期", "服务开始时间", "订阅开始日期", "生效日期", "生效时间", "开始日期", "起始日期", "开始时间", "开通日期", "签约日期", "contractstart", "contractstartdate", "subscriptionstart", "startdate", "startson", "startedon", "effectivedate", "fromon", "from", "start"),
            required=True,
        ),
        Field(
            "to_on", "date", Text(zh="到期日期", en="to"),
            ("合同到期日期", "合同结束日期", "合同到期日", "服务结束日期", "服务到期日", "到期日期", "到期日", "到期时间", "结束日期", "截止日期", "结束时间", "失效日期", "contractend", "contractenddate", "subscriptionend", "enddate", "endson", "expirydate", "expirationdate", "expireson", "renewaldate", "toon", "to", "end"),
            strict=True,
        ),
        Field("ended_on", "date", Text(zh="终止日期", en="ended on"), ("终止日期", "提前终止日期", "解约日期", "退订日期", "实际结束日期", "取消日期", "endedon", "cancelledon", "canceledon", "cancellationdate", "canceledat", "cancelledat", "churndate", "terminationdate"), strict=True),
        Field("monthly_amount", "money", Text(zh="月费", en="monthly amount"), ("月费", "每月金额", "月度金额", "月服务费", "月经常性收入", "monthlyamount", "monthlyfee", "monthlyprice", "mrr"), strict=True),
        Field("amount", "money", Text(zh="合同金额", en="amount"), ("合同金额", "合同总额", "合同总金额", "订阅金额", "签约金额", "年费", "金额", "contractvalue", "contractamount", "totalcontractvalue", "tcv", "amount"), strict=True),
        replace(CHANNEL, words=(*CHANNEL.words, "签约渠道")),
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        UPDATED_AT,
    ),
    needs=(("contract_id",), ("from_on",), ("to_on", "ended_on", "monthly_amount")),
    signs=("contract_id", "to_on", "renews", "monthly_amount"),
    stems=("合同", "订阅", "续约", "contract", "subscription"),
)  # fmt: skip

MAKES = (Makes("subscriptions", {"customer_id": "_person"}),)

"""Leads: possible customers."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    CUSTOMER_ID,
    EMAIL,
    NAME,
    PHONE,
    REGION,
    SALESPERSON,
    TEAM,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="leads",
    label=Text(zh="线索", en="leads"),
    fields=(
        Field("lead_id", "key", Text(zh="线索编号", en="lead id"), ("线索编号", "线索id", "线索号", "线索", "leadid", "leadno", "lead"), required=True),
        replace(CUSTOMER_ID, words=(*CUSTOMER_ID.words, "转化客户编号", "成交客户编号", "convertedcustomerid")),
        replace(NAME, words=("线索姓名", "线索名称", *NAME.words, "leadname")),
        PHONE,
        EMAIL,
        Field("created_at", "instant", Text(zh="创建时间", en="created at"), ("线索创建时间", "创建时间", "创建日期", "录入时间", "留资时间", "提交时间", "分配时间", "日期", "createdat", "createdtime", "createddate", "createdon", "date"), required=True, past=True),
        Field("qualified_at", "instant", Text(zh="合格时间", en="qualified at"), ("合格时间", "转合格时间", "有效时间", "合格日期", "转化时间", "qualifiedat", "qualifieddate", "qualifiedon"), past=True),
        Field("follow_ups", "number", Text(zh="跟进次数", en="follow-ups"), ("跟进次数", "跟进数", "联系次数", "followups", "followupcount", "contactattempts")),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        Field("status", "text", Text(zh="线索状态", en="status"), ("线索状态", "跟进状态", "状态", "阶段", "leadstatus", "status", "stage")),
        UPDATED_AT,
    ),
    needs=(("lead_id", "phone", "customer_name"), ("created_at",)),
    signs=("lead_id", "qualified_at"),
    stems=("线索", "留资", "商机", "咨询", "意向", "lead", "inquir", "enquir", "prospect"),
)  # fmt: skip

MAKES = (
    Makes(
        "leads",
        {"customer_id": "_person", "follow_ups": "CAST(round(follow_ups) AS BIGINT)"},
        identity=("created_at", "phone", "customer_name", "channel"),
    ),
)

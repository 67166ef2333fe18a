"""Complaints, from opening to resolution."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CHANNEL, CUSTOMER_ID, NAME, ORDER_ID, PHONE, REGION, TEAM, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="complaints",
    label=Text(zh="投诉", en="complaints"),
    fields=(
        Field("complaint_id", "key", Text(zh="投诉编号", en="complaint id"), ("投诉编号", "投诉单号", "投诉id", "投诉号", "工单编号", "工单号", "complaintid", "complaintno", "ticketid", "caseid"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        replace(ORDER_ID, required=False),
        Field("opened_at", "instant", Text(zh="投诉时间", en="opened at"), ("投诉时间", "投诉日期", "受理时间", "受理日期", "创建时间", "开单时间", "openedat", "openedon", "complaintdate", "createdat", "date", "日期"), required=True, past=True),
        Field("first_response_at", "instant", Text(zh="首次响应时间", en="first response at"), ("首次响应时间", "首响时间", "首次回复时间", "首次联系时间", "firstresponseat", "firstresponse", "firstreplyat"), past=True),
        Field("resolved_at", "instant", Text(zh="解决时间", en="resolved at"), ("解决时间", "解决日期", "完结时间", "处理完成时间", "关闭时间", "结案时间", "resolvedat", "resolvedon", "closedat"), past=True),
        Field("reopened_at", "instant", Text(zh="重开时间", en="reopened at"), ("重开时间", "重开日期", "重新打开时间", "再次受理时间", "reopenedat", "reopenedon"), past=True),
        Field("category", "text", Text(zh="投诉类别", en="category"), ("投诉类别", "投诉类型", "投诉原因", "问题类型", "类别", "类型", "category", "complainttype", "reason")),
        CHANNEL,
        REGION,
        TEAM,
        Field("status", "text", Text(zh="处理状态", en="status"), ("处理状态", "投诉状态", "状态", "status")),
        UPDATED_AT,
    ),
    needs=(("complaint_id", "customer_id", "order_id", "phone"), ("opened_at",)),
    signs=("complaint_id", "resolved_at"),
    stems=("投诉", "工单", "客诉", "抱怨", "complain", "ticket", "case"),
)  # fmt: skip

MAKES = (
    Makes(
        "complaints", {"customer_id": "_person"}, identity=("order_id", "customer_id", "phone", "opened_at", "category")
    ),
)

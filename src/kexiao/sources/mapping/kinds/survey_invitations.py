"""Invitations to surveys, from sending to the answer."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    CUSTOMER_ID,
    EMAIL,
    NAME,
    PHONE,
    REGION,
    TEAM,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

STATUSES = {
    "sent": ("已发送", "已发", "发送成功", "sent"),
    "failed": ("发送失败", "失败", "未送达", "退信", "failed", "bounced", "undelivered"),
    "delivered": ("已送达", "送达", "未答", "未回答", "未作答", "delivered"),
    "answered": ("已回答", "已答", "已作答", "已提交", "已完成", "answered", "completed", "responded"),
}

KIND = SheetKind(
    name="survey_invitations",
    label=Text(zh="问卷邀请", en="survey invitations"),
    fields=(
        Field("invitation_id", "key", Text(zh="邀请编号", en="invitation id"), ("邀请编号", "邀请id", "发送编号", "invitationid", "inviteid"), required=True),
        Field("survey", "text", Text(zh="问卷", en="survey"), ("问卷", "问卷名称", "调查名称", "survey", "surveyname")),
        CUSTOMER_ID,
        NAME,
        PHONE,
        EMAIL,
        Field("sent_at", "instant", Text(zh="发送时间", en="sent at"), ("邀请时间", "发送时间", "发送日期", "邀请日期", "invitedat", "sentat", "senton", "sendtime", "sentdate"), required=True, past=True),
        Field("delivered_at", "instant", Text(zh="送达时间", en="delivered at"), ("送达时间", "到达时间", "deliveredat", "deliveredon"), strict=True, past=True),
        Field("answered_at", "instant", Text(zh="回答时间", en="answered at"), ("回答时间", "答卷时间", "作答时间", "提交时间", "answeredat", "answeredon", "respondedat", "completedat"), strict=True, past=True),
        Field("status", "choice", Text(zh="状态", en="status"), ("邀请状态", "发送状态", "状态", "invitationstatus", "status"), strict=True, choices=STATUSES),
        Field("mode", "text", Text(zh="方式", en="mode"), ("方式", "调查方式", "mode")),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        UPDATED_AT,
    ),
    needs=(("invitation_id",), ("sent_at",), ("delivered_at", "answered_at", "status")),
    signs=("invitation_id",),
    stems=("邀请", "invit"),
)  # fmt: skip

MAKES = (Makes("survey_invitations", {"customer_id": "_person"}),)

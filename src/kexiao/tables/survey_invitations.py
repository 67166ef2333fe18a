"""Who was asked: invitations to surveys, from sending to the answer."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, TEAM, Column, Table, instant
from kexiao.text import Text

STATUSES = ("sent", "failed", "delivered", "answered")

survey_invitations = Table(
    name="survey_invitations",
    label=Text(zh="问卷邀请", en="Survey invitations"),
    one_row=Text(zh="发给一位客户的一份问卷邀请；不保存号码与地址。", en="One invitation of one customer; no number or address is kept."),
    key=("invitation_id",),
    columns=(
        Column("invitation_id", "key", Text(zh="邀请编号", en="Invitation id"), Text(zh="邀请编号。", en="The number of the invitation."), required=True),
        CUSTOMER,
        Column("survey", "text", Text(zh="问卷", en="Survey"), Text(zh="问卷名称。", en="The survey.")),
        *instant("sent", Text(zh="发送时间", en="Sent at"), Text(zh="发出邀请的时刻。", en="When it was sent."), required=True),
        *instant("delivered", Text(zh="送达时间", en="Delivered at"), Text(zh="送达的时刻。", en="When it arrived.")),
        *instant("answered", Text(zh="回答时间", en="Answered at"), Text(zh="提交答卷的时刻。", en="When the answer was sent in.")),
        Column("status", "choice", Text(zh="状态", en="Status"), Text(zh="已发送、未送达、已送达或已回答。", en="Sent, failed, delivered or answered."), choices=STATUSES),
        Column("mode", "text", Text(zh="方式", en="Mode"), Text(zh="网络、电话、面访。", en="Web, phone or face to face.")),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
    ),
    group="voice",
    date_column="sent_on",
)  # fmt: skip

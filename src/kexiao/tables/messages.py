"""What was sent to customers, and whether they opened it, clicked, or asked to be left alone."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, Column, Table, instant
from kexiao.text import Text

STATUSES = ("sent", "failed", "delivered", "opened", "clicked", "unsubscribed")

messages = Table(
    name="messages",
    label=Text(zh="触达消息", en="Messages"),
    one_row=Text(
        zh="发给一位客户的一条消息；不保存内容、号码与地址。",
        en="One message to one customer; neither its text nor a number or address is kept.",
    ),
    key=("message_id",),
    columns=(
        Column("message_id", "key", Text(zh="消息编号", en="Message id"), Text(zh="消息编号。", en="The number of the message."), required=True),
        CUSTOMER,
        CHANNEL,
        CAMPAIGN,
        *instant("sent", Text(zh="发送时间", en="Sent at"), Text(zh="发出的时刻。", en="When it was sent."), required=True),
        *instant("delivered", Text(zh="送达时间", en="Delivered at"), Text(zh="送达的时刻。", en="When it arrived.")),
        *instant("opened", Text(zh="打开时间", en="Opened at"), Text(zh="第一次打开的时刻。", en="When it was first opened.")),
        *instant("clicked", Text(zh="点击时间", en="Clicked at"), Text(zh="第一次点击的时刻。", en="When something in it was first clicked.")),
        *instant("unsubscribed", Text(zh="退订时间", en="Unsubscribed at"), Text(zh="由此退订的时刻。", en="When it made the customer unsubscribe.")),
        Column("status", "choice", Text(zh="状态", en="Status"), Text(zh="走到了哪一步。", en="How far it came."), choices=STATUSES),
    ),
    group="contact",
    date_column="sent_on",
)  # fmt: skip

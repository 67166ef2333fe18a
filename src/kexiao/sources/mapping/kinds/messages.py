"""Messages sent to customers, as tools for texting and mailing export them."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL, CUSTOMER_ID, EMAIL, NAME, PHONE, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

STATUSES = {
    "sent": ("已发送", "已发", "发送成功", "sent"),
    "failed": ("发送失败", "失败", "未送达", "退信", "failed", "bounced", "undelivered"),
    "delivered": ("已送达", "送达", "delivered"),
    "opened": ("已打开", "打开", "已读", "opened", "read"),
    "clicked": ("已点击", "点击", "clicked"),
    "unsubscribed": ("已退订", "退订", "unsubscribed", "optedout"),
}

KIND = SheetKind(
    name="messages",
    label=Text(zh="触达消息", en="messages"),
    fields=(
        Field("message_id", "key", Text(zh="消息编号", en="message id"), ("消息编号", "消息id", "短信编号", "邮件编号", "推送编号", "messageid", "msgid", "emailid", "smsid"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        EMAIL,
        replace(CHANNEL, words=("触达渠道", "发送渠道", "消息渠道", "messagechannel", *CHANNEL.words)),
        CAMPAIGN,
        Field("sent_at", "instant", Text(zh="发送时间", en="sent at"), ("发送时间", "发送日期", "推送时间", "sentat", "senton", "sendtime", "sentdate"), required=True, past=True),
        Field("delivered_at", "instant", Text(zh="送达时间", en="delivered at"), ("送达时间", "到达时间", "deliveredat", "deliveredon"), strict=True, past=True),
        Field("opened_at", "instant", Text(zh="打开时间", en="opened at"), ("打开时间", "首次打开时间", "阅读时间", "openedat", "openedon", "readat"), strict=True, past=True),
        Field("clicked_at", "instant", Text(zh="点击时间", en="clicked at"), ("点击时间", "首次点击时间", "clickedat", "clickedon"), strict=True, past=True),
        Field("unsubscribed_at", "instant", Text(zh="退订时间", en="unsubscribed at"), ("退订时间", "退订日期", "unsubscribedat", "unsubscribedon", "optedoutat"), strict=True, past=True),
        Field("status", "choice", Text(zh="状态", en="status"), ("发送状态", "消息状态", "状态", "messagestatus", "deliverystatus", "status"), strict=True, choices=STATUSES),
        UPDATED_AT,
    ),
    needs=(("message_id",), ("sent_at",)),
    signs=("message_id", "clicked_at"),
    stems=("消息", "短信", "推送", "触达", "邮件群发", "message", "mailing", "sms"),
)  # fmt: skip

MAKES = (Makes("messages", {"customer_id": "_person"}),)

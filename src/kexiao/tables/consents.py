"""The consent ledger: what a customer agreed to, for which purpose and channel, and when it was withdrawn."""

from __future__ import annotations

from kexiao.tables.description import CUSTOMER, Column, Table
from kexiao.text import Text

PURPOSES = ("marketing", "service", "profiling", "research", "sharing", "all")
CHANNELS = ("sms", "phone", "email", "wechat", "app", "post", "all")

consents = Table(
    name="consents",
    label=Text(zh="同意记录", en="Consents"),
    one_row=Text(
        zh="一次同意或撤回。账本只增不改：同一用途与渠道以最近的一次为准，同时则以撤回为准。",
        en="One consent or withdrawal. A ledger that only grows: of one purpose and channel the latest counts, at the same moment the withdrawal.",
    ),
    key=("customer_id", "purpose", "channel", "granted_at", "withdrawn_at", "evidence"),
    columns=(
        CUSTOMER,
        Column(
            "purpose",
            "choice",
            Text(zh="用途", en="Purpose"),
            Text(
                zh="营销、服务、个性化、调研、向第三方提供；all 为全部。",
                en="Marketing, service, profiling, research, sharing with others; all for any.",
            ),
            required=True,
            choices=PURPOSES,
        ),
        Column(
            "channel",
            "choice",
            Text(zh="渠道", en="Channel"),
            Text(
                zh="短信、电话、邮件、微信、App、邮寄；all 为全部。",
                en="Text message, phone, e-mail, WeChat, app, post; all for any.",
            ),
            required=True,
            choices=CHANNELS,
        ),
        Column(
            "granted_at",
            "instant",
            Text(zh="同意时间", en="Granted at"),
            Text(zh="给出同意的时刻；只有撤回时为空。", en="When consent was given; null for a mere withdrawal."),
        ),
        Column(
            "withdrawn_at",
            "instant",
            Text(zh="撤回时间", en="Withdrawn at"),
            Text(zh="撤回同意的时刻。", en="When consent was withdrawn."),
        ),
        Column(
            "evidence",
            "text",
            Text(zh="凭证", en="Evidence"),
            Text(zh="在哪里、以什么方式同意或撤回。", en="Where and how it was given or withdrawn."),
        ),
    ),
    group="who",
)

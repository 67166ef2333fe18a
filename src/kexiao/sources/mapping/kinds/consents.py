"""Consents and withdrawals, by purpose and channel."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CUSTOMER_ID, EMAIL, NAME, PHONE, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

PURPOSES = {
    "marketing": ("marketing", "营销", "营销推送", "营销推广", "推广", "促销", "广告", "promotion", "advertising"),
    "service": ("service", "服务", "会员服务", "客户服务", "售后", "服务通知"),
    "profiling": ("profiling", "个性化", "个性化推荐", "自动化决策", "用户画像", "画像", "personalisation", "personalization"),
    "research": ("research", "调研", "问卷", "满意度调查", "survey"),
    "sharing": ("sharing", "向第三方提供", "第三方共享", "对外提供", "thirdparty", "thirdparties"),
    "all": ("all", "全部", "所有"),
}  # fmt: skip
CHANNELS = {
    "sms": ("sms", "短信", "手机短信", "textmessage", "text"),
    "phone": ("phone", "电话", "电话外呼", "call", "calls"),
    "email": ("email", "邮件", "邮箱", "电子邮件", "mail"),
    "wechat": ("wechat", "微信", "企业微信", "公众号", "小程序"),
    "app": ("app", "推送", "应用推送", "push"),
    "post": ("post", "邮寄", "信件", "letter"),
    "all": ("all", "全部", "所有"),
}

KIND = SheetKind(
    name="consents",
    label=Text(zh="同意记录", en="consents"),
    fields=(
        CUSTOMER_ID,
        NAME,
        PHONE,
        EMAIL,
        Field("purpose", "choice", Text(zh="用途", en="purpose"), ("用途", "同意用途", "授权用途", "处理目的", "使用目的", "purpose", "consentpurpose"), required=True, choices=PURPOSES),
        Field("channel", "choice", Text(zh="触达渠道", en="channel"), ("触达渠道", "同意渠道", "授权渠道", "联系渠道", "渠道", "channel", "consentchannel"), required=True, choices=CHANNELS),
        Field("granted_at", "instant", Text(zh="同意时间", en="granted at"), ("同意时间", "授权时间", "同意日期", "授权日期", "grantedat", "grantedon", "consentat", "optinat"), strict=True, past=True),
        Field("withdrawn_at", "instant", Text(zh="撤回时间", en="withdrawn at"), ("撤回时间", "撤销时间", "取消授权时间", "退订时间", "撤回日期", "withdrawnat", "withdrawnon", "revokedat", "optoutat", "unsubscribedat"), strict=True, past=True),
        Field("evidence", "free_text", Text(zh="凭证", en="evidence"), ("凭证", "同意凭证", "授权凭证", "同意方式", "授权方式", "evidence", "proof", "consentsource")),
        UPDATED_AT,
    ),
    needs=(("customer_id", "phone", "email", "customer_name"), ("purpose",), ("channel",), ("granted_at", "withdrawn_at")),
    signs=("purpose", "granted_at", "withdrawn_at"),
)  # fmt: skip

MAKES = (Makes("consents", {"customer_id": "_person"}),)

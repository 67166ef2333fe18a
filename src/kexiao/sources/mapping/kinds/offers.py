"""Offers: cross-selling, up-selling and renewals."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    CUSTOMER_ID,
    NAME,
    PHONE,
    PRODUCT_ID,
    REGION,
    SALESPERSON,
    TEAM,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KINDS = {
    "cross_sell": ("交叉销售", "交叉", "连带", "crosssell", "crossselling", "cross"),
    "up_sell": ("升级", "升级销售", "向上销售", "增购", "upsell", "upselling", "upgrade"),
    "renewal": ("续约", "续费", "renewal", "renew"),
}

KIND = SheetKind(
    name="offers",
    label=Text(zh="销售提议", en="offers"),
    fields=(
        Field("offer_id", "key", Text(zh="提议编号", en="offer id"), ("提议编号", "推荐记录编号", "销售提议编号", "offerid", "offerno"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        Field("kind", "choice", Text(zh="类型", en="kind"), ("提议类型", "销售类型", "推荐类型", "类型", "offerkind", "offertype", "kind", "type"), required=True, choices=KINDS),
        Field("offered_at", "instant", Text(zh="提出时间", en="offered at"), ("提出时间", "提议时间", "推荐日期", "提出日期", "offeredat", "offeredon", "offerdate", "日期", "date"), required=True, past=True),
        Field("accepted_at", "instant", Text(zh="接受时间", en="accepted at"), ("接受时间", "接受日期", "成交时间", "acceptedat", "acceptedon"), strict=True, past=True),
        Field("declined_at", "instant", Text(zh="拒绝时间", en="declined at"), ("拒绝时间", "拒绝日期", "declinedat", "declinedon"), strict=True, past=True),
        PRODUCT_ID,
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        UPDATED_AT,
    ),
    needs=(("offer_id",), ("kind",), ("offered_at",)),
    signs=("offer_id", "accepted_at"),
    stems=("提议", "交叉销售", "offer", "upsell", "crosssell"),
)  # fmt: skip

MAKES = (Makes("offers", {"customer_id": "_person"}),)

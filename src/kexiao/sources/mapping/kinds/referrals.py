"""Referrals: who referred whom."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL, CUSTOMER_ID, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="referrals",
    label=Text(zh="客户推荐", en="referrals"),
    fields=(
        Field("referral_id", "key", Text(zh="推荐编号", en="referral id"), ("推荐编号", "推荐id", "转介绍编号", "referralid", "referralno"), required=True),
        replace(CUSTOMER_ID, words=("推荐人编号", "推荐人id", "推荐人", "老客户编号", "referrerid", "referrerno", "referrer", "referredby", *CUSTOMER_ID.words)),
        Field("referred", "key", Text(zh="被推荐人编号", en="referred customer id"), ("被推荐人编号", "被推荐人id", "被推荐人", "新客户编号", "referredid", "referredcustomerid", "referee", "refereeid"), personal=True),
        Field("referred_at", "instant", Text(zh="推荐时间", en="referred at"), ("推荐时间", "推荐日期", "转介绍时间", "referredat", "referredon", "referraldate", "日期", "date"), required=True, past=True),
        CHANNEL,
        CAMPAIGN,
        UPDATED_AT,
    ),
    needs=(("referral_id",), ("customer_id",), ("referred_at",)),
    signs=("referral_id", "referred"),
    stems=("推荐人", "转介绍", "referr"),
)  # fmt: skip

MAKES = (
    Makes(
        "referrals",
        {"customer_id": "_person", "referred_id": "CASE WHEN referred IS NOT NULL THEN person(_origin, referred) END"},
    ),
)

"""Who referred whom."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, Column, Table, instant
from kexiao.text import Text

referrals = Table(
    name="referrals",
    label=Text(zh="客户推荐", en="Referrals"),
    one_row=Text(zh="一位客户向一个人的一次推荐。", en="One customer’s referral of one other."),
    key=("referral_id",),
    columns=(
        Column("referral_id", "key", Text(zh="推荐编号", en="Referral id"), Text(zh="推荐编号。", en="The number of the referral."), required=True),
        CUSTOMER,
        Column("referred_id", "customer", Text(zh="被推荐人", en="Referred"), Text(zh="被推荐的人成为客户后的编号。", en="Whom they referred, by our own number."), privacy="pseudonym"),
        *instant("referred", Text(zh="推荐时间", en="Referred at"), Text(zh="推荐的时刻。", en="When it was made."), required=True),
        CHANNEL,
        CAMPAIGN,
    ),
    group="voice",
    date_column="referred_on",
)  # fmt: skip

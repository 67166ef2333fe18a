"""People and firms that were contacted to win them."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table, instant
from kexiao.text import Text

prospects = Table(
    name="prospects",
    label=Text(zh="潜在客户触达", en="Prospects contacted"),
    one_row=Text(zh="一位被联系过的潜在客户，按首次联系计。", en="One prospect who was contacted, by the first contact."),
    key=("prospect_id",),
    columns=(
        Column("prospect_id", "key", Text(zh="潜客编号", en="Prospect id"), Text(zh="潜在客户编号。", en="The number of the prospect."), required=True),
        CUSTOMER,
        *instant("contacted", Text(zh="首次联系时间", en="First contacted at"), Text(zh="首次联系的时刻。", en="When it was first contacted."), required=True),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
    ),
    group="contact",
    date_column="contacted_on",
)  # fmt: skip

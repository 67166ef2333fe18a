"""What was offered to customers beyond what they buy, and whether they took it."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table, instant
from kexiao.text import Text

KINDS = ("cross_sell", "up_sell", "renewal")

offers = Table(
    name="offers",
    label=Text(zh="销售提议", en="Offers"),
    one_row=Text(zh="向一位客户提出的一次交叉销售、升级或续约。", en="One cross-sell, up-sell or renewal offered to one customer."),
    key=("offer_id",),
    columns=(
        Column("offer_id", "key", Text(zh="提议编号", en="Offer id"), Text(zh="提议编号。", en="The number of the offer."), required=True),
        CUSTOMER,
        Column("kind", "choice", Text(zh="类型", en="Kind"), Text(zh="交叉销售、升级或续约。", en="Cross-sell, up-sell or renewal."), choices=KINDS, required=True),
        *instant("offered", Text(zh="提出时间", en="Offered at"), Text(zh="提出的时刻。", en="When it was made."), required=True),
        *instant("accepted", Text(zh="接受时间", en="Accepted at"), Text(zh="客户接受的时刻。", en="When the customer took it.")),
        *instant("declined", Text(zh="拒绝时间", en="Declined at"), Text(zh="客户拒绝的时刻。", en="When the customer refused it.")),
        Column("product_id", "key", Text(zh="商品编号", en="Product id"), Text(zh="推荐的商品。", en="The product offered.")),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
    ),
    date_column="offered_on",
)  # fmt: skip

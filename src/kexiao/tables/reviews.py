"""What customers wrote of products on platforms, with stars."""

from __future__ import annotations

from kexiao.tables.description import CHANNEL, CUSTOMER, Column, Table, instant
from kexiao.text import Text

reviews = Table(
    name="reviews",
    label=Text(zh="商品评价", en="Reviews"),
    one_row=Text(zh="一位客户在一个平台上的一条评价。", en="One review of one customer on one platform."),
    key=("review_id",),
    columns=(
        Column("review_id", "key", Text(zh="评价编号", en="Review id"), Text(zh="评价编号。", en="The number of the review."), required=True),
        CUSTOMER,
        Column("order_id", "key", Text(zh="订单号", en="Order id"), Text(zh="相关订单。", en="The order it is about.")),
        Column("product_id", "key", Text(zh="商品编号", en="Product id"), Text(zh="评价的商品。", en="The product.")),
        CHANNEL,
        *instant("reviewed", Text(zh="评价时间", en="Reviewed at"), Text(zh="发表的时刻。", en="When it was written."), required=True),
        Column("stars", "number", Text(zh="星级", en="Stars"), Text(zh="1 至 5 星。", en="From 1 to 5 stars."), required=True, minimum=1, maximum=5),
        Column("comment", "text", Text(zh="评价内容", en="Comment"), Text(zh="评价内容（已遮盖个人信息）。", en="The free text, masked.")),
    ),
    group="voice",
    date_column="reviewed_on",
)  # fmt: skip

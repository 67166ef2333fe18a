"""What each order is made of."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

order_lines = Table(
    name="order_lines",
    label=Text(zh="订单明细", en="Order lines"),
    one_row=Text(zh="一行是一张订单中的一个商品。", en="One product in one order."),
    key=("order_id", "line_no"),
    columns=(
        Column(
            "order_id",
            "key",
            Text(zh="订单号", en="Order id"),
            Text(zh="所属订单。", en="The order it belongs to."),
            required=True,
        ),
        Column(
            "line_no",
            "integer",
            Text(zh="行号", en="Line"),
            Text(zh="订单内的行号。", en="The number within the order."),
            required=True,
        ),
        Column("product_id", "key", Text(zh="商品编号", en="Product id"), Text(zh="商品编号。", en="The product.")),
        Column("quantity", "number", Text(zh="数量", en="Quantity"), Text(zh="数量。", en="How many.")),
        Column(
            "gross", "money", Text(zh="原价金额", en="Gross amount"), Text(zh="优惠前金额。", en="Before discount.")
        ),
        Column(
            "discount",
            "money",
            Text(zh="行优惠", en="Discount"),
            Text(zh="本行的优惠。", en="The discount on this line."),
        ),
        Column(
            "net",
            "money",
            Text(zh="实付金额", en="Net amount"),
            Text(zh="优惠后金额。", en="After discount."),
            required=True,
        ),
        Column(
            "cost",
            "money",
            Text(zh="成本", en="Cost"),
            Text(zh="本行的商品成本。", en="Cost of the goods of this line."),
        ),
    ),
)

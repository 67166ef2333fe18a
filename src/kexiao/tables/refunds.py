"""Money paid back."""

from __future__ import annotations

from kexiao.tables.description import CUSTOMER, Column, Table, instant
from kexiao.text import Text

refunds = Table(
    name="refunds",
    label=Text(zh="退款", en="Refunds"),
    one_row=Text(zh="一行一笔退款。", en="One refund."),
    key=("refund_id",),
    columns=(
        Column(
            "refund_id",
            "key",
            Text(zh="退款编号", en="Refund id"),
            Text(zh="退款编号。", en="The refund number."),
            required=True,
        ),
        Column("order_id", "key", Text(zh="订单号", en="Order id"), Text(zh="被退的订单。", en="The order refunded.")),
        CUSTOMER,
        *instant(
            "refunded",
            Text(zh="退款时间", en="Refunded at"),
            Text(zh="退款入账的时刻。", en="When the refund was booked."),
            required=True,
        ),
        Column(
            "amount",
            "money",
            Text(zh="退款金额", en="Amount"),
            Text(zh="退还的商品金额（正数）。", en="What was paid back, as a positive amount."),
            required=True,
            minimum=0,
        ),
        Column(
            "cost_returned",
            "money",
            Text(zh="退回成本", en="Cost returned"),
            Text(zh="退回入库的商品成本。", en="Cost of goods that came back."),
        ),
        Column("reason", "text", Text(zh="原因", en="Reason"), Text(zh="退款原因。", en="Why.")),
    ),
    date_column="refunded_on",
)

"""Orders as the sources have them."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table, instant
from kexiao.text import Text

orders = Table(
    name="orders",
    label=Text(zh="订单", en="Orders"),
    one_row=Text(
        zh="一行一张订单，保留来源的状态；是否计入销售由政策决定。",
        en="One order as the source has it; the policy says whether it counts.",
    ),
    key=("order_id",),
    columns=(
        Column(
            "order_id",
            "key",
            Text(zh="订单号", en="Order id"),
            Text(
                zh="订单编号；来源编号不唯一时加上客户。",
                en="The order number; with the customer where the source repeats numbers.",
            ),
            required=True,
        ),
        CUSTOMER,
        *instant(
            "ordered",
            Text(zh="下单时间", en="Ordered at"),
            Text(zh="客户下单的时刻。", en="When the customer ordered."),
            required=True,
        ),
        Column(
            "status",
            "choice",
            Text(zh="状态", en="Status"),
            Text(
                zh="状态：待付款、已付款、已发货、已完成、已退款、已取消、测试等，按政策判定是否计入销售。",
                en="Unpaid, paid, shipped, completed, refunded, cancelled or a test.",
            ),
            choices=("unpaid", "paid", "shipped", "completed", "refunded", "cancelled", "test"),
            forward=True,
            required=True,
        ),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        Column(
            "segment",
            "text",
            Text(zh="客户细分", en="Segment"),
            Text(zh="来源给出的客户细分。", en="The segment of the customer as the source has it."),
        ),
        Column(
            "amount",
            "money",
            Text(zh="订单金额", en="Amount"),
            Text(
                zh="实付商品金额，已减优惠，不含运费；负数为退款。",
                en="What was paid for the goods after discount, without freight; negative is a refund.",
            ),
        ),
        Column(
            "discount",
            "money",
            Text(zh="整单优惠", en="Order discount"),
            Text(zh="未摊到行上的整单优惠。", en="A discount on the whole order that is not yet in the lines."),
            minimum=0,
        ),
        Column(
            "freight",
            "money",
            Text(zh="运费", en="Freight"),
            Text(zh="运费，不计入销售额。", en="Freight; not part of sales."),
        ),
        Column(
            "cost",
            "money",
            Text(zh="订单成本", en="Order cost"),
            Text(zh="没有明细行时的商品成本。", en="Cost of goods where the order has no lines."),
        ),
        Column(
            "quantity",
            "number",
            Text(zh="件数", en="Items"),
            Text(zh="没有明细行时的件数。", en="Items where the order has no lines."),
            minimum=0,
        ),
        Column(
            "currency",
            "text",
            Text(zh="币种", en="Currency"),
            Text(zh="币种；空为企业本位币。", en="The currency; empty is the company’s own."),
        ),
        Column(
            "note",
            "text",
            Text(zh="备注", en="Note"),
            Text(zh="备注（已遮盖个人信息）。", en="A note, personal data masked."),
        ),
    ),
    date_column="ordered_on",
)

"""Payments of orders: recognised, so that they are not taken for orders, and left out."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import ORDER_ID
from kexiao.text import Text

KIND = SheetKind(
    name="payments",
    label=Text(zh="支付流水", en="payments"),
    fields=(
        replace(ORDER_ID, required=False),
        Field(
            "payment_no",
            "key",
            Text(zh="支付序号", en="payment number"),
            ("支付流水号", "支付单号", "支付序号", "paymentsequential", "paymentid"),
        ),
        Field(
            "payment_type",
            "text",
            Text(zh="支付方式", en="payment type"),
            ("支付方式", "支付类型", "付款方式", "paymenttype", "paymentmethod"),
        ),
        Field("installments", "number", Text(zh="分期数", en="installments"), ("分期数", "paymentinstallments")),
        Field(
            "amount",
            "money",
            Text(zh="支付金额", en="amount"),
            ("支付金额", "付款金额", "paymentvalue", "paymentamount", "amount", "金额"),
        ),
        Field(
            "paid_at", "instant", Text(zh="支付时间", en="paid at"), ("支付时间", "付款时间", "paidat", "paymenttime")
        ),
    ),
    needs=(("order_id",), ("payment_type", "payment_no"), ("amount",)),
    signs=("payment_type", "payment_no"),
)

"""Refunds: money paid back."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CUSTOMER_ID, NAME, ORDER_ID, PHONE, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="refunds",
    label=Text(zh="退款", en="refunds"),
    fields=(
        Field("refund_id", "key", Text(zh="退款单号", en="refund id"), ("退款单号", "退款编号", "退款号", "退款id", "退货单号", "售后单号", "售后编号", "refundid", "refundno", "returnid", "creditnoteid"), required=True),
        replace(ORDER_ID, required=False),
        CUSTOMER_ID,
        NAME,
        PHONE,
        Field("refunded_at", "instant", Text(zh="退款时间", en="refund time"), ("退款时间", "退款日期", "退款完结时间", "退款完成时间", "退款成功时间", "退货时间", "退货日期", "退款申请时间", "refundedat", "refunddate", "refundtime", "returndate", "日期", "时间", "date"), required=True, past=True),
        Field("amount", "money", Text(zh="退款金额", en="refund amount"), ("退款金额", "实退金额", "实际退款金额", "退款额", "买家申请退款金额", "申请退款金额", "退货金额", "买家退款金额", "退款总金额", "refundamount", "amountrefunded", "refundedamount", "amount", "金额"), required=True),
        Field("cost_returned", "money", Text(zh="退回成本", en="cost returned"), ("退回成本", "退货成本", "退回商品成本", "costreturned", "returnedcost"), strict=True),
        Field("reason", "text", Text(zh="退款原因", en="reason"), ("退款原因", "退货原因", "买家退款原因", "原因", "reason", "refundreason")),
        Field(
            "status",
            "choice",
            Text(zh="退款状态", en="refund status"),
            ("退款状态", "售后状态", "退款进度", "状态", "refundstatus", "status"),
            strict=True,
            choices={
                "done": ("退款成功", "退款完成", "退款完结", "已退款", "退款已完成", "售后完成", "已完成", "完成", "成功", "已退货退款", "success", "succeeded", "completed", "done", "refunded"),
                "open": ("退款中", "待退款", "待处理", "处理中", "待审核", "审核中", "申请中", "等待卖家处理", "买家已申请", "待买家退货", "待商家收货", "pending", "processing", "requested", "open"),
                "refused": ("退款关闭", "已关闭", "关闭", "已取消", "取消", "已拒绝", "拒绝", "退款失败", "失败", "已撤销", "rejected", "cancelled", "canceled", "failed", "declined", "closed"),
            },
        ),
        UPDATED_AT,
    ),
    needs=(("refunded_at",), ("amount",), ("refund_id", "order_id")),
    signs=("refund_id", "refunded_at", "cost_returned"),
)  # fmt: skip

MAKES = (
    Makes(
        "refunds",
        {"customer_id": "_person", "amount": "abs(amount)"},
        identity=("order_id", "refunded_at", "amount"),
        only={"status": ("done",)},
    ),
)

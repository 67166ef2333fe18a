"""Orders: a row an order, or a row a line with its order's data repeated."""

from __future__ import annotations

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CATEGORY,
    CHANNEL,
    NOTE,
    ORDER_ID,
    PERSON,
    PRODUCT_ID,
    PRODUCT_NAME,
    REGION,
    SALESPERSON,
    SUBCATEGORY,
    TEAM,
    UPDATED_AT,
)
from kexiao.text import Text

STATUSES = {
    "unpaid": (
        "待付款", "未付款", "未支付", "待支付", "等待买家付款", "待买家付款", "created", "pending", "unpaid", "awaitingpayment", "pendingpayment", "authorized",
    ),
    "paid": (
        "已付款", "已支付", "待发货", "等待卖家发货", "买家已付款", "买家已付款等待卖家发货", "付款成功", "支付成功", "备货中", "执行中", "已签约", "已签订", "待接单", "待成团", "待核销", "处理中", "退款中", "售后中", "待出库", "paid", "approved",
        "processing", "invoiced", "confirmed", "onhold", "awaitingfulfillment",
    ),
    "shipped": ("已发货", "卖家已发货", "卖家已发货等待买家确认", "待收货", "配送中", "运输中", "部分发货", "已出库", "shipped", "intransit", "outfordelivery", "dispatched", "partiallyfulfilled"),
    "completed": (
        "已完成", "完成", "交易成功", "交易完成", "已签收", "已收货", "已送达", "确认收货", "待评价", "已评价", "已核销", "成功", "已成交", "部分退款", "已结算", "赢单", "completed", "complete",
        "delivered", "fulfilled", "success", "closed won", "closedwon", "done", "partiallyrefunded", "received",
    ),
    "refunded": ("已退款", "全额退款", "退款成功", "退款完成", "已退货", "退货退款", "已退货退款", "refunded", "returned", "fullyrefunded"),
    "cancelled": (
        "已取消", "取消", "已关闭", "交易关闭", "关闭", "作废", "已作废", "无效", "付款前交易关闭", "已终止", "输单", "canceled", "cancelled", "voided", "void", "unavailable", "closed",
        "failed", "expired", "closedlost", "rejected",
    ),
    "test": ("测试", "测试订单", "test", "testorder"),
}  # fmt: skip

ORDERED_AT = Field(
    "ordered_at",
    "instant",
    Text(zh="下单时间", en="order time"),
    (
        "下单时间", "订单时间", "订单创建时间", "下单日期", "订单日期", "交易时间", "交易日期", "成交时间", "成交日期", "销售日期", "购买时间", "购买日期", "消费时间", "消费日期", "签约日期", "签约时间", "签订日期", "合同日期",
        "开单时间", "开单日期", "订单生成时间", "下單時間", "拍下时间", "创建时间", "支付时间", "付款时间", "订单付款时间", "付款日期", "日期", "时间", "ordertime", "orderdate", "orderedat",
        "orderdatetime", "orderpurchasetimestamp", "ordercreatedat", "purchasedate", "purchasedat", "transactiondate", "transactiontime", "invoicedate", "createdat",
        "createdtime", "closingdate", "saledate", "date", "time", "timestamp", "paidat",
    ),
    required=True,
    past=True,
)  # fmt: skip

AMOUNT_WORDS = (
    "实付金额", "实收金额", "实付款", "实付", "实收", "实付额", "实收额", "买家实付金额", "买家实际支付金额", "实际支付金额", "支付金额", "付款金额", "成交金额", "成交额", "销售额", "销售金额", "订单金额",
    "订单总额", "订单实付金额", "交易金额", "消费金额", "净额", "金额", "总价", "总金额", "合计金额", "小计", "金額", "amountpaid", "paidamount", "netamount", "netsales", "paymentamount",
    "amount", "sales", "salesamount", "合同金额", "合同总额", "签约金额", "contractamount", "orderamount", "ordertotal", "linetotal", "total", "totalprice", "totalamount", "revenue", "subtotal", "net", "spend",
    "paymentvalue",
)  # fmt: skip

KIND = SheetKind(
    name="orders",
    label=Text(zh="订单", en="orders"),
    fields=(
        ORDER_ID,
        ORDERED_AT,
        Field(
            "status",
            "choice",
            Text(zh="订单状态", en="order status"),
            ("订单状态", "交易状态", "订单状态名称", "状态", "orderstatus", "status", "financialstatus", "stage"),
            required=True,
            choices=STATUSES,
        ),
        *PERSON,
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        Field(
            "segment",
            "text",
            Text(zh="客户细分", en="segment"),
            ("客户细分", "细分", "客户类型", "客群", "细分市场", "segment", "customersegment", "customertype"),
        ),
        Field("amount", "money", Text(zh="金额", en="amount"), AMOUNT_WORDS, required=True),
        Field(
            "gross",
            "money",
            Text(zh="优惠前金额", en="gross amount"),
            (
                "优惠前金额",
                "折前金额",
                "原价金额",
                "应付金额",
                "商品总价",
                "商品金额",
                "吊牌金额",
                "标价金额",
                "原价",
                "gross",
                "grossamount",
                "grosssales",
                "listamount",
            ),
            strict=True,
        ),
        Field(
            "discount",
            "money",
            Text(zh="优惠金额", en="discount"),
            (
                "优惠金额",
                "折扣金额",
                "优惠",
                "减免金额",
                "折扣额",
                "促销优惠",
                "优惠券金额",
                "让利金额",
                "折扣",
                "discountamount",
                "couponamount",
                "discount",
            ),
            strict=True,
        ),
        Field(
            "discount_rate",
            "rate",
            Text(zh="折扣率", en="discount rate"),
            ("折扣率", "折扣", "discountrate", "discountpercent", "discount"),
            strict=True,
        ),
        Field(
            "freight",
            "money",
            Text(zh="运费", en="freight"),
            (
                "运费",
                "邮费",
                "快递费",
                "配送费",
                "物流费",
                "freight",
                "freightvalue",
                "shipping",
                "shippingfee",
                "postage",
                "deliveryfee",
            ),
            strict=True,
        ),
        Field(
            "cost",
            "money",
            Text(zh="成本", en="cost"),
            ("成本", "成本金额", "商品成本", "成本额", "总成本", "销售成本", "cost", "cogs", "totalcost", "costamount"),
            strict=True,
        ),
        Field(
            "unit_cost",
            "money",
            Text(zh="单位成本", en="unit cost"),
            ("成本价", "单位成本", "单件成本", "成本单价", "进价", "unitcost", "costprice"),
            strict=True,
        ),
        Field(
            "profit",
            "money",
            Text(zh="利润", en="profit"),
            ("利润", "毛利", "毛利额", "利润额", "profit", "grossprofit", "grossmargin", "margin"),
            strict=True,
        ),
        Field(
            "quantity",
            "number",
            Text(zh="数量", en="quantity"),
            (
                "数量",
                "件数",
                "购买数量",
                "销售数量",
                "商品数量",
                "宝贝数量",
                "宝贝总数量",
                "销量",
                "數量",
                "quantity",
                "qty",
                "units",
                "items",
                "itemcount",
                "lineitemquantity",
                "cds",
            ),
            strict=True,
        ),
        Field(
            "unit_price",
            "money",
            Text(zh="单价", en="unit price"),
            (
                "单价",
                "商品单价",
                "销售单价",
                "成交单价",
                "售价",
                "标价",
                "价格",
                "unitprice",
                "price",
                "itemprice",
                "lineitemprice",
            ),
            strict=True,
        ),
        PRODUCT_ID,
        PRODUCT_NAME,
        CATEGORY,
        SUBCATEGORY,
        Field(
            "line_key",
            "key",
            Text(zh="明细行号", en="line number"),
            (
                "行号",
                "明细行号",
                "子订单编号",
                "子订单号",
                "明细编号",
                "lineno",
                "linenumber",
                "orderitemid",
                "orderlineid",
                "itemno",
            ),
        ),
        Field(
            "currency", "text", Text(zh="币种", en="currency"), ("币种", "货币", "货币代码", "currency", "currencycode")
        ),
        NOTE,
        UPDATED_AT,
    ),
    needs=(("ordered_at",), ("order_id", "customer_id", "phone", "customer_name"), ("amount", "gross", "unit_price")),
    signs=("order_id", "ordered_at", "amount"),
)

LINE_FIELDS = ("product_id", "product_name", "line_key", "unit_price")

LINES_OF_ORDERS = replace(
    KIND,
    name="order_lines",
    label=Text(zh="订单明细", en="order lines"),
    fields=tuple(
        replace(field, words=(*field.words, "net", "linenet")) if field.name == "amount" else field
        for field in KIND.fields
        if field.name
        in {
            "order_id", "line_key", "product_id", "product_name", "category", "subcategory", "quantity", "unit_price", "amount", "gross", "discount", "discount_rate", "freight",
            "cost", "unit_cost", "profit", "updated_at",
        }
    ),
    needs=(("order_id",), ("product_id", "product_name", "line_key"), ("amount", "gross", "unit_price")),
    signs=("line_key", "product_id"),
)  # fmt: skip

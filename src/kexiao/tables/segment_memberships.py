"""Which group each customer is in, by date."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

segment_memberships = Table(
    name="segment_memberships",
    label=Text(zh="客户分群", en="Segment memberships"),
    one_row=Text(zh="一位客户在某日的一个分群。", en="One customer’s group at one date."),
    key=("segmentation", "as_of", "customer_id"),
    columns=(
        Column(
            "segmentation",
            "key",
            Text(zh="分群方法", en="Segmentation"),
            Text(zh="rfm、value_tier 等。", en="rfm, value_tier and so on."),
            required=True,
        ),
        Column(
            "as_of",
            "date",
            Text(zh="截至日期", en="As of"),
            Text(zh="按哪一天计算。", en="The day it was computed for."),
            required=True,
        ),
        Column(
            "customer_id",
            "customer",
            Text(zh="客户", en="Customer"),
            Text(zh="客户。", en="The customer."),
            required=True,
            privacy="pseudonym",
        ),
        Column(
            "segment",
            "text",
            Text(zh="分群", en="Segment"),
            Text(zh="分群名称代码。", en="The group’s code."),
            required=True,
        ),
    ),
    group="results",
    date_column="as_of",
)

"""Complaints, from opening to resolution."""

from __future__ import annotations

from kexiao.tables.description import CHANNEL, CUSTOMER, REGION, TEAM, Column, Table, instant
from kexiao.text import Text

complaints = Table(
    name="complaints",
    label=Text(zh="投诉", en="Complaints"),
    one_row=Text(zh="一行一件投诉。", en="One complaint."),
    key=("complaint_id",),
    columns=(
        Column(
            "complaint_id",
            "key",
            Text(zh="投诉编号", en="Complaint id"),
            Text(zh="投诉编号。", en="The complaint number."),
            required=True,
        ),
        CUSTOMER,
        Column("order_id", "key", Text(zh="订单号", en="Order id"), Text(zh="相关订单。", en="The order it is about.")),
        *instant(
            "opened",
            Text(zh="投诉时间", en="Opened at"),
            Text(zh="受理的时刻。", en="When it was opened."),
            required=True,
        ),
        *instant(
            "first_response",
            Text(zh="首次响应时间", en="First response at"),
            Text(zh="第一次回复客户的时刻。", en="When the customer was first answered."),
        ),
        *instant(
            "resolved", Text(zh="解决时间", en="Resolved at"), Text(zh="解决的时刻。", en="When it was resolved.")
        ),
        *instant(
            "reopened",
            Text(zh="重开时间", en="Reopened at"),
            Text(zh="解决后又重新受理的时刻。", en="When it was opened again after it had been resolved."),
        ),
        Column("category", "text", Text(zh="类别", en="Category"), Text(zh="投诉类别。", en="The kind of complaint.")),
        CHANNEL,
        REGION,
        TEAM,
        Column("status", "text", Text(zh="状态", en="Status"), Text(zh="处理状态。", en="The status.")),
    ),
    group="voice",
    date_column="opened_on",
)

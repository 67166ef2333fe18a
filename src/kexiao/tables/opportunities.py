"""Deals that may become sales: opened, then won or lost."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table, instant
from kexiao.text import Text

STATUSES = ("open", "won", "lost")

opportunities = Table(
    name="opportunities",
    label=Text(zh="商机", en="Opportunities"),
    one_row=Text(
        zh="一行一个商机；商机名称常含客户姓名，不保存。",
        en="One deal that may become a sale; its name often holds a person's and is not kept.",
    ),
    key=("opportunity_id",),
    columns=(
        Column("opportunity_id", "key", Text(zh="商机编号", en="Opportunity id"), Text(zh="商机编号。", en="The number of the opportunity."), required=True),
        CUSTOMER,
        Column("lead_id", "key", Text(zh="线索编号", en="Lead id"), Text(zh="来自哪条线索。", en="The lead that it came from.")),
        *instant("opened", Text(zh="创建时间", en="Opened at"), Text(zh="商机创建的时刻。", en="When it was opened."), required=True),
        *instant("closed", Text(zh="关闭时间", en="Closed at"), Text(zh="赢单或输单的时刻；未关闭为空。", en="When it was won or lost; empty while open.")),
        Column("expected_on", "date", Text(zh="预计成交日期", en="Expected on"), Text(zh="预计哪天成交。", en="The day on which it is expected to be won.")),
        Column("status", "choice", Text(zh="结果", en="Outcome"), Text(zh="进行中、赢单或输单。", en="Open, won or lost."), choices=STATUSES, required=True),
        Column("stage", "text", Text(zh="阶段", en="Stage"), Text(zh="来源系统中的销售阶段。", en="The stage as the source has it.")),
        Column("amount", "money", Text(zh="金额", en="Amount"), Text(zh="预计或成交金额。", en="What it is expected to bring, or brought."), minimum=0),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
    ),
    date_column="opened_on",
)  # fmt: skip

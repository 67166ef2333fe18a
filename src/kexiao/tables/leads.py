"""Possible customers."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table, instant
from kexiao.text import Text

leads = Table(
    name="leads",
    label=Text(zh="线索", en="Leads"),
    one_row=Text(zh="一行一条销售线索。", en="One sales lead."),
    key=("lead_id",),
    columns=(
        Column(
            "lead_id",
            "key",
            Text(zh="线索编号", en="Lead id"),
            Text(zh="线索编号。", en="The lead number."),
            required=True,
        ),
        CUSTOMER,
        *instant(
            "created",
            Text(zh="创建时间", en="Created at"),
            Text(zh="线索创建的时刻。", en="When the lead was created."),
            required=True,
        ),
        *instant(
            "qualified",
            Text(zh="合格时间", en="Qualified at"),
            Text(zh="成为合格线索的时刻。", en="When it was qualified."),
        ),
        Column(
            "follow_ups",
            "integer",
            Text(zh="跟进次数", en="Follow-ups"),
            Text(zh="跟进过几次。", en="How often it was followed up."),
            minimum=0,
        ),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        Column(
            "status", "text", Text(zh="状态", en="Status"), Text(zh="线索状态。", en="The status as the source has it.")
        ),
    ),
    date_column="created_on",
)

"""What marketing did."""

from __future__ import annotations

from kexiao.tables.description import CHANNEL, Column, Table
from kexiao.text import Text

campaigns = Table(
    name="campaigns",
    label=Text(zh="市场活动", en="Campaigns"),
    one_row=Text(zh="一行一个市场活动。", en="One campaign."),
    key=("campaign",),
    columns=(
        Column(
            "campaign",
            "key",
            Text(zh="活动编号", en="Campaign"),
            Text(zh="活动编号。", en="The campaign’s id."),
            required=True,
        ),
        Column("name", "text", Text(zh="名称", en="Name"), Text(zh="活动名称。", en="Its name.")),
        CHANNEL,
        Column("start_on", "date", Text(zh="开始日期", en="Starts on"), Text(zh="开始日期。", en="First day.")),
        Column(
            "end_on", "date", Text(zh="结束日期", en="Ends on"), Text(zh="结束日期（含）。", en="Last day, included.")
        ),
        Column("goal", "text", Text(zh="目标", en="Goal"), Text(zh="活动目标。", en="What it is for.")),
        Column("budget", "money", Text(zh="预算", en="Budget"), Text(zh="预算。", en="The budget."), minimum=0),
    ),
    group="contact",
    date_column="start_on",
)

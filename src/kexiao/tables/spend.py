"""The cost ledger: channel × campaign × day × kind."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, Column, Table
from kexiao.text import Text

spend = Table(
    name="spend",
    label=Text(zh="费用", en="Spend"),
    one_row=Text(
        zh="一天、一个渠道、一个活动、一类费用的金额。", en="The amount of one day, channel, campaign and kind of cost."
    ),
    key=("spent_on", "channel", "campaign", "category", "purpose"),
    columns=(
        Column("spent_on", "date", Text(zh="日期", en="Day"), Text(zh="费用发生日。", en="The day."), required=True),
        CHANNEL,
        CAMPAIGN,
        Column(
            "category",
            "choice",
            Text(zh="费用类别", en="Kind of cost"),
            Text(
                zh="媒介、促销、内容、调研、营销人力、工资、佣金、培训、其他。",
                en="Media, promotion, content, research, marketing labour, salary, commission, training or other.",
            ),
            choices=(
                "media",
                "promotion",
                "content",
                "research",
                "labour",
                "salary",
                "commission",
                "training",
                "other",
            ),
            required=True,
        ),
        Column(
            "purpose",
            "choice",
            Text(zh="用途", en="Purpose"),
            Text(
                zh="拉新或留存；留存费用不计入获客成本。",
                en="Acquisition or retention; retention spend is no acquisition cost.",
            ),
            choices=("acquisition", "retention"),
            required=True,
        ),
        Column("amount", "money", Text(zh="金额", en="Amount"), Text(zh="金额。", en="The amount."), required=True),
    ),
    group="contact",
    date_column="spent_on",
)

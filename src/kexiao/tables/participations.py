"""Who took part in which campaign, and who was held out."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

participations = Table(
    name="participations",
    label=Text(zh="活动名单", en="Participations"),
    one_row=Text(zh="一位客户在一个活动中的分组。", en="One customer in one campaign."),
    key=("campaign", "customer_id"),
    columns=(
        Column(
            "campaign",
            "key",
            Text(zh="活动编号", en="Campaign"),
            Text(zh="活动编号。", en="The campaign."),
            required=True,
        ),
        Column(
            "customer_id",
            "customer",
            Text(zh="客户", en="Customer"),
            Text(zh="参加的客户。", en="The customer."),
            required=True,
            privacy="pseudonym",
        ),
        Column(
            "joined_on",
            "date",
            Text(zh="参与日期", en="Joined on"),
            Text(zh="参与或分组日期。", en="The day of joining or of the draw."),
        ),
        Column(
            "mode",
            "choice",
            Text(zh="方式", en="Mode"),
            Text(zh="线上或线下。", en="Online or offline."),
            choices=("online", "offline"),
        ),
        Column(
            "arm",
            "choice",
            Text(zh="分组", en="Arm"),
            Text(zh="实验组或对照组。", en="Treated or held out."),
            choices=("treated", "holdout"),
        ),
    ),
    group="contact",
    date_column="joined_on",
)

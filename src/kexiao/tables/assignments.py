"""What can change of a customer, with its days: owner, region, team, parent account, tier."""

from __future__ import annotations

from kexiao.tables.description import CUSTOMER, Column, Table
from kexiao.text import Text

KINDS = ("owner", "region", "team", "parent", "tier")

assignments = Table(
    name="assignments",
    label=Text(zh="客户归属", en="Assignments"),
    one_row=Text(
        zh="一位客户在一段时间内的一种归属（负责人、大区、团队、上级客户、等级）。",
        en="One assignment of a customer for some time: its owner, region, team, parent account or tier.",
    ),
    key=("customer_id", "kind", "from_on"),
    columns=(
        CUSTOMER,
        Column(
            "kind",
            "choice",
            Text(zh="归属类型", en="Kind"),
            Text(zh="负责人、大区、团队、上级客户、等级。", en="Owner, region, team, parent account or tier."),
            required=True,
            choices=KINDS,
        ),
        Column(
            "from_on",
            "date",
            Text(zh="开始日期", en="From"),
            Text(zh="从哪一天起；空为一直如此。", en="The first day; null for always."),
        ),
        Column(
            "to_on",
            "date",
            Text(zh="结束日期", en="To"),
            Text(zh="到哪一天止，含当日；空为仍然有效。", en="The last day, included; null while it holds."),
        ),
        Column(
            "value",
            "text",
            Text(zh="归属", en="Value"),
            Text(
                zh="负责人、大区、团队或等级；上级客户见 parent_id。",
                en="The owner, region, team or tier; for a parent see parent_id.",
            ),
            privacy="employee",
        ),
        Column(
            "parent_id",
            "customer",
            Text(zh="上级客户", en="Parent account"),
            Text(zh="类型为上级客户时，上级的客户编号。", en="For the kind parent: the number of the parent account."),
            privacy="pseudonym",
        ),
    ),
    group="who",
)

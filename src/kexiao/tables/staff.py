"""Who works where, dated."""

from __future__ import annotations

from kexiao.tables.description import REGION, TEAM, Column, Table
from kexiao.text import Text

staff = Table(
    name="staff",
    label=Text(zh="员工", en="Staff"),
    one_row=Text(zh="一位员工的一段任职。", en="One term of one member of staff."),
    key=("staff_id", "from_on"),
    columns=(
        Column(
            "staff_id",
            "key",
            Text(zh="员工编号", en="Staff id"),
            Text(zh="员工编号。", en="The staff number."),
            required=True,
            privacy="employee",
        ),
        Column("name", "text", Text(zh="姓名", en="Name"), Text(zh="员工姓名。", en="The name."), privacy="employee"),
        TEAM,
        REGION,
        Column(
            "from_on",
            "date",
            Text(zh="入职日期", en="From"),
            Text(zh="任职开始日。", en="First day in post."),
            required=True,
        ),
        Column(
            "to_on",
            "date",
            Text(zh="离职日期", en="To"),
            Text(zh="任职结束日（不含），空为在职。", en="First day no longer in post; empty while in post."),
        ),
    ),
    group="who",
    date_column="from_on",
)

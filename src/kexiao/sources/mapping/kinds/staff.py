"""Staff: who works where, and since when."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import REGION, TEAM
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="staff",
    label=Text(zh="员工", en="staff"),
    fields=(
        Field("staff_id", "key", Text(zh="员工编号", en="staff id"), ("员工编号", "工号", "员工号", "员工id", "导购编号", "销售员编号", "staffid", "staffno", "employeeid", "employeeno"), required=True),
        Field("name", "text", Text(zh="姓名", en="name"), ("姓名", "员工姓名", "员工", "staffname", "employeename", "name"), personal=True),
        TEAM,
        REGION,
        Field("from_on", "date", Text(zh="入职日期", en="from"), ("入职日期", "任职开始", "到岗日期", "入职时间", "开始日期", "fromon", "hiredon", "hiredate", "startdate"), required=True),
        Field("to_on", "date", Text(zh="离职日期", en="to"), ("离职日期", "任职结束", "离岗日期", "离职时间", "结束日期", "toon", "lefton", "enddate", "leavedate")),
    ),
    needs=(("staff_id",), ("from_on",)),
    signs=("staff_id", "from_on", "to_on"),
)  # fmt: skip

MAKES = (Makes("staff"),)

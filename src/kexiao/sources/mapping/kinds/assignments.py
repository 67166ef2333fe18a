"""Assignments: owner, region, team, parent account and tier of customers, with their days."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CUSTOMER_ID, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KINDS = {
    "owner": ("owner", "负责人", "客户经理", "归属人", "跟进人", "salesperson"),
    "region": ("region", "大区", "地区", "区域"),
    "team": ("team", "团队", "门店", "部门"),
    "parent": ("parent", "上级", "上级客户", "集团", "母公司", "parentaccount"),
    "tier": ("tier", "等级", "客户等级", "分级", "大小客户", "level"),
}

KIND = SheetKind(
    name="assignments",
    label=Text(zh="客户归属", en="assignments"),
    fields=(
        replace(CUSTOMER_ID, required=True),
        Field("kind", "choice", Text(zh="归属类型", en="kind"), ("归属类型", "分配类型", "归属种类", "assignmentkind", "assignmenttype"), required=True, choices=KINDS),
        Field("value", "key", Text(zh="归属", en="value"), ("归属", "归属值", "归属对象", "分配给", "assignedto", "assignment", "value"), required=True, personal=True),
        Field("from_on", "date", Text(zh="开始日期", en="from"), ("开始日期", "生效日期", "起始日期", "fromon", "from", "startdate", "validfrom")),
        Field("to_on", "date", Text(zh="结束日期", en="to"), ("结束日期", "失效日期", "截止日期", "toon", "to", "enddate", "validto")),
        UPDATED_AT,
    ),
    needs=(("customer_id",), ("kind",), ("value",)),
    signs=("kind", "value"),
)  # fmt: skip

MAKES = (
    Makes(
        "assignments",
        {
            "customer_id": "_person",
            "parent_id": "CASE WHEN kind = 'parent' THEN person(_origin, value) END",
            "value": "CASE WHEN kind <> 'parent' THEN value END",
        },
    ),
)

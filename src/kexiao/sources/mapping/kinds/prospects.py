"""Prospects who were contacted."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import (
    CAMPAIGN,
    CHANNEL,
    CUSTOMER_ID,
    EMAIL,
    NAME,
    PHONE,
    REGION,
    SALESPERSON,
    TEAM,
    UPDATED_AT,
)
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="prospects",
    label=Text(zh="潜在客户触达", en="prospects contacted"),
    fields=(
        Field("prospect_id", "key", Text(zh="潜客编号", en="prospect id"), ("潜客编号", "潜客id", "潜在客户编号", "潜在客户id", "prospectid", "prospectno"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        EMAIL,
        Field("contacted_at", "instant", Text(zh="首次联系时间", en="first contacted at"), ("首次联系时间", "首次触达时间", "首次联系日期", "联系时间", "触达时间", "联系日期", "firstcontactedat", "contactedat", "contactedon", "contactdate"), required=True, past=True),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
        UPDATED_AT,
    ),
    needs=(("prospect_id",), ("contacted_at",)),
    signs=("prospect_id",),
    stems=("潜客", "潜在客户", "prospect"),
)  # fmt: skip

MAKES = (Makes("prospects", {"customer_id": "_person"}),)

"""Participations: who took part in a campaign, and who was held out."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CUSTOMER_ID, NAME, PHONE
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="participations",
    label=Text(zh="活动名单", en="participations"),
    fields=(
        replace(CAMPAIGN, required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        Field("joined_on", "date", Text(zh="参与日期", en="joined on"), ("参与日期", "参与时间", "参加日期", "报名时间", "报名日期", "分组日期", "日期", "joinedon", "joinedat", "date")),
        Field("mode", "choice", Text(zh="参与方式", en="mode"), ("参与方式", "方式", "线上线下", "mode"), choices={"online": ("线上", "网络", "online", "web"), "offline": ("线下", "门店", "到店", "offline", "store")}),
        Field(
            "arm",
            "choice",
            Text(zh="分组", en="arm"),
            ("分组", "实验分组", "组别", "实验组别", "是否对照组", "arm", "group", "variant", "treatment"),
            strict=True,
            choices={
                "treated": ("实验组", "实验", "处理组", "参与组", "干预组", "treated", "treatment", "test", "否"),
                "holdout": ("对照组", "对照", "空白组", "控制组", "holdout", "control", "是"),
            },
        ),
    ),
    needs=(("campaign",), ("customer_id", "phone", "customer_name"), ("arm", "mode", "joined_on")),
    signs=("arm", "mode", "joined_on"),
)  # fmt: skip

MAKES = (Makes("participations", {"customer_id": "_person"}),)

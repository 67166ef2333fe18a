"""Campaigns: what was planned."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="campaigns",
    label=Text(zh="市场活动", en="campaigns"),
    fields=(
        replace(CAMPAIGN, required=True),
        Field("name", "text", Text(zh="名称", en="name"), ("活动名称", "名称", "活动主题", "campaignname", "name", "title")),
        CHANNEL,
        Field("start_on", "date", Text(zh="开始日期", en="starts on"), ("开始日期", "开始时间", "活动开始时间", "活动开始日期", "起始日期", "starton", "startdate", "start", "begindate")),
        Field("end_on", "date", Text(zh="结束日期", en="ends on"), ("结束日期", "结束时间", "活动结束时间", "活动结束日期", "截止日期", "endon", "enddate", "end")),
        Field("goal", "text", Text(zh="目标", en="goal"), ("目标", "活动目标", "目的", "goal", "objective")),
        Field("budget", "money", Text(zh="预算", en="budget"), ("预算", "活动预算", "预算金额", "budget"), strict=True),
        UPDATED_AT,
    ),
    needs=(("campaign", "name"), ("start_on", "budget")),
    signs=("start_on", "end_on", "budget", "goal"),
)  # fmt: skip

MAKES = (Makes("campaigns"),)

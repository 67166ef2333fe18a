"""Visits to a website by day and channel, as Google Analytics exports them: known, so that they are not taken for sales or spend."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN
from kexiao.text import Text

KIND = SheetKind(
    name="traffic",
    label=Text(zh="网站流量", en="website traffic"),
    fields=(
        Field("day", "date", Text(zh="日期", en="day"), ("日期", "天", "date", "day")),
        Field("channel", "text", Text(zh="渠道", en="channel"), ("会话主要渠道组默认渠道组", "会话默认渠道组", "会话主要渠道组", "默认渠道组", "首次用户默认渠道组", "会话来源媒介", "会话来源", "渠道", "流量来源", "sessionprimarychannelgroupdefaultchannelgroup", "sessiondefaultchannelgroup", "sessionprimarychannelgroup", "defaultchannelgroup", "firstuserdefaultchannelgroup", "sessionsourcemedium", "sessionsource", "channel", "source")),
        Field("campaign", "key", Text(zh="活动", en="campaign"), ("会话广告系列", "广告系列", "sessioncampaign", *CAMPAIGN.words)),
        Field("visits", "number", Text(zh="会话数", en="sessions"), ("会话数", "会话", "访问次数", "访问量", "访客数", "浏览量", "sessions", "visits", "pageviews", "views")),
        Field("users", "number", Text(zh="用户数", en="users"), ("活跃用户数", "活跃用户", "总用户数", "用户总数", "新用户数", "activeusers", "totalusers", "users", "newusers")),
        Field("engaged", "number", Text(zh="互动会话数", en="engaged sessions"), ("互动会话数", "互动度会话数", "engagedsessions")),
        Field("conversions", "number", Text(zh="关键事件", en="key events"), ("关键事件", "关键事件数", "转化次数", "keyevents", "conversions")),
        Field("events", "number", Text(zh="事件数", en="event count"), ("事件数", "eventcount")),
    ),
    needs=(("visits", "users"), ("channel", "campaign", "day")),
    signs=("visits", "engaged"),
)  # fmt: skip

"""What ads and a website brought in by day, channel and campaign: visits as Google Analytics exports them, impressions and clicks of ad platforms."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

IMPRESSIONS = Field("impressions", "number", Text(zh="展示量", en="impressions"), ("展示数", "展示量", "展示次数", "展现数", "展现量", "展现次数", "曝光", "曝光数", "曝光量", "曝光次数", "impressions", "impr"), strict=True)  # fmt: skip
CLICKS = Field("clicks", "number", Text(zh="点击量", en="clicks"), ("点击", "点击数", "点击量", "点击次数", "clicks", "linkclicks"), strict=True)  # fmt: skip
CONVERSIONS = Field("conversions", "number", Text(zh="转化数", en="conversions"), ("转化数", "转化量", "转化次数", "conversions"), strict=True)  # fmt: skip

KIND = SheetKind(
    name="traffic",
    label=Text(zh="投放与流量", en="ad results and traffic"),
    fields=(
        Field("day", "date", Text(zh="日期", en="day"), ("日期", "天", "date", "day")),
        Field("channel", "text", Text(zh="渠道", en="channel"), ("会话主要渠道组默认渠道组", "会话默认渠道组", "会话主要渠道组", "默认渠道组", "首次用户默认渠道组", "会话来源媒介", "会话来源", "渠道", "流量来源", "sessionprimarychannelgroupdefaultchannelgroup", "sessiondefaultchannelgroup", "sessionprimarychannelgroup", "defaultchannelgroup", "firstuserdefaultchannelgroup", "sessionsourcemedium", "sessionsource", "channel", "source")),
        Field("campaign", "key", Text(zh="活动", en="campaign"), ("会话广告系列", "广告系列", "sessioncampaign", *CAMPAIGN.words)),
        Field("visits", "number", Text(zh="会话数", en="sessions"), ("会话数", "会话", "访问次数", "访问量", "访客数", "浏览量", "sessions", "visits", "pageviews", "views")),
        IMPRESSIONS,
        CLICKS,
        Field("users", "number", Text(zh="用户数", en="users"), ("活跃用户数", "活跃用户", "总用户数", "用户总数", "新用户数", "activeusers", "totalusers", "users", "newusers")),
        Field("engaged", "number", Text(zh="互动会话数", en="engaged sessions"), ("互动会话数", "互动度会话数", "engagedsessions")),
        replace(CONVERSIONS, words=("关键事件", "关键事件数", "keyevents", *CONVERSIONS.words)),
        Field("events", "number", Text(zh="事件数", en="event count"), ("事件数", "eventcount")),
    ),
    needs=(("visits", "users", "impressions", "clicks"), ("channel", "campaign", "day")),
    signs=("visits", "engaged", "impressions"),
)  # fmt: skip

MAKES = (Makes("ad_results"),)

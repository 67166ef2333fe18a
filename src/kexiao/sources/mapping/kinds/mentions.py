"""Mentions of brands by day and platform, as tools for social listening export them."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CHANNEL
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

SIDES = {
    "own": ("本品", "自有", "自有品牌", "本品牌", "是", "own", "yes"),
    "rival": ("竞品", "竞争品牌", "对手", "否", "rival", "competitor", "no"),
}

KIND = SheetKind(
    name="mentions",
    label=Text(zh="品牌声量", en="brand mentions"),
    fields=(
        Field("day", "date", Text(zh="日期", en="day"), ("日期", "天", "发布日期", "date", "day"), required=True),
        CHANNEL,
        Field("brand", "text", Text(zh="品牌", en="brand"), ("品牌", "品牌名称", "brand", "brandname"), required=True),
        Field("side", "choice", Text(zh="本品 / 竞品", en="own or rival"), ("本品竞品", "品牌归属", "是否本品", "是否自有品牌", "side", "ownorrival", "ownbrand"), required=True, choices=SIDES),
        Field("mentions", "number", Text(zh="提及量", en="mentions"), ("提及量", "提及数", "声量", "mentions", "volume"), strict=True),
        Field("positive", "number", Text(zh="正面", en="positive"), ("正面提及", "正面声量", "正面数", "正面", "positive", "positivementions"), strict=True),
        Field("negative", "number", Text(zh="负面", en="negative"), ("负面提及", "负面声量", "负面数", "负面", "negative", "negativementions"), strict=True),
        Field("likes", "number", Text(zh="点赞", en="likes"), ("点赞数", "点赞量", "点赞", "likes"), strict=True),
        Field("comments", "number", Text(zh="评论", en="comments"), ("评论数", "评论量", "评论", "comments"), strict=True),
        Field("shares", "number", Text(zh="转发", en="shares"), ("转发数", "转发量", "转发", "分享数", "分享", "shares", "reposts"), strict=True),
        Field("saves", "number", Text(zh="收藏", en="saves"), ("收藏数", "收藏量", "收藏", "saves", "bookmarks"), strict=True),
    ),
    needs=(("day",), ("brand",), ("side",), ("mentions", "likes", "comments", "shares", "saves")),
    signs=("side", "mentions"),
)  # fmt: skip

MAKES = (Makes("mentions"),)

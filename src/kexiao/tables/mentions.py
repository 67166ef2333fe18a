"""How often brands are talked about, by day and platform."""

from __future__ import annotations

from kexiao.tables.description import CHANNEL, Column, Table
from kexiao.text import Text


def _count(name: str, label: Text, meaning: Text) -> Column:
    return Column(name, "number", label, meaning, minimum=0)


mentions = Table(
    name="mentions",
    label=Text(zh="品牌声量", en="Brand mentions"),
    one_row=Text(
        zh="一天、一个平台上一个品牌被提及与互动的次数。",
        en="How often one brand was mentioned and reacted to on one platform on one day.",
    ),
    key=("day", "channel", "brand"),
    columns=(
        Column("day", "date", Text(zh="日期", en="Day"), Text(zh="提及发生日。", en="The day."), required=True),
        CHANNEL,
        Column("brand", "text", Text(zh="品牌", en="Brand"), Text(zh="品牌名称。", en="The brand."), required=True),
        Column("side", "choice", Text(zh="本品 / 竞品", en="Own or rival"), Text(zh="自己的品牌还是竞品。", en="Whether the brand is one's own or a rival's."), choices=("own", "rival"), required=True),
        _count("mentions", Text(zh="提及量", en="Mentions"), Text(zh="提及次数。", en="How often it was mentioned.")),
        _count("positive", Text(zh="正面提及", en="Positive"), Text(zh="其中正面的次数。", en="Mentions that are positive.")),
        _count("negative", Text(zh="负面提及", en="Negative"), Text(zh="其中负面的次数。", en="Mentions that are negative.")),
        _count("likes", Text(zh="点赞", en="Likes"), Text(zh="点赞数。", en="Likes.")),
        _count("comments", Text(zh="评论", en="Comments"), Text(zh="评论数。", en="Comments.")),
        _count("shares", Text(zh="转发", en="Shares"), Text(zh="转发或分享数。", en="Shares.")),
        _count("saves", Text(zh="收藏", en="Saves"), Text(zh="收藏数。", en="Saves.")),
    ),
    group="voice",
    date_column="day",
)  # fmt: skip

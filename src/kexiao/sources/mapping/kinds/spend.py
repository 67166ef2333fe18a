"""Spend: what marketing and sales cost."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL
from kexiao.sources.mapping.kinds.traffic import CLICKS, CONVERSIONS, IMPRESSIONS
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

CATEGORIES = {
    "media": (
        "媒介",
        "媒体",
        "广告",
        "广告费",
        "投放",
        "投放费",
        "投放费用",
        "推广",
        "推广费",
        "推广费用",
        "信息流",
        "搜索",
        "media",
        "ads",
        "advertising",
        "ad",
    ),
    "promotion": (
        "促销",
        "促销费",
        "促销费用",
        "优惠券",
        "补贴",
        "赠品",
        "礼品",
        "活动费",
        "活动费用",
        "promotion",
        "promotions",
        "coupon",
        "gift",
    ),
    "content": ("内容", "内容制作", "素材", "创意", "拍摄", "达人", "kol", "content", "creative"),
    "research": ("调研", "市场调研", "research", "survey"),
    "labour": (
        "营销人力",
        "市场人力",
        "人力",
        "人力成本",
        "人工",
        "marketinglabour",
        "labour",
        "labor",
        "marketinglabor",
    ),
    "salary": ("工资", "薪资", "薪酬", "销售工资", "底薪", "salary", "wages", "payroll"),
    "commission": ("佣金", "提成", "销售提成", "平台佣金", "commission", "commissions"),
    "training": ("培训", "培训费", "training"),
    "other": ("其他", "其它", "杂费", "other", "others", "misc"),
}

KIND = SheetKind(
    name="spend",
    label=Text(zh="费用", en="spend"),
    fields=(
        Field("spent_on", "date", Text(zh="日期", en="day"), ("费用日期", "发生日期", "投放日期", "消耗日期", "日期", "时间", "月份", "spenton", "day", "date", "month", "week"), required=True),
        replace(CHANNEL, words=(*CHANNEL.words, "媒体", "投放媒体", "投放平台", "广告平台", "推广平台", "推广渠道", "媒介", "media", "adplatform", "network")),
        CAMPAIGN,
        Field("category", "choice", Text(zh="费用类别", en="kind of cost"), ("费用类别", "费用类型", "费用科目", "费用项目", "成本类型", "科目", "类别", "类型", "category", "costtype", "costcategory", "spendtype"), choices=CATEGORIES, strict=True),
        Field("purpose", "choice", Text(zh="用途", en="purpose"), ("用途", "费用用途", "目的", "purpose"), choices={"acquisition": ("拉新", "获客", "新客", "acquisition", "newcustomers"), "retention": ("留存", "老客", "复购", "维护", "召回", "retention", "loyalty")}, strict=True),
        replace(
            Field("amount", "money", Text(zh="金额", en="amount"), ("费用金额", "花费", "消耗", "消费", "投放金额", "投放费用", "实际费用", "费用", "金额", "成本", "spend", "cost", "amount", "adspend"), required=True),
        ),
        IMPRESSIONS,
        CLICKS,
        CONVERSIONS,
    ),
    needs=(("spent_on",), ("amount",), ("channel", "campaign", "category")),
    signs=("category", "purpose"),
)  # fmt: skip

MAKES = (
    Makes(
        "spend",
        {"category": "coalesce(category, 'media')", "purpose": "coalesce(purpose, 'acquisition')"},
    ),
    # Reports of ad platforms give what was shown and clicked beside what it cost.
    Makes("ad_results", {"day": "spent_on"}, where="(impressions IS NOT NULL OR clicks IS NOT NULL)"),
)

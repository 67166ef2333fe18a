"""External figures: market size, brand awareness and benchmarks, with source and date."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CATEGORY, FIRST_DAY, FROM_ON, LAST_DAY, PERIOD, REGION, TO_ON
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

FIGURES = {
    "market_size": ("市场规模", "市场容量", "市场总额", "行业销售额", "行业规模", "marketsize", "market"),
    "brand_awareness": ("品牌知名度", "知名度", "品牌认知度", "认知度", "awareness", "brandawareness"),
    "benchmark": ("行业基准", "行业均值", "基准", "benchmark"),
    "other": ("其他", "其它", "other"),
}

KIND = SheetKind(
    name="external_figures",
    label=Text(zh="外部数据", en="external figures"),
    fields=(
        Field("figure", "choice", Text(zh="数据项", en="figure"), ("数据项", "外部指标", "外部数据项", "figure", "externalfigure"), required=True, choices=FIGURES),
        Field("name", "text", Text(zh="名称", en="name"), ("名称", "指标名称", "name")),
        PERIOD,
        FROM_ON,
        TO_ON,
        REGION,
        CATEGORY,
        Field("amount", "money", Text(zh="金额", en="amount"), ("金额", "市场规模", "市场容量", "amount", "marketsize"), strict=True),
        Field("value", "number", Text(zh="数值", en="value"), ("数值", "值", "value"), strict=True),
        Field("share", "rate", Text(zh="比例", en="share"), ("比例", "占比", "知名度", "品牌知名度", "share", "rate", "awareness"), strict=True),
        Field("sample", "number", Text(zh="样本量", en="sample"), ("样本量", "样本数", "样本", "sample", "samplesize", "n")),
        Field("source", "text", Text(zh="来源", en="source"), ("数据来源", "来源", "来源机构", "报告", "source", "report"), required=True),
        Field("published_on", "date", Text(zh="发布日期", en="published on"), ("发布日期", "发布时间", "公布日期", "publishedon", "published", "releasedate"), required=True),
    ),
    needs=(("figure",), ("period", "from_on"), ("value", "amount", "share"), ("source",), ("published_on",)),
    signs=("figure", "published_on"),
)  # fmt: skip

MAKES = (
    Makes(
        "external_figures",
        {
            "from_on": FIRST_DAY,
            "to_on": LAST_DAY,
            "value": "coalesce(CAST(amount AS DOUBLE), share, value)",
            "sample": "CAST(sample AS BIGINT)",
        },
    ),
)

"""Figures that others publish or that a study found: market size, brand awareness, benchmarks, each with its source and date."""

from __future__ import annotations

from kexiao.tables.description import REGION, Column, Table
from kexiao.text import Text

FIGURES = ("market_size", "brand_awareness", "benchmark", "other")

external_figures = Table(
    name="external_figures",
    label=Text(zh="外部数据", en="External figures"),
    one_row=Text(
        zh="一个外部来源对一段时间、一个范围给出的一个数。",
        en="One figure that one source outside gives for a span of days and a scope.",
    ),
    key=("figure", "name", "from_on", "to_on", "region", "category", "source"),
    columns=(
        Column("figure", "choice", Text(zh="数据项", en="Figure"), Text(zh="市场规模、品牌知名度、行业基准。", en="Market size, brand awareness or a benchmark."), choices=FIGURES, required=True),
        Column("name", "text", Text(zh="名称", en="Name"), Text(zh="来源中的名称。", en="What the source calls it.")),
        Column("from_on", "date", Text(zh="开始日期", en="From"), Text(zh="所指时段的第一天。", en="First day that it speaks of."), required=True),
        Column("to_on", "date", Text(zh="结束日期", en="To"), Text(zh="所指时段的最后一天（含）。", en="Last day that it speaks of, included."), required=True),
        REGION,
        Column("category", "text", Text(zh="商品类别", en="Category"), Text(zh="所指的商品类别，空为全部。", en="The product category that it speaks of; empty for all.")),
        Column("value", "number", Text(zh="数值", en="Value"), Text(zh="金额按元，比例为 0–1。", en="Money in the company's currency, rates from 0 to 1."), required=True, minimum=0),
        Column("sample", "integer", Text(zh="样本量", en="Sample"), Text(zh="调查样本数，用于误差范围。", en="How many were asked, for the interval."), minimum=1),
        Column("source", "text", Text(zh="来源", en="Source"), Text(zh="机构与报告名称。", en="Who published it, and where."), required=True),
        Column("published_on", "date", Text(zh="发布日期", en="Published on"), Text(zh="发布日期；同一时段以最新发布的为准。", en="When it was published; of two for one span the newest counts."), required=True),
    ),
    group="outside",
    date_column="from_on",
)  # fmt: skip

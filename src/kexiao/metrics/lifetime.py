"""客户终身价值: what customers have brought and will bring, and what of it is left after winning them."""

from __future__ import annotations

from kexiao.facts.formula import Minus, PerLength, Perpetuity, Ratio, ScoreMean, Times, ordering
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import HistoricValue, Lifetime
from kexiao.metrics.parts import acquisition_cost, at_start, known_margin, known_net, new, retained
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.text import Text

_SCORED = {
    **SHOP,
    "scores": """
        model | score             | as_of      | customer_id | value
        clv   | lifetime_value    | 2025-07-02 | 4           | 123
        clv   | lifetime_value    | 2025-07-02 | 3           | 50
        clv   | residual_value    | 2025-07-02 | 1           | 12
        clv   | residual_value    | 2025-07-02 | 4           | 60
        clv   | residual_value    | 2025-07-02 | 5           | 18
        clv   | probability_alive | 2025-07-02 | 1           | 0.2
        clv   | probability_alive | 2025-07-02 | 4           | 0.6
        clv   | probability_alive | 2025-07-02 | 5           | 0.1
        """,
}
_lifetime_value = ScoreMean("clv", "lifetime_value", Text(zh="客户终身价值的平均", en="mean lifetime value"))
_cac = Ratio(acquisition_cost, new)
_revenue = Ratio(known_net, ordering)
_margin_per_customer = Ratio(known_margin, ordering)
_retention = Ratio(retained, at_start, kind="share")
_periods_stayed = PerLength(
    Lifetime("restricted_mean", Text(zh="客户平均生命周期（天）", en="average customer lifetime in days")), "period"
)

historic_customer_value = Metric(
    label=Text(zh="历史客户价值", en="Historic customer value"),
    why=Text(
        zh="数据开始以来，每位获得过的客户平均带来多少毛利；不含未来。",
        en="What a customer ever acquired has brought in margin since the data begin; nothing of the future.",
    ),
    formula=HistoricValue(
        Text(zh="可识别客户截至期末的累计毛利 ÷ 累计客户数 B", en="margin of known customers to the period’s end ÷ customer base (B)")
    ),
    unit="money/customer",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(SHOP, answer=64, window=WINDOW),
)  # fmt: skip

customer_lifetime_value = Metric(
    label=Text(zh="客户终身价值", en="Customer lifetime value"),
    why=Text(
        zh="期内获得的一位客户三年内值多少毛利（已减贴现、未减获客成本），由购买与金额模型估计。",
        en="What a customer acquired in the period is worth in margin over three years, discounted, before acquisition cost.",
    ),
    formula=_lifetime_value,
    unit="money/customer",
    better="higher",
    source=Text(zh="Fader, Hardie & Lee 2005；Fader & Hardie 2013", en="Fader, Hardie & Lee 2005; Fader & Hardie 2013"),
    example=Example(_SCORED, answer=123, window=WINDOW),
    variants={
        "revenue_less_cac": Variant(
            Text(
                zh="（平均订单金额 × 购买频率）× 客户生命周期 − 获取成本",
                en="(AOV × frequency) × lifetime − acquisition cost",
            ),
            Minus(Times(_revenue, _periods_stayed), _cac),
            Text(
                zh="用收入而非毛利，没有贴现，偏高；生命周期按本期长度折算成期数。",
                en="Revenue, not profit, and no discounting, so it looks high; the lifetime is counted in periods of this length.",
            ),
        ),
        "per_new_customer": Variant(
            Text(
                zh="（客户平均消费 × 客户生命周期）÷ 新客户获取量",
                en="(revenue per customer × lifetime) ÷ new customers",
            ),
            Ratio(Times(_revenue, _periods_stayed), new),
            Text(
                zh="每客金额再除以客户数，单位不成立：获客越多值越小。",
                en="Money per customer divided by customers again: wrong by its units, and it falls as you acquire more.",
            ),
        ),
        "geometric": Variant(
            Text(zh="每客毛利 × r ÷（1 + d − r）", en="margin × r ÷ (1 + d − r)"),
            Perpetuity(_margin_per_customer, _retention),
            Text(
                zh="假设留存率与毛利永远不变，首笔毛利在一期之后；年贴现率 10 %。",
                en="Supposes one retention and one margin for ever, the first margin a period away; 10 % a year.",
            ),
        ),
        "geometric_now": Variant(
            Text(zh="每客毛利 ×（1 + d）÷（1 + d − r）", en="margin × (1 + d) ÷ (1 + d − r)"),
            Perpetuity(_margin_per_customer, _retention, now=True),
            Text(zh="同上，首笔毛利即刻到手。", en="The same with the first margin at once."),
        ),
    },
    more_examples=(
        Example(SHOP, answer=139.78, window=WINDOW, variant="revenue_less_cac"),
        Example(SHOP, answer=229.78, window=WINDOW, variant="per_new_customer"),
        Example(SHOP, answer=53.69, window=WINDOW, variant="geometric"),
        Example(SHOP, answer=81.19, window=WINDOW, variant="geometric_now"),
    ),
)

residual_customer_value = Metric(
    label=Text(zh="剩余客户价值", en="Residual customer value"),
    why=Text(
        zh="现有客户今后三年平均还会带来多少毛利（已贴现）；只有模型运行的那一天才知道。",
        en="What a customer of the base is still expected to bring in three years, discounted; known for the day on which the model ran.",
    ),
    formula=ScoreMean(
        "clv", "residual_value", Text(zh="期末全部客户剩余价值的平均", en="mean residual value of everyone acquired by the end"), over="base"
    ),
    unit="money/customer",
    better="higher",
    source=Text(zh="Fader, Hardie & Jerath 2007", en="Fader, Hardie & Jerath 2007"),
    example=Example(_SCORED, answer=30, period="2025-07", window=WINDOW),
    more_examples=(Example(_SCORED, answer=None, window=WINDOW),),
)  # fmt: skip

customer_equity = Metric(
    label=Text(zh="客户资产", en="Customer equity"),
    why=Text(
        zh="现有客户剩余价值之和；不是获客时终身价值之和。",
        en="The sum of residual values over the base; never a sum of lifetime values at acquisition.",
    ),
    formula=ScoreMean(
        "clv",
        "residual_value",
        Text(zh="期末全部客户剩余价值之和", en="sum of residual values of everyone acquired by the end"),
        over="base",
        total=True,
    ),
    unit="money",
    better="higher",
    source=Text(zh="Blattberg & Deighton 1996", en="Blattberg & Deighton 1996"),
    example=Example(_SCORED, answer=90, period="2025-07", window=WINDOW),
)

mean_probability_alive = Metric(
    label=Text(zh="平均活跃概率", en="Mean probability alive"),
    why=Text(
        zh="模型认为累计客户中还有多大比例没有流失；比活跃窗口更细。",
        en="What share of the base has, by the model, not left for good; finer than a window.",
    ),
    formula=ScoreMean(
        "clv", "probability_alive", Text(zh="期末全部客户活跃概率的平均", en="mean probability alive of everyone acquired by the end"), over="base"
    ),
    unit="ratio",
    better="higher",
    source=Text(zh="Fader, Hardie & Lee 2005", en="Fader, Hardie & Lee 2005"),
    example=Example(_SCORED, answer=0.3, period="2025-07", window=WINDOW),
)  # fmt: skip

net_customer_lifetime_value = Metric(
    label=Text(zh="净客户终身价值", en="Net customer lifetime value"),
    why=Text(
        zh="终身价值减获客成本：为负说明这批客户买贵了。",
        en="Lifetime value less acquisition cost: below 0 these customers were bought too dear.",
    ),
    formula=Minus(_lifetime_value, _cac),
    unit="money/customer",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SCORED, answer=33, window=WINDOW),
)

clv_to_cac = Metric(
    label=Text(zh="CLV : CAC", en="CLV to CAC"),
    why=Text(
        zh="同一批客户的终身价值是获客成本的几倍；常说的“3 倍”只是经验。",
        en="How many times its cost a cohort is worth; the often quoted three is a rule of thumb.",
    ),
    formula=Ratio(_lifetime_value, _cac),
    unit="times",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_SCORED, answer=123 / 90, window=WINDOW),
)

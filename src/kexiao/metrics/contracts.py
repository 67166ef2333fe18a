"""合同与订阅: customers bound by a contract, and what recurs of it."""

from __future__ import annotations

from kexiao.facts.formula import Ratio
from kexiao.facts.metric import Example, Metric, Variant
from kexiao.facts.passes import Recurring, RecurringLost
from kexiao.metrics.contract_parts import (
    CONTRACTS,
    bound_at_end,
    bound_at_start,
    bound_first,
    monthly_ended,
    monthly_renewed,
    terms_ended,
    terms_not_judged,
    terms_renewed,
    unbound,
)
from kexiao.text import Text

contract_customers = Metric(
    label=Text(zh="在约客户数", en="Customers under contract"),
    why=Text(
        zh="期末有合同在执行的客户：此前已开始、此时尚未终止。最后一天恰为期末的合同仍算在约，不续则在下一期流失。",
        en="Customers with a contract begun before the period’s end and not ended before it. One whose last day is the period’s last still counts, and is lost in the next unless it is renewed.",
    ),
    formula=bound_at_end,
    unit="customers",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(CONTRACTS, answer=4),
    variants={
        "at_start": Variant(
            Text(zh="期初", en="at the start"),
            bound_at_start,
            Text(zh="即上一期的期末数。", en="The number at the end of the period before."),
        ),
        "new": Variant(
            Text(zh="期内首次签约", en="first contract in the period"),
            bound_first,
            Text(zh="第一份合同在期内开始的客户，期末可能已不在约。", en="Some of them may be gone again by the end."),
        ),
    },
    more_examples=(
        Example(CONTRACTS, answer=4, variant="at_start"),
        Example(CONTRACTS, answer=1, variant="new"),
        Example(CONTRACTS, answer=2, dimensions={"channel": "store"}),
    ),
)

logo_churn_rate = Metric(
    label=Text(zh="合同客户流失率", en="Logo churn rate"),
    why=Text(
        zh="期初在约的客户到期末还剩多少没留住，按客户数算，不论合同大小；中断后又签的算留住。",
        en="Of the customers under contract at the start the share that no longer is at the end, large and small alike; one who signs again in between is kept.",
    ),
    formula=Ratio(unbound, bound_at_start, kind="share"),
    unit="ratio",
    better="lower",
    source=Text(
        zh="Gupta, Lehmann & Stuart 2004，《Journal of Marketing Research》41(1)，合同型关系的流失",
        en="Gupta, Lehmann & Stuart 2004, Journal of Marketing Research 41(1): defection in contractual relations",
    ),
    example=Example(CONTRACTS, answer=1 / 4),
    more_examples=(
        Example(CONTRACTS, answer=1 / 3, dimensions={"channel": "web"}),
        Example(CONTRACTS, answer=0, dimensions={"channel": "store"}),
    ),
)

monthly_recurring_revenue = Metric(
    label=Text(zh="月度经常性收入 MRR", en="Monthly recurring revenue"),
    why=Text(
        zh="期末在约合同每月的金额之和；只写总额的合同按月数折算，一次性收入不在内。",
        en="What the contracts in force at the period’s end come to a month; an amount for the whole term is spread over its months, and nothing that comes once is in it.",
    ),
    formula=Recurring(Text(zh="期末在约合同的月费", en="monthly amount of contracts in force at the period’s end")),
    unit="money",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(CONTRACTS, answer=311),
    variants={
        "annual": Variant(
            Text(zh="年度经常性收入 ARR", en="annual recurring revenue"),
            Recurring(
                Text(zh="期末在约合同的年费", en="amount a year of contracts in force at the period’s end"), months=12
            ),
            Text(
                zh="月费 × 12，不足一年的合同也按全年折算。",
                en="Twelve times a month’s, contracts of less than a year included.",
            ),
        ),
    },
    more_examples=(
        Example(CONTRACTS, answer=3732, variant="annual"),
        Example(CONTRACTS, answer=200, dimensions={"plan": "basic"}),
    ),
)

revenue_churn_rate = Metric(
    label=Text(zh="合同收入流失率", en="Revenue churn rate"),
    why=Text(
        zh="期初的月费到期末少了多少：终止与降级都算，别的客户增购不能抵消。1 减去它即毛收入留存率，考核时不要两项同时用。",
        en="Of the monthly amount at the start the share gone at the end, by leaving or by shrinking; what others added does not make up for it. One less this is gross revenue retention: one fact, not two for a scorecard.",
    ),
    formula=RecurringLost(
        net=False,
        label=Text(
            zh="期初在约的客户：Σ 减少的月费 ÷ Σ 期初月费",
            en="customers under contract at the start: Σ monthly amount lost ÷ Σ then",
        ),
    ),
    unit="ratio",
    better="lower",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(CONTRACTS, answer=0.5),
    variants={
        "net": Variant(
            Text(zh="扣除增购", en="net of what was added"),
            RecurringLost(
                net=True,
                label=Text(
                    zh="期初在约的客户：（Σ 期初月费 − Σ 期末月费）÷ Σ 期初月费",
                    en="customers under contract at the start: (Σ monthly amount then − Σ at the end) ÷ Σ then",
                ),
            ),
            Text(
                zh="老客户增购多于流失时小于 0；1 减去它即净收入留存率。",
                en="Below 0 where customers added more than was lost; one less this is net revenue retention.",
            ),
        ),
    },
    more_examples=(
        Example(CONTRACTS, answer=0.45, variant="net"),
        Example(CONTRACTS, answer=200 / 370, dimensions={"channel": "web"}),
    ),
)

renewal_rate = Metric(
    label=Text(zh="续约率", en="Renewal rate"),
    why=Text(
        zh="期内到期或提前终止的合同中，30 天内续约的比例；只算已满 30 天的，期限可在口径 renewal_window_days 中设置。不定期合同没有到期日，不在内。",
        en="Of the contracts with an agreed end that ran out or were ended in the period, the share renewed within 30 days, of those whose 30 days are over; the days are the policy’s renewal_window_days. Those that run on have no end to renew.",
    ),
    formula=Ratio(terms_renewed, terms_ended, kind="share", immature=terms_not_judged),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(CONTRACTS, answer=2 / 3, period="2025Q1"),
    variants={
        "by_value": Variant(
            Text(zh="按金额", en="by value"),
            Ratio(monthly_renewed, monthly_ended, immature=terms_not_judged),
            Text(
                zh="以原合同的月费加权，大客户说了算；续约后涨价不计。",
                en="Weighed by what the contracts came to before: large ones decide, and a higher price afterwards does not count.",
            ),
        ),
    },
    more_examples=(
        Example(CONTRACTS, answer=3 / 7, period="2025Q1", variant="by_value"),
        Example(CONTRACTS, answer=0, period="2025Q1", dimensions={"plan": "pro"}),
    ),
)

"""The playbook 措施库: what companies do about a finding, how it is meant to work, and what is known of it.

A remedy fits a finding by metric and, where given, by whether the movement came from rate, mix or volume. ``evidence`` says where the claim comes from; a
company's own verdicts come to stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kexiao.text import Text

Part = Literal["volume", "mix", "rate"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy: for which metrics, for which part of a change (empty: any), its mechanism, its evidence, and how its effect can be checked."""

    name: Text
    metrics: tuple[str, ...]
    mechanism: Text
    evidence: Text
    check: Text
    parts: tuple[Part, ...] = ()


_HOLDOUT = Text(
    zh="从名单中随机留出 10–30 % 不触达，期末比较两组人均。",
    en="Hold out 10–30 % of the list at random and compare the two groups per customer at the end.",
)
_REGIONS = Text(
    zh="先在一个大区或几家门店做，其余作比较（双重差分）。",
    en="Begin in one region or a few shops and compare with the rest (difference-in-differences).",
)
_OWN = Text(zh="常见做法；本企业的验证结果见旁。", en="Common practice; this company's own verdicts stand beside it.")

PLAYBOOK: Mapping[str, Remedy] = {
    "shift_budget": Remedy(
        Text(zh="把预算移向更有效的渠道", en="Move budget to channels that return more"),
        ("new_customers", "customer_acquisition_cost", "return_on_ad_spend", "return_on_marketing_investment", "leads"),
        Text(
            zh="获客下滑或成本上升的渠道减投，把钱给边际回报更高的渠道。",
            en="Spend less where acquisition falls or grows dear, and more where the next unit of spend returns more.",
        ),
        Text(
            zh="回报递减是投放的常态（Hanssens, Parsons & Schultz 2001）；移动的幅度要小步试。",
            en="Diminishing returns to spend are the rule (Hanssens, Parsons & Schultz 2001); move in small steps.",
        ),
        _REGIONS,
    ),
    "lead_follow_up": Remedy(
        Text(zh="线索限时跟进", en="Follow up leads within a set time"),
        ("lead_conversion_rate", "new_customers"),
        Text(
            zh="线索分配后限时首次联系，并按来源设跟进次数。",
            en="A first contact within a set time of assignment, and a number of follow-ups by source.",
        ),
        Text(
            zh="一小时内联系的线索更常谈成（Oldroyd, McElheran & Elkington 2011，观察性，非实验）。",
            en="Leads contacted within the hour are qualified far more often (Oldroyd, McElheran & Elkington 2011; observed, no experiment).",
        ),
        _REGIONS,
        ("rate",),
    ),
    "lead_quality": Remedy(
        Text(zh="筛掉低质线索来源", en="Cut poor sources of leads"),
        ("lead_conversion_rate", "cost_per_lead"),
        Text(
            zh="转化低的来源占比升高会拉低总体；给来源定合格标准。",
            en="The whole falls when poor sources grow; set a standard of quality for each source.",
        ),
        _OWN,
        _REGIONS,
        ("mix",),
    ),
    "customer_care": Remedy(
        Text(zh="老客关怀", en="Care for earlier customers"),
        (
            "orders",
            "retention_rate",
            "churn_rate",
            "repeat_purchase_rate",
            "purchase_frequency",
            "lost_customers",
            "net_sales",
        ),
        Text(
            zh="按购买间隔和节日联系老客，给出下一次购买的理由。",
            en="Write to earlier customers by their own purchase rhythm and on feast days, with a reason for the next purchase.",
        ),
        _OWN,
        _HOLDOUT,
    ),
    "win_back_gift": Remedy(
        Text(zh="老客回礼", en="A gift to win customers back"),
        ("orders", "retention_rate", "churn_rate", "reactivated_customers", "lost_customers", "repeat_purchase_rate"),
        Text(zh="给将流失的客户一份回礼，换一次购买。", en="A gift to those about to leave, for one more purchase."),
        Text(
            zh="只对会因此改变的人有用，应按增量而不是按风险挑人（Ascarza 2018）。",
            en="It helps only those whom it changes: choose by uplift, not by risk (Ascarza 2018).",
        ),
        _HOLDOUT,
    ),
    "coupon": Remedy(
        Text(zh="满减券", en="A coupon above a basket size"),
        ("orders", "average_order_value", "items_per_order", "net_sales", "revenue_per_customer"),
        Text(
            zh="满额减钱，推高单次购买；折扣计入毛利，不另算成本。",
            en="Money off above a basket size lifts the basket; the discount is in the margin, not a cost again.",
        ),
        Text(
            zh="促销常把以后的购买提前，净效果小于当期所见（Neslin 2002）。",
            en="Promotions often pull purchases forward; the net effect is less than what the week shows (Neslin 2002).",
        ),
        _HOLDOUT,
    ),
    "member_benefits": Remedy(
        Text(zh="会员日与会员权益", en="Member days and benefits"),
        ("orders", "purchase_frequency", "repeat_purchase_rate", "retention_rate", "revenue_per_customer"),
        Text(zh="固定日子的会员权益，养成回来的习惯。", en="Benefits on fixed days build the habit of coming back."),
        _OWN,
        _HOLDOUT,
    ),
    "better_display": Remedy(
        Text(zh="门店陈列改造", en="New shelves in the shops"),
        ("orders", "average_order_value", "items_per_order", "net_sales"),
        Text(zh="让主推品更容易被看到和拿到。", en="Make what should sell easier to see and to reach."),
        _OWN,
        _REGIONS,
    ),
    "cross_sell": Remedy(
        Text(zh="关联推荐", en="Recommend what goes with it"),
        ("average_order_value", "items_per_order", "revenue_per_customer", "gross_margin"),
        Text(
            zh="在下单和售后时推荐常一起买的商品。",
            en="Recommend what is often bought together, at the order and after.",
        ),
        _OWN,
        _HOLDOUT,
        ("rate",),
    ),
    "price_and_discount": Remedy(
        Text(zh="收紧折扣、调整品类结构", en="Tighten discounts, steer the assortment"),
        ("gross_margin_rate", "gross_margin", "discount_rate"),
        Text(
            zh="低毛利品类占比升高或折扣加深都会拉低毛利率，先看是结构还是折扣。",
            en="A poorer mix or deeper discounts lower the margin rate; see first which of the two it is.",
        ),
        _OWN,
        _REGIONS,
    ),
    "fix_refund_causes": Remedy(
        Text(zh="治理退款原因", en="Mend what causes refunds"),
        ("refund_rate", "refunds", "complaint_rate"),
        Text(
            zh="按商品和渠道找出退款最多的原因，改描述、包装或质检。",
            en="Find the main causes by product and channel; mend the description, the packing or the inspection.",
        ),
        _OWN,
        _REGIONS,
    ),
    "close_the_loop": Remedy(
        Text(zh="差评与投诉闭环", en="Close the loop with unhappy customers"),
        ("net_promoter_score", "csat_top_two", "csat_mean", "complaint_rate", "retention_rate"),
        Text(
            zh="贬损者和投诉者 48 小时内有人联系、给出处理，并记下原因。",
            en="Somebody contacts every detractor and complainant within 48 hours, settles the case and notes the cause.",
        ),
        Text(
            zh="投诉处理得好的客户更常留下（Tax, Brown & Chandrashekaran 1998，调查）。",
            en="Customers whose complaint was settled well stay more often (Tax, Brown & Chandrashekaran 1998, a survey).",
        ),
        _REGIONS,
    ),
    "welcome_series": Remedy(
        Text(zh="新客第二单引导", en="Lead new customers to a second order"),
        ("repeat_purchase_rate", "retention_rate", "new_customer_share", "customer_lifetime_value"),
        Text(
            zh="首单后按购买间隔安排两三次联系，给出第二单的理由。",
            en="Two or three contacts after the first order, timed by the usual gap, with a reason for a second.",
        ),
        _OWN,
        _HOLDOUT,
    ),
}


def remedies_for(metric: str, part: Part | None = None) -> tuple[str, ...]:
    """The remedies that fit a metric, those for the leading part of its change first.

    >>> remedies_for("lead_conversion_rate", "mix")
    ('lead_quality', 'lead_follow_up')
    """
    fitting = [name for name, remedy in PLAYBOOK.items() if metric in remedy.metrics]
    return tuple(sorted(fitting, key=lambda name: part is None or part not in PLAYBOOK[name].parts))

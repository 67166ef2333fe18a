"""What a formula counts, and which of them go together: money is added to money, a share lies inside its whole, an average is not added to another."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from kexiao.facts.formula import ATOMS, Atom, Both, Customers, Formula, Minus, Plus, Rows, State, Sum, Where, walk
from kexiao.facts.metric import Unit
from kexiao.text import Text

UNITS: tuple[str, ...] = get_args(Unit)
KINDS: dict[str, Text] = {
    "money": Text(zh="金额", en="money"),
    "orders": Text(zh="订单", en="orders"),
    "customers": Text(zh="客户", en="customers"),
    "items": Text(zh="件数", en="items"),
    "leads": Text(zh="线索", en="leads"),
    "complaints": Text(zh="投诉", en="complaints"),
    "refunds": Text(zh="退款笔数", en="refunds"),
    "campaigns": Text(zh="活动", en="campaigns"),
    "impressions": Text(zh="展示", en="impressions"),
    "clicks": Text(zh="点击", en="clicks"),
    "invitations": Text(zh="问卷邀请", en="invitations"),
    "messages": Text(zh="消息", en="messages"),
    "reviews": Text(zh="评价", en="reviews"),
    "review points": Text(zh="星级", en="stars"),
    "follow-ups": Text(zh="跟进", en="follow-ups"),
    "offers": Text(zh="销售提议", en="offers"),
    "prospects": Text(zh="潜在客户", en="prospects"),
    "referrals": Text(zh="推荐", en="referrals"),
    "contracts": Text(zh="合同", en="contracts"),
    "opportunities": Text(zh="商机", en="opportunities"),
    "mentions": Text(zh="提及", en="mentions"),
    "engagements": Text(zh="互动", en="engagements"),
    "csat answers": Text(zh="满意度回答", en="satisfaction answers"),
    "nps answers": Text(zh="推荐意愿回答", en="recommendation answers"),
    "ces answers": Text(zh="费力度回答", en="effort answers"),
    "csat points": Text(zh="满意度得分", en="satisfaction scores"),
    "ces points": Text(zh="费力度得分", en="effort scores"),
}
_OF_COLUMN = {
    "quantity": "items", "impressions": "impressions", "clicks": "clicks",
    "mentions": "mentions", "positive": "mentions", "negative": "mentions", "engaged": "engagements", "follow_ups": "follow-ups", "stars": "review points",
}  # fmt: skip
_OF_ROWS = {
    "sale_orders": "orders", "sale_lines": "orders", "sale_outcomes": "orders", "placed_orders": "orders",
    "lead_outcomes": "leads", "qualified_leads": "leads", "won_leads": "leads", "complaints": "complaints",
    "complaint_outcomes": "complaints", "answered_complaints": "complaints", "returns": "refunds", "return_lines": "refunds",
    "resolved_cases": "complaints", "offer_outcomes": "offers", "prospect_outcomes": "prospects", "referral_outcomes": "referrals",
    "invited": "invitations", "reached": "messages", "reviews": "reviews",
    "opportunities": "opportunities", "closed_opportunities": "opportunities",
    "ended_terms": "contracts", "acquisitions": "customers", "campaign_outcomes": "campaigns",
}  # fmt: skip
# What is divided by what, how often it is taken, and the unit that it has.
_RATES: dict[tuple[str, str, int], str] = {
    ("money", "orders", 1): "money/order",
    ("money", "customers", 1): "money/customer",
    ("money", "leads", 1): "money/lead",
    ("money", "clicks", 1): "money/click",
    ("money", "impressions", 1000): "money/thousand",
    ("orders", "customers", 1): "orders/customer",
    ("items", "orders", 1): "items/order",
    ("clicks", "impressions", 1): "ratio",
    ("follow-ups", "leads", 1): "count/lead",
    ("review points", "reviews", 1): "score",
    ("csat points", "csat answers", 1): "score",
    ("ces points", "ces answers", 1): "score",
}
_RARE = ("orders", "leads", "complaints", "refunds", "csat answers", "nps answers", "ces answers")
_RATES |= {(kind, "customers", 100): "per_100_customers" for kind in _RARE}
_RATES |= {(kind, "orders", 1000): "per_1000_orders" for kind in _RARE if kind != "orders"}
RATE_UNITS = ("ratio", "times", *dict.fromkeys(_RATES.values()))

# Who is in the one is in the other, by definition of the states.
_INSIDE: dict[str, tuple[str, ...]] = {
    "retained": ("start", "end", "base", "base_at_start"),
    "lost": ("start", "base", "base_at_start"),
    "reactivated": ("end", "base", "base_at_start"),
    "new_at_end": ("new", "end", "base"),
    "new": ("base",),
    "start": ("base_at_start", "base"),
    "end": ("base",),
    "base_at_start": ("base",),
    "repurchased": ("prior_buyers", "base"),
    "prior_buyers": ("base",),
}
_APART = {
    frozenset(pair)
    for pair in (
        ("retained", "lost"), ("retained", "reactivated"), ("retained", "new_at_end"), ("retained", "new"), ("lost", "reactivated"),
        ("lost", "new"), ("lost", "new_at_end"), ("reactivated", "new"), ("reactivated", "new_at_end"), ("start", "new"),
        ("start", "reactivated"), ("start", "new_at_end"), ("base_at_start", "new"), ("base_at_start", "new_at_end"),
    )
}  # fmt: skip


MATURED = Where("matured", "=", 1)
MATURED_OUTCOMES = (
    Where("won_matured", "=", 1),
    Where("resolved_matured", "=", 1),
    Where("reopened_matured", "=", 1),
    Where("accepted_matured", "=", 1),
    Where("renewed_matured", "=", 1),
)
_SOLD = (
    "sale_orders", "sale_lines", "returns", "return_lines", "placed_orders", "sale_outcomes", "credited_sales", "credited_returns",
)  # fmt: skip


def atoms_in(formula: Formula) -> list[Atom]:
    """Every sum and count inside, from the left."""
    return [part for part in walk(formula) if isinstance(part, ATOMS)]


def immature_of(formula: Formula) -> Rows | None:
    """The count of what a formula leaves out because its window is not over; None where it leaves out nothing."""
    for atom in atoms_in(formula):
        if MATURED in atom.where:
            rest = tuple(one for one in atom.where if one != MATURED)
            column = Where("immature", "=", 1) if atom.fact.name == "campaign_outcomes" else Where("matured", "=", 0)
            return Rows(atom.fact, Text(zh="观察期未满的", en="those whose window is not over"), (*rest, column))
    return None


def counts_matured(formula: Formula) -> bool:
    """Whether it counts only what has had its whole window."""
    return any(one in (MATURED, *MATURED_OUTCOMES) for atom in atoms_in(formula) for one in atom.where)


def counts_anonymous(formula: Formula) -> bool:
    """Whether orders or refunds without a known customer are in it."""
    sold = [a for a in atoms_in(formula) if a.fact.name in _SOLD and not isinstance(a, Customers)]
    return any(not any(one.column == "customer_id" and one.operator == "known" for one in a.where) for a in sold)


def kind_of(formula: Formula) -> str | None:
    """What a sum, a count or a state counts; None for what is neither.

    >>> from kexiao.metrics.parts import net, completed_orders
    >>> kind_of(net), kind_of(completed_orders)
    ('money', 'orders')
    """
    if isinstance(formula, (Plus, Minus)):
        left, right = kind_of(formula.left), kind_of(formula.right)
        return left if left == right else None
    if isinstance(formula, (Customers, State, Both)):
        return "customers"
    if isinstance(formula, Rows):
        kind = _OF_ROWS.get(formula.fact.name)
        return f"{_measure(formula.where)} answers" if formula.fact.name == "survey_responses" else kind
    if isinstance(formula, Sum):
        if formula.column == "score":
            return f"{_measure(formula.where)} points"
        return _OF_COLUMN.get(formula.column, "money")
    return None


def _measure(where: tuple[Where, ...]) -> str:
    return next((str(one.value) for one in where if one.column == "measure" and one.operator == "="), "")


def unit_of_amount(kind: str) -> tuple[str, ...]:
    """The units in which a sum or count can be given, the usual one first; none for a sum of scores, which says nothing alone."""
    if kind.endswith("points"):
        return ()
    return {"money": ("money",), "customers": ("customers",), "orders": ("orders", "count")}.get(kind, ("count",))


def unit_of_rate(top: str, bottom: str, times: int) -> tuple[str, ...]:
    """The units of one thing per another; none where the catalogue has no such unit."""
    if top == bottom:
        return ("ratio", "times") if times == 1 else ()
    unit = _RATES.get((top, bottom, times))
    return (unit,) if unit else ()


def usual_times(top: str, bottom: str) -> int | None:
    """How often a rate is usually taken, where it is not 1: complaints per 100 customers."""
    return next((n for a, b, n in _RATES if (a, b) == (top, bottom) and n != 1), None)


def inside(part: Formula, whole: Formula) -> bool:
    """Whether all that the part counts is counted by the whole too, by construction.

    >>> from kexiao.metrics.parts import at_start, completed_orders, known_orders, retained
    >>> inside(known_orders, completed_orders), inside(retained, at_start), inside(completed_orders, known_orders)
    (True, True, False)
    """
    if part == whole:
        return True
    if isinstance(part, Both):
        return inside(part.left, whole) or inside(part.right, whole) or _both_inside(part, whole)
    if isinstance(part, State) and isinstance(whole, State):
        return whole.name in _INSIDE.get(part.name, ())
    if isinstance(part, (Plus, Minus)) or isinstance(whole, (Plus, Minus, Both)):
        return _sum_inside(part, whole)
    if not isinstance(part, ATOMS) or type(part) is not type(whole):
        return False
    return _atom_inside(part, whole)


def _both_inside(part: Both, whole: Formula) -> bool:
    return isinstance(whole, Both) and inside(part.left, whole.left) and inside(part.right, whole.right)


def _sum_inside(part: Formula, whole: Formula) -> bool:
    """A sum of things that are apart lies inside what holds each of them; what is left after taking a part away, inside what it is taken from."""
    if isinstance(part, Minus) and kind_of(part) != "money":
        return inside(part.left, whole) and inside(part.right, part.left)
    if isinstance(part, Plus) and apart(part.left, part.right):
        return inside(part.left, whole) and inside(part.right, whole)
    return isinstance(whole, Plus) and (inside(part, whole.left) or inside(part, whole.right))


def _atom_inside(part: Sum | Rows | Customers, whole: Formula) -> bool:
    assert isinstance(whole, ATOMS)
    if part.fact.name != whole.fact.name and part.fact is not whole.fact.parts:
        return False
    if isinstance(part, Sum) and isinstance(whole, Sum) and part.column != whole.column:
        return False
    if isinstance(part, Customers) and isinstance(whole, Customers):
        days = (part.counted, whole.counted)
        if part.at_least < whole.at_least or (days == ("rows", "days") and whole.at_least > 1):
            return False
    return all(any(_implies(own, needed) for own in part.where) for needed in whole.where)


def _implies(own: Where, needed: Where) -> bool:
    if own == needed or (needed == MATURED and own in MATURED_OUTCOMES):
        return True
    if own.column != needed.column:
        return False
    if needed.operator == "known":
        return own.operator not in ("known", "near_top")
    if needed.operator in ("=", "in") and own.operator in ("=", "in"):
        return set(_values(own)) <= set(_values(needed))
    if needed.operator == "<>" and own.operator in ("=", "in"):
        return needed.value not in _values(own)
    if isinstance(own.value, int) and isinstance(needed.value, int) and own.operator == needed.operator:
        return {">=": own.value >= needed.value, "<=": own.value <= needed.value}.get(own.operator, False)
    return False


def _values(where: Where) -> tuple[str | int, ...]:
    return where.value if isinstance(where.value, tuple) else (where.value,)


def apart(left: Formula, right: Formula) -> bool:
    """Whether nothing is counted by both, by construction: states that exclude each other, or conditions that do."""
    if isinstance(left, Plus):
        return apart(left.left, right) and apart(left.right, right)
    if isinstance(right, Plus):
        return apart(left, right.left) and apart(left, right.right)
    if isinstance(left, State) and isinstance(right, State):
        return frozenset((left.name, right.name)) in _APART
    if isinstance(left, (Sum, Rows)) and isinstance(right, (Sum, Rows)) and left.fact.one_row_per_entity:
        return any(_excludes(a, b) for a in left.where for b in right.where)
    return False


def _excludes(left: Where, right: Where) -> bool:
    if left.column != right.column:
        return False
    if left.operator in ("=", "in") and right.operator in ("=", "in"):
        return not set(_values(left)) & set(_values(right))
    for one, other in pairwise((left, right, left)):
        if one.operator == "<>" and other.operator in ("=", "in") and set(_values(other)) <= {one.value}:
            return True
    return False

"""The formula vocabulary: a small closed set of values from which every metric is built.

From one value come the number, its words, its SQL, its rows and its interval, so there is nothing to ``eval`` and nothing that can disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal

from kexiao.facts.passes import Gini, OwnPass, Quota
from kexiao.facts.subjects import SALES, Fact
from kexiao.text import Text

Operator = Literal["=", "<>", ">=", "<=", "in", "known", "near_top"]


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one column; ``near_top`` is within ``value`` of the row's own highest score."""

    column: str
    operator: Operator
    value: str | int | tuple[str, ...] = 0

    def sql(self) -> str:
        """The condition as neutral SQL; values come from the catalogue or a checked definition, never straight from a user."""
        if self.operator == "known":
            return f"{self.column} IS NOT NULL"
        if self.operator == "near_top":
            return f"{self.column} >= scale_high - {self.value}"
        if isinstance(self.value, tuple):
            return f"{self.column} IN (" + ", ".join(_literal(item) for item in self.value) + ")"
        return f"{self.column} {self.operator} {_literal(self.value)}"


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a column over the rows of a fact; null when a row of the cell has no value there (``partial`` lets it pass)."""

    fact: Fact
    column: str
    label: Text
    where: tuple[Where, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows (distinct entities) a fact has."""

    fact: Fact
    label: Text
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, slots=True)
class Customers:
    """Distinct known customers with at least so many rows, or distinct days with rows, in the period."""

    fact: Fact
    label: Text
    at_least: int = 1
    counted: Literal["rows", "days"] = "rows"
    where: tuple[Where, ...] = ()


StateName = Literal[
    "start",
    "end",
    "retained",
    "lost",
    "reactivated",
    "new",
    "new_at_end",
    "base",
    "base_at_start",
    "repurchased",
    "prior_buyers",
]


@dataclass(frozen=True, slots=True)
class State:
    """Customers in a state at the period's edges: S, E, retained, lost, reactivated, N, new still in E, B, B₀."""

    name: StateName
    label: Text


@dataclass(frozen=True, slots=True)
class Plus:
    """left + right."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Minus:
    """left − right."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Both:
    """Customers who are counted on the left and on the right."""

    left: Customers
    right: Customers
    label: Text


@dataclass(frozen=True, slots=True)
class Ratio:
    """numerator ÷ denominator × times; ``kind`` "share" is a proportion of customers or answers, its interval Wilson's; "inverse_share" is 1 ÷ one.

    ``immature`` counts the subjects left out because their window is not over.
    """

    numerator: Formula
    denominator: Formula
    times: int = 1
    kind: Literal["mean", "share", "inverse_share", "net_promoter"] = "mean"
    immature: Formula | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """left × right."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class PerLength:
    """A number over a period ÷ how many months the period has, or a number of days ÷ how many days it has (so that it counts periods)."""

    of: Formula
    length: Literal["month", "period"]


@dataclass(frozen=True, slots=True)
class Perpetuity:
    """What a customer brings who stays with the same chance each period: margin × r ÷ (1 + d − r), first margin a period away; ``now``: × (1 + d) in place
    of r, first margin at once (Gupta & Lehmann 2003, eq. 1). The discount of 10 % a year is brought to the period's length."""

    margin: Formula
    retention: Formula
    now: bool = False


@dataclass(frozen=True, slots=True)
class Growth:
    """(this period − the other) ÷ the other; the other is the period before, the same a year before, or the days of that year that lie the same way to
    Spring Festival or to National Day."""

    of: Formula
    against: Literal["before", "year_before", "festival", "national_day"]


@dataclass(frozen=True, slots=True)
class TopShare:
    """The share that the top customers hold of a total over ordering customers; a negative value counts as 0."""

    of: Formula
    share: float = 0.2


@dataclass(frozen=True, slots=True)
class CohortShare:
    """Of those acquired in a period, the share (of customers or of net sales) at each age in periods; ``rolling``: at that age or later."""

    counted: Literal["customers", "sales", "rolling"] = "customers"


@dataclass(frozen=True, slots=True)
class CohortSecondOrder:
    """Customers acquired in the period whose exposure window is over, or of them those with a second order inside it."""

    won: bool
    label: Text


@dataclass(frozen=True, slots=True)
class ScoreMean:
    """The mean (or ``total``) of a model's score, from the table ``scores``: over customers acquired in the period, or over everyone acquired by its end."""

    model: str
    score: str
    label: Text
    over: Literal["new", "base"] = "new"
    total: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """Parts from 0 to 1 in one number: Σ weight × part ÷ Σ weight × times; each under the name in which it is known."""

    parts: tuple[tuple[Text, Formula], ...]
    weights: tuple[int, ...]
    times: int = 100


@dataclass(frozen=True, slots=True)
class Dated:
    """A formula that changed: each version holds for periods that begin on its day or later, until the next one's; oldest first."""

    versions: tuple[tuple[date, Formula], ...]

    def on(self, day: date) -> Formula | None:
        """The version in force on a day; None before the first."""
        return next((formula for since, formula in reversed(self.versions) if since <= day), None)


Formula = (
    Sum
    | Rows
    | Customers
    | Both
    | State
    | Plus
    | Minus
    | Times
    | PerLength
    | Perpetuity
    | Ratio
    | Growth
    | TopShare
    | CohortShare
    | CohortSecondOrder
    | ScoreMean
    | Index
    | Dated
    | OwnPass
)
Atom = Sum | Rows | Customers
ATOMS = (Sum, Rows, Customers)


def walk(formula: Formula) -> Iterator[Formula]:
    """The formula and everything inside it, from the outside in."""
    yield formula
    for part in inside(formula):
        yield from walk(part)


def inside(formula: Formula) -> tuple[Formula, ...]:
    """The parts that a formula is directly made of."""
    if isinstance(formula, (Plus, Minus, Both, Times)):
        return formula.left, formula.right
    if isinstance(formula, Ratio):
        return formula.numerator, formula.denominator, *((formula.immature,) if formula.immature else ())
    if isinstance(formula, (Growth, TopShare, PerLength, Gini)):
        return (formula.of,)
    if isinstance(formula, Perpetuity):
        return formula.margin, formula.retention
    if isinstance(formula, Quota):
        return (formula.less,) if formula.less else ()
    if isinstance(formula, Index):
        return tuple(part for _, part in formula.parts)
    if isinstance(formula, Dated):
        return tuple(version for _, version in formula.versions)
    return ()


def is_dated(formula: Formula) -> bool:
    """True where the day decides which formula it is."""
    return any(isinstance(part, Dated) for part in walk(formula))


def in_force(formula: Formula, day: date) -> Formula | None:
    """The formula for periods that begin on a day; None where it is not defined yet.

    >>> from kexiao.facts.subjects import SALES
    >>> orders = Rows(SALES, Text(zh="订单数", en="orders"))
    >>> changed = Dated(((date(2025, 1, 1), ordering), (date(2026, 1, 1), orders)))
    >>> [in_force(changed, date(year, 6, 1)) in (None, ordering) for year in (2024, 2025, 2026)]
    [True, True, False]
    """
    if not is_dated(formula):
        return formula
    if isinstance(formula, Dated):
        return formula.on(day)
    parts = {part: in_force(part, day) for part in inside(formula)}
    if None in parts.values():
        return None
    whole: Any = formula
    found = {field.name: getattr(whole, field.name) for field in fields(whole)}
    changed: Formula = replace(whole, **{name: parts[value] for name, value in found.items() if value in parts})
    return changed


def since(formula: Formula, day: date) -> date | None:
    """From which day on the definition in force on a day holds; None where it always did."""
    found = [first for part in walk(formula) if isinstance(part, Dated) for first, _ in part.versions if first <= day]
    return None if not found or max(found) == date.min else max(found)


def is_linear(formula: Formula) -> bool:
    """True for sums and differences of sums and counts over facts, which one pass over customers can compute."""
    if isinstance(formula, (Plus, Minus)):
        return is_linear(formula.left) and is_linear(formula.right)
    return isinstance(formula, (*ATOMS, Both))


def rests_on_states(formula: Formula) -> bool:
    """True where customer states are involved, whose first window is "history too short"."""
    return any(isinstance(part, (State, CohortSecondOrder, CohortShare)) for part in walk(formula))


def rests_on_activity(formula: Formula) -> bool:
    """True where it matters who was active at an edge, not only who is new or was ever acquired."""
    acquired = {"new", "base", "base_at_start"}
    return any(isinstance(part, State) and part.name not in acquired for part in walk(formula))


def counts_customers(formula: Formula) -> bool:
    """True for a plain count of customers, whose interval is Poisson's."""
    return isinstance(formula, (Customers, Both, State, CohortSecondOrder))


def words(formula: Formula) -> Text:
    """The formula in words, both languages.

    >>> from kexiao.facts.subjects import SALES
    >>> words(Ratio(Sum(SALES, "net", Text(zh="净额", en="net sales")), Rows(SALES, Text(zh="订单数", en="orders"))))("en")
    'net sales ÷ orders'
    """
    if isinstance(formula, Ratio):
        shape = Text(zh="{a} ÷ {b}", en="{a} ÷ {b}")
        if formula.times != 1:
            shape = Text(zh="{a} ÷ {b} × {t}", en="{a} ÷ {b} × {t}")
        return shape.fill(a=_grouped(formula.numerator), b=_grouped(formula.denominator), t=formula.times)
    if isinstance(formula, Plus):
        return Text(zh="{a} + {b}", en="{a} + {b}").fill(a=words(formula.left), b=_grouped(formula.right, sums=True))
    if isinstance(formula, Minus):
        return Text(zh="{a} − {b}", en="{a} − {b}").fill(a=words(formula.left), b=_grouped(formula.right))
    if isinstance(formula, Times):
        return Text(zh="{a} × {b}", en="{a} × {b}").fill(a=_grouped(formula.left), b=_grouped(formula.right))
    if isinstance(formula, PerLength):
        return _PER_LENGTH[formula.length].fill(x=_grouped(formula.of))
    if isinstance(formula, Perpetuity):
        bare = "{m} × (1 + d) ÷ (1 + d − {r})" if formula.now else "{m} × {r} ÷ (1 + d − {r})"
        return Text.same(bare).fill(m=_grouped(formula.margin), r=_grouped(formula.retention))
    if isinstance(formula, Growth):
        other = _AGAINST[formula.against]
        return Text(zh="（本期 − {o}）÷ {o}，{x}", en="(this period − {o}) ÷ {o}, of {x}").fill(
            o=other, x=words(formula.of)
        )
    if isinstance(formula, TopShare):
        return Text(zh="前 {s:.0%} 客户的{x} ÷ 全部{x}", en="{x} of the top {s:.0%} of customers ÷ all {x}").fill(
            s=formula.share, x=_grouped(formula.of)
        )
    if isinstance(formula, Index):
        return _index_words(formula)
    if isinstance(formula, CohortShare):
        return _COHORT_WORDS[formula.counted]
    if isinstance(formula, Dated):
        return _versions(formula)
    return formula.label


def _index_words(formula: Index) -> Text:
    weighed = [
        name if weight == 1 else Text.same("{n} × {w}").fill(n=name, w=weight)
        for (name, _), weight in zip(formula.parts, formula.weights, strict=True)
    ]
    shown = weighed[0]
    for one in weighed[1:]:
        shown = Text.same("{a} + {b}").fill(a=shown, b=one)
    return Text(zh="（{x}）÷ {s} × {t}", en="({x}) ÷ {s} × {t}").fill(x=shown, s=sum(formula.weights), t=formula.times)


def _versions(formula: Dated) -> Text:
    newest, *older = [
        words(version) if first == date.min else Text(zh="{x}（自 {d} 起）", en="{x} (from {d} on)").fill(x=words(version), d=first)
        for first, version in reversed(formula.versions)
    ]  # fmt: skip
    for version in older:
        newest = Text(zh="{a}；此前：{b}", en="{a}; before: {b}").fill(a=newest, b=version)
    return newest


_AGAINST = {
    "before": Text(zh="上一期", en="the period before"),
    "year_before": Text(zh="上年同期", en="the same period a year before"),
    "festival": Text(
        zh="上年按春节对齐的同期", en="the days of the year before that lie the same way to Spring Festival"
    ),
    "national_day": Text(
        zh="上年按国庆对齐的同期", en="the days of the year before that lie the same way to National Day"
    ),
}
_PER_LENGTH = {
    "month": Text(zh="{x} ÷ 月数", en="{x} ÷ months"),
    "period": Text(zh="{x} ÷ 期内天数", en="{x} ÷ days of the period"),
}
_COHORT_WORDS = {
    "customers": Text(
        zh="该期获客中、k 期后下单的客户 ÷ 该期获客",
        en="of the customers acquired in a period, those who order k periods later ÷ all of them",
    ),
    "sales": Text(zh="该期获客在 k 期后的净销售额 ÷ 当期净销售额", en="net sales of the cohort at age k ÷ at age 0"),
    "rolling": Text(
        zh="该期获客中、k 期后或更晚仍下单的客户 ÷ 该期获客",
        en="of the customers acquired in a period, those who order k periods later or after ÷ all of them",
    ),
}


def _grouped(formula: Formula, *, sums: bool = False) -> Text:
    plain = words(formula)
    if isinstance(formula, (Plus, Minus, Ratio, PerLength)) and not sums:
        return Text(zh="（{x}）", en="({x})").fill(x=plain)
    return plain


KNOWN = Where("customer_id", "known")
ordering = Customers(SALES, Text(zh="下单客户数 O", en="ordering customers (O)"))

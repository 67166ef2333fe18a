"""The words of a company's own formulas: everything in the catalogue that adds up, and the same narrowed by a condition."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from kexiao.engine.strict import Entries
from kexiao.facts.formula import ATOMS, Atom, Both, Customers, Formula, Minus, Plus, Rows, State, Sum, Where
from kexiao.facts.subjects import DIMENSION_LABELS, Fact
from kexiao.metrics import parts
from kexiao.metrics.own.units import kind_of
from kexiao.metrics.themes import built_in_metrics
from kexiao.text import Text

# Columns of facts that are no dimension: words, and amounts that can be compared.
_WORDS: dict[str, tuple[str, ...]] = {
    "sale_orders": ("status",),
    "placed_orders": ("status",),
    "spend": ("category", "purpose"),
    "lagged_spend": ("category", "purpose"),
    "ad_spend": ("category", "purpose"),
    "survey_responses": ("survey", "question"),
}
_AMOUNTS: dict[str, tuple[str, ...]] = {
    "sale_orders": ("net", "gross", "discount", "quantity"),
    "placed_orders": ("net", "gross", "quantity"),
    "returns": ("amount",),
    "sale_outcomes": ("net", "refunded"),
    "acquisitions": ("first_net",),
    "spend": ("amount",),
    "survey_responses": ("score",),
}


@cache
def vocabulary() -> dict[str, Formula]:
    """Every part and metric of the program that adds up, by name."""
    found: dict[str, Formula] = {
        name: value
        for name, value in vars(parts).items()
        if isinstance(value, (*ATOMS, Both, State, Plus, Minus)) and not name.startswith("_")
    }
    found |= {name: metric.formula for name, metric in built_in_metrics().items()}
    return {name: formula for name, formula in found.items() if adds_up(formula)}


def adds_up(formula: Formula) -> bool:
    """True for sums, counts and states, and what is added up of them."""
    if isinstance(formula, (Plus, Minus)):
        return adds_up(formula.left) and adds_up(formula.right)
    return isinstance(formula, (*ATOMS, Both, State)) and kind_of(formula) is not None


def read_part(entries: Entries) -> Formula:
    """A part of a company's own: ``of`` something of the vocabulary, narrowed by ``where`` and ``at_least``."""
    label = entries.both("label")
    formula = _named(entries)
    times, counted = entries.number("at_least", None), entries.choice("counted", ("orders", "days"), None)
    if times is not None or counted is not None:
        formula = _at_least(entries, formula, times, counted)
    where = entries.inside("where")
    if where is not None:
        given = where.rest()
        if not given:
            entries.refuse("where", Text(zh="条件不能为空。", en="there is no condition in it."))
        for column, value in given.items():
            formula = _narrowed(where, formula, column, value)
    entries.finish()
    return _labelled(formula, label)


def _named(entries: Entries) -> Formula:
    name = entries.words("of")
    if name not in vocabulary():
        refuse_unknown(entries, "of", name, list(vocabulary()))
    return vocabulary()[name]


def refuse_unknown(entries: Entries, key: str, name: str, known: list[str]) -> None:
    """Refuse a name that adds up to nothing, with the nearest ones, or with why it does not add up."""
    from kexiao.errors import unknown_name

    shown = name[:60]
    if name in built_in_metrics():
        entries.refuse(
            key,
            Text(zh="{n} 是比率或中位数之类，不能相加。", en="{n} is a rate, a median or the like, which does not add up.").fill(n=shown),
            step=Text(zh="请用它的分子和分母。", en="Take its numerator and its denominator."),
        )  # fmt: skip
    missing = unknown_name(Text(zh="可相加的指标或部分", en="metric or part that adds up"), shown, known)
    entries.refuse(key, missing.what, step=missing.next_step)


def _at_least(entries: Entries, formula: Formula, times: float | None, counted: str | None) -> Formula:
    if not isinstance(formula, Customers):
        entries.refuse(
            "at_least" if times is not None else "counted",
            Text(zh="只有按行数客户的部分才能用，例如 ordering_customers。", en="it only fits what counts customers by their rows, such as ordering_customers."),
        )  # fmt: skip
    whole = 1 if times is None else times
    if whole != int(whole) or not 1 <= whole <= 1_000_000:
        entries.refuse("at_least", Text(zh="应为不小于 1 的整数。", en="it must be a whole number from 1 on."))
    return replace(formula, at_least=int(whole), counted="days" if counted == "days" else "rows")


def _narrowed(entries: Entries, formula: Formula, column: str, value: Any) -> Formula:
    """The formula with one more condition in each of its sums and counts."""
    if isinstance(formula, (Plus, Minus)):
        left, right = (_narrowed(entries, part, column, value) for part in (formula.left, formula.right))
        return replace(formula, left=left, right=right)
    if isinstance(formula, Both):
        narrow = [_narrowed(entries, part, column, value) for part in (formula.left, formula.right)]
        assert isinstance(narrow[0], Customers) and isinstance(narrow[1], Customers)
        return replace(formula, left=narrow[0], right=narrow[1])
    if not isinstance(formula, ATOMS):
        entries.refuse(
            column,
            Text(zh="期初、留存、流失这类状态不能加条件。", en="states such as retained or lost take no condition."),
            step=Text(zh="计算时用 --by 或 --where 细分。", en="Break it down by --by or --where when you measure."),
        )
    return _atom_narrowed(entries, formula, column, value)


def _atom_narrowed(entries: Entries, atom: Atom, column: str, value: Any) -> Formula:
    fact = _fact_with(atom, column)
    if fact is None:
        known = _columns(atom.fact) | (_columns(atom.fact.parts) if atom.fact.parts else {})
        entries.refuse(
            column,
            Text(zh="“{l}”没有这一列。", en="“{l}” has no such column.").fill(l=atom.label),
            step=Text(zh="可用：{k}。", en="Possible: {k}.").fill(k=", ".join(known) or "—"),
        )
    condition = _condition(entries, column, _columns(fact)[column], value, fact)
    if column not in fact.dimensions and condition.column != "customer_id":
        fact = _never_by_line(fact)
    return replace(atom, fact=fact, where=(*atom.where, condition))


@cache
def _never_by_line(fact: Fact) -> Fact:
    """The same fact without its lines: an order may come to 500 though no line of it does, so no product dimension fits."""
    return replace(fact, parts=None) if fact.parts else fact


def _fact_with(atom: Atom, column: str) -> Fact | None:
    """The fact, or its lines, that has the column and all that is asked of it already."""
    needed = {one.column for one in atom.where} - {"customer_id"}
    for fact in (atom.fact, atom.fact.parts):
        if fact is None or column not in _columns(fact):
            continue
        if fact is atom.fact or needed <= set(_columns(fact).values()):
            return fact
    return None


def _columns(fact: Fact) -> dict[str, str]:
    """What a condition may name → the column; those of customers are not the row's own and are left to ``--where``."""
    dims = {} if fact.of_customers else dict(fact.dimensions)
    if fact.customer == "customer_id" and not fact.of_customers:
        dims["customer"] = "customer_id"
    words = {name: name for name in _WORDS.get(fact.name, ())}
    return {**dims, **words, **{name: name for name in _AMOUNTS.get(fact.name, ())}}


def _condition(entries: Entries, key: str, column: str, value: Any, fact: Fact) -> Where:
    amount = key in _AMOUNTS.get(fact.name, ())
    if isinstance(value, dict) and len(value) == 1:
        operator, given = next(iter(value.items()))
        if operator in ("at_least", "at_most") and amount and _whole(given):
            return Where(column, ">=" if operator == "at_least" else "<=", given)
        if operator == "not" and not amount and key != "customer" and isinstance(given, str) and given:
            return Where(column, "<>", given)
        if operator == "known" and given is True:
            return Where(column, "known")
    words = not amount and key != "customer"
    if words and isinstance(value, str) and value:
        return Where(column, "=", value)
    if words and isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        return Where(column, "in", tuple(dict.fromkeys(value)))
    shape = (
        Text(zh="{ at_least = 500 } 或 { at_most = 500 }，整数", en="{ at_least = 500 } or { at_most = 500 }, whole numbers")
        if amount
        else Text(zh='"值"、["值", "值"]、{ not = "值" } 或 { known = true }', en='"a value", ["one", "two"], { not = "a value" } or { known = true }')
    )  # fmt: skip
    entries.refuse(key, Text(zh="条件应写成 {s}。", en="a condition is written {s}.").fill(s=shape))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15


def _labelled(formula: Formula, label: Text) -> Formula:
    """The formula under the words of the part; where it is made of several, each keeps its own beside them."""
    if isinstance(formula, (Plus, Minus)):
        return replace(formula, left=_beside(formula.left, label), right=_beside(formula.right, label))
    assert isinstance(formula, (Sum, Rows, Customers, Both, State))
    return replace(formula, label=label)


def _beside(formula: Formula, label: Text) -> Formula:
    if isinstance(formula, (Plus, Minus)):
        return _labelled(formula, label)
    assert isinstance(formula, (Sum, Rows, Customers, Both, State))
    return replace(formula, label=Text(zh="{l}（{o}）", en="{l} ({o})").fill(l=label, o=formula.label))


def possible_columns(name: str) -> tuple[str, ...]:
    """What a condition on a word of the vocabulary may name, for the handbook."""
    formula = vocabulary()[name]
    found: list[str] = []
    for atom in _atoms(formula):
        found += [*_columns(atom.fact), *(_columns(atom.fact.parts) if atom.fact.parts else ())]
    shared = [c for c in dict.fromkeys(found) if all(_fact_with(atom, c) for atom in _atoms(formula))]
    return tuple(sorted(shared, key=lambda c: list(DIMENSION_LABELS).index(c) if c in DIMENSION_LABELS else 99))


def _atoms(formula: Formula) -> list[Atom]:
    if isinstance(formula, (Plus, Minus, Both)):
        return [*_atoms(formula.left), *_atoms(formula.right)]
    return [formula] if isinstance(formula, ATOMS) else []

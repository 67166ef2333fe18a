"""A formula as ANSI SQL over the facts, the one expression that every reader of Ossie understands; a reason where there is none."""

from __future__ import annotations

from kexiao.facts.formula import (
    ATOMS,
    Atom,
    Both,
    Customers,
    Formula,
    Minus,
    Plus,
    Ratio,
    Rows,
    State,
    Sum,
    Where,
    walk,
)
from kexiao.facts.subjects import Fact
from kexiao.text import Text

_STATES = Text(
    zh="取决于客户在期初、期末的状态，不是一组行的合计",
    en="it rests on the states of customers at the period's edges, not on a sum of rows",
)
_OWN_PASS = Text(
    zh="中位数、生存曲线、模型得分、增长之类，不是合计之比",
    en="a median, a survival curve, a model's score, growth or the like is no ratio of sums",
)
_TIMES = Text(
    zh="数的是下过几次单的客户，须先按客户汇总", en="it counts customers by how often they came, which needs a sum per customer first"
)  # fmt: skip
_BOTH = Text(
    zh="数的是两张表里都有的客户，须先按客户对上", en="it counts customers who are in two tables, which needs them joined by customer first"
)  # fmt: skip
_LATEST = Text(zh="每位客户每期只取最近一份回答", en="of each customer only the latest answer of the period counts")


def expression_of(formula: Formula) -> str | Text:
    """The formula in ANSI SQL, each column under its dataset's name; the reason why it cannot be said so.

    >>> from kexiao.metrics.parts import net, completed_orders
    >>> expression_of(Ratio(net, completed_orders))
    '1.0 * (COALESCE(SUM(sale_orders.net), 0) - COALESCE(SUM(returns.amount), 0)) / NULLIF(COUNT(DISTINCT sale_orders.order_id), 0)'
    """
    if isinstance(formula, Ratio):
        top, bottom = expression_of(formula.numerator), expression_of(formula.denominator)
        if isinstance(top, Text):
            return top
        if isinstance(bottom, Text):
            return bottom
        return f"{float(formula.times)} * {_in_brackets(formula.numerator, top)} / NULLIF({bottom}, 0)"
    if isinstance(formula, (Plus, Minus)):
        left, right = expression_of(formula.left), expression_of(formula.right)
        if isinstance(left, Text):
            return left
        if isinstance(right, Text):
            return right
        return f"{left} {'+' if isinstance(formula, Plus) else '-'} {_in_brackets(formula.right, right)}"
    if isinstance(formula, ATOMS):
        return _atom(formula)
    if any(isinstance(part, State) for part in walk(formula)):
        return _STATES
    return _BOTH if isinstance(formula, Both) else _OWN_PASS


def _in_brackets(formula: Formula, written: str) -> str:
    return f"({written})" if isinstance(formula, (Plus, Minus)) else written


def _atom(atom: Atom) -> str | Text:
    fact = atom.fact
    if fact.latest_per:
        return _LATEST
    if isinstance(atom, Sum):
        return f"COALESCE(SUM({_when(atom, f'{fact.name}.{atom.column}')}), 0)"
    if isinstance(atom, Rows):
        return f"COUNT(DISTINCT {_when(atom, f'{fact.name}.{fact.entity}')})"
    assert isinstance(atom, Customers)
    return f"COUNT(DISTINCT {_when(atom, f'{fact.name}.{fact.customer}')})" if atom.at_least == 1 else _TIMES


def _when(atom: Atom, column: str) -> str:
    conditions = " AND ".join(_condition(atom.fact, where) for where in atom.where)
    return f"CASE WHEN {conditions} THEN {column} END" if conditions else column


def _condition(fact: Fact, where: Where) -> str:
    return where.sql().replace(where.column, f"{fact.name}.{where.column}", 1)

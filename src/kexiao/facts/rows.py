"""The rows behind a number, through the very fact queries that computed it: their contributions add up to its numerator and denominator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from kexiao.facts.bound import contracts_running, customers_bound
from kexiao.facts.calendar import Run
from kexiao.facts.formula import ATOMS, Atom, Both, Customers, Formula, Minus, Plus, Ratio, State, words
from kexiao.facts.passes import Bound, Recurring
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.states import customers_in_state
from kexiao.facts.units import SumsQuery, aggregate, fact_for, rows_of_fact
from kexiao.text import Text

Contribution = int | float | Decimal


@dataclass(frozen=True, slots=True)
class BehindRow:
    """One row behind a number: in which part, of what, its id (an order, a refund, a customer), the customer, the day, and what it adds."""

    part: Literal["numerator", "denominator", "value"]
    item: Text
    row_id: str
    customer_id: int | None
    day: date | None
    contribution: Contribution


def rows_behind(
    source: FactSource, formula: Formula, period: Period, where: Sequence[tuple[str, str]] = ()
) -> list[BehindRow] | Text:
    """Every row behind a formula's value in one period; a reason instead, for formulas that no list of rows adds up to."""
    if isinstance(formula, Ratio):
        top = _rows_of(source, formula.numerator, period, where, "numerator")
        bottom = _rows_of(source, formula.denominator, period, where, "denominator")
        if isinstance(top, Text):
            return top
        return bottom if isinstance(bottom, Text) else top + bottom
    return _rows_of(source, formula, period, where, "value")


def _rows_of(
    source: FactSource,
    formula: Formula,
    period: Period,
    where: Sequence[tuple[str, str]],
    part: Literal["numerator", "denominator", "value"],
    sign: int = 1,
) -> list[BehindRow] | Text:
    if isinstance(formula, (Plus, Minus)):
        left = _rows_of(source, formula.left, period, where, part, sign)
        right = _rows_of(source, formula.right, period, where, part, sign if isinstance(formula, Plus) else -sign)
        if isinstance(left, Text):
            return left
        return right if isinstance(right, Text) else left + right
    if isinstance(formula, State):
        found = customers_in_state(source, period, formula.name, where)
        return [BehindRow(part, formula.label, str(row[0]), int(row[0]), None, sign) for row in found]
    if isinstance(formula, Bound):
        people = customers_bound(source, formula, period, tuple(where))
        return [BehindRow(part, formula.label, str(who), who, None, sign) for who in people]
    if isinstance(formula, Recurring):
        running = contracts_running(source, formula, period, tuple(where))
        return [
            BehindRow(part, formula.label, row_id, who, day, _signed(money, sign))
            for row_id, who, day, money in running
        ]
    if isinstance(formula, Both):
        return _rows_of_both(source, formula, period, where, part)
    if isinstance(formula, ATOMS):
        return _rows_of_atom(source, formula, period, where, part, sign)
    return Text(zh="“{f}”不能由一组行相加得到。", en="No list of rows adds up to “{f}”.").fill(f=words(formula))


def _rows_of_atom(
    source: FactSource,
    atom: Atom,
    period: Period,
    where: Sequence[tuple[str, str]],
    part: Literal["numerator", "denominator", "value"],
    sign: int,
) -> list[BehindRow]:
    query = SumsQuery((atom,), (), (period,), (), tuple(where))
    fact = fact_for(atom, query.asked)
    assert fact is not None
    unit = fact.customer or "CAST(NULL AS BIGINT)"
    rows = rows_of_fact(query, fact, Run((period,), 0))
    if isinstance(atom, Customers):
        shown, keys = f"{unit} AS row_id, {unit} AS customer, min({fact.day}) AS day", unit
        rows = f"SELECT * FROM ({rows}) WHERE {unit} IS NOT NULL"
    else:
        identity = "row_number() OVER ()" if fact.entity == "line" else fact.entity
        rows = f"SELECT r.*, CAST({identity} AS VARCHAR) AS row_id FROM ({rows}) AS r"
        shown, keys = f"row_id, {unit} AS customer, {fact.day} AS day", f"row_id, {unit}, {fact.day}"
    sql = f"SELECT {shown}, {aggregate(atom, fact)} AS amount FROM ({rows}) GROUP BY {keys}"
    found = source.query(f"SELECT * FROM ({sql}) WHERE amount <> 0 ORDER BY day, row_id")
    return [
        BehindRow(part, atom.label, str(r[0]), None if r[1] is None else int(r[1]), r[2], _signed(r[3], sign))
        for r in found
    ]


def _signed(amount: Contribution, sign: int) -> Contribution:
    return amount * sign


def _rows_of_both(
    source: FactSource,
    both: Both,
    period: Period,
    where: Sequence[tuple[str, str]],
    part: Literal["numerator", "denominator", "value"],
) -> list[BehindRow]:
    left = _rows_of_atom(source, both.left, period, where, part, 1)
    right = {row.customer_id for row in _rows_of_atom(source, both.right, period, where, part, 1)}
    return [
        BehindRow(part, both.label, row.row_id, row.customer_id, row.day, 1) for row in left if row.customer_id in right
    ]

"""The pass over customers: sums, counts and distinct customers per (period, dimensions), with what their intervals need.

All formulas that are asked for together share the pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kexiao.facts.formula import Both, Customers, Formula, is_linear
from kexiao.facts.grouping import cell_of
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, SumsQuery, atoms_of, expression, units_sql, unknown_rows


@dataclass(frozen=True, slots=True)
class Term:
    """A sum or count in one cell: total, sampling units, sum of squares over them, the largest unit's amount, and rows whose value is unknown."""

    total: int | float | Decimal = 0
    units: int = 0
    squares: float = 0.0
    largest: float = 0.0
    unknown_rows: int = 0


@dataclass(frozen=True, slots=True)
class Joint:
    """Two terms in one cell: sum of products over sampling units, and the units with either."""

    products: float = 0.0
    units: int = 0


@dataclass
class Sums:
    """What the pass found: per cell, the terms and the pairs by formula."""

    terms: dict[Cell, dict[Formula, Term]] = field(default_factory=dict)
    pairs: dict[Cell, dict[tuple[Formula, Formula], Joint]] = field(default_factory=dict)


def run_sums(source: FactSource, query: SumsQuery) -> Sums:
    """Run the pass. Formulas must be linear, and known along the dimensions (see ``fact_for``)."""
    assert all(is_linear(formula) for formula in query.formulas)
    if not query.formulas:
        return Sums()
    result = Sums()
    for row in source.query(_sql(query)):
        _read_row(query, row, result)
    return result


def _sql(query: SumsQuery) -> str:
    return f"WITH {units_sql(query)} {_final_sql(query)}"


def readable_sql(query: SumsQuery) -> str:
    """The SQL that the pass runs, laid out for reading."""
    from sqlglot import parse_one

    return parse_one(_sql(query)).sql(pretty=True)


def _final_sql(query: SumsQuery) -> str:
    terms = {formula: f"t{i}" for i, formula in enumerate(query.formulas)}
    shown, sums = [], []
    for formula, name in terms.items():
        shown.append(f"{expression(formula, query)} AS {name}")
        sums += [f"sum({name})", *_moments(formula, query, name, shown)]
    for left, right in query.pairs:
        a, b = _sampled(left, terms[left]), _sampled(right, terms[right])
        sums += [f"PRODUCT_SUM({a}, {b})", f"sum(CASE WHEN {a} <> 0 OR {b} <> 0 THEN 1 ELSE 0 END)"]
    keys = ", ".join(["p", *query.dim_names()])
    return f"SELECT {keys}, {', '.join(sums)} FROM (SELECT {keys}, {', '.join(shown)} FROM units) GROUP BY {keys}"


def _sampled(formula: Formula, name: str) -> str:
    """The column with the part of a formula that is a sample: all of it, unless some amount is known exactly."""
    return f"s{name}" if any(atom.fact.known_exactly for atom in atoms_of(formula)) else name


def _moments(formula: Formula, query: SumsQuery, name: str, shown: list[str]) -> list[str]:
    """Units, sum of squares, largest and unknown values of a term; a count of customers is its own sum of squares."""
    if isinstance(formula, (Customers, Both)):
        return [f"sum({name})", f"sum({name})", f"max({name})", "0"]
    sampled = _sampled(formula, name)
    if sampled != name:
        shown.append(f"{expression(formula, query, sampled_only=True)} AS {sampled}")
    missing = unknown_rows(formula, query)
    if missing != "0":
        shown.append(f"{missing} AS n{name}")
    units, squares = f"sum(CASE WHEN {sampled} <> 0 THEN 1 ELSE 0 END)", f"SQUARE_SUM({sampled})"
    return [units, squares, f"max(abs({sampled}))", "0" if missing == "0" else f"sum(n{name})"]


def _read_row(query: SumsQuery, row: Sequence[Any], result: Sums) -> None:
    width = 1 + len(query.dimensions)
    cell = cell_of(row[0], row[1:width])
    numbers = iter(row[width:])
    terms: dict[Formula, Term] = {}
    for formula in query.formulas:
        total, units, squares, largest, unknown = (next(numbers) for _ in range(5))
        terms[formula] = Term(
            _plain(total), int(units or 0), float(squares or 0), float(largest or 0), int(unknown or 0)
        )
    result.terms[cell] = terms
    result.pairs[cell] = {pair: Joint(float(next(numbers) or 0), int(next(numbers) or 0)) for pair in query.pairs}


def _plain(total: Any) -> int | float | Decimal:
    if total is None:
        return 0
    return total if isinstance(total, (Decimal, float)) else int(total)

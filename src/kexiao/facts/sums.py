"""The pass over customers: sums, counts and distinct customers per (period, dimensions), with what their intervals need.

Each table is reduced alone to one row per (period, dimensions, customer); then the rows are joined by adding, so no join ever repeats a sale. An
anonymous order is a sampling unit of its own. All formulas that are asked for together share the pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kexiao.facts.calendar import Run, runs
from kexiao.facts.formula import Atom, Both, Customers, Formula, Minus, Plus, Rows, Sum, is_linear
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.subjects import Fact

UNKNOWN = "unknown"
Cell = tuple[Any, ...]  # (number of the period, value of each dimension…)
CUSTOMER_ONLY = {"cohort": "MONTH_LABEL(c.acquired_on)", "level": "c.level"}
OF_CUSTOMER = {**CUSTOMER_ONLY, "channel": "c.channel", "campaign": "c.campaign", "region": "c.region"}


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


def fact_for(atom: Atom, dimensions: Sequence[str]) -> Fact | None:
    """The fact, or its lines, that knows all the dimensions; None where neither does."""
    for fact in (atom.fact, atom.fact.parts):
        if fact and all(_knows(fact, dimension) for dimension in dimensions):
            return fact
    return None


def _knows(fact: Fact, dimension: str) -> bool:
    if fact.of_customers:
        return dimension in OF_CUSTOMER
    return dimension in fact.dimensions or (fact.customer is not None and dimension in CUSTOMER_ONLY)


def atoms_of(formula: Formula) -> list[Atom]:
    """The sums and counts of a linear formula, left to right."""
    if isinstance(formula, (Plus, Minus, Both)):
        return [*atoms_of(formula.left), *atoms_of(formula.right)]
    assert isinstance(formula, (Sum, Rows, Customers))
    return [formula]


@dataclass(frozen=True)
class SumsQuery:
    """What is asked of the pass: linear formulas, the pairs whose products are needed, periods, dimensions, and fixed dimension values."""

    formulas: tuple[Formula, ...]
    pairs: tuple[tuple[Formula, Formula], ...]
    periods: tuple[Period, ...]
    dimensions: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """All dimensions that the facts must know."""
        return self.dimensions + tuple(name for name, _ in self.where if name not in self.dimensions)

    def atoms(self) -> list[Atom]:
        """Every sum or count once, in the order asked."""
        return list(dict.fromkeys(atom for formula in self.formulas for atom in atoms_of(formula)))

    def dim_names(self) -> list[str]:
        """The names of the dimension columns inside the query."""
        return [f"d{i}" for i in range(len(self.dimensions))]


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


def units_sql(query: SumsQuery) -> str:
    """Common table expressions that end in ``units``: p, d0…, u (customer or null), and one column a0, a1 … per atom (n0… unknown values)."""
    atoms = query.atoms()
    by_fact: dict[str, tuple[Fact, list[int]]] = {}
    for number, atom in enumerate(atoms):
        fact = fact_for(atom, query.asked)
        assert fact is not None
        by_fact.setdefault(fact.name, (fact, []))[1].append(number)
    columns = _columns(atoms, by_fact)
    parts = []
    for fact, numbers in by_fact.values():
        own = {f"a{n}" for n in numbers} | {f"n{n}" for n in numbers}
        parts += [_reduced(query, fact, atoms, numbers, columns, own)]
    keys = ", ".join(["p", *query.dim_names(), "u"])
    if len(parts) == 1:
        return f"units AS ({parts[0]})"
    added = ", ".join(f"sum({c}) AS {c}" for c in columns)
    plain = ", ".join(columns)
    everything = " UNION ALL ".join(parts)
    return (
        f"reduced AS ({everything}), units AS (SELECT {keys}, {added} FROM reduced WHERE u IS NOT NULL GROUP BY {keys} "
        f"UNION ALL SELECT {keys}, {plain} FROM reduced WHERE u IS NULL)"
    )


def _columns(atoms: Sequence[Atom], by_fact: dict[str, tuple[Fact, list[int]]]) -> list[str]:
    facts = {number: fact for fact, numbers in by_fact.values() for number in numbers}
    names = [f"a{n}" for n in range(len(atoms))]
    return names + [f"n{n}" for n, atom in enumerate(atoms) if _may_be_unknown(atom, facts[n])]


def _may_be_unknown(atom: Atom, fact: Fact) -> bool:
    return isinstance(atom, Sum) and atom.column in fact.nullable and not atom.partial


def _reduced(
    query: SumsQuery, fact: Fact, atoms: Sequence[Atom], numbers: Sequence[int], columns: Sequence[str], own: set[str]
) -> str:
    """One fact, reduced to one row per (period, dimensions, customer), and below it its anonymous rows, one an entity."""
    rows = rows_of_fact(query, fact, *runs(query.periods))
    keys = ["p", *query.dim_names()]
    shown = [f"{_column(c, fact, atoms)} AS {c}" if c in own else f"0 AS {c}" for c in columns]
    unit = fact.customer or "NULL"
    known = f"SELECT {', '.join(keys)}, {unit} AS u, {', '.join(shown)} FROM rows_{fact.name} WHERE {unit} IS NOT NULL GROUP BY {', '.join(keys)}, {unit}"
    alone_key = "" if fact.entity == "line" else f", {fact.entity}"
    alone = f"SELECT {', '.join(keys)}, CAST(NULL AS BIGINT) AS u, {', '.join(shown)} FROM rows_{fact.name}"
    if fact.customer:
        alone += f" WHERE {unit} IS NULL"
    alone += f" GROUP BY {', '.join(keys)}{alone_key}" if keys or alone_key else ""
    both = f"{known} UNION ALL {alone}" if fact.customer else alone
    return f"SELECT * FROM (WITH rows_{fact.name} AS ({rows}) {both})"


def rows_of_fact(query: SumsQuery, fact: Fact, *periods: Run) -> str:
    """The rows of a fact in the periods and where asked: p, d0…, and its columns; of answers only a customer's latest."""
    rows = " UNION ALL ".join(_rows_in(query, fact, run) for run in periods)
    if not fact.latest_per:
        return rows
    listed = ", ".join(fact.latest_per)
    newest = f"row_number() OVER (PARTITION BY p, {listed} ORDER BY {fact.day.replace('_on', '_at')} DESC, {fact.entity} DESC)"
    return (
        f"SELECT * FROM (SELECT r.*, {newest} AS latest FROM ({rows}) AS r) WHERE latest = 1 OR {fact.customer} IS NULL"
    )


def _rows_in(query: SumsQuery, fact: Fact, run: Run) -> str:
    dims = "".join(f", {dimension_sql(fact, d)} AS d{i}" for i, d in enumerate(query.dimensions))
    joined = ""
    if any(d not in fact.dimensions for d in query.asked):
        joined = f" LEFT JOIN customer_summary AS c ON c.customer_id = f.{fact.customer}"
    conditions = [run.inside(f"f.{fact.day}")]
    conditions += [equals(dimension_sql(fact, name), value) for name, value in query.where]
    return f"SELECT {run.number(f'f.{fact.day}')} AS p{dims}, f.* FROM {fact.name} AS f{joined} WHERE {' AND '.join(conditions)}"


def dimension_sql(fact: Fact, dimension: str) -> str:
    """The column of a dimension, of the fact itself or of its customer."""
    if dimension in fact.dimensions:
        return f"f.{fact.dimensions[dimension]}"
    return OF_CUSTOMER[dimension]


def equals(column: str, value: str) -> str:
    if value == UNKNOWN:
        return f"{column} IS NULL"
    return f"{column} = '" + value.replace("'", "''") + "'"


def _column(column: str, fact: Fact, atoms: Sequence[Atom]) -> str:
    atom = atoms[int(column[1:])]
    if column.startswith("a"):
        return aggregate(atom, fact)
    assert isinstance(atom, Sum)
    condition = "".join(f" AND {where.sql()}" for where in atom.where)
    return f"sum(CASE WHEN {atom.column} IS NULL{condition} THEN 1 ELSE 0 END)"


def aggregate(atom: Atom, fact: Fact) -> str:
    """An atom over a group of rows of its fact."""
    condition = " AND ".join(where.sql() for where in atom.where)
    if isinstance(atom, Sum):
        value = f"CASE WHEN {condition} THEN {atom.column} ELSE 0 END" if condition else atom.column
        kind = "DOUBLE" if atom.column == "quantity" else "DECIMAL(18,2)"
        return f"CAST(coalesce(sum({value}), 0) AS {kind})"
    counted = _counted(atom, fact, condition)
    if isinstance(atom, Customers):
        known = f"{fact.customer} IS NOT NULL" if fact.customer else "true"
        return (
            f"CASE WHEN {counted} >= {atom.at_least} AND min(CASE WHEN {known} THEN 1 ELSE 0 END) = 1 THEN 1 ELSE 0 END"
        )
    return counted


def _counted(atom: Rows | Customers, fact: Fact, condition: str) -> str:
    days = isinstance(atom, Customers) and atom.counted == "days"
    if days or not fact.one_row_per_entity:
        counted = fact.day if days else fact.entity
        return (
            f"count(DISTINCT CASE WHEN {condition} THEN {counted} END)" if condition else f"count(DISTINCT {counted})"
        )
    return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)" if condition else "count(*)"


def expression(formula: Formula, atoms: Sequence[Atom], *, sampled_only: bool = False) -> str:
    """A linear formula over the columns of ``units``; ``sampled_only`` leaves out amounts that are known exactly."""
    if isinstance(formula, Plus):
        return f"({expression(formula.left, atoms, sampled_only=sampled_only)} + {expression(formula.right, atoms, sampled_only=sampled_only)})"
    if isinstance(formula, Minus):
        return f"({expression(formula.left, atoms, sampled_only=sampled_only)} - {expression(formula.right, atoms, sampled_only=sampled_only)})"
    if isinstance(formula, Both):
        return f"({expression(formula.left, atoms)} * {expression(formula.right, atoms)})"
    assert isinstance(formula, (Sum, Rows, Customers))
    if sampled_only and formula.fact.known_exactly:
        return "0"
    return f"a{atoms.index(formula)}"


def _final_sql(query: SumsQuery) -> str:
    atoms = query.atoms()
    terms = {formula: f"t{i}" for i, formula in enumerate(query.formulas)}
    shown, sums = [], []
    unknown = _unknown_columns(query, atoms)
    for formula, name in terms.items():
        sampled = expression(formula, atoms, sampled_only=True)
        shown += [f"{expression(formula, atoms)} AS {name}", f"{sampled} AS s{name}"]
        sums += [
            f"sum({name})",
            f"sum(CASE WHEN s{name} <> 0 THEN 1 ELSE 0 END)",
            f"SQUARE_SUM(s{name})",
            f"max(abs(s{name}))",
        ]
        missing = [unknown[atom] for atom in atoms_of(formula) if atom in unknown]
        sums += ["sum(" + " + ".join(missing) + ")" if missing else "0"]
    for left, right in query.pairs:
        a, b = f"s{terms[left]}", f"s{terms[right]}"
        sums += [f"PRODUCT_SUM({a}, {b})", f"sum(CASE WHEN {a} <> 0 OR {b} <> 0 THEN 1 ELSE 0 END)"]
    keys = ", ".join(["p", *query.dim_names()])
    extra = "".join(f", {name}" for name in unknown.values())
    return (
        f"SELECT {keys}, {', '.join(sums)} FROM (SELECT {keys}, {', '.join(shown)}{extra} FROM units) GROUP BY {keys}"
    )


def _unknown_columns(query: SumsQuery, atoms: Sequence[Atom]) -> dict[Atom, str]:
    found: dict[Atom, str] = {}
    for number, atom in enumerate(atoms):
        fact = fact_for(atom, query.asked)
        if fact and _may_be_unknown(atom, fact):
            found[atom] = f"n{number}"
    return found


def _read_row(query: SumsQuery, row: Sequence[Any], result: Sums) -> None:
    width = 1 + len(query.dimensions)
    cell: Cell = (int(row[0]), *(UNKNOWN if value is None else value for value in row[1:width]))
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

"""One row per (period, dimensions, customer): the SQL to which every sum and count is first reduced.

Each table brings its rows, or where distinct things are counted its own groups, and all are added up in one grouping, so no join ever repeats a sale.
Anonymous rows stay apart, each a sampling unit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kexiao.facts.calendar import Run, runs
from kexiao.facts.formula import Atom, Both, Customers, Formula, Minus, Plus, Rows, Sum
from kexiao.facts.periods import Period
from kexiao.facts.subjects import Fact

UNKNOWN = "unknown"
Cell = tuple[Any, ...]  # (number of the period, value of each dimension…)
Filters = tuple[tuple[str, str], ...]  # (dimension, value)…
CUSTOMER_ONLY = {"cohort": "MONTH_LABEL(c.acquired_on)", "level": "c.level"}
OF_CUSTOMER = {**CUSTOMER_ONLY, "channel": "c.channel", "campaign": "c.campaign", "region": "c.region"}


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


@dataclass(frozen=True)
class _Column:
    """A column of ``units``: how one row adds to it (``of_row``), or how a group of rows gives it where rows cannot simply be added."""

    fact: Fact
    sql_type: str
    of_row: str | None
    of_group: str


def units_sql(query: SumsQuery) -> str:
    """Common table expressions that end in ``units``: p, d0…, u (customer or null), and the columns c0, c1 … of ``columns_of``."""
    columns = columns_of(query)
    keys = ", ".join(["p", *query.dim_names(), "u"])
    facts = list(dict.fromkeys(column.fact for column in columns))
    known = " UNION ALL ".join(_known(query, fact, columns) for fact in facts if fact.customer)
    alone = " UNION ALL ".join(_alone(query, fact, columns) for fact in facts)
    if not known:
        return f"units AS ({alone})"
    added = ", ".join(f"CAST(sum(c{i}) AS {column.sql_type}) AS c{i}" for i, column in enumerate(columns))
    return f"units AS (SELECT {keys}, {added} FROM ({known}) GROUP BY {keys} UNION ALL {alone})"


def columns_of(query: SumsQuery) -> list[_Column]:
    """The columns that the query's atoms need, each once, whichever atoms share it."""
    found = [
        column for atom in query.atoms() for column in (_amount(query, atom), _unknown_count(query, atom)) if column
    ]
    return list(dict.fromkeys(found))


def _amount(query: SumsQuery, atom: Atom) -> _Column:
    fact = _fact(query, atom)
    condition = " AND ".join(where.sql() for where in atom.where)
    if isinstance(atom, Sum):
        value = (
            f"coalesce(CASE WHEN {condition} THEN {atom.column} END, 0)" if condition else f"coalesce({atom.column}, 0)"
        )
        return _Column(fact, "DOUBLE" if atom.column == "quantity" else "DECIMAL(18,2)", value, f"sum({value})")
    days = isinstance(atom, Customers) and atom.counted == "days"
    if days or not fact.one_row_per_entity:
        counted = fact.day if days else fact.entity
        return _Column(fact, "BIGINT", None, f"count(DISTINCT {_when(condition, counted)})")
    one = f"CASE WHEN {condition} THEN 1 ELSE 0 END" if condition else "1"
    return _Column(fact, "BIGINT", one, f"sum({one})")


def _unknown_count(query: SumsQuery, atom: Atom) -> _Column | None:
    """How many rows have no value where a sum needs one."""
    fact = _fact(query, atom)
    if not isinstance(atom, Sum) or atom.column not in fact.nullable or atom.partial:
        return None
    condition = "".join(f" AND {where.sql()}" for where in atom.where)
    one = f"CASE WHEN {atom.column} IS NULL{condition} THEN 1 ELSE 0 END"
    return _Column(fact, "BIGINT", one, f"sum({one})")


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END" if condition else value


def _fact(query: SumsQuery, atom: Atom) -> Fact:
    fact = fact_for(atom, query.asked)
    assert fact is not None
    return fact


def _known(query: SumsQuery, fact: Fact, columns: Sequence[_Column]) -> str:
    """A fact's rows with a customer; grouped first where distinct things are counted."""
    keys = ", ".join(["p", *query.dim_names(), fact.customer or ""])
    grouped = any(column.fact is fact and column.of_row is None for column in columns)
    shown = ", ".join(["p", *query.dim_names(), f"{fact.customer} AS u", *_shown(fact, columns, grouped=grouped)])
    rows = rows_of_fact(query, fact, *runs(query.periods))
    return f"SELECT {shown} FROM ({rows}) WHERE {fact.customer} IS NOT NULL" + (f" GROUP BY {keys}" if grouped else "")


def _alone(query: SumsQuery, fact: Fact, columns: Sequence[_Column]) -> str:
    """A fact's rows without a customer, one an entity."""
    grouped = not fact.one_row_per_entity
    nobody = "CAST(NULL AS BIGINT) AS u"
    shown = ", ".join(["p", *query.dim_names(), nobody, *_shown(fact, columns, grouped=grouped)])
    rows = rows_of_fact(query, fact, *runs(query.periods))
    only = f" WHERE {fact.customer} IS NULL" if fact.customer else ""
    keys = ", ".join(["p", *query.dim_names(), fact.entity])
    return f"SELECT {shown} FROM ({rows}){only}" + (f" GROUP BY {keys}" if grouped else "")


def _shown(fact: Fact, columns: Sequence[_Column], *, grouped: bool) -> list[str]:
    def own(column: _Column) -> str:
        if column.fact is not fact:
            return "0"
        # Distinct days are asked of known customers alone, so an anonymous row adds none.
        return column.of_group if grouped else column.of_row or "0"

    return [f"CAST({own(column)} AS {column.sql_type}) AS c{i}" for i, column in enumerate(columns)]


def rows_of_fact(query: SumsQuery, fact: Fact, *periods: Run) -> str:
    """The rows of a fact in the periods and where asked: p, d0…, and its columns; of answers only a customer's latest."""
    rows = " UNION ALL ".join(_rows_in(query, fact, run) for run in periods)
    if not fact.latest_per:
        return rows
    listed = ", ".join(fact.latest_per)
    newest = f"row_number() OVER (PARTITION BY p, {listed} ORDER BY {fact.day} DESC, {fact.day.replace('_on', '_at')} DESC NULLS LAST, {fact.entity} DESC)"
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


def expression(formula: Formula, query: SumsQuery, *, sampled_only: bool = False) -> str:
    """A linear formula over the columns of ``units``; ``sampled_only`` leaves out amounts that are known exactly."""
    if isinstance(formula, (Plus, Minus)):
        left, right = (expression(part, query, sampled_only=sampled_only) for part in (formula.left, formula.right))
        return f"({left} {'+' if isinstance(formula, Plus) else '-'} {right})"
    if isinstance(formula, Both):
        return f"({expression(formula.left, query)} * {expression(formula.right, query)})"
    assert isinstance(formula, (Sum, Rows, Customers))
    if sampled_only and formula.fact.known_exactly:
        return "0"
    column = f"c{columns_of(query).index(_amount(query, formula))}"
    if isinstance(formula, Customers):
        return f"CASE WHEN u IS NOT NULL AND {column} >= {formula.at_least} THEN 1 ELSE 0 END"
    return column


def unknown_rows(formula: Formula, query: SumsQuery) -> str:
    """How many rows of a unit have no value where the formula needs one."""
    columns = columns_of(query)
    found = [_unknown_count(query, atom) for atom in atoms_of(formula)]
    return " + ".join(f"c{columns.index(column)}" for column in found if column) or "0"


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

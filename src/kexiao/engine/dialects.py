"""SQL for each engine: queries are plain SQL and our own operators, and every operator is rendered here, engine by engine.

An operator is written as a function call (``MONTH_INDEX(sold_on)``). Nothing but plain SELECT, JOIN, UNION, CASE, window and aggregate functions may
stand around it, because that much every engine reads alike. An order that decides something names where nulls stand; a column that both sides of a
join have is named with AS, for ClickHouse would call it by its side (``l.quantity``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, get_args

Dialect = Literal["duckdb", "spark", "postgres", "clickhouse"]

# Half a fen less the smallest step of a double: added before rounding down it rounds to the nearest, halves away from 0.
_HALF = "0.49999999999999994"
# Operator → engine → how to write it; {0}, {1} are the operands.
OPERATORS: dict[str, dict[Dialect, str]] = {
    "MONTH_INDEX": {
        "duckdb": "CAST(year({0}) * 12 + month({0}) - 1 AS BIGINT)",
        "spark": "CAST(year({0}) * 12 + month({0}) - 1 AS BIGINT)",
        "postgres": "CAST(extract(year FROM CAST({0} AS DATE)) * 12 + extract(month FROM CAST({0} AS DATE)) - 1 AS BIGINT)",
        "clickhouse": "CAST(toYear({0}) * 12 + toMonth({0}) - 1 AS BIGINT)",
    },
    "DAY_INDEX": {
        "duckdb": "CAST(({0} - DATE '1970-01-01') AS BIGINT)",
        "spark": "CAST(datediff({0}, DATE '1970-01-01') AS BIGINT)",
        "postgres": "CAST(({0} - DATE '1970-01-01') AS BIGINT)",
        "clickhouse": "CAST(dateDiff('day', toDate32('1970-01-01'), {0}) AS BIGINT)",
    },
    "DAY_OF": {
        "duckdb": "DATE '{0}'",
        "spark": "DATE '{0}'",
        "postgres": "DATE '{0}'",
        "clickhouse": "toDate32('{0}')",
    },
    "MINUTES_BETWEEN": {
        "duckdb": "CAST(floor((epoch_ms({1}) - epoch_ms({0})) / 60000) AS BIGINT)",
        "spark": "CAST(floor((unix_millis({1}) - unix_millis({0})) / 60000) AS BIGINT)",
        "postgres": "CAST(floor((floor(extract(epoch FROM CAST({1} AS TIMESTAMPTZ)) * 1000) - floor(extract(epoch FROM CAST({0} AS TIMESTAMPTZ)) * 1000)) / 60000) AS BIGINT)",
        "clickhouse": "CAST(floor((toUnixTimestamp64Milli({1}) - toUnixTimestamp64Milli({0})) / 60000) AS BIGINT)",
    },
    "DAYS_LATER": {
        "duckdb": "({0} + CAST({1} AS INTEGER))",
        "spark": "date_add({0}, CAST({1} AS INTEGER))",
        "postgres": "({0} + CAST({1} AS INTEGER))",
        "clickhouse": "addDays({0}, {1})",
    },
    "FLOOR_DIVIDE": {
        "duckdb": "CAST(floor(CAST({0} AS DOUBLE) / {1}) AS BIGINT)",
        "spark": "CAST(floor(CAST({0} AS DOUBLE) / {1}) AS BIGINT)",
        "postgres": "CAST(floor(CAST({0} AS DOUBLE PRECISION) / {1}) AS BIGINT)",
        "clickhouse": "CAST(floor(CAST({0} AS DOUBLE) / {1}) AS BIGINT)",
    },
    "BIT": {
        "duckdb": "(({0} >> CAST({1} AS INTEGER)) & 1)",
        "spark": "(shiftright({0}, CAST({1} AS INTEGER)) & 1)",
        "postgres": "(({0} >> CAST({1} AS INTEGER)) & 1)",
        "clickhouse": "bitAnd(bitShiftRight({0}, {1}), 1)",
    },
    "LOW_BITS": {
        "duckdb": "((CAST(1 AS BIGINT) << CAST({0} AS INTEGER)) - 1)",
        "spark": "(shiftleft(CAST(1 AS BIGINT), CAST({0} AS INTEGER)) - 1)",
        "postgres": "((CAST(1 AS BIGINT) << CAST({0} AS INTEGER)) - 1)",
        "clickhouse": "(bitShiftLeft(CAST(1 AS BIGINT), {0}) - 1)",
    },
    "BITS_AND": {
        "duckdb": "({0} & {1})",
        "spark": "({0} & {1})",
        "postgres": "({0} & {1})",
        "clickhouse": "bitAnd({0}, {1})",
    },
    "BITS_OR_ALL": {
        "duckdb": "bit_or({0})",
        "spark": "bit_or({0})",
        "postgres": "bit_or({0})",
        "clickhouse": "groupBitOr({0})",
    },
    "SQUARE_SUM": {
        "duckdb": "sum(CAST({0} AS DOUBLE) * CAST({0} AS DOUBLE))",
        "spark": "sum(CAST({0} AS DOUBLE) * CAST({0} AS DOUBLE))",
        "postgres": "sum(CAST({0} AS DOUBLE PRECISION) * CAST({0} AS DOUBLE PRECISION))",
        "clickhouse": "sum(CAST({0} AS DOUBLE) * CAST({0} AS DOUBLE))",
    },
    "PRODUCT_SUM": {
        "duckdb": "sum(CAST({0} AS DOUBLE) * CAST({1} AS DOUBLE))",
        "spark": "sum(CAST({0} AS DOUBLE) * CAST({1} AS DOUBLE))",
        "postgres": "sum(CAST({0} AS DOUBLE PRECISION) * CAST({1} AS DOUBLE PRECISION))",
        "clickhouse": "sum(CAST({0} AS DOUBLE) * CAST({1} AS DOUBLE))",
    },
    # A double as money: to the fen, halves away from 0.
    "TO_THE_FEN": {
        "duckdb": "CAST(round({0}, 2) AS DECIMAL(18,2))",
        "spark": "CAST(CAST(round({0} * 100, 0) AS DECIMAL(18,0)) * 0.01 AS DECIMAL(18,2))",
        "postgres": f"CAST(CAST(sign({{0}}) * floor(abs({{0}} * 100) + {_HALF}) AS BIGINT) * 0.01 AS DECIMAL(18,2))",
        "clickhouse": f"CAST(CAST(sign({{0}}) * floor(abs({{0}} * 100) + {_HALF}) AS BIGINT) * toDecimal64('0.01', 2) AS DECIMAL(18,2))",
    },
    # The first operand in the row where the second (then the third) is least, among rows in which the first is known.
    "OF_LEAST": {
        "duckdb": "arg_min({0}, {1})",
        "spark": "min_by({0}, {1}) FILTER (WHERE {0} IS NOT NULL)",
        "postgres": "(array_agg({0} ORDER BY {1}) FILTER (WHERE {0} IS NOT NULL))[1]",
        "clickhouse": "argMinIf({0}, {1}, {0} IS NOT NULL)",
    },
    "OF_LEAST_TWO": {
        "duckdb": "arg_min({0}, row({1}, {2}))",
        "spark": "min_by({0}, struct({1}, {2})) FILTER (WHERE {0} IS NOT NULL)",
        "postgres": "(array_agg({0} ORDER BY {1}, {2}) FILTER (WHERE {0} IS NOT NULL))[1]",
        "clickhouse": "argMinIf({0}, tuple({1}, {2}), {0} IS NOT NULL)",
    },
    "WHOLE_NUMBERS": {
        "duckdb": "(SELECT CAST(range AS BIGINT) AS i FROM range({0}, {1}))",
        "spark": "(SELECT id AS i FROM range({0}, {1}))",
        "postgres": "(SELECT CAST(n AS BIGINT) AS i FROM generate_series({0}, {1} - 1) AS n)",
        "clickhouse": "(SELECT toInt64(number) AS i FROM numbers({0}, {1} - {0}))",
    },
    "MONTH_LABEL": {
        "duckdb": "strftime({0}, '%Y-%m')",
        "spark": "date_format({0}, 'yyyy-MM')",
        "postgres": "to_char({0}, 'YYYY-MM')",
        "clickhouse": "formatDateTime({0}, '%Y-%m')",
    },
}

# Types that an engine knows by another name.
_TYPES: dict[Dialect, dict[str, str]] = {
    "duckdb": {},
    "spark": {"VARCHAR": "STRING", "TIMESTAMPTZ": "TIMESTAMP"},
    "postgres": {"DOUBLE": "DOUBLE PRECISION"},
    "clickhouse": {"DATE": "Date32", "TIMESTAMPTZ": "DateTime64(6, 'UTC')", "BOOLEAN": "Bool"},
}
_FORMS: dict[Dialect, Mapping[str, str]] = {
    engine: {name: forms[engine] for name, forms in OPERATORS.items()} for engine in get_args(Dialect)
}
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*["]"""
# What render looks for: a literal or quoted name, in which nothing is an operator; an operator with its opening bracket; a type of another name.
_TOKENS: dict[Dialect, re.Pattern[str]] = {
    engine: re.compile(
        rf"""({_QUOTED})|\b({"|".join(OPERATORS)})\s*\(|\bAS\s+({"|".join(names or ["(?!)"])})\b(?=\s*\))"""
    )
    for engine, names in _TYPES.items()
}
_EDGE = re.compile(rf"{_QUOTED}|[(),]")
_SIMPLE = re.compile(r"""[\w.]+|'[^']*'|[\w.]*\((?:[^()])*\)""")
_OPENED = re.compile(rf"{_QUOTED}|(\b(?:FROM|JOIN)\s*)?\(|\)")


@lru_cache(maxsize=512)
def render(sql: str, dialect: Dialect = "duckdb") -> str:
    """Neutral SQL with our operators as the SQL of one engine.

    Only operators, and elsewhere than on DuckDB quotes and names of types, are touched: parsing the whole would take longer than most queries do.

    >>> render("SELECT MONTH_INDEX(day) AS m FROM t")
    'SELECT CAST(year(day) * 12 + month(day) - 1 AS BIGINT) AS m FROM t'
    >>> render("SELECT CAST(n AS VARCHAR) AS m FROM (SELECT 'it''s' AS n)", "spark")
    "SELECT CAST(n AS STRING) AS m FROM (SELECT 'it\\\\'s' AS n)"
    """
    said = _rendered(sql, dialect)
    return _subqueries_named(said) if dialect == "postgres" else said


def _rendered(sql: str, dialect: Dialect) -> str:
    pieces, at = [], 0
    while found := _TOKENS[dialect].search(sql, at):
        quoted, name, kind = found.groups()
        pieces.append(sql[at : found.start()])
        at = found.end()
        if quoted:
            pieces.append(_requoted(quoted, dialect))
        elif kind:
            pieces.append(f"AS {_TYPES[dialect][kind]}")
        else:
            operands, at = _operands(sql, at)
            said = [
                operand.strip("'") if name == "DAY_OF" else _whole(_rendered(operand, dialect)) for operand in operands
            ]
            pieces.append(_FORMS[dialect][name].format(*said))
    return "".join([*pieces, sql[at:]])


def _requoted(quoted: str, dialect: Dialect) -> str:
    """A text literal or quoted name; to Spark two literals in a row are one, and to Spark and ClickHouse a backslash escapes."""
    if dialect not in ("spark", "clickhouse"):
        return quoted
    if quoted[0] == '"':
        return "`" + quoted[1:-1].replace('""', '"').replace("`", "``") + "`"
    return "'" + quoted[1:-1].replace("\\", "\\\\").replace("''", "\\'") + "'"


def _subqueries_named(sql: str) -> str:
    """Every query in FROM with a name, which PostgreSQL before 16 demands."""
    pieces, at, opened, named = [], 0, [], 0
    for found in _OPENED.finditer(sql):
        sign = found[0]
        if sign.endswith("("):
            opened.append(bool(found[1]))
        elif sign == ")" and opened.pop() and not re.match(r"\s+AS\b", sql[found.end() :]):
            named += 1
            pieces += [sql[at : found.end()], f" AS q{named}"]
            at = found.end()
    return "".join([*pieces, sql[at:]])


def _operands(sql: str, start: int) -> tuple[list[str], int]:
    """The operands of the call whose bracket opened just before ``start``, and where the call ends."""
    operands, depth, begun = [], 0, start
    for edge in _EDGE.finditer(sql, start):
        sign = edge[0]
        if sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign == ")" or (sign == "," and not depth):
            operands.append(sql[begun : edge.start()].strip())
            begun = edge.end()
            if sign == ")":
                return operands, edge.end()
    raise ValueError(f"a bracket is not closed: {sql[start : start + 80]}")


def _whole(operand: str) -> str:
    """An operand that no neighbour can pull apart."""
    return operand if _SIMPLE.fullmatch(operand) else f"({operand})"

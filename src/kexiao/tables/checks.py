"""What must hold: the limits that each table describes, and the conservation law of each load."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.engine.store import Snapshot, Store
from kexiao.tables.catalogue import all_tables
from kexiao.tables.description import Column, Table
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that stored data break: table, what is wrong in words, how many rows."""

    table: str
    what: Text
    rows: int


def refusal(column: Column, sql: str) -> str | None:
    """SQL that names what is wrong with a value of a column (``too_small``, ``too_large``, ``unknown_choice``) or gives null; None: no limits."""
    tests = []
    if column.minimum is not None:
        tests.append(f"WHEN {sql} < {column.minimum} THEN 'too_small'")
    if column.maximum is not None:
        tests.append(f"WHEN {sql} > {column.maximum} THEN 'too_large'")
    if column.choices:
        tests.append(f"WHEN {sql} NOT IN ({', '.join(map(quote_text, column.choices))}) THEN 'unknown_choice'")
    return f"CASE {' '.join(tests)} END" if tests else None


def broken_rules(connection: Connection, store: Store, snapshot: Snapshot) -> list[Broken]:
    """Check every table of a snapshot: keys unique, required columns filled, limits kept, each load conserved."""
    found: list[Broken] = []
    for name, table in all_tables().items():
        if name in snapshot.tables:
            found += _table_rules(connection, store.table_query(snapshot, name, table.stored_columns), table)
    if "loads" in snapshot.tables:
        found += _conservation(connection, store.table_query(snapshot, "loads", all_tables()["loads"].stored_columns))
    return found


def _table_rules(connection: Connection, sql: str, table: Table) -> list[Broken]:
    key = ", ".join(quote_name(name) for name in table.key)
    rules: list[tuple[Text, str]] = [
        (
            Text(zh="主键为空：{column}", en="null in the key: {column}").fill(column=c.name),
            f"count(*) FILTER ({quote_name(c.name)} IS NULL)",
        )
        for c in table.columns
        if c.required
    ]
    for column in table.columns:
        test = refusal(column, quote_name(column.name))
        if test:
            rules.append(
                (Text(zh="超出范围：{column}", en="out of limits: {column}").fill(column=column.name), f"count({test})")
            )
    found = run(connection, f"SELECT {', '.join(test for _, test in rules)} FROM ({sql})")[0] if rules else ()
    broken = [Broken(table.name, what, int(rows)) for (what, _), rows in zip(rules, found, strict=True) if rows]
    if table.group != "results":
        twice = run(connection, f"SELECT count(*) FROM (SELECT {key} FROM ({sql}) GROUP BY {key} HAVING count(*) > 1)")[
            0
        ][0]
        if twice:
            broken.append(Broken(table.name, Text(zh="主键重复", en="repeated keys"), int(twice)))
    return broken


def _conservation(connection: Connection, loads: str) -> list[Broken]:
    lost = run(
        connection,
        f"SELECT count(*) FROM ({loads}) WHERE rows_read <> rows_loaded + rows_quarantined + rows_duplicate + rows_skipped",
    )[0][0]
    return (
        [
            Broken(
                "loads",
                Text(zh="读取 ≠ 导入 + 隔离 + 重复 + 跳过", en="read ≠ loaded + quarantined + duplicate + skipped"),
                int(lost),
            )
        ]
        if lost
        else []
    )

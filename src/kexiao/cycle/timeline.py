"""One timeline per customer: every row of every table that names them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kexiao.cycle.customers import Opened
from kexiao.cycle.words import WORDS
from kexiao.engine.duck import quote_name, quote_text, run
from kexiao.tables.catalogue import all_tables
from kexiao.tables.description import Column, Table
from kexiao.text import Text

# What is told of customers elsewhere: who they are, who they were merged with, and what models say.
_NOT_EVENTS = ("customers", "merges", "contacts")
_GROUPS = ("who", "trade", "contact", "voice")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a row says: the column's label and kind, and the value as stored."""

    label: Text
    kind: str
    value: str

    def words(self) -> str:
        """The value as people read it: codes of choices as words, money with thousands separators."""
        if self.kind == "choice" and self.value in WORDS:
            return WORDS[self.value]()
        return f"{Decimal(self.value):,}" if self.kind == "money" else self.value


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a customer's history: when (business time, ISO; a day or a moment), in which table, its id there, and what it says."""

    at: str | None
    table: str
    label: Text
    row_id: str
    customer_id: int
    said: tuple[Said, ...]

    def in_words(self) -> tuple[tuple[str, str], ...]:
        """What it says in the current language."""
        return tuple((one.label(), one.words()) for one in self.said)


def timeline(at: Opened, members: Sequence[int], *, most: int | None = None) -> list[Event]:
    """Everything that happened with a customer (all its numbers), the newest first; rows without a day come last."""
    found: list[Event] = []
    for table in all_tables().values():
        if _has_events(table) and table.name in at.snapshot.tables:
            found += _events(at, table, members)
    found.sort(key=lambda event: (event.at or "", event.table, event.row_id), reverse=True)
    return found[:most] if most else found


def _has_events(table: Table) -> bool:
    return (
        table.versioned and table.group in _GROUPS and table.name not in _NOT_EVENTS and "customer_id" in table.by_name
    )


def _when(table: Table) -> list[Column]:
    """The moments of a table that make a row an event of that time, the first that is there counts."""
    named = table.date_column
    source = table.by_name[named].derived_from if named else None
    first = [table.by_name[name] for name in (source, named) if name]
    return first or [column for column in table.columns if column.kind in ("instant", "date")]


def _events(at: Opened, table: Table, members: Sequence[int]) -> list[Event]:
    zone = quote_text(at.folder.timezone)
    said = [c for c in table.columns if c.kind != "customer" and not c.derived_from and c.name not in table.key]
    said += [
        c
        for c in table.columns
        if c.name in table.key and c.kind in ("choice", "instant", "date") and not c.derived_from
    ]
    moments = [_moment(column, zone) for column in _when(table)]
    when = f"coalesce({', '.join(moments)})" if moments else "CAST(NULL AS VARCHAR)"
    shown = ", ".join(
        _moment(c, zone) if c.kind == "instant" else f"CAST({quote_name(c.name)} AS VARCHAR)" for c in said
    )
    key = (
        " || ' ' || ".join(
            f"coalesce(CAST({quote_name(name)} AS VARCHAR), '')" for name in table.key if name != "customer_id"
        )
        or "''"
    )
    listed = ", ".join(map(str, members))
    rows = run(
        at.connection,
        f"SELECT {when}, {key}, customer_id{', ' + shown if shown else ''} FROM ({_rows(at, table)}) WHERE customer_id IN ({listed})",
    )
    return [
        Event(
            row[0],
            table.name,
            table.label,
            str(row[1]),
            int(row[2]),
            tuple(
                Said(column.label, column.kind, str(value))
                for column, value in zip(said, row[3:], strict=True)
                if value is not None and not (column.kind in ("instant", "date") and value == row[0])
            ),
        )
        for row in rows
    ]


def _moment(column: Column, zone: str) -> str:
    name = quote_name(column.name)
    if column.kind == "instant":
        return f"strftime(timezone({zone}, {name}), '%Y-%m-%d %H:%M')"
    return f"CAST({name} AS VARCHAR)"


def _rows(at: Opened, table: Table) -> str:
    """The rows of a table; an order whose amount stands on its lines gets their sum."""
    raw = at.table(table.name)
    if table.name != "orders" or "order_lines" not in at.snapshot.tables:
        return raw
    lines = f"SELECT order_id, sum(net) AS lines_net FROM ({at.table('order_lines')}) GROUP BY 1"
    amount = "CAST(coalesce(o.amount, l.lines_net - coalesce(o.discount, 0)) AS DECIMAL(18,2)) AS amount"
    return f"SELECT o.* REPLACE ({amount}) FROM ({raw}) AS o LEFT JOIN ({lines}) AS l USING (order_id)"

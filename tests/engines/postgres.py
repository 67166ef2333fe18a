"""PostgreSQL as a query engine, for the tests of conformance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import psycopg

from kexiao.engine.dialects import Dialect, render
from kexiao.engine.duck import quote_name, quote_text

_KINDS = {"DOUBLE": "DOUBLE PRECISION"}


@dataclass(frozen=True)
class PostgresEngine:
    """Everything in a schema of its own, gone with the connection."""

    connection: psycopg.Connection[Any]
    dialect: Dialect = "postgres"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.connection.execute(render(sql, "postgres").encode()).fetchall()
        return [tuple(map(_whole, row)) for row in found]

    def make_view(self, name: str, sql: str) -> None:
        self._forget(name)
        self.connection.execute(f"CREATE TEMP VIEW {quote_name(name)} AS {render(sql, 'postgres')}".encode())

    def make_table(self, name: str, sql: str) -> None:
        self._forget(name)
        self.connection.execute(f"CREATE TEMP TABLE {quote_name(name)} AS {render(sql, 'postgres')}".encode())

    def read_files(self, name: str, paths: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        listed = ", ".join(quote_text(path) for path in paths)
        shown = ", ".join(
            f"CAST(epoch_us({quote_name(c)}) AS BIGINT)" if kind == "TIMESTAMPTZ" else quote_name(c)
            for c, kind in columns
        )
        rows = duckdb.sql(f"SELECT {shown} FROM read_parquet([{listed}])").fetchall() if paths else []
        self.hold_rows(name, columns, rows)

    def hold_rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        self._forget(name)
        described = ", ".join(f"{quote_name(c)} {_KINDS.get(kind, kind)}" for c, kind in columns)
        self.connection.execute(f"CREATE TEMP TABLE {quote_name(name)} ({described})".encode())
        places = ", ".join(
            "to_timestamp(%s / 1000000) + (%s %% 1000000) * interval '1 microsecond'" if kind == "TIMESTAMPTZ" else "%s"
            for _, kind in columns
        )
        filled = [
            [
                part
                for (_, kind), cell in zip(columns, row, strict=True)
                for part in ([cell, cell] if kind == "TIMESTAMPTZ" else [cell])
            ]
            for row in rows
        ]
        if filled:
            with self.connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {quote_name(name)} VALUES ({places})".encode(), filled)

    def _forget(self, name: str) -> None:
        found = self.connection.execute(
            "SELECT relkind FROM pg_class WHERE relname = %s AND relnamespace = pg_my_temp_schema()", [name]
        ).fetchall()
        for (kind,) in found:
            what = "VIEW" if kind in ("v", b"v") else "TABLE"
            self.connection.execute(f"DROP {what} {quote_name(name)} CASCADE".encode())


def _whole(value: Any) -> Any:
    """Sums of integers are numeric without a scale."""
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value

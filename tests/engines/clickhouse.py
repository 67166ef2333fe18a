"""ClickHouse inside this process (chDB) as a query engine, for the tests of conformance."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kexiao.engine.dialects import Dialect, render
from kexiao.engine.duck import quote_name, quote_text

# What standard SQL means anyway: nulls of outer joins, of casts and of sums over nothing; a name is a column before it is an alias;
# and the whole catalogue asked at once is a query longer than what it reads by itself.
_SETTINGS = {
    "max_query_size": 16_777_216,
    "join_use_nulls": 1,
    "cast_keep_nullable": 1,
    "aggregate_functions_null_for_empty": 1,
    "prefer_column_name_to_alias": 1,
    "output_format_arrow_string_as_string": 1,
    "session_timezone": "'UTC'",
}
_KINDS = {
    "VARCHAR": "String",
    "DATE": "Date32",
    "TIMESTAMPTZ": "DateTime64(6, 'UTC')",
    "BOOLEAN": "Bool",
    "DOUBLE": "Float64",
    "BIGINT": "Int64",
}


def clickhouse_session() -> Any:
    """A session that reads SQL as the others do; a process may have one."""
    from chdb.session import Session

    session = Session()
    for name, value in _SETTINGS.items():
        session.query(f"SET {name} = {value}")
    return session


@dataclass(frozen=True)
class ClickHouseEngine:
    """Views and tables in the session's memory."""

    session: Any
    dialect: Dialect = "clickhouse"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        from pyarrow import ipc

        said = self.session.query(render(sql, "clickhouse"), "Arrow").bytes()
        table = ipc.open_file(io.BytesIO(said)).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def make_view(self, name: str, sql: str) -> None:
        self._forget(name)
        self.session.query(f"CREATE VIEW {quote_name(name)} AS {render(sql, 'clickhouse')}")

    def make_table(self, name: str, sql: str) -> None:
        self._forget(name)
        self.session.query(f"CREATE TABLE {quote_name(name)} ENGINE = Memory AS {render(sql, 'clickhouse')}")

    def read_files(self, name: str, paths: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        self._describe(name, columns)
        for path in paths:
            plain = quote_text(path.removeprefix("file://"))
            self.session.query(f"INSERT INTO {quote_name(name)} SELECT * FROM file({plain}, 'Parquet')")

    def hold_rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        self._describe(name, columns)
        listed = ", ".join("(" + ", ".join(str(int(cell)) for cell in row) + ")" for row in rows)
        if listed:
            self.session.query(f"INSERT INTO {quote_name(name)} VALUES {listed}")

    def _describe(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        self._forget(name)
        described = ", ".join(f"{quote_name(c)} Nullable({_KINDS.get(kind, kind)})" for c, kind in columns)
        self.session.query(f"CREATE TABLE {quote_name(name)} ({described}) ENGINE = Memory")

    def _forget(self, name: str) -> None:
        self.session.query(f"DROP TABLE IF EXISTS {quote_name(name)}")

"""What a query engine must do for facts and metrics: hold views and tables of a session, run neutral SQL, and read the store's own files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from kexiao.engine.dialects import Dialect


class QueryEngine(Protocol):
    """A session of an engine; what it makes is gone with it.

    SQL is neutral: plain queries and the operators of ``dialects``. Types of columns are those of the canonical tables (DuckDB's names).
    """

    @property
    def dialect(self) -> Dialect:
        """How SQL is written for it."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query and fetch all rows, exactly: integers, Decimals, dates; sums of doubles as floats."""

    def make_view(self, name: str, sql: str) -> None:
        """Give a query a name, or the name another query."""

    def make_table(self, name: str, sql: str) -> None:
        """The same for what is read many times: its rows are reckoned once and kept."""

    def read_files(self, name: str, paths: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        """Give the rows of Parquet files a name, with exactly these columns and types; null where a file has no such column."""

    def hold_rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        """Give rows sent from here a name."""

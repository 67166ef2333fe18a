"""DuckDB as the query engine: in memory, over immutable Parquet files, closed to everything else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kexiao.engine.dialects import Dialect, render
from kexiao.errors import LimitExceeded
from kexiao.text import Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Connection = duckdb.DuckDBPyConnection
FEWEST_SORTED, MOST_SORTED = 200_000, 20_000_000


@dataclass(frozen=True, slots=True)
class DuckEngine:
    """The query engine that needs nothing else: see ``QueryEngine`` for what it does."""

    connection: Connection
    dialect: Dialect = "duckdb"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run neutral SQL and fetch all rows."""
        return run(self.connection, render(sql))

    def make_view(self, name: str, sql: str) -> None:
        """A name for neutral SQL."""
        self.connection.execute(f"CREATE OR REPLACE VIEW {quote_name(name)} AS {render(sql)}")

    def make_table(self, name: str, sql: str) -> None:
        """The rows of neutral SQL, reckoned once."""
        self.connection.execute(f"CREATE OR REPLACE TABLE {quote_name(name)} AS {render(sql)}")

    def read_files(self, name: str, paths: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        """A name for the rows of Parquet files."""
        self.make_view(name, files_as_query([Path(path) for path in paths], columns))

    def hold_rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        """A name for rows given here."""
        described = ", ".join(f"{quote_name(column)} {kind}" for column, kind in columns)
        self.connection.execute(f"CREATE OR REPLACE TABLE {quote_name(name)} ({described})")
        if rows:
            places = ", ".join("?" for _ in columns)
            self.connection.executemany(
                f"INSERT INTO {quote_name(name)} VALUES ({places})", [list(row) for row in rows]
            )


def default_memory_bytes() -> int:
    """Half of the machine's memory, at least 512 MB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(512 * 1024**2, total // 2)


def connect(temporary: Path, *, memory_bytes: int | None = None, threads: int | None = None) -> Connection:
    """A new in-memory DuckDB that spills to ``temporary`` and never downloads an extension."""
    settings: dict[str, Any] = {
        "memory_limit": f"{memory_bytes or default_memory_bytes()}B",
        "temp_directory": str(temporary),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "TimeZone": "UTC",
    }
    if threads:
        settings["threads"] = str(threads)
    connection = duckdb.connect(":memory:", config={k: v for k, v in settings.items() if k != "TimeZone"})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def close_to_outside(connection: Connection, allowed: Sequence[Path]) -> None:
    """Let the connection read the named folders only, and lock its settings."""
    listed = ", ".join(quote_text(str(folder.resolve()) + os.sep) for folder in allowed)
    connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def quote_name(name: str) -> str:
    """A column or table name as SQL.

    >>> quote_name('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """A text as an SQL literal.

    >>> quote_text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def files_as_query(paths: Iterable[Path], columns: Sequence[tuple[str, str]]) -> str:
    """SQL that reads Parquet files with exactly these columns and types; without files, an empty table of them.

    A file without one of the columns, written before it was described, gives null there.
    """
    listed = list(paths)
    shown = ", ".join(f"CAST({quote_name(name)} AS {kind}) AS {quote_name(name)}" for name, kind in columns)
    blank = (
        "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {quote_name(name)}" for name, kind in columns) + " WHERE false"
    )
    if not listed:
        return blank
    files = ", ".join(quote_text(str(path)) for path in listed)
    return (
        f"SELECT {shown} FROM ({blank} UNION ALL BY NAME SELECT * FROM read_parquet([{files}], union_by_name = true))"
    )


def any_repeats(connection: Connection, rows: str, key: str, *, count: int | None = None) -> bool:
    """Whether two rows of a query have the same key (SQL of columns), told by its 64-bit hash: in 10 million different keys once in 400,000 times wrongly so.

    Hashes are sorted by numpy, which is several times faster than grouping them; few, and more than memory holds easily, are grouped. ``count``: how many
    rows there are at most, where that is known.
    """
    if count is None:
        count = int(run(connection, f"SELECT count(*) FROM {rows}")[0][0])
    if not FEWEST_SORTED < count <= MOST_SORTED:
        return bool(run(connection, f"SELECT 1 FROM {rows} GROUP BY hash({key}) HAVING count(*) > 1 LIMIT 1"))
    import numpy as np

    hashes = connection.execute(f"SELECT hash({key}) AS h FROM {rows}").fetchnumpy()["h"]
    low = hashes < np.uint64(2**63)
    # Two halves that have no hash in common, so that two processors sort.
    with ThreadPoolExecutor(2) as pool:
        return any(pool.map(_repeats, (hashes[low], hashes[~low])))


def _repeats(hashes: NDArray[np.uint64]) -> bool:
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())


def run(connection: Connection, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and fetch all rows; running out of memory or disk is told plainly."""
    try:
        return connection.execute(sql, list(values)).fetchall() if values else connection.execute(sql).fetchall()
    except duckdb.OutOfMemoryException as problem:
        raise memory_ran_out() from problem


def memory_ran_out() -> LimitExceeded:
    """The error of a query that needs more memory than it may have."""
    return LimitExceeded(
        Text(zh="内存不足，计算停止。", en="Memory ran out and the computation stopped."),
        next_step=Text(
            zh="缩短期间、分几次导入，或在更大的机器上运行。",
            en="Ask for a shorter period, load the files in several goes, or use a larger machine.",
        ),
    )

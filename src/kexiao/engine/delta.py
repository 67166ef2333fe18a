"""Delta Lake's log beside our Parquet files, so that any Delta reader opens the tables.

Snapshots are the truth. At each commit the log of a changed table is brought to the same list of files, which also heals a log that a killed
writer left ahead of its snapshot.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

_DELTA_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMPTZ": "timestamp",
    "BOOLEAN": "boolean",
}


class _File(Protocol):
    @property
    def size(self) -> int: ...

    @property
    def rows(self) -> int: ...


def delta_type(duckdb_type: str) -> str:
    """The Delta type of a DuckDB type.

    >>> delta_type("DECIMAL(18,2)")
    'decimal(18,2)'
    """
    return _DELTA_TYPES.get(duckdb_type) or duckdb_type.lower().replace(" ", "")


def listed_in_delta_log(folder: Path) -> set[str] | None:
    """The names of the files that Delta's own log of a table lists; None where it has no log or one that cannot be read."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return {uri.rsplit("/", 1)[1] for uri in DeltaTable(str(folder)).file_uris()}
    except (DeltaError, OSError, ValueError):
        return None


def align_delta_log(folder: Path, columns: Sequence[tuple[str, str]], files: Mapping[str, _File]) -> None:
    """Commit to the table in ``folder`` whatever makes its active files equal to ``files`` (name → size and rows)."""
    from deltalake import DeltaTable, Field, Schema
    from deltalake.schema import PrimitiveType
    from deltalake.transaction import AddAction, RemoveAction

    folder.mkdir(parents=True, exist_ok=True)
    schema = Schema([Field(name, PrimitiveType(delta_type(kind)), nullable=True) for name, kind in columns])
    if DeltaTable.is_deltatable(str(folder)):
        table = DeltaTable(str(folder))
    else:
        table = DeltaTable.create(str(folder), schema=schema)
    active = {uri.rsplit("/", 1)[1] for uri in table.file_uris()}
    now = int(time.time() * 1000)
    added = [
        AddAction(name, part.size, {}, now, True, json.dumps({"numRecords": part.rows}))
        for name, part in files.items()
        if name not in active
    ]
    removed = [RemoveAction(name, True, now) for name in sorted(active - set(files))]
    if added or removed:
        table.create_write_transaction([*added, *removed], mode="append", schema=schema)

"""The versioned store: one Delta table per canonical table, and snapshots that name exactly the files each version consists of.

Parquet files are immutable. A snapshot is written last, by one rename, so a reader sees a whole load or none of it. Reading goes by the
snapshot; Delta's own log is brought into line with it at each commit, so that other tools can read the tables too.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from kexiao.engine.delta import align_delta_log
from kexiao.engine.duck import Connection, files_as_query, quote_name, run
from kexiao.engine.posix import exclusive, sha256, storage_errors, sync, write_durably
from kexiao.errors import IntegrityFailed, Place, WrongUse
from kexiao.text import Text

Columns = Sequence[tuple[str, str]]
ROW_GROUP = 122_880


@dataclass(frozen=True, slots=True)
class PartFile:
    """One immutable Parquet file: path below ``data/``, bytes, SHA-256, rows."""

    path: str
    size: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One table as one snapshot has it: columns (name, DuckDB type) and files."""

    columns: tuple[tuple[str, str], ...]
    files: tuple[PartFile, ...]

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(part.rows for part in self.files)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of all data: number (from 1; 0 is the empty store), when (UTC, ISO), why, tables, and small facts about it."""

    number: int
    created_at: str
    reason: str
    tables: Mapping[str, TableVersion]
    parent: int | None = None

    @property
    def name(self) -> str:
        """The snapshot's name, as results carry it."""
        return f"s{self.number:06d}"

    def files(self) -> list[PartFile]:
        """Every file that the snapshot names."""
        return [part for version in self.tables.values() for part in version.files]

    def fingerprint(self, names: Sequence[str]) -> str:
        """A short digest of the content of some tables: equal files, equal fingerprint."""
        import hashlib

        listed = [
            [name, [part.sha256 for part in self.tables[name].files]] for name in sorted(names) if name in self.tables
        ]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


EMPTY = Snapshot(0, "1970-01-01T00:00:00+00:00", "empty", {})


class Store:
    """The data folder of one workspace; any number of readers, one writer at a time."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._snapshots = data / "_snapshots"

    def numbers(self) -> list[int]:
        """The numbers of all snapshots, oldest first."""
        return sorted(int(path.stem[1:]) for path in self._snapshots.glob("s[0-9]*.json"))

    def current(self) -> Snapshot:
        """The newest snapshot; the empty one before the first load."""
        numbers = self.numbers()
        return self.read(numbers[-1]) if numbers else EMPTY

    def read(self, number: int) -> Snapshot:
        """One snapshot by number. Errors: ``WrongUse`` where there is none, ``IntegrityFailed`` where its file is damaged."""
        path = self._snapshots / f"s{number:06d}.json"
        if not path.exists():
            raise WrongUse(
                Text(zh="没有快照 {n}。", en="There is no snapshot {n}.").fill(n=number),
                next_step=Text(zh="最新的是 {last}。", en="The newest is {last}.").fill(
                    last=(self.numbers() or [0])[-1]
                ),
            )
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            tables = {
                name: TableVersion(
                    tuple((c[0], c[1]) for c in t["columns"]), tuple(PartFile(**part) for part in t["files"])
                )
                for name, t in document["tables"].items()
            }
            return Snapshot(document["number"], document["created_at"], document["reason"], tables, document["parent"])
        except (ValueError, KeyError, TypeError) as problem:
            raise IntegrityFailed(
                Text(zh="快照文件已损坏。", en="The snapshot file is damaged."),
                next_step=Text(zh="从备份恢复该文件。", en="Restore this file from a backup."),
                place=Place(file=path.name),
            ) from problem

    def as_of(self, when: str | None) -> Snapshot:
        """The snapshot named ``s000012`` or ``12``, or the last one of a day ``2025-03-31`` (UTC); None is the newest."""
        if when is None:
            return self.current()
        if when.lstrip("s").isdigit():
            return self.read(int(when.lstrip("s")))
        try:
            end = datetime.combine(date.fromisoformat(when), time.max, UTC).isoformat()
        except ValueError:
            raise WrongUse(
                Text(zh="--as-of 应为快照号或日期。", en="--as-of takes a snapshot or a date."),
                next_step=Text(zh="例如 s000012 或 2025-03-31。", en="For example s000012 or 2025-03-31."),
            ) from None
        older = [number for number in self.numbers() if self.read(number).created_at <= end]
        return self.read(older[-1]) if older else EMPTY

    def paths(self, version: TableVersion) -> list[Path]:
        """The files of one table version, as absolute paths."""
        return [self.data / part.path for part in version.files]

    def table_query(self, snapshot: Snapshot, name: str, columns: Columns) -> str:
        """SQL that reads one table of a snapshot with the columns as they are described today."""
        version = snapshot.tables.get(name)
        return files_as_query(self.paths(version) if version else [], columns)

    def create_views(self, connection: Connection, snapshot: Snapshot, tables: Mapping[str, Columns]) -> None:
        """Make one view per table, named as the table."""
        for name, columns in tables.items():
            connection.execute(
                f"CREATE OR REPLACE VIEW {quote_name(name)} AS {self.table_query(snapshot, name, columns)}"
            )

    @contextmanager
    def writing(self, reason: str, *, on_wait: Callable[[], None] | None = None) -> Iterator[Writer]:
        """Hold the store alone and collect changes; nothing is visible until ``commit``."""
        with exclusive(self.data / "_lock", on_wait=on_wait):
            yield Writer(self, self.current(), reason)

    def verify(self, snapshot: Snapshot) -> list[str]:
        """The paths of files that are missing or whose checksum differs from the snapshot's."""
        damaged = []
        for version in snapshot.tables.values():
            for part in version.files:
                path = self.data / part.path
                if not path.is_file() or path.stat().st_size != part.size or sha256(path) != part.sha256:
                    damaged.append(part.path)
        return damaged


class Writer:
    """Changes of one load: files written so far and the table versions that will name them."""

    def __init__(self, store: Store, base: Snapshot, reason: str) -> None:
        self.store = store
        self.base = base
        self.reason = reason
        self.tables: dict[str, TableVersion] = dict(base.tables)

    def write(self, connection: Connection, table: str, columns: Columns, sql: str) -> PartFile | None:
        """Write the rows of a query as one new Parquet file of a table; None when the query has no rows.

        ``sql`` must give every column by name; they are stored in the order described.
        """
        folder = self.store.data / table
        path = folder / f"part-{uuid.uuid4().hex}.parquet"
        shown = ", ".join(f"CAST({quote_name(name)} AS {kind}) AS {quote_name(name)}" for name, kind in columns)
        with storage_errors(path), duck_storage_errors(path):
            folder.mkdir(parents=True, exist_ok=True)
            copied = run(
                connection,
                f"COPY (SELECT {shown} FROM ({sql})) TO '{str(path).replace(chr(39), chr(39) * 2)}' "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})",
            )
            rows = int(copied[0][0])
            if rows == 0:
                path.unlink(missing_ok=True)
                return None
            sync(path)
            sync(folder)
            return PartFile(f"{table}/{path.name}", path.stat().st_size, sha256(path), rows)

    def change(self, table: str, columns: Columns, *, add: Sequence[PartFile] = (), remove: Sequence[str] = ()) -> None:
        """Add files to a table and drop others (by path) in the version to come."""
        version = self.tables.get(table) or TableVersion(tuple(columns), ())
        kept = tuple(part for part in version.files if part.path not in set(remove))
        self.tables[table] = replace(version, columns=tuple((n, k) for n, k in columns), files=kept + tuple(add))

    def take(self, other: Snapshot) -> None:
        """Make the version to come equal to another snapshot."""
        self.tables = dict(other.tables)

    def commit(self) -> Snapshot:
        """Make the changes visible, all at once; without changes the current snapshot stays."""
        if self.tables == dict(self.base.tables):
            return self.base
        for name, version in self.tables.items():
            if version != self.base.tables.get(name):
                align_delta_log(
                    self.store.data / name, version.columns, {p.path.split("/", 1)[1]: p for p in version.files}
                )
        snapshot = Snapshot(
            self.base.number + 1,
            datetime.now(UTC).isoformat(),
            self.reason,
            dict(self.tables),
            self.base.number or None,
        )
        path = self.store.data / "_snapshots" / f"{snapshot.name}.json"
        write_durably(path, json.dumps(asdict(snapshot), ensure_ascii=False).encode())
        self.base = snapshot
        return snapshot


@contextmanager
def duck_storage_errors(path: Path) -> Iterator[None]:
    """Turn DuckDB's own input-output errors into the storage error that names the file."""
    import duckdb

    from kexiao.engine.posix import storage_error

    try:
        yield
    except duckdb.IOException as problem:
        import errno

        words = str(problem).lower()
        number = errno.ENOSPC if "space" in words else errno.EFBIG if "too large" in words else errno.EIO
        raise storage_error(OSError(number, "duckdb"), path) from problem

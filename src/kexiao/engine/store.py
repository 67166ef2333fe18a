"""The versioned store: one Delta table per canonical table, and snapshots that name exactly the files each version consists of.

Parquet files are immutable. A snapshot is written last, by one rename, so a reader sees a whole load or none of it. Reading goes by the
snapshot; Delta's own log is brought into line with it at each commit, so that other tools can read the tables too.
"""

from __future__ import annotations

import errno
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from kexiao.engine import audit
from kexiao.engine.delta import align_delta_log
from kexiao.engine.duck import Connection, files_as_query, memory_ran_out, quote_name, quote_text, run
from kexiao.engine.posix import exclusive, holder, sha256, storage_error, storage_errors, sync, write_durably
from kexiao.errors import IntegrityFailed, Place, WrongUse
from kexiao.text import Text

Columns = Sequence[tuple[str, str]]
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false"
"""Dictionaries for what has few values, such as a channel: those of ids and amounts cost more to make than they save."""
PART_BYTES = 16 * 1024**2
"""How large the files of many rows become: rows that change later have only the few files written anew that hold them."""


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
    """One version of all data: number (from 1; 0 is the empty store), when (UTC, ISO), why, its tables, and the one before it.

    ``audit`` is the head of the audit log when it was written: lines, and the hash of the last.
    """

    number: int
    created_at: str
    reason: str
    tables: Mapping[str, TableVersion]
    parent: int | None = None
    audit: tuple[int, str] | None = None

    @property
    def name(self) -> str:
        """The snapshot's name, as results carry it."""
        return f"s{self.number:06d}"

    def files(self) -> list[PartFile]:
        """Every file that the snapshot names."""
        return [part for version in self.tables.values() for part in version.files]

    def fingerprint(self, names: Sequence[str]) -> str:
        """A short digest of the content of some tables: equal files, equal fingerprint."""
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
        path = self.path(number)
        if not path.exists():
            raise self._no_snapshot(number)
        return read_snapshot(path)

    def path(self, number: int) -> Path:
        """Where a snapshot's file lies."""
        return self._snapshots / f"s{number:06d}.json"

    @property
    def retired(self) -> Path:
        """The folder of snapshots that are thinned out; their Parquet files stay for a while yet, for whoever is reading them."""
        return self._snapshots / "retired"

    def thinned(self) -> dict[int, str]:
        """Snapshots that are no longer kept: number → when it was made (UTC, ISO)."""
        path = self._snapshots / "thinned.json"
        gone = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        found = {int(number): str(at) for number, at in gone.items()}
        for left in self.retired.glob("s[0-9]*.json"):
            found[int(left.stem[1:])] = read_snapshot(left).created_at
        return found

    def named_files(self) -> dict[str, PartFile]:
        """Every file that a kept or retired snapshot names, by its path."""
        found = {}
        for path in [*map(self.path, self.numbers()), *self.retired.glob("s[0-9]*.json")]:
            found.update({part.path: part for part in read_snapshot(path).files()})
        return found

    def _no_snapshot(self, number: int) -> WrongUse:
        numbers = self.numbers() or [0]
        if number not in self.thinned():
            return WrongUse(
                Text(zh="没有快照 {n}。", en="There is no snapshot {n}.").fill(n=number),
                next_step=Text(zh="最新的是 {last}。", en="The newest is {last}.").fill(last=numbers[-1]),
            )
        before = max((n for n in numbers if n < number), default=None)
        after = min(n for n in numbers if n > number)
        near = ", ".join(f"s{n:06d}" for n in (before, after) if n is not None)
        return WrongUse(
            Text(
                zh="快照 {n} 已按保留规则清理。", en="Snapshot {n} was thinned out by the rules of what is kept."
            ).fill(n=number),
            next_step=Text(zh="相邻的有：{near}。", en="Beside it there are: {near}.").fill(near=near),
        )

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
        found = older[-1] if older else 0
        between = [number for number, at in self.thinned().items() if number > found and at <= end]
        if between:
            # The snapshot of that day is gone; an older one would be another answer.
            raise self._no_snapshot(max(between))
        return self.read(found) if found else EMPTY

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
        """Hold the store alone and collect changes; nothing is visible until ``commit``. Whoever comes second waits, told once by ``on_wait``."""
        # What one query wrote is made safe on the disk while the next one runs.
        with exclusive(self.data / "_lock", on_wait=on_wait), ThreadPoolExecutor(1) as keeper:
            yield Writer(self, self.current(), reason, keeper)

    def busy(self) -> Text:
        """Words for whoever waits, with the process that is writing."""
        number = holder(self.data / "_lock")
        if number is None:
            return Text(zh="另一个进程正在写入，等待中…", en="Waiting for another process to finish writing…")
        words = Text(zh="进程 {n} 正在写入，等待中…", en="Waiting for process {n} to finish writing…")
        return words.fill(n=number)

    def verify(self, snapshot: Snapshot) -> list[str]:
        """The paths of files that are missing or whose checksum differs from the snapshot's."""
        return [part.path for part in snapshot.files() if not self.is_whole(part)]

    def is_whole(self, part: PartFile) -> bool:
        """Whether a file is there with the size and the checksum that it was written with."""
        path = self.data / part.path
        with storage_errors(path):
            return path.is_file() and path.stat().st_size == part.size and sha256(path) == part.sha256


class Writer:
    """Changes of one load: files written so far and the table versions that will name them."""

    def __init__(self, store: Store, base: Snapshot, reason: str, keeper: ThreadPoolExecutor) -> None:
        self.store = store
        self.base = base
        self.reason = reason
        self._keeper = keeper
        self._unsafe: list[Future[None]] = []
        self.tables: dict[str, TableVersion] = dict(base.tables)
        self._written: list[str] = []

    def write(self, connection: Connection, table: str, columns: Columns, sql: str) -> PartFile | None:
        """Write the rows of a query as one new Parquet file of a table; None when the query has no rows.

        ``sql`` must give every column by name; they are stored in the order described.
        """
        folder = self.store.data / table
        path = folder / f"part-{uuid.uuid4().hex}.parquet"
        with storage_errors(path), duck_storage_errors(path):
            folder.mkdir(parents=True, exist_ok=True)
            copied = run(
                connection, f"COPY (SELECT {_shown(columns)} FROM ({sql})) TO {quote_text(str(path))} ({PARQUET})"
            )
            rows = int(copied[0][0])
            if rows == 0:
                path.unlink(missing_ok=True)
                return None
            return self._taken(table, path, rows)

    def write_parts(self, connection: Connection, table: str, columns: Columns, sql: str) -> list[PartFile]:
        """Write the rows of a query as Parquet files of a table, as many as they fill; roughly in the order of the query."""
        folder = self.store.data / table
        with storage_errors(folder), duck_storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            several = f"FILE_SIZE_BYTES {PART_BYTES}, APPEND true, FILENAME_PATTERN 'part-{{uuid}}', RETURN_FILES true"
            copied = run(
                connection,
                f"COPY (SELECT {_shown(columns)} FROM ({sql})) TO {quote_text(str(folder))} ({PARQUET}, {several})",
            )
            paths = [folder / Path(name).name for name in copied[0][1]]
            if not copied[0][0]:
                for path in paths:
                    path.unlink()
                return []
            listed = ", ".join(quote_text(str(path)) for path in paths)
            counts = run(connection, f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])")
            rows = {Path(name).name: int(count) for name, count in counts}
            return [self._taken(table, path, rows[path.name]) for path in paths]

    def _taken(self, table: str, path: Path, rows: int) -> PartFile:
        """A file that was written, on its way to be made safe."""
        self._unsafe.append(self._keeper.submit(_make_safe, path))
        self._written.append(f"{table}/{path.name}")
        return PartFile(f"{table}/{path.name}", path.stat().st_size, sha256(path), rows)

    def change(self, table: str, columns: Columns, *, add: Sequence[PartFile] = (), remove: Sequence[str] = ()) -> None:
        """Add files to a table and drop others (by path) in the version to come."""
        version = self.tables.get(table) or TableVersion(tuple(columns), ())
        kept = tuple(part for part in version.files if part.path not in set(remove))
        self.tables[table] = replace(version, columns=tuple((n, k) for n, k in columns), files=kept + tuple(add))

    def take(self, other: Snapshot) -> None:
        """Make the version to come equal to another snapshot."""
        self.tables = dict(other.tables)

    def discard(self) -> None:
        """Give the changes up, and remove the files written for them."""
        self.tables = dict(self.base.tables)
        wait(self._unsafe)
        self._unsafe.clear()
        for name in self._written:
            (self.store.data / name).unlink(missing_ok=True)
        self._written.clear()

    def commit(self) -> Snapshot:
        """Make the changes visible, all at once; without changes the current snapshot stays."""
        if self.tables == dict(self.base.tables):
            return self.base
        for name, version in self.tables.items():
            if version != self.base.tables.get(name):
                align_delta_log(
                    self.store.data / name, version.columns, {p.path.split("/", 1)[1]: p for p in version.files}
                )
        for one in self._unsafe:
            one.result()
        self._unsafe.clear()
        snapshot = Snapshot(
            self.base.number + 1,
            datetime.now(UTC).isoformat(),
            self.reason,
            dict(self.tables),
            self.base.number or None,
            audit.head(self.store.data.parent),
        )
        write_snapshot(self.store.path(snapshot.number), snapshot)
        self.base = snapshot
        self._written.clear()
        return snapshot


def _shown(columns: Columns) -> str:
    return ", ".join(f"CAST({quote_name(name)} AS {kind}) AS {quote_name(name)}" for name, kind in columns)


def _make_safe(path: Path) -> None:
    with storage_errors(path):
        sync(path)
        sync(path.parent)


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot's file, with a checksum of its own."""
    document = json.loads(json.dumps(asdict(snapshot), ensure_ascii=False))
    write_durably(path, json.dumps({**document, "checksum": _checksum(document)}, ensure_ascii=False).encode())


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot's file. Errors: ``IntegrityFailed`` where it is damaged."""
    try:
        with storage_errors(path):
            document = json.loads(path.read_bytes())
        # Snapshots of the first workspaces have no checksum; kexiao upgrade gives them one.
        checksum = document.pop("checksum", None)
        if checksum is not None and checksum != _checksum(document):
            raise ValueError("checksum")
        tables = {
            name: TableVersion(
                tuple((c[0], c[1]) for c in t["columns"]), tuple(PartFile(**part) for part in t["files"])
            )
            for name, t in document["tables"].items()
        }
        head = document.get("audit")
        return Snapshot(
            document["number"],
            document["created_at"],
            document["reason"],
            tables,
            document["parent"],
            (head[0], head[1]) if head else None,
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        raise IntegrityFailed(
            Text(zh="快照文件已损坏。", en="The snapshot file is damaged."),
            next_step=Text(zh="从备份恢复该文件。", en="Restore this file from a backup."),
            place=Place(file=path.name),
        ) from problem


def _checksum(document: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn whatever a full or failing disk causes, in our own writing, DuckDB's or Delta's, into the one storage error."""
    with duck_storage_errors(folder):
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as problem:
            full = "space" in str(problem).lower()
            known = OSError(problem.errno or (errno.ENOSPC if full else errno.EIO), "storage")
            raise storage_error(known, Path(str(problem.filename or folder))) from problem


@contextmanager
def duck_storage_errors(path: Path) -> Iterator[None]:
    """Turn DuckDB's own input-output errors into the storage error that names the file, and its lack of memory into the limit that it is."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as problem:
        raise memory_ran_out() from problem
    except duckdb.IOException as problem:
        words = str(problem).lower()
        number = errno.ENOSPC if "space" in words else errno.EFBIG if "too large" in words else errno.EIO
        raise storage_error(OSError(number, "duckdb"), path) from problem

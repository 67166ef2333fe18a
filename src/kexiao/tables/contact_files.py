"""The files of all personal data: outside the snapshots, so that a person can be erased.

One file holds everybody, and beside it a small one the people of whom later loads said something; its rows go before those of the large one. The small
file is named after the large one's own end, so it speaks for that file alone: putting another in its place is one step, whatever is killed after it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path

from kexiao.engine.duck import Connection, files_as_query, quote_name, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, sync
from kexiao.engine.store import Store, Writer, duck_storage_errors
from kexiao.tables.contacts import PERSONAL, contacts

KEY = "customer_id, origin"
SAID = ("said", f"STRUCT({', '.join(f'{name} TIMESTAMPTZ' for name in PERSONAL)})")
"""When each part was said, where that was before ``known_at``: beside the described columns in the files, and read by loads alone."""
WITH_TIMES = (*contacts.stored_columns, SAID)
SMALL_SHARE = 4
"""The small file is taken up into the large one once it has a fourth of its rows."""
_END = 8
"""A Parquet file ends with the length of its footer and four letters."""
_apart: ContextVar[Path | None] = ContextVar("contacts apart", default=None)


def contacts_path(folder: Folder) -> Path:
    """The large file."""
    return _apart.get() or folder.data / "contacts" / "contacts.parquet"


@contextmanager
def contacts_apart(place: Path) -> Iterator[None]:
    """Read and write the contacts at another place, in this thread: what loads say when they are put in again from nothing."""
    token = _apart.set(place)
    try:
        yield
    finally:
        _apart.reset(token)


def hold_contacts(connection: Connection, writer: Writer, folder: Folder, rows: str) -> None:
    """Keep the rows of a query ready, to be the contacts from the moment that the writer's snapshot is there (``adopt_contacts``)."""
    _write(connection, _held(folder, writer.base.number + 1, writer.reason), rows)


def adopt_contacts(folder: Folder, store: Store) -> None:
    """Put what was held for a snapshot that has come into the place of all contacts; what was held for one that never came is dropped.

    Called with the store held alone, by whoever held them and, where that one was killed, by the next writer.
    """
    path = contacts_path(folder)
    for held in path.parent.glob("held-*.parquet"):
        number = int(held.name.split("-")[1])
        with storage_errors(held):
            if number in store.numbers() and held == _held(folder, number, store.read(number).reason):
                held.replace(path)
            else:
                held.unlink()
            drop_idle_contacts(folder)
            sync(path.parent)


def _held(folder: Folder, number: int, reason: str) -> Path:
    """A snapshot of this number may be another's: its reason tells."""
    return contacts_path(folder).with_name(f"held-{number}-{sha256(reason.encode()).hexdigest()[:16]}.parquet")


def contacts_query(folder: Folder, columns: Sequence[tuple[str, str]] = contacts.stored_columns) -> str:
    """SQL that reads the contacts; an empty table before the first load."""
    path = contacts_path(folder)
    if not path.exists():
        return files_as_query([], columns)
    large, newer = files_as_query([path], columns), _newer_path(path)
    if not newer.exists():
        return large
    small = files_as_query([newer], columns)
    return f"SELECT * FROM ({large}) AS l ANTI JOIN ({small}) AS s USING ({KEY}) UNION ALL SELECT * FROM ({small})"


def add_contacts(connection: Connection, folder: Folder, changed: str, count: int) -> None:
    """Put the rows of a query, each of its own key, into the place of those known: beside the large file as long as they are few."""
    path = contacts_path(folder)
    if not path.exists():
        return _write(connection, path, changed)
    newer = _newer_path(path)
    waiting = files_as_query([newer] if newer.exists() else [], WITH_TIMES)
    kept = f"SELECT * FROM ({{rows}}) AS k ANTI JOIN ({changed}) AS n USING ({KEY})"
    everybody, others = (
        int(run(connection, f"SELECT count(*) FROM {rows}")[0][0])
        for rows in (f"read_parquet({quote_text(str(path))})", f"({kept.format(rows=waiting)})")
    )
    few = SMALL_SHARE * (count + others) < everybody
    known = waiting if few else contacts_query(folder, WITH_TIMES)
    # A small file that no longer speaks stays until the next load: somebody may be reading it.
    return _write(
        connection, newer if few else path, f"SELECT * FROM ({changed}) UNION ALL BY NAME {kept.format(rows=known)}"
    )


def replace_contacts(connection: Connection, folder: Folder, rows: str) -> None:
    """Put the rows of a query into the place of all contacts, in one step, and leave nothing of those that went."""
    _write(connection, contacts_path(folder), rows)
    drop_idle_contacts(folder)


def drop_idle_contacts(folder: Folder) -> None:
    """Delete small files that no longer speak: their large file is gone. They hold personal data."""
    path = contacts_path(folder)
    with storage_errors(path):
        speaking = _newer_path(path) if path.exists() else None
        for left in path.parent.glob("since-*.parquet"):
            if left != speaking:
                left.unlink(missing_ok=True)


def _newer_path(large: Path) -> Path:
    """Where the small file stands that speaks for this large one: named after the footer, which holds a name that no other file has."""
    if not large.exists():
        return large.with_name("since-nobody.parquet")
    with storage_errors(large), large.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - _END))
        length = int.from_bytes(handle.read(4), "little")
        handle.seek(max(0, size - _END - length))
        footer = handle.read(length)
    return large.with_name(f"since-{sha256(footer).hexdigest()[:16]}.parquet")


def _write(connection: Connection, path: Path, rows: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shown = ", ".join(f"CAST({quote_name(name)} AS {kind}) AS {quote_name(name)}" for name, kind in WITH_TIMES)
    form = (
        "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false, "
        f"KV_METADATA {{file: '{uuid.uuid4().hex}'}}"
    )
    with storage_errors(path), duck_storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            run(
                connection,
                f"COPY (SELECT {shown} FROM ({rows}) ORDER BY {KEY}) TO {quote_text(str(temporary))} ({form})",
            )
            temporary.chmod(0o600)
            sync(temporary)
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)

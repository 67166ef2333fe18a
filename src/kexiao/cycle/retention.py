"""Upkeep of the store 整理: many small files become few, old snapshots are thinned out, and what nobody can need any more is deleted.

It runs by itself at the end of a load that finds it due (``tidy_if_due``), so that nobody has to know of it, and by ``kexiao compact``. Nothing a
closed period rests on is ever thinned out. A thinned snapshot's files stay for a day, so that whoever is reading them is not disturbed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from kexiao.engine import audit
from kexiao.engine.duck import connect, quote_name, run
from kexiao.engine.folder import SETTINGS_FILE, Folder
from kexiao.engine.posix import is_alive, storage_errors, sync, write_durably
from kexiao.engine.store import PART_BYTES, PartFile, Snapshot, Store, TableVersion, Writer, disk_errors
from kexiao.errors import InputRejected, IntegrityFailed, KexiaoError, Place
from kexiao.sources.inbox import workplace
from kexiao.tables.catalogue import all_tables
from kexiao.tables.contact_files import adopt_contacts, drop_idle_contacts
from kexiao.tables.remembering import drop_idle_times
from kexiao.text import Text

Progress = Callable[[Text], None]
SMALL_BYTES = PART_BYTES // 2
GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, from ``[store]`` in the settings.

    Every snapshot for ``keep_all_days`` after a newer one took its place, then the last of each day for ``keep_daily_days``, then the last of each
    month. A table with ``compact_files`` small files is due to be rewritten.
    """

    keep_all_days: int = 30
    keep_daily_days: int = 365
    compact_files: int = 64


@dataclass(frozen=True, slots=True)
class Tidied:
    """What upkeep did: files before and after by table, snapshots thinned out, files deleted and their bytes, and the snapshot that now counts."""

    snapshot: str
    compacted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    thinned: tuple[int, ...] = ()
    deleted: int = 0
    freed: int = 0


def retention_from(settings: Mapping[str, Any]) -> Retention:
    """The rules in the settings. Errors: ``InputRejected`` for an unknown name or a number that is none."""
    given = settings.get("store", {})
    limits = {"keep_all_days": 0, "keep_daily_days": 0, "compact_files": 2}
    for name, value in given.items():
        if name not in limits or type(value) is not int or value < limits[name]:
            raise InputRejected(
                Text(zh="[store] 的 {name} 无法使用。", en="{name} of [store] cannot be used.").fill(name=name),
                next_step=Text(
                    zh="可设 {known}，为整数天数或文件数。",
                    en="It takes {known}: whole numbers of days or files.",
                ).fill(known=", ".join(limits)),
                place=Place(file=SETTINGS_FILE),
            )
    return Retention(**given)


def tidy_if_due(folder: Folder, *, on_progress: Progress | None = None, now: datetime | None = None) -> Tidied | None:
    """Upkeep at the end of a load: where a table has gathered many small files, or snapshots were not looked at for a day.

    The load is done whatever becomes of this: what goes wrong here is told, and tried again after the next.
    """
    import duckdb

    tell = on_progress or (lambda _: None)
    moment = now or datetime.now(UTC)
    try:
        keep = retention_from(folder.settings)
        current = Store(folder.data).current()
        crowded = any(len(_small(version)) >= keep.compact_files for version in current.tables.values())
        mark = folder.data / "_tidied"
        looked = mark.exists() and moment.timestamp() - mark.stat().st_mtime < timedelta(days=1).total_seconds()
        return (
            tidy(folder, at_least=keep.compact_files, on_progress=tell, now=moment) if crowded or not looked else None
        )
    except (KexiaoError, duckdb.Error) as problem:
        why = problem.what if isinstance(problem, KexiaoError) else Text.same("DuckDB")
        tell(Text(zh="整理未完成：{why}", en="Upkeep was not finished: {why}").fill(why=why))
        return None


def tidy(
    folder: Folder, *, at_least: int = 2, on_progress: Progress | None = None, now: datetime | None = None
) -> Tidied:
    """Rewrite small files of tables that have ``at_least`` of them, thin out snapshots, delete what is not needed any more.

    Errors: ``InputRejected`` for settings that cannot be used, ``IntegrityFailed`` where a rewritten table would not equal the old one, ``StorageError``.
    """
    tell = on_progress or (lambda _: None)
    keep = retention_from(folder.settings)
    store = Store(folder.data)
    moment = now or datetime.now(UTC)
    with (
        disk_errors(folder.data),
        workplace(folder) as work,
        store.writing("compact", on_wait=lambda: tell(store.busy())) as writer,
    ):
        begin(folder, store)
        _forget_times(writer, work)
        compacted = _compact(writer, work, at_least, tell)
        snapshot = writer.commit()
        thinned = _thin(folder, store, keep, moment)
        deleted, freed = _purge(folder, store, moment)
        done = Tidied(snapshot.name, compacted, tuple(thinned), deleted, freed)
        if compacted or thinned or deleted:
            audit.record(folder.root, "compact", tables=sorted(compacted), thinned=len(thinned), deleted=deleted)
        (folder.data / "_tidied").touch()
        ended(folder)
    return done


def _small(version: TableVersion) -> list[PartFile]:
    return [part for part in version.files if part.size < SMALL_BYTES]


def _forget_times(writer: Writer, work: Path) -> None:
    """Drop the times of values that no row needs any more: a daily export of everything adds one for each of its rows."""
    connection = connect(work / "times")
    try:
        drop_idle_times(connection, writer)
    finally:
        connection.close()


def _compact(writer: Writer, work: Path, at_least: int, tell: Progress) -> dict[str, tuple[int, int]]:
    done = {}
    for name, version in list(writer.tables.items()):
        small = _small(version)
        if len(small) < max(2, at_least):
            continue
        tell(
            Text(zh="合并 {table} 的 {n} 个小文件…", en="Merging {n} small files of {table}…").fill(
                table=name, n=len(small)
            )
        )
        added = [part for group in _groups(small) if (part := _merged(writer, work, name, version, group))]
        before = len(version.files)
        writer.change(name, version.columns, add=added, remove=[part.path for part in small])
        done[name] = (before, len(writer.tables[name].files))
    return done


def _groups(files: Sequence[PartFile]) -> Iterator[list[PartFile]]:
    group: list[PartFile] = []
    for part in files:
        if group and sum(p.size for p in group) + part.size > PART_BYTES:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _merged(writer: Writer, work: Path, name: str, version: TableVersion, group: list[PartFile]) -> PartFile | None:
    """One file with the rows of several, ordered by date where the table has one, and checked to hold the same rows."""
    if len(group) == 1:
        return group[0]
    connection = connect(work / "spill")
    try:
        alone = TableVersion(version.columns, tuple(group))
        sql = _query(writer.store, name, alone)
        table = all_tables().get(name)
        day = table.date_column if table and table.date_column in dict(version.columns) else None
        part = writer.write(connection, name, version.columns, f"{sql} ORDER BY {quote_name(day)}" if day else sql)
        after = _query(writer.store, name, TableVersion(version.columns, (part,) if part else ()))
        if _essence(connection, sql, version) != _essence(connection, after, version):
            raise IntegrityFailed(
                Text(
                    zh="合并后的文件与原来不一致，已放弃。",
                    en="The merged file differs from the old ones; it was given up.",
                ),
                next_step=Text(zh="用 kexiao check --store 核对。", en="Check with: kexiao check --store."),
                place=Place(file=name),
            )
        return part
    finally:
        connection.close()


def _query(store: Store, name: str, version: TableVersion) -> str:
    return store.table_query(Snapshot(0, "", "", {name: version}), name, version.columns)


def _essence(connection: Any, sql: str, version: TableVersion) -> list[tuple[Any, ...]]:
    """How many rows a query has, and what they say, in whatever order."""
    columns = ", ".join(quote_name(column) for column, _ in version.columns)
    return run(connection, f"SELECT count(*), sum(hash({columns})::HUGEINT), bit_xor(hash({columns}, 1)) FROM ({sql})")


def kept(snapshots: Mapping[int, str], pinned: set[int], keep: Retention, now: datetime) -> set[int]:
    """Which of the snapshots (number → when made) the rules keep.

    >>> days = {n: f"2025-01-{n:02d}T08:00:00+00:00" for n in range(1, 11)}
    >>> sorted(kept(days, {2}, Retention(keep_all_days=3, keep_daily_days=0), datetime(2025, 1, 11, tzinfo=UTC)))
    [2, 7, 8, 9, 10]
    """
    numbers = sorted(snapshots)
    made = {number: datetime.fromisoformat(snapshots[number]) for number in numbers}
    last_of_day = {made[number].date(): number for number in numbers}
    last_of_month = {(made[number].year, made[number].month): number for number in numbers}
    found = {number for number in pinned if number in made} | set(numbers[-1:])
    for number, newer in pairwise(numbers):
        # A snapshot is as old as the one that took its place: until then it was the newest.
        age = now - made[newer]
        if (
            age <= timedelta(days=keep.keep_all_days)
            or (age <= timedelta(days=keep.keep_daily_days) and last_of_day[made[number].date()] == number)
            or last_of_month[(made[number].year, made[number].month)] == number
        ):
            found.add(number)
    return found


def pinned(folder: Folder) -> set[int]:
    """The snapshots that closed periods name, every revision of them."""
    found = set()
    for path in (folder.root / "closes").glob("*.json"):
        try:
            name = json.loads(path.read_bytes())["snapshot"]
            found.add(int(str(name).lstrip("s")))
        except (ValueError, KeyError, TypeError) as problem:
            raise IntegrityFailed(
                Text(zh="关账文件无法读取，没有清理快照。", en="A close cannot be read; no snapshot was thinned out."),
                next_step=Text(zh="从备份恢复这个文件。", en="Restore the file from a backup."),
                place=Place(file=path.name),
            ) from problem
    return found


def _thin(folder: Folder, store: Store, keep: Retention, now: datetime) -> list[int]:
    """Put the snapshots that the rules do not keep aside; nobody can open them from then on."""
    numbers = store.numbers()
    made = {number: store.read(number).created_at for number in numbers}
    out = sorted(set(numbers) - kept(made, pinned(folder), keep, now))
    for number in out:
        target = store.retired / store.path(number).name
        with storage_errors(target):
            target.parent.mkdir(exist_ok=True)
            store.path(number).rename(target)
            os.utime(target, (now.timestamp(), now.timestamp()))
    if out:
        sync(store.retired)
        sync(store.retired.parent)
    return out


def _purge(folder: Folder, store: Store, now: datetime) -> tuple[int, int]:
    """Delete the files that only snapshots put aside a day ago name; returns how many and their bytes."""
    due = [
        path for path in sorted(store.retired.glob("s[0-9]*.json"))
        if now.timestamp() - path.stat().st_mtime >= GRACE.total_seconds()
    ]  # fmt: skip
    if not due:
        return 0, 0
    gone = {str(number): at for number, at in store.thinned().items() if store.retired / f"s{number:06d}.json" in due}
    path = store.retired.parent / "thinned.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_durably(path, json.dumps({**known, **gone}, sort_keys=True).encode())
    for one in due:
        with storage_errors(one):
            one.unlink()
    return sweep(folder, store)


def _mark(folder: Folder) -> Path:
    """The file that is there while somebody is writing."""
    return folder.data / "_writing"


def begin(folder: Folder, store: Store) -> None:
    """Note that something is being written; remove what an earlier writer left that never ended, contacts that no longer speak, and bring what it held ready. Called with the store held alone."""
    if _mark(folder).exists():
        sweep(folder, store)
    adopt_contacts(folder, store)
    drop_idle_contacts(folder)
    with storage_errors(_mark(folder)):
        _mark(folder).touch()


def ended(folder: Folder) -> None:
    """Note that the writing ended well."""
    # Everything is written: a mark that cannot be removed only makes the next writer look for leftovers.
    with suppress(OSError):
        _mark(folder).unlink(missing_ok=True)


def interrupted(folder: Folder) -> bool:
    """Whether a writer is at work or died at it."""
    return _mark(folder).exists()


def leftovers(folder: Folder, store: Store) -> list[Path]:
    """Parquet files that no snapshot names: those of a writer at work, or of one that died."""
    named = store.named_files()
    return [
        path
        for path in sorted(folder.data.glob("*/part-*.parquet"))
        if path.relative_to(folder.data).as_posix() not in named
    ]


def sweep(folder: Folder, store: Store) -> tuple[int, int]:
    """Remove leftovers, refused cells of loads that never came to be, and half-written files of processes that are gone.

    Returns how many files and their bytes. Called with the store held alone.
    """
    freed = count = 0
    for path in [*leftovers(folder, store), *never_loaded(folder, store), *_half_written(folder)]:
        with storage_errors(path):
            freed += path.stat().st_size
            path.unlink()
            count += 1
    return count, freed


def never_loaded(folder: Folder, store: Store) -> list[Path]:
    """Refused cells of loads that have no snapshot yet."""
    newest = (store.numbers() or [0])[-1]
    return [p for p in (folder.root / "quarantine").glob("*.parquet") if p.stem.isdigit() and int(p.stem) > newest]


def _half_written(folder: Folder) -> list[Path]:
    """Temporary files, which carry the number of their process, of processes that are gone; they may hold personal data."""
    places = (
        folder.inbox,
        folder.root / "quarantine",
        folder.data / "contacts",
        folder.data / "_snapshots",
        folder.root,
    )
    found = [path for place in places for path in place.glob(".*.tmp") if path.is_file()]
    return [
        path for path in found if path.name.split(".")[-2].isdigit() and not is_alive(int(path.name.split(".")[-2]))
    ]

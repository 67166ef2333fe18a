"""Collect 收集: files in, one load, one snapshot; nothing lost in silence, nothing seen before it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kexiao.cycle.linking import customers_of, link_people
from kexiao.cycle.privacy import scrub_again, together, told_before
from kexiao.cycle.retention import begin, ended, tidy_if_due
from kexiao.cycle.strays import strays_of_load
from kexiao.cycle.sums import note_sums
from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import EMPTY, Snapshot, Store, disk_errors
from kexiao.errors import IntegrityFailed, Place, StorageError, WrongUse
from kexiao.sources.files.reading import printable, read_file
from kexiao.sources.inbox import Source, keep, take, workplace
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.load import Load
from kexiao.sources.mapping.outcome import LoadReport, PartReport, RowError
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import recognise_file
from kexiao.sources.resuming import forget
from kexiao.sources.scrubbing import original_path
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import WITH_TIMES, adopt_contacts, contacts_apart, contacts_query, hold_contacts
from kexiao.tables.contacts import PERSONAL
from kexiao.tables.identity import contacts_since, erased_met
from kexiao.text import Text

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """How one sheet would be read: its mapping and its first rows (headings and cells as they stand)."""

    file: str
    sheet: str
    mapping: SheetMapping | None
    preview: tuple[tuple[str | None, ...], ...]


def collect(
    folder: Folder,
    files: Sequence[Path],
    *,
    mapping: Path | None = None,
    exported_at: datetime | None = None,
    on_progress: Progress | None = None,
    on_wait: Progress | None = None,
    on_share: Callable[[float], None] | None = None,
    who: str | None = None,
    accept_change: bool = False,
) -> LoadReport:
    """Load files as one load. The same files again change nothing.

    ``mapping`` is a TOML file for the sheets that have its columns; ``exported_at`` says how new the rows are where they don't say so themselves
    (default: each file's time); ``on_share`` is told how much is done, from 0 to 1; ``on_wait`` is told once where another process is writing; ``who`` loads, for the audit log; ``accept_change``: amounts or row counts
    quite unlike before are meant, and hold nothing up.
    Errors: ``WrongUse``, ``InputRejected``, ``Ambiguous``, ``LimitExceeded``, ``StorageError``; then nothing was loaded.
    """
    tell = on_progress or (lambda _: None)
    given = [saved.read(mapping, None)] if mapping else []
    # Making a large file safe takes the disk as long as reading it takes the processor: both at once.
    with disk_errors(folder.data), workplace(folder) as work, ThreadPoolExecutor(1) as keeper:
        sources = _told_apart([take(work, path, exported_at) for path in _checked(files)])
        kept = [keeper.submit(keep, folder, source) for source in sources]
        store = Store(folder.data)
        with store.writing("collect", on_wait=lambda: (on_wait or tell)(store.busy())) as writer:
            begin(folder, store)
            load = Load(
                folder, writer, work, writer.base.number + 1, tell, accept_change=accept_change, on_share=on_share
            )
            report, sources = _loaded(load, sources, given, kept)
            # Rows that change no table may still tell whose phone it is.
            linked = link_people(writer, work)
            note_sums(folder)
            if report.load_id is None and writer.tables == dict(writer.base.tables):
                writer.discard()
                ended(folder)
                return report
            report = replace(report, warnings=(*report.warnings, *linked, *strays_of_load(writer, work)))
            if report.load_id is not None:
                # Logged first: a load that nobody can see is better than a load that nobody did.
                fingerprints = [source.fingerprint for source in sources]
                audit.record(
                    folder.root, "collect", who=who, load=report.load_id, files=fingerprints, rows=report.rows_loaded
                )
            snapshot = writer.commit()
            ended(folder)
        with suppress(StorageError):
            # The load is done; the next file of this layout is recognised anew.
            load.keep_mappings()
    forget(folder)
    tidy_if_due(folder, on_progress=tell)
    return replace(report, snapshot=snapshot.name)


def _loaded(
    load: Load, sources: list[Source], given: list[SheetMapping], kept: list[Future[None]]
) -> tuple[LoadReport, list[Source]]:
    """Run a load: what came of it, and the files that it took in, all safe in the inbox."""
    folder, writer, work = load.folder, load.writer, load.work
    sources, told = told_before(folder, writer, work, sources, lambda: [one.result() for one in kept])
    if told and not sources:
        return told, sources
    report = together(load.run(sources, given), told)
    if erased_met(load.connection):
        scrub_again(folder, work / "erased", sources, [part.mapping for part in report.parts if part.mapping])
    if report.load_id is None:
        return replace(report, snapshot=writer.base.name), sources
    for one in kept:
        one.result()
    return report, sources


def undo(
    folder: Folder,
    load_id: int,
    *,
    on_progress: Progress | None = None,
    on_wait: Progress | None = None,
    who: str | None = None,
) -> Snapshot:
    """Take one load back: the data as if it had never been, with every other load as it was; ``who`` does so, for the audit log.

    It begins from the newest snapshot that knows none but the other loads, and puts the rest in again from the inbox.
    Errors: ``WrongUse`` for a load that is not there.
    """
    tell = on_progress or (lambda _: None)
    store = Store(folder.data)
    waiting = store.writing(f"undo {load_id}", on_wait=lambda: (on_wait or tell)(store.busy()))
    with disk_errors(folder.data), workplace(folder) as work, waiting as writer:
        connection = connect(work / "spill")
        begin(folder, store)
        current = writer.base
        loads = _loads(connection, store, current)
        if load_id not in loads:
            raise WrongUse(
                Text(zh="没有导入 {n}。", en="There is no load {n}.").fill(n=load_id),
                next_step=Text(zh="现有：{all}。", en="There are: {all}.").fill(all=", ".join(map(str, loads)) or "—"),
            )
        wanted = set(loads) - {load_id}
        before, there = _state_of(connection, store, wanted)
        # Who people are is one file for all loads: what this one said of people who stay is told from the rest by hearing the rest again.
        anew = _told_of_others(connection, folder, store, before, loads, load_id)
        if anew:
            before, there = EMPTY, set()
        apart = work / "contacts.parquet"
        # Tables that no load wrote (merges of customers, scores) stay as they are.
        ours = {"loads", "quarantined", "conflicts", "withdrawn", "value_times"} | {
            name for rows in loads.values() for name in rows[0]["tables"]
        }
        kept = {name: version for name, version in current.tables.items() if name not in ours}
        writer.tables = {**kept, **{name: version for name, version in before.tables.items() if name in ours}}
        with contacts_apart(apart) if anew else nullcontext():
            for later in sorted(wanted - there):
                tell(Text(zh="重放导入 {n}…", en="Replaying load {n}…").fill(n=later))
                sources, mappings = _recorded(folder, loads[later])
                Load(folder, writer, work / str(later), later, tell, replayed=True).run(sources, mappings)
            link_people(writer, work, after_undo=True)
            people = contacts_query(folder, WITH_TIMES)
        there_then = f"SELECT * FROM ({people}) AS k SEMI JOIN ({customers_of(writer)}) AS c USING (customer_id)"
        hold_contacts(connection, writer, folder, there_then)
        audit.record(folder.root, "undo", who=who, load=load_id)
        snapshot = writer.commit()
        adopt_contacts(folder, store)
        ended(folder)
    return snapshot


def _told_of_others(
    connection: Connection,
    folder: Folder,
    store: Store,
    before: Snapshot,
    loads: dict[int, list[dict[str, Any]]],
    load_id: int,
) -> bool:
    """Whether a load may have said who somebody is whom other loads know too, and every other load can be heard again."""
    if any(original_path(folder, row["fingerprint"]) is None for n in loads if n != load_id for row in loads[n]):
        return False
    read = {
        field for row in loads[load_id] for sheet in json.loads(row["mapping"])["sheets"] for field in sheet["columns"]
    }
    if not read.intersection((*PERSONAL, "customer_name")):
        return False
    known = store.table_query(before, "customers", table_named("customers").stored_columns)
    later = max(loads) > load_id
    return contacts_since(connection, folder, load_id, None if later else known) > 0


def _state_of(connection: Connection, store: Store, wanted: set[int]) -> tuple[Snapshot, set[int]]:
    """The newest snapshot that rests on none but these loads, and on which of them; the empty one where there is none."""
    for number in reversed(store.numbers()):
        snapshot = store.read(number)
        there = set(_loads(connection, store, snapshot))
        if there <= wanted and there == {n for n in wanted if n <= max(there, default=0)}:
            return snapshot, there
    return EMPTY, set()


def propose(folder: Folder, files: Sequence[Path], *, mapping: Path | None = None) -> list[Proposal]:
    """How the files would be read, without loading them."""
    given = [saved.read(mapping, None)] if mapping else []
    found = []
    with workplace(folder) as work:
        connection = connect(work / "spill")
        for number, path in enumerate(_checked(files)):
            sheets = read_file(path, work / f"p{number}", original_name=path.name)
            for one in recognise_file(connection, printable(path.name), sheets, folder.root / "mappings", given):
                cells = ", ".join(f"c{i}" for i in range(len(one.sheet.header)))
                rows = run(
                    connection,
                    f"SELECT {cells} FROM {one.sheet.cells} ORDER BY row_no LIMIT 5",
                )
                found.append(Proposal(one.file, one.sheet.sheet, one.mapping, tuple(rows)))
    return found


def _told_apart(sources: list[Source]) -> list[Source]:
    """Files of one name from several folders get a number each."""
    seen: dict[str, int] = {}
    named = []
    for source in sources:
        seen[source.name] = seen.get(source.name, 0) + 1
        named.append(source if seen[source.name] == 1 else replace(source, name=f"{source.name} ({seen[source.name]})"))
    return named


def _checked(files: Sequence[Path]) -> list[Path]:
    if not files:
        raise WrongUse(
            Text(zh="没有给出文件。", en="No file was named."),
            next_step=Text(zh="例如：kexiao collect 订单.xlsx", en="For example: kexiao collect orders.xlsx"),
        )
    for path in files:
        if not path.is_file():
            raise WrongUse(
                Text(zh="没有文件“{name}”。", en="There is no file “{name}”.").fill(
                    name=printable(path.name) or str(path)
                ),
                next_step=Text(zh="请检查路径。", en="Check the path."),
            )
    return list(files)


def _recorded(folder: Folder, rows: Sequence[dict[str, Any]]) -> tuple[list[Source], list[SheetMapping]]:
    """The files and mappings of an earlier load."""
    sources, mappings = [], []
    for row in rows:
        record = json.loads(row["mapping"])
        path = original_path(folder, row["fingerprint"])
        if path is None:
            raise IntegrityFailed(
                Text(
                    zh="inbox 中没有“{name}”，不能重放。", en="The inbox lacks “{name}”, so it cannot be replayed."
                ).fill(name=row["file_name"]),
                next_step=Text(zh="从备份恢复 inbox 后重试。", en="Restore the inbox from a backup and try again."),
            )
        sources.append(Source(path, row["file_name"], row["fingerprint"], record["exported_at"]))
        mappings += [saved.from_dict(document, None, Place()) for document in record["sheets"]]
    return sources, mappings


def _loads(connection: Connection, store: Store, snapshot: Snapshot) -> dict[int, list[dict[str, Any]]]:
    """The files of each load of a snapshot, in the order of the loads."""
    sql = store.table_query(snapshot, "loads", table_named("loads").stored_columns)
    found: dict[int, list[dict[str, Any]]] = {}
    columns = ("file_name", "fingerprint", "mapping", "tables")
    for load, *values in run(
        connection, f"SELECT load_id, {', '.join(columns)} FROM ({sql}) ORDER BY load_id, file_name"
    ):
        row = dict(zip(columns, values, strict=True))
        found.setdefault(int(load), []).append({**row, "tables": [t for t in (row["tables"] or "").split(", ") if t]})
    return found


__all__ = ["LoadReport", "PartReport", "Proposal", "RowError", "collect", "propose", "undo"]

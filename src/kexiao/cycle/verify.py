"""Verify: does the workspace still say what was written? Every file against its checksum, every snapshot, the audit log and what anchors it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from kexiao.assessment import closing as closes
from kexiao.assessment import ledger
from kexiao.assessment.results import Assessment
from kexiao.cycle.retention import interrupted, leftovers, never_loaded
from kexiao.cycle.sums import changed_files, note_sums, personal_files
from kexiao.engine import audit
from kexiao.engine.delta import listed_in_delta_log
from kexiao.engine.duck import connect, files_as_query, quote_text, run
from kexiao.engine.folder import FORMAT, Folder
from kexiao.engine.posix import sha256, storage_errors
from kexiao.engine.store import PartFile, Snapshot, Store
from kexiao.errors import IntegrityFailed, StorageError
from kexiao.sources.inbox import workplace
from kexiao.sources.scrubbing import unrecorded
from kexiao.tables.catalogue import table_named
from kexiao.text import Text

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written: which file (below the workspace), and what is wrong."""

    where: str
    what: Text


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What a check read, what is wrong, and what is worth knowing though nothing is wrong."""

    snapshot: str
    snapshots: int
    files: int
    size: int
    rows: int
    problems: tuple[Problem, ...]
    notes: tuple[Text, ...]
    audit: tuple[int, str]
    """Lines of the audit log and the hash of the last: what to write down elsewhere as proof of it."""


_CHANGED = Text(zh="文件缺失或被改动", en="missing or changed")
_UNREADABLE = Text(zh="文件无法读取", en="cannot be read")


def verify_store(
    folder: Folder, *, anchor: tuple[int, str] | None = None, on_progress: Progress | None = None
) -> StoreCheck:
    """Check everything on disk; loads may go on meanwhile. ``anchor``: a head of the audit log that was written down elsewhere.

    Errors: ``StorageError`` where the disk itself fails.
    """
    tell = on_progress or (lambda _: None)
    store = Store(folder.data)
    problems: list[Problem] = []
    snapshots = _snapshots(store, problems)
    files = {part.path: part for snapshot in snapshots for part in snapshot.files()}
    problems += _disagreeing(snapshots)
    tell(Text(zh="核对 {n} 个数据文件…", en="Checking {n} data files…").fill(n=len(files)))
    damaged = [part for part in files.values() if not store.is_whole(part)]
    # What upkeep thinned out meanwhile is not missing.
    still = store.named_files() if damaged else {}
    problems += [Problem(f"data/{part.path}", _CHANGED) for part in damaged if part.path in still]
    problems += _audit(folder, snapshots)
    if anchor is not None:
        problems += _anchored(folder, anchor)
    problems += _sealed(folder)
    problems += _beside(folder, bool(snapshots))
    quiet = not interrupted(folder)
    if quiet:
        # Contacts that changed without a load to be seen, and those of workspaces of before, are under a sum from now on.
        with suppress(StorageError):
            note_sums(folder)
    if snapshots and quiet:
        problems += _delta(store, snapshots[-1])
    newest = snapshots[-1] if snapshots else Snapshot(0, "", "", {})
    return StoreCheck(
        newest.name,
        len(snapshots),
        len(files),
        sum(part.size for part in files.values()),
        sum(version.rows for version in newest.tables.values()),
        tuple(problems),
        tuple(_notes(folder, store, snapshots, quiet)),
        _head(folder),
    )


def _snapshots(store: Store, problems: list[Problem]) -> list[Snapshot]:
    """Every snapshot that can be read, oldest first; the others are problems, and so are those that are gone without a reason."""
    found = []
    numbers = store.numbers()
    for number in numbers:
        where = f"data/_snapshots/{store.path(number).name}"
        try:
            snapshot = store.read(number)
        except IntegrityFailed:
            problems.append(Problem(where, Text(zh="快照文件已损坏", en="the snapshot file is damaged")))
            continue
        if snapshot.number != number:
            problems.append(Problem(where, Text(zh="快照编号不符", en="it is another snapshot's file")))
        found.append(snapshot)
    gone = set(range(1, (numbers or [0])[-1])) - set(numbers)
    for number in sorted(gone - set(store.thinned()) if gone else gone):
        where = f"data/_snapshots/{store.path(number).name}"
        problems.append(Problem(where, Text(zh="快照文件缺失", en="the snapshot file is missing")))
    return found


def _disagreeing(snapshots: list[Snapshot]) -> Iterator[Problem]:
    """Files that two snapshots name with different checksums: one of the two lists was changed."""
    seen: dict[str, PartFile] = {}
    for snapshot in snapshots:
        for part in snapshot.files():
            if seen.setdefault(part.path, part) != part:
                words = Text(
                    zh="对 {file} 的记载与别的快照不同", en="says other things of {file} than another snapshot"
                )
                yield Problem(f"data/_snapshots/{snapshot.name}.json", words.fill(file=part.path))


def _audit(folder: Folder, snapshots: list[Snapshot]) -> Iterator[Problem]:
    """The log by its own chain and anchor, then by the heads of it that snapshots wrote down."""
    changed = Text(
        zh="审计日志第 {n} 行被改动、删除或添加", en="line {n} of the audit log was changed, removed or added"
    )
    try:
        for line in audit.verify(folder.root):
            yield Problem("audit/log.jsonl", changed.fill(n=line))
    except (ValueError, TypeError):
        yield Problem("audit/anchor.json", _UNREADABLE)
    lines = audit.hashes(folder.root)
    for snapshot in snapshots:
        number, digest = snapshot.audit or (0, "")
        if number and (number > len(lines) or lines[number - 1] != digest):
            words = Text(zh="与快照 {s} 记下的第 {n} 行不符", en="line {n} is not what snapshot {s} wrote down")
            yield Problem("audit/log.jsonl", words.fill(s=snapshot.name, n=number))
            return


def _anchored(folder: Folder, anchor: tuple[int, str]) -> Iterator[Problem]:
    lines = audit.hashes(folder.root)
    number, digest = anchor
    if not 0 < number <= len(lines) or lines[number - 1] != digest:
        words = Text(zh="第 {n} 行与 --anchor 给出的不符", en="line {n} is not what --anchor says")
        yield Problem("audit/log.jsonl", words.fill(n=number))


def _sealed(folder: Folder) -> Iterator[Problem]:
    """Closes and restatements against the hashes in the audit log; entries of the ledger are numbered without a gap."""
    logged: dict[tuple[str, str], set[str]] = {}
    log = folder.root / "audit" / "log.jsonl"
    with storage_errors(log):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("act") in (closes.ACT, ledger.ACT):
            logged.setdefault((str(entry["act"]), str(entry.get("file"))), set()).add(str(entry.get("sha256")))
    for act, name in ((closes.ACT, closes.FOLDER), (ledger.ACT, ledger.FOLDER)):
        for path in sorted((folder.root / name).glob("*.json")):
            if sha256(path) not in logged.get((act, path.name), set()):
                words = Text(zh="与审计日志不符", en="it is not what the audit log says was written")
                yield Problem(f"{name}/{path.name}", words)
    for missing in ledger.missing_entries(folder.root):
        yield Problem(f"{ledger.FOLDER}/{missing}", Text(zh="台账缺少这一条", en="the ledger lacks this entry"))


def _beside(folder: Folder, has_data: bool) -> Iterator[Problem]:
    """What lies outside the snapshots: the key, the inbox, contacts, refused cells, the web app's records."""
    import duckdb

    if has_data and not (folder.root / ".key").is_file():
        yield Problem(".key", Text(zh="密钥缺失", en="the key is missing"))
    # Files are named by their content; those without a person who was erased lie in a folder of their own.
    for file in sorted(path for path in folder.inbox.glob("[0-9a-f]*") if path.is_file()):
        name = file.name.split(".")[0]
        if len(name) == 64 and sha256(file) != name:
            yield Problem(f"inbox/{file.name}", Text(zh="原文件被改动", en="the original file was changed"))
    passing = set(never_loaded(folder, Store(folder.data)))
    personal = [path for path in personal_files(folder) if path not in passing]
    for file in changed_files(folder, personal):
        yield Problem(file.relative_to(folder.root).as_posix(), _CHANGED)
    with workplace(folder) as work, closing(connect(work / "spill")) as connection:
        for file in personal:
            try:
                connection.execute(
                    f"SELECT bit_xor(hash(t)) FROM read_parquet({quote_text(str(file))}) AS t"
                ).fetchall()
            except duckdb.Error:
                yield Problem(file.relative_to(folder.root).as_posix(), _UNREADABLE)
    for file in sorted(folder.root.glob("*.sqlite3")):
        if not _sqlite_is_whole(file):
            yield Problem(file.name, Text(zh="数据库文件已损坏", en="the database file is damaged"))


def _sqlite_is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as records:
            return bool(records.execute("PRAGMA quick_check").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False


def _delta(store: Store, newest: Snapshot) -> Iterator[Problem]:
    for name, version in newest.tables.items():
        ours = {part.path.rsplit("/", 1)[1] for part in version.files}
        if listed_in_delta_log(store.data / name) != ours:
            words = Text(zh="Delta 日志与快照不符", en="Delta's log does not list what the snapshot does")
            yield Problem(f"data/{name}/_delta_log", words)


def _head(folder: Folder) -> tuple[int, str]:
    lines = audit.hashes(folder.root)
    return len(lines), lines[-1] if lines else ""


def _never_taken(folder: Folder, store: Store, snapshots: list[Snapshot]) -> list[Path]:
    """The files of the inbox that no load of any snapshot names."""
    loads = table_named("loads")
    parts = {part.path: part for s in snapshots if loads.name in s.tables for part in s.tables[loads.name].files}
    if not all(store.is_whole(part) for part in parts.values()):
        # Told as damage; what cannot be read names no files.
        return []
    paths = [store.data / path for path in parts]
    with workplace(folder) as work, closing(connect(work / "spill")) as connection:
        query = files_as_query(paths, loads.stored_columns)
        taken = {row[0] for row in run(connection, f"SELECT DISTINCT fingerprint FROM ({query})")}
    return unrecorded(folder, taken)


def _notes(folder: Folder, store: Store, snapshots: list[Snapshot], quiet: bool) -> Iterator[Text]:
    left = leftovers(folder, store) if len(snapshots) == len(store.numbers()) else []
    if left and not quiet:
        yield Text(
            zh="有 {n} 个文件属于正在进行或中断的写入，下次导入会清理。",
            en="{n} files belong to a load under way or cut short; the next load clears them.",
        ).fill(n=len(left))
    elif left:
        yield Text(
            zh="有 {n} 个文件不属于任何快照，kexiao compact 会清理。",
            en="{n} files belong to no snapshot; kexiao compact clears them.",
        ).fill(n=len(left))
    if loose := _never_taken(folder, store, snapshots):
        yield Text(
            zh="inbox 中有 {n} 个原文件不属于任何完成的导入（被拒绝、中断、已撤销或正在导入），可能含有个人信息；不再需要时可直接删除 inbox 中的这些文件：{names}。",
            en="{n} files of the inbox belong to no finished load (refused, cut short, taken back or under way) and may hold personal data; if nobody needs them, delete them there: {names}.",
        ).fill(n=len(loose), names=", ".join(f"{path.name[:12]}…{path.suffix}" for path in loose[:5]))
    if int(folder.settings.get("format", 0)) < FORMAT:
        yield Text(
            zh="工作区是较早的格式，请运行 kexiao upgrade。",
            en="The workspace is of an older format: run kexiao upgrade.",
        )


def closes_today(folder: Folder, *, who: str | None = None) -> list[Assessment]:
    """Every closed period with what would be computed differently today, entered in the ledger of restatements where it is new.

    Errors: ``IntegrityFailed`` where a close or an entry is not what the audit log says was written.
    """
    from kexiao.cycle.assess import assess

    return [assess(folder, stored.scorecard, stored.period, who=who) for stored in closes.every_close(folder.root)]

"""Backup and restore: one archive of the whole workspace as it was at one moment, checked after writing and before unpacking."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kexiao import __version__
from kexiao.cycle.after_restore import after_restore
from kexiao.engine import audit
from kexiao.engine.archive import unpack, write_archive
from kexiao.engine.folder import FORMAT, PARTS, Folder, open_folder
from kexiao.engine.posix import exclusive, storage_errors, sync
from kexiao.engine.store import Store, disk_errors
from kexiao.errors import InputRejected, IntegrityFailed, Place, WrongUse
from kexiao.sources.inbox import workplace
from kexiao.text import Text

Progress = Callable[[Text], None]
BACKUPS = "backups"
# Caches, locks and what can be made anew; the archives themselves.
_LEFT_OUT = ("data/_tmp", "data/_facts", "data/_results", "data/_lock", "data/_writing", BACKUPS)
_APPENDED = ("audit/log.jsonl", "audit/anchor.json")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """One archive: where it lies, bytes, its seal (SHA-256), how many files it holds, the snapshot it was taken at, and when (UTC, ISO)."""

    file: Path
    size: int
    seal: str
    files: int
    snapshot: str
    created_at: str


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A workspace that came back: where, the snapshot it is at, how many files, when and by which program it was backed up."""

    directory: Path
    snapshot: str
    files: int
    created_at: str
    program: str


def backup(
    folder: Folder,
    file: Path | None = None,
    *,
    who: str | None = None,
    on_progress: Progress | None = None,
) -> BackupReport:
    """Write the workspace as one archive; without a name, below ``backups/`` in the workspace.

    The moment is fixed while the store is held alone, which takes as long as naming the files; loads go on while they are packed.
    Errors: ``WrongUse`` where the file is there already, ``IntegrityFailed`` for a stored file that is damaged, ``StorageError``.
    """
    tell = on_progress or (lambda _: None)
    now = datetime.now(UTC)
    created_at = now.isoformat(timespec="seconds")
    with disk_errors(folder.data), workplace(folder) as work:
        store = Store(folder.data)
        tell(Text(zh="固定当前版本…", en="Fixing this moment…"))
        with store.writing("backup", on_wait=lambda: tell(store.busy())) as writer:
            snapshot = writer.base
            expected = {f"data/{p.path}": p.sha256 for n in store.numbers() for p in store.read(n).files()}
            target = _target(folder, file, now, snapshot.name)
            held = _hold(folder, work / "held", expected, target)
        about = {
            "kind": "kexiao backup", "archive": 1, "format": int(folder.settings.get("format", 0)), "program": __version__,
            "created_at": created_at, "snapshot": snapshot.name,
        }  # fmt: skip
        tell(Text(zh="写入并核对 {n} 个文件…", en="Writing and checking {n} files…").fill(n=len(held)))
        seal = write_archive(target, held, about, expected)
    audit.record(folder.root, "backup", who=who, file=target.name, seal=seal, snapshot=snapshot.name)
    return BackupReport(target, target.stat().st_size, seal, len(held), snapshot.name, created_at)


def _target(folder: Folder, file: Path | None, now: datetime, snapshot: str) -> Path:
    own = f"kexiao-{now.strftime('%Y%m%dT%H%M%S%f')[:-3]}Z-{snapshot}.zip"
    target = file or folder.root / BACKUPS / own
    if target.is_dir():
        target = target / own
    if target.exists():
        raise WrongUse(
            Text(zh="文件“{name}”已经存在。", en="The file “{name}” is there already.").fill(name=target.name),
            next_step=Text(zh="请换一个文件名。", en="Give another name."),
        )
    return target.resolve()


def _hold(folder: Folder, place: Path, named: dict[str, str], target: Path) -> dict[str, Path]:
    """Keep every file of this moment under a second name, so that nothing that happens later takes it away."""
    with storage_errors(folder.root):
        place.mkdir(parents=True)
        held = {}
        with exclusive(folder.root / "audit" / ".lock"):
            for number, path in enumerate(_files(folder.root)):
                name = path.relative_to(folder.root).as_posix()
                if path.resolve() == target or (path.suffix == ".parquet" and _is_part(name) and name not in named):
                    continue
                held[name] = place / f"{number}{path.suffix}"
                _keep(path, held[name], copied=name in _APPENDED)
    missing = sorted(set(named) - set(held))
    if missing:
        raise IntegrityFailed(
            Text(zh="文件缺失，没有备份。", en="The file is missing; no backup was made."),
            next_step=Text(zh="从较早的备份恢复。", en="Restore it from an earlier backup."),
            place=Place(file=missing[0]),
        )
    return held


def _files(root: Path) -> Iterator[Path]:
    """Everything in the workspace that cannot be made anew, without locks, temporary files and SQLite's own."""
    for directory, folders, names in os.walk(root, followlinks=True):
        here = Path(directory)
        folders[:] = sorted(n for n in folders if (here / n).relative_to(root).as_posix() not in _LEFT_OUT)
        for name in sorted(names):
            path = here / name
            if path.relative_to(root).as_posix() in _LEFT_OUT or not path.is_file():
                continue
            passing = name == ".lock" or (name.startswith(".") and name.endswith(".tmp"))
            if not passing and not name.endswith((".sqlite3-wal", ".sqlite3-shm", ".sqlite3-journal")):
                yield path


def _is_part(name: str) -> bool:
    return name.startswith("data/") and name.rsplit("/", 1)[1].startswith("part-")


def _keep(path: Path, held: Path, *, copied: bool) -> None:
    if path.suffix == ".sqlite3":
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as living,
            closing(sqlite3.connect(held)) as own,
        ):
            living.backup(own)
        held.chmod(path.stat().st_mode & 0o777)
        return
    try:
        if copied:
            shutil.copy2(path, held)
        else:
            os.link(path, held)
    except OSError:
        if copied:
            raise
        # Another disk, or one without second names.
        shutil.copy2(path, held)


def restore(
    file: Path,
    directory: Path,
    *,
    living: Path | None = None,
    who: str | None = None,
    on_progress: Progress | None = None,
) -> RestoreReport:
    """Unpack a backup into a new folder, whole or not at all.

    ``living`` is the workspace in use, whose later erasures of persons are applied to the restored one before anybody can open it.
    Errors: ``WrongUse`` for a folder with things in it or a file that is not there, ``IntegrityFailed`` (9) for a damaged or foreign archive.
    """
    tell = on_progress or (lambda _: None)
    _check_places(file, directory)
    making = directory.absolute().with_name(f".{directory.absolute().name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with storage_errors(directory):
            making.mkdir(parents=True)
        tell(Text(zh="核对并解开备份…", en="Checking and unpacking the backup…"))
        contents = unpack(file, making)
        if int(contents.about.get("format", 0)) > FORMAT:
            raise InputRejected(
                Text(zh="这份备份由更新的版本写成。", en="This backup was written by a newer version."),
                next_step=Text(zh="请升级客效后再恢复。", en="Upgrade Kexiao, then restore."),
                place=Place(file=file.name),
            )
        restored = open_folder(making)
        for part in PARTS:
            (making / part).mkdir(exist_ok=True)
        snapshot = _agree(restored, {entry.path: entry.sha256 for entry in contents.entries})
        after_restore(restored, living)
        audit.record(making, "restore", who=who, file=file.name, snapshot=snapshot)
        with storage_errors(directory):
            sync(making)
            making.rename(directory)
            sync(directory.absolute().parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    about = contents.about
    return RestoreReport(
        directory, snapshot, len(contents.entries), str(about.get("created_at", "")), str(about.get("program", ""))
    )


def _check_places(file: Path, directory: Path) -> None:
    if not file.is_file():
        raise WrongUse(
            Text(zh="没有备份文件“{name}”。", en="There is no backup file “{name}”.").fill(name=file.name or file),
            next_step=Text(zh="请检查路径。", en="Check the path."),
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise WrongUse(
            Text(
                zh="“{name}”不是空文件夹，没有恢复。", en="“{name}” is not an empty folder; nothing was restored."
            ).fill(name=directory.name or directory),
            next_step=Text(
                zh="请给一个新文件夹，核对无误后再换下旧的。",
                en="Name a new folder; put it in the old one's place once you have looked at it.",
            ),
        )


def _agree(restored: Folder, unpacked: dict[str, str]) -> str:
    """Every file that a snapshot names came back as it was; the name of the newest snapshot."""
    store = Store(restored.data)
    for number in store.numbers():
        for part in store.read(number).files():
            if unpacked.get(f"data/{part.path}") != part.sha256:
                raise IntegrityFailed(
                    Text(zh="备份里缺少或改动了这个文件。", en="The backup lacks this file or has it changed."),
                    next_step=Text(zh="请换一份备份。", en="Use another backup."),
                    place=Place(file=part.path),
                )
    return store.current().name

"""Upgrade: bring a workspace of an older format to today's, one step at a time, after a backup."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kexiao.cycle.backup import backup
from kexiao.engine import audit
from kexiao.engine.folder import FORMAT, PARTS, SETTINGS_FILE, Folder, open_folder
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.engine.store import Store, write_snapshot
from kexiao.text import Text

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: the format before and after, what changed in words, and the backup made first (None where nothing was to do)."""

    before: int
    after: int
    changes: tuple[Text, ...]
    backup: Path | None


def upgrade(folder: Folder, *, who: str | None = None, on_progress: Progress | None = None) -> Upgraded:
    """Bring the workspace to today's format. Killed in between, it goes on where it was when it is run again.

    A workspace of a newer format is refused when it is opened (``InputRejected``). Errors: as ``backup``; then nothing was changed.
    """
    before = int(folder.settings.get("format", 0))
    if before == FORMAT:
        return Upgraded(before, before, (), None)
    kept = backup(folder, who=who, on_progress=on_progress).file
    changes = []
    store = Store(folder.data)
    tell = on_progress or (lambda _: None)
    with store.writing("upgrade", on_wait=lambda: tell(store.busy())):
        for number in range(before, FORMAT):
            words, step = STEPS[number]
            tell(words)
            step(folder, store)
            _set_format(folder.root, number + 1)
            changes.append(words)
    audit.record(folder.root, "upgrade", who=who, before=before, after=FORMAT, backup=kept.name)
    open_folder(folder.root)
    return Upgraded(before, FORMAT, tuple(changes), kept)


def _set_format(root: Path, number: int) -> None:
    """Change the one line of the settings; what people wrote around it stays."""
    path = root / SETTINGS_FILE
    with storage_errors(path):
        text = path.read_text(encoding="utf-8")
    line = f"format = {number}"
    changed, found = re.subn(r"(?m)^format\s*=\s*\d+", line, text, count=1)
    write_durably(path, (changed if found else f"{line}\n{text}").encode())


def _all_folders(folder: Folder, _: Store) -> None:
    for part in PARTS:
        with storage_errors(folder.root / part):
            (folder.root / part).mkdir(parents=True, exist_ok=True)


def _checksums(folder: Folder, store: Store) -> None:
    """Snapshots get a checksum of their own; the anchor of the audit log learns the log's size."""
    for number in store.numbers():
        write_snapshot(store.path(number), store.read(number))
    audit.mend_anchor(folder.root)


# Format → what brings it to the next one, in words and as a function. A step may run twice.
STEPS: dict[int, tuple[Text, Callable[[Folder, Store], None]]] = {
    0: (Text(zh="建立缺少的文件夹，记下格式版本", en="Make folders that are missing and note the format"), _all_folders),
    1: (Text(zh="为快照文件加校验值，完善审计日志的锚点", en="Give snapshot files a checksum and complete the audit log's anchor"), _checksums),
}  # fmt: skip

"""Checksums of the files outside the snapshots: the contacts and the refused rows, which are replaced as a whole and named nowhere else.

Kept in ``data/_sums.json`` with each file's size and time. A file of another time was written since and gets a new sum; one of the same time and size
whose content differs was not written by anybody: the disk has lost it, or somebody changed it and put the time back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from kexiao.engine.folder import Folder
from kexiao.engine.posix import sha256, storage_errors, write_durably

Sums = dict[str, tuple[int, int, str]]
"""Path below the workspace → time of writing in nanoseconds, bytes, SHA-256."""


def personal_files(folder: Folder) -> list[Path]:
    """The files that hold personal data outside the inbox."""
    return [*sorted((folder.root / "quarantine").glob("*.parquet")), *sorted(folder.data.glob("contact*/*.parquet"))]


def note_sums(folder: Folder) -> None:
    """Take the sums of files that were written since they were last taken, and forget those of files that are gone."""
    known = _read(folder)
    now = {path: _sum(folder, path, known) for path in _named(folder, personal_files(folder))}
    if now != known:
        write_durably(_place(folder), json.dumps(now, sort_keys=True).encode())


def changed_files(folder: Folder, files: Iterable[Path]) -> list[Path]:
    """Those of the files that are not what their sum says, though nobody wrote them since."""
    known = _read(folder)
    found = []
    for path in files:
        name = path.relative_to(folder.root).as_posix()
        if name in known and _stamp(path) == known[name][:2] and sha256(path) != known[name][2]:
            found.append(path)
    return found


def _sum(folder: Folder, name: str, known: Mapping[str, tuple[int, int, str]]) -> tuple[int, int, str]:
    path = folder.root / name
    stamp = _stamp(path)
    return known[name] if name in known and known[name][:2] == stamp else (*stamp, sha256(path))


def _stamp(path: Path) -> tuple[int, int]:
    with storage_errors(path):
        found = path.stat()
    return found.st_mtime_ns, found.st_size


def _named(folder: Folder, files: Iterable[Path]) -> list[str]:
    return [path.relative_to(folder.root).as_posix() for path in files]


def _place(folder: Folder) -> Path:
    return folder.data / "_sums.json"


def _read(folder: Folder) -> Sums:
    """The sums on file; none where the list cannot be read, for it is only made from the files."""
    try:
        said = json.loads(_place(folder).read_text(encoding="utf-8"))
        return {str(name): (int(one[0]), int(one[1]), str(one[2])) for name, one in said.items()}
    except (OSError, ValueError, AttributeError, IndexError, TypeError):
        return {}

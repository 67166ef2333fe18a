"""Where files wait and are worked on: the inbox keeps each under the hash of its content; a workplace lives as long as its run."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kexiao.engine.folder import Folder
from kexiao.engine.posix import sha256, storage_errors, sync
from kexiao.sources import resuming
from kexiao.sources.files.reading import printable


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a load: where it lies now, what the user called it, its SHA-256, when it was exported (ISO, UTC)."""

    path: Path
    name: str
    fingerprint: str
    exported_at: str


def take(work: Path, path: Path, exported_at: datetime | None) -> Source:
    """Copy a file into the workplace under the hash of its content, so that nobody changes it while it is read."""
    copy = work / f"{uuid.uuid4().hex}.tmp"
    with storage_errors(path):
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        # Whether the user's file can be read is told of that file, all else of the copy.
        path.open("rb").close()
    with storage_errors(copy):
        shutil.copyfile(path, copy)
        fingerprint = sha256(copy)
    ending = (
        path.suffix.lower() if path.suffix[1:].isascii() and path.suffix[1:].isalnum() and len(path.suffix) <= 8 else ""
    )
    place = work / f"{fingerprint}{ending}"
    with storage_errors(place):
        copy.replace(place)
    return Source(
        place, printable(path.name) or place.name, fingerprint, (exported_at or changed).astimezone(UTC).isoformat()
    )


def keep(folder: Folder, source: Source) -> None:
    """Put a taken file into the inbox, whole and safe on disk or not at all."""
    place = folder.inbox / source.path.name
    with storage_errors(place):
        folder.inbox.mkdir(exist_ok=True)
        if not place.exists():
            sync(source.path)
            with suppress(FileExistsError):
                os.link(source.path, place)
            sync(folder.inbox)


@contextmanager
def workplace(folder: Folder) -> Iterator[Path]:
    """A folder for the files of one run; those of runs that died are swept away, but for what the next load may go on from."""
    root = folder.data / "_tmp"
    with storage_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob("load-*"):
            if not _alive(left.name):
                resuming.keep_finished(left)
                shutil.rmtree(left, ignore_errors=True)
        resuming.forget(folder, older_than=resuming.LONGEST_KEPT)
        work = root / f"load-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _alive(name: str) -> bool:
    try:
        os.kill(int(name.split("-")[1]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True

"""A load that was killed goes on from the large files that it had read: their cells stand in its workplace, and reading them is half of the work."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from kexiao.engine.folder import Folder
from kexiao.sources.files.reading import ANSWER, TASK

SMALLEST = 16 * 1024**2
"""Bytes of cells from which on keeping them is worth it."""
LONGEST_KEPT = 24 * 3600.0
_PREFIX = "read-"


def keep_finished(dead: Path) -> None:
    """Put aside what a workplace without a process had finished reading; the rest of it is the caller's to remove."""
    for task in dead.glob(f"f*/{TASK}"):
        place = task.parent
        with suppress(OSError, ValueError, KeyError, TypeError):
            sheets = json.loads((place / ANSWER).read_text(encoding="utf-8"))["sheets"]
            size = sum((place / Path(sheet["parquet"]).name).stat().st_size for sheet in sheets)
            if size >= SMALLEST:
                place.rename(dead.parent / f"{_PREFIX}{_key(json.loads(task.read_text(encoding='utf-8'))['same'])}")


def take_over(root: Path, same: dict[str, str], work: Path) -> bool:
    """Move cells that were put aside under ``root`` to ``work``, if there are any of the same file read in the same way."""
    kept = root / f"{_PREFIX}{_key(same)}"
    try:
        kept.rename(work)
    except OSError:
        return False
    return True


def forget(folder: Folder, *, older_than: float = 0.0) -> None:
    """Remove what was put aside (and is older than so many seconds): the load went through, or people want none of it kept."""
    for kept in (folder.data / "_tmp").glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - kept.stat().st_mtime >= older_than:
                shutil.rmtree(kept, ignore_errors=True)


def _key(same: dict[str, str]) -> str:
    return sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:32]

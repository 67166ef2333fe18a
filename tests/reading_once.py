"""A file that a test run has read is not read by a new process every time that a test loads the same bytes: its cells are copied.

Every file is still read by its own capped process once, and what concerns that process (``tests/sources/files``) calls it itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kexiao.cycle import collect, uploading
from kexiao.engine.posix import sha256
from kexiao.sources import scrubbing
from kexiao.sources.files import reading
from kexiao.sources.files.child import INPUT
from kexiao.sources.files.reading import DEFAULT_LIMITS, finished_reading, read_file
from kexiao.sources.files.staged import Limits, StagedSheet

LARGEST = 1024**2
"""Bytes; the progress of larger ones is told while they are read."""


def read_once(place: Path, patched: pytest.MonkeyPatch) -> None:
    """Keep in ``place`` what the processes left of small files that could be read, and give it to whoever reads the same again."""
    known: dict[tuple[str, str, Limits], Path] = {}

    def reads(
        path: Path,
        work: Path,
        *,
        original_name: str,
        limits: Limits = DEFAULT_LIMITS,
        on_share: Callable[[float], None] | None = None,
    ) -> list[StagedSheet]:
        options: dict[str, Any] = {"original_name": original_name, "limits": limits, "on_share": on_share}
        if not path.is_file() or path.stat().st_size > LARGEST:
            return read_file(path, work, **options)
        key = (sha256(path), original_name, limits)
        if key not in known:
            # Several threads read at once.
            kept = Path(tempfile.mkdtemp(dir=place))
            read_file(path, kept, **options)
            (kept / INPUT).unlink()
            known[key] = kept
        shutil.copytree(known[key], work, dirs_exist_ok=True)
        return finished_reading(work) or []

    for module in (collect, uploading, scrubbing):
        patched.setattr(module, "read_file", reads)
    # The child that a command starts ahead would wait for a file that is known.
    patched.setattr(reading, "get_ready", lambda: None)

"""Loading pushed answers in the background: those of some seconds together, since each load makes a snapshot."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Lock, Thread

from kexiao.cycle.pushing import load_pushes
from kexiao.cycle.source_states import source_lines
from kexiao.engine.folder import Folder
from kexiao.errors import KexiaoError

GATHER_SECONDS = 5.0
_LOG = logging.getLogger("kexiao.push")
_awake: set[tuple[Path, str]] = set()
_lock = Lock()


def wake(folder: Folder, source: str) -> None:
    """Have what waits of a source loaded soon; once, however often it is called meanwhile."""
    with _lock:
        if (folder.root, source) in _awake:
            return
        _awake.add((folder.root, source))
    Thread(target=_run, args=(folder, source), daemon=True).start()


def wake_all(folder: Folder) -> None:
    """Have everything loaded that an ended server left waiting."""
    for line in source_lines(folder):
        if line.pushes and any(thing.waiting for thing in line.things):
            wake(folder, line.name)


def _run(folder: Folder, source: str) -> None:
    time.sleep(GATHER_SECONDS)
    with _lock:
        # Whatever comes from now on wakes another run, which waits for this one.
        _awake.discard((folder.root, source))
    try:
        load_pushes(folder, source)
    except KexiaoError as problem:
        # Kept for the page of sources too; the answers wait for the next push, or for somebody who reads the source there.
        _LOG.warning("pushed answers could not be loaded: %s", problem.code)
    except Exception:
        _LOG.exception("loading pushed answers failed")

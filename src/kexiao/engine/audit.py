"""The audit log: append-only lines, each chained to the one before by its hash."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kexiao.engine.posix import exclusive, storage_errors, write_durably

_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What the log must be: number of lines, hash of the last, size in bytes, and the line that was about to be appended, if any."""

    n: int = 0
    hash: str = _FIRST
    size: int = 0
    pending: str | None = None


def record(folder: Path, act: str, *, who: str | None = None, **details: Any) -> None:
    """Append one line to ``audit/log.jsonl`` and anchor count, size and last hash in a file of its own.

    The line is anchored as pending before it is appended, so that a crash in between is told from tampering; what it left is then taken back.
    ``details`` must hold no personal data. ``who`` is the signed-in user, or the system's user on the command line.
    """
    with exclusive(folder / "audit" / ".lock"):
        path = folder / "audit" / "log.jsonl"
        anchor = _anchor(folder)
        if anchor.pending is not None and path.exists():
            with storage_errors(path), path.open("r+b") as handle:
                handle.truncate(anchor.size)
        now = datetime.now(UTC).isoformat()
        entry = {"n": anchor.n + 1, "at": now, "who": who or system_user(), "act": act, **details}
        line = json.dumps({**entry, "previous": anchor.hash}, ensure_ascii=False, sort_keys=True)
        _set_anchor(folder, replace(anchor, pending=line))
        with storage_errors(path), path.open("ab") as handle:
            handle.write(_written(line))
            handle.flush()
            os.fsync(handle.fileno())
        _set_anchor(folder, _Anchor(anchor.n + 1, _digest(line), anchor.size + len(_written(line))))


def head(folder: Path) -> tuple[int, str]:
    """How many lines the log has, and the hash of the last; what others write down as proof of it."""
    anchor = _anchor(folder)
    return anchor.n, anchor.hash


def mend_anchor(folder: Path) -> None:
    """Write the anchor as it is written today."""
    with exclusive(folder / "audit" / ".lock"):
        if (folder / "audit" / "anchor.json").exists():
            _set_anchor(folder, _anchor(folder))


def hashes(folder: Path) -> list[str]:
    """The hash of each line; what a head written down earlier must be found in, at its number."""
    path = folder / "audit" / "log.jsonl"
    with storage_errors(path):
        lines = path.read_bytes().decode("utf-8", "replace").splitlines() if path.exists() else []
    return [_digest(line) for line in lines]


def verify(folder: Path) -> list[int]:
    """The numbers of lines that were changed, removed or added outside the program; empty when all is well."""
    path = folder / "audit" / "log.jsonl"
    content = path.read_bytes() if path.exists() else b""
    anchor = _anchor(folder)
    if anchor.pending is not None and _written(anchor.pending).startswith(content[anchor.size :]):
        content = content[: anchor.size]
    lines = content.decode("utf-8", "replace").splitlines()
    broken, last = [], _FIRST
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {}
        if entry.get("previous") != last or entry.get("n") != number:
            broken.append(number)
        last = _digest(line)
    if len(lines) != anchor.n or last != anchor.hash or len(content) != anchor.size:
        broken.append(len(lines) + 1)
    return broken


def _written(line: str) -> bytes:
    return (line + "\n").encode()


def _anchor(folder: Path) -> _Anchor:
    path = folder / "audit" / "anchor.json"
    if not path.exists():
        return _Anchor()
    found = json.loads(path.read_text(encoding="utf-8"))
    if "size" not in found:
        # Anchors of the first workspaces did not tell the size.
        log = folder / "audit" / "log.jsonl"
        found["size"] = log.stat().st_size if log.exists() else 0
    return _Anchor(**found)


def _set_anchor(folder: Path, anchor: _Anchor) -> None:
    write_durably(folder / "audit" / "anchor.json", json.dumps(asdict(anchor), ensure_ascii=False).encode())


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def system_user() -> str:
    """The name under which the system knows whoever runs the program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

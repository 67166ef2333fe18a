"""The audit log: append-only lines, each chained to the one before by its hash."""

from __future__ import annotations

import getpass
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kexiao.engine.posix import exclusive, storage_errors, write_durably

_FIRST = "0" * 64


def record(folder: Path, act: str, *, who: str | None = None, **details: Any) -> None:
    """Append one line to ``audit/log.jsonl`` and anchor the count and last hash in a file of its own.

    ``details`` must hold no personal data. ``who`` is the signed-in user, or the system's user on the command line.
    """
    with exclusive(folder / "audit" / ".lock"):
        path = folder / "audit" / "log.jsonl"
        count, last = _anchor(folder)
        entry = {
            "n": count + 1,
            "at": datetime.now(UTC).isoformat(),
            "who": who or system_user(),
            "act": act,
            **details,
        }
        line = json.dumps({**entry, "previous": last}, ensure_ascii=False, sort_keys=True)
        with storage_errors(path), path.open("a", encoding="utf-8") as handle:
            handle.write(line + "\n")
        write_durably(folder / "audit" / "anchor.json", json.dumps({"n": count + 1, "hash": _digest(line)}).encode())


def verify(folder: Path) -> list[int]:
    """The numbers of lines that were changed, removed or added outside the program; empty when all is well."""
    path = folder / "audit" / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    count, anchored = _anchor(folder)
    broken, last = [], _FIRST
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {}
        if entry.get("previous") != last or entry.get("n") != number:
            broken.append(number)
        last = _digest(line)
    if len(lines) != count or last != anchored:
        broken.append(len(lines) + 1)
    return broken


def _anchor(folder: Path) -> tuple[int, str]:
    path = folder / "audit" / "anchor.json"
    if not path.exists():
        return 0, _FIRST
    document = json.loads(path.read_text(encoding="utf-8"))
    return int(document["n"]), str(document["hash"])


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def system_user() -> str:
    """The name under which the system knows whoever runs the program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

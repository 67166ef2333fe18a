"""Files written once: the hash of each stands in the audit log, so that one changed by hand is noticed when it is read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from kexiao.engine import audit
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.errors import IntegrityFailed, Place
from kexiao.text import Text


def write_sealed(root: Path, act: str, path: Path, record: Any, *, who: str | None = None, **details: Any) -> None:
    """Write a record of plain JSON types as a file whose hash goes to the audit log under ``act``."""
    content = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False).encode()
    # The log comes first: a hash without a file harms nobody, a file without a hash could be anybody's.
    audit.record(root, act, who=who, file=path.name, sha256=_hash(content), **details)
    write_durably(path, content)


def read_sealed(root: Path, act: str, path: Path) -> Any:
    """The record of such a file. Errors: ``IntegrityFailed`` where it is not what the log says was written."""
    with storage_errors(path):
        content = path.read_bytes()
    if _hash(content) not in _logged(root, act, path.name):
        raise IntegrityFailed(
            Text(zh="“{f}”与审计日志不符，内容被改过。", en="“{f}” is not what the audit log says was written: it was changed.").fill(f=path.name),
            next_step=Text(zh="从备份恢复这个文件。", en="Restore the file from a backup."),
            place=Place(file=path.name),
        )  # fmt: skip
    return json.loads(content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _logged(root: Path, act: str, name: str) -> set[str]:
    log = root / "audit" / "log.jsonl"
    if not log.exists():
        return set()
    with storage_errors(log), log.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines if name in line]
    return {entry["sha256"] for entry in entries if entry.get("act") == act and entry.get("file") == name}

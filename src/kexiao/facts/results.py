"""Results kept on disk: what was asked once of the same data under the same rules is read and not computed again.

One file a result below ``data/_results``, named by everything it rests on; aggregates only. A file that is not whole, or not this result's, is
ignored and written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock

from kexiao import __version__
from kexiao.engine.folder import Folder
from kexiao.engine.store import Snapshot, Store
from kexiao.facts.metric import MetricValue
from kexiao.facts.policy import Policy, policy_from
from kexiao.facts.result_records import packed, unpacked

THIS_MACHINE = "duckdb"
FOLDER = "_results"
MOST_BYTES = 128 * 1024**2
MOST_BYTES_EACH = 16 * 1024**2
MOST_FILES = 2_000
MOST_HELD = 50_000
_STALE_SECONDS = 3600.0
_held: dict[Path, tuple[MetricValue, ...]] = {}
_holding = Lock()
# Code that computes, beside the formulas themselves, which stand in what is asked.
_COMPUTES = ("engine", "tables", "facts")


@dataclass(frozen=True, slots=True)
class Basis:
    """What results of a workspace rest on: the data as one snapshot has them, the policy, the day that counts as today, the fiscal year.

    ``content`` is the digest of every table's files; ``data`` the folder of the store; ``engine`` what computes, as the settings name it.
    """

    data: Path
    snapshot: str
    content: str
    policy: Policy
    now: date
    fiscal_start: int
    engine: str = THIS_MACHINE

    def key(self, asked: str) -> str:
        """The name of a result: equal only where nothing that it rests on differs. ``asked`` writes out formulas, periods, dimensions and filters."""
        rests_on = [_program(), self.snapshot, self.content, self.policy.shown(), self.now.isoformat(), self.fiscal_start, self.engine, asked]  # fmt: skip
        return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()[:40]


def basis_of(
    folder: Folder, *, as_of: str | None = None, now: date | None = None, policy: Policy | None = None
) -> Basis:
    """What results would rest on now; nothing is opened or derived."""
    snapshot = Store(folder.data).as_of(as_of)
    engine = str(folder.settings.get("engine", THIS_MACHINE))
    return basis_at(folder, snapshot, policy or policy_from(folder.settings), now or date.today(), engine)


def basis_at(folder: Folder, snapshot: Snapshot, policy: Policy, now: date, engine: str = THIS_MACHINE) -> Basis:
    """The same for a snapshot at hand."""
    content = snapshot.fingerprint(list(snapshot.tables))
    return Basis(folder.data, snapshot.name, content, policy, now, folder.fiscal_year_start, engine)


def stored_result(basis: Basis, asked: str) -> tuple[MetricValue, ...] | None:
    """The values as they were computed; None where they were not, or where the file is not whole."""
    key = basis.key(asked)
    path = basis.data / FOLDER / f"{key}.json"
    if held := _held.get(path):
        return held
    try:
        content = path.read_bytes()
        head, _, body = content.partition(b"\n")
        if head.decode("ascii") != _head(key, body):
            return None
        values = unpacked(json.loads(body))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError):
        return None
    with suppress(OSError):
        # Those not asked for longest go first.
        os.utime(path)
    _hold(path, values)
    return values


def store_result(basis: Basis, asked: str, values: tuple[MetricValue, ...]) -> None:
    """Keep values; where they cannot be kept, they will be computed again."""
    key = basis.key(asked)
    try:
        body = json.dumps(packed(values), separators=(",", ":")).encode("ascii")
    except TypeError:
        return
    if len(body) > MOST_BYTES_EACH:
        return
    folder = basis.data / FOLDER
    _hold(folder / f"{key}.json", values)
    aside = folder / f".{uuid.uuid4().hex}"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        try:
            # Not forced to disk: what a power cut leaves torn is told by its digest.
            aside.write_bytes(_head(key, body).encode("ascii") + b"\n" + body)
            aside.rename(folder / f"{key}.json")
        finally:
            aside.unlink(missing_ok=True)
        _make_room(folder)


def _hold(path: Path, values: tuple[MetricValue, ...]) -> None:
    """Hold a result in this process, the latest ones up to so many values."""
    with _holding:
        _held[path] = values
        while sum(map(len, _held.values())) > MOST_HELD and len(_held) > 1:
            del _held[next(iter(_held))]


def _head(key: str, body: bytes) -> str:
    return f"{key} {hashlib.sha256(body).hexdigest()}"


def _make_room(folder: Path) -> None:
    """Remove what was not asked for longest until the rest fits, and what killed writers left."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                state = entry.stat()
                found.append((state.st_mtime, state.st_size, entry.path, entry.name.startswith(".")))
    stale = time.time() - _STALE_SECONDS
    size = count = 0
    for at, own, path, aside in sorted(found, reverse=True):
        size, count = (size, count) if aside else (size + own, count + 1)
        if (aside and at < stale) or (not aside and (size > MOST_BYTES or count > MOST_FILES)):
            with suppress(FileNotFoundError):
                os.unlink(path)


@cache
def _program() -> str:
    """The digest of the code that computes, so that another version of it never reads what this one kept."""
    digest = hashlib.sha256(__version__.encode())
    root = Path(__file__).resolve().parent.parent
    for name in _COMPUTES:
        for path in sorted((root / name).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:20]

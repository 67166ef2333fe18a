"""Where the pages of a source wait until they are loaded: a folder that survives a kill at any moment.

Each page is one file, written durably with the cursor behind it, so the walk goes on after the last page that is there. What the next walk
begins with (``state.json``, ``ledger.parquet``) is written only after the pages were loaded and committed; a kill in between loads the same pages
again, which changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.sources.connecting.connector import Cursor, Mode, Page, Thing, Walk
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class State:
    """How far the loaded readings of one thing got. ``columns``: every column ever seen."""

    reached: str | None = None
    started_at: datetime | None = None
    last_all_at: datetime | None = None
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Progress:
    """What the pages of the walk so far say: how many, where they end, which round, columns, records read, the furthest reached."""

    pages: int = 0
    rows: int = 0
    round: int = 1
    cursor: Cursor | None = None
    ended: bool = False
    settled: bool = False
    reached: str | None = None
    columns: dict[str, None] = field(default_factory=dict)
    told: list[Text] = field(default_factory=list)


class Staging:
    """The folder of one thing of one source. Holds personal data, so only its owner may look."""

    def __init__(self, folder: Folder, source: str, thing: str) -> None:
        self.root = folder.data / "_sources" / source / thing
        self.walk_folder = self.root / "walk"
        with storage_errors(self.root):
            self.walk_folder.parent.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            self.root.parent.chmod(0o700)

    @property
    def ledger(self) -> Path:
        """The ids of all records that were loaded and not withdrawn."""
        return self.root / "ledger.parquet"

    def state(self) -> State:
        """What the last loaded reading left; empty before the first."""
        path = self.root / "state.json"
        if not path.exists():
            return State()
        said = json.loads(path.read_text(encoding="utf-8"))
        return State(said["reached"], _when(said["started_at"]), _when(said["last_all_at"]), tuple(said["columns"]))

    def keep_state(self, state: State) -> None:
        """Write what the next reading begins with."""
        said = {
            "reached": state.reached,
            "started_at": state.started_at.isoformat() if state.started_at else None,
            "last_all_at": state.last_all_at.isoformat() if state.last_all_at else None,
            "columns": list(state.columns),
        }
        write_durably(self.root / "state.json", json.dumps(said, ensure_ascii=False).encode())

    def walk(self, thing: Thing, mode: Mode) -> Walk | None:
        """The walk under way; None where there is none, where the settings have changed since, or where everything is wanted and it is not that."""
        path = self.walk_folder / "walk.json"
        if not path.exists():
            return None
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["settings"] != fingerprint(thing) or (mode == "all" and said["mode"] != "all"):
            return None
        return Walk(said["mode"], _surely(said["started_at"]), said["since"], _when(said["last_started_at"]))

    def begin(self, thing: Thing, mode: Mode) -> Walk:
        """Start a new walk; pages of an older one go."""
        self.drop_walk()
        state = self.state()
        changes = mode == "changes"
        walk = Walk(
            mode,
            datetime.now(UTC),
            state.reached if changes else None,
            state.started_at,
        )
        said = {
            "mode": walk.mode,
            "started_at": walk.started_at.isoformat(),
            "since": walk.since,
            "last_started_at": walk.last_started_at.isoformat() if walk.last_started_at else None,
            "settings": fingerprint(thing),
        }
        write_durably(self.walk_folder / "walk.json", json.dumps(said).encode())
        return walk

    def add(self, page: Page, progress: Progress) -> None:
        """Keep one page, and with it how far the walk is."""
        progress.pages += 1
        said = {
            "round": progress.round,
            "cursor": page.cursor,
            "end": page.cursor is None,
            "reached": page.reached,
            "told": [[words.zh, words.en] for words in page.told],
            "columns": list(dict.fromkeys([*page.columns, *(name for row in page.rows for name in row)])),
            "rows": len(page.rows),
            "deleted": [[one.id, one.at.isoformat() if one.at else None] for one in page.deleted],
        }
        lines = [json.dumps({"page": said}, ensure_ascii=False)]
        lines += [
            json.dumps({"n": progress.rows + at, "round": progress.round, "r": row}, ensure_ascii=False)
            for at, row in enumerate(page.rows, 1)
        ]
        write_durably(self._page(progress.pages), ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
        self._note(said, progress)

    def next_round(self, progress: Progress) -> None:
        """Begin to read everything once more within this walk."""
        progress.round, progress.cursor, progress.ended = progress.round + 1, None, False

    def settle(self, progress: Progress) -> None:
        """Note that the walk needs no further round."""
        write_durably(self.walk_folder / "settled", b"")
        progress.settled = True

    def progress(self) -> Progress:
        """Where the pages that are there leave the walk."""
        found = Progress(settled=(self.walk_folder / "settled").exists())
        for path in self.pages():
            found.pages += 1
            self._note(_head(path), found)
        return found

    def pages(self) -> list[Path]:
        """The files of the walk's pages in order; a gap ends them."""
        numbered = sorted(self.walk_folder.glob("page-*.ndjson"))
        return [path for at, path in enumerate(numbered, 1) if path == self._page(at)]

    def deleted(self) -> Iterator[tuple[str, datetime | None]]:
        """The records that the pages say were deleted."""
        for path in self.pages():
            for record, at in _head(path)["deleted"]:
                yield str(record), _when(at)

    def drop_walk(self) -> None:
        """Remove the pages; the walk's own file goes first, so that no half of a walk is taken for a whole one."""
        with storage_errors(self.walk_folder):
            (self.walk_folder / "walk.json").unlink(missing_ok=True)
            shutil.rmtree(self.walk_folder, ignore_errors=True)
            self.walk_folder.mkdir(parents=True, exist_ok=True)

    def _page(self, number: int) -> Path:
        return self.walk_folder / f"page-{number:08d}.ndjson"

    @staticmethod
    def _note(said: Mapping[str, Any], progress: Progress) -> None:
        progress.rows += said["rows"]
        progress.round, progress.cursor, progress.ended = said["round"], said["cursor"], said["end"]
        progress.reached = said["reached"] or progress.reached
        progress.columns |= dict.fromkeys(said["columns"])
        progress.told += [Text(zh=zh, en=en) for zh, en in said["told"]]


def fingerprint(thing: Thing) -> str:
    """A digest of what decides which records and columns are asked for; a change of it begins a new walk."""
    said = json.dumps([sorted(thing.columns), dict(thing.settings)], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _head(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        found: dict[str, Any] = json.loads(handle.readline())["page"]
    return found


def _when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _surely(text: str) -> datetime:
    return datetime.fromisoformat(text)

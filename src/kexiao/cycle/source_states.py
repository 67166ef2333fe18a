"""How each source of a workspace stands: last reading, records, errors, whether it is fresh, and when it is due; without any secret."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kexiao.cycle.quality import schedule_from
from kexiao.engine.duck import connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.errors import KexiaoError
from kexiao.sources.connecting.connector import SourcePlan, Thing, all_systems
from kexiao.sources.connecting.described import read_source, source_names
from kexiao.sources.connecting.staging import Staging
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.unusual import Held
from kexiao.text import Text

PUSHED = "_push"


@dataclass(frozen=True, slots=True)
class ThingState:
    """One object of a source: what its records are, when it was last read to its end, how many records are held, how many pages or pushes wait to be
    loaded, and by when it should be read again (None: no schedule is set for its table)."""

    name: str
    kind: Text
    read_at: datetime | None
    records: int | None
    waiting: int
    due: datetime | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source: its name, system, objects, the variables that hold its secrets and whether each is set, the last failure and what is wrong with its file.

    ``held``: the failure is that what was read is quite unlike everything before, and waits for a person; ``held_thing`` is the object.
    ``pushes``: whether its system sends answers by itself.
    """

    name: str
    system: Text
    system_name: str
    things: tuple[ThingState, ...] = ()
    secrets: tuple[tuple[str, bool], ...] = ()
    failed_at: datetime | None = None
    failure: Text | None = None
    problem: Text | None = None
    pushes: bool = False
    pulls: bool = True
    held: bool = False
    held_thing: str = ""

    @property
    def state(self) -> str:
        """``broken`` (its file), ``held`` (until somebody says that it is meant), ``failed`` (the last reading), ``never`` (read), ``late``, ``fresh``,
        or ``unknown`` (no schedule)."""
        if self.problem:
            return "broken"
        if self.held:
            return "held"
        if self.failure:
            return "failed"
        if not any(one.read_at for one in self.things):
            return "never"
        due = self.due
        if due is None:
            return "unknown"
        return "late" if due < datetime.now(UTC) else "fresh"

    @property
    def due(self) -> datetime | None:
        """When the first of its objects is to be read again."""
        return min((one.due for one in self.things if one.due), default=None)


def source_lines(folder: Folder) -> list[SourceLine]:
    """Every source of the workspace."""
    return [_line(folder, name) for name in source_names(folder)]


def _line(folder: Folder, name: str) -> SourceLine:
    try:
        plan = read_source(folder, name)
        schedule = schedule_from(folder.settings)
    except KexiaoError as problem:
        words = Text(zh=problem.message("zh"), en=problem.message("en"))
        return SourceLine(name, Text.same("—"), "", problem=words)
    said = _failure(folder, name)
    return SourceLine(
        name,
        all_systems()[plan.system].label,
        plan.system,
        tuple(_thing(folder, plan, thing, schedule) for thing in plan.things),
        tuple((variable, bool(os.environ.get(variable))) for variable in _variables(plan)),
        said.at,
        said.words,
        pushes="push_key_env" in plan.settings,
        pulls=plan.system != "wenjuanxing" or "app_id" in plan.settings,
        held=said.held,
        held_thing=said.thing,
    )


def _variables(plan: SourcePlan) -> list[str]:
    """The names of the environment variables that a source file names."""
    inner = [value for value in plan.settings.values() if isinstance(value, dict)]
    return [str(value) for part in (plan.settings, *inner) for name, value in part.items() if name.endswith("_env")]


def _thing(folder: Folder, plan: SourcePlan, thing: Thing, schedule: dict[str, float]) -> ThingState:
    staging = Staging(folder, plan.name, thing.name)
    read_at = staging.state().started_at
    kind, makes = all_kinds()[thing.mapping["kind"]]
    hours = min((schedule[one.table] for one in makes if one.table in schedule), default=schedule.get(kind.name))
    waiting = len(staging.pages()) + sum(1 for _ in pushed_folder(folder, plan.name, thing.name).glob("*.json"))
    due = read_at + timedelta(hours=hours) if read_at and hours is not None else None
    return ThingState(thing.name, kind.label, read_at, _records(staging.ledger), waiting, due)


def pushed_folder(folder: Folder, source: str, thing: str) -> Path:
    """Where pushed answers of one object wait to be loaded."""
    return folder.data / "_sources" / source / thing / PUSHED


def _records(ledger: Path) -> int | None:
    if not ledger.exists():
        return None
    connection = connect(ledger.parent / "spill")
    try:
        return int(run(connection, f"SELECT count(*) FROM read_parquet({quote_text(str(ledger))})")[0][0])
    finally:
        connection.close()


@contextmanager
def noting(folder: Folder, name: str) -> Iterator[None]:
    """Keep why a reading failed, for the page of sources; one that ends well takes the note away."""
    path = folder.data / "_sources" / name / "failure.json"
    try:
        yield
    except KexiaoError as problem:
        said = {"at": datetime.now(UTC).isoformat(), **_why(problem)}
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(said, ensure_ascii=False).encode())
        raise
    path.unlink(missing_ok=True)


def _why(problem: KexiaoError) -> dict[str, str | bool]:
    """A failure as it is kept; what was held is told without the next step, which the page offers itself."""
    if isinstance(problem, Held):
        thing = problem.place.sheet if problem.place else None
        return {"zh": problem.what.zh, "en": problem.what.en, "held": True, "thing": thing or ""}
    return {"zh": problem.message("zh"), "en": problem.message("en")}


@dataclass(frozen=True, slots=True)
class _Failure:
    at: datetime | None = None
    words: Text | None = None
    held: bool = False
    thing: str = ""


def _failure(folder: Folder, name: str) -> _Failure:
    try:
        said = json.loads((folder.data / "_sources" / name / "failure.json").read_text(encoding="utf-8"))
        words = Text(zh=said["zh"], en=said["en"])
        return _Failure(datetime.fromisoformat(said["at"]), words, bool(said.get("held")), str(said.get("thing", "")))
    except (OSError, ValueError, KeyError):
        return _Failure()

"""What a connector is: a described system, and a reader that yields pages of text cells."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal, Protocol

import kexiao.sources as package
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.limits import Limits
from kexiao.text import Text

Mode = Literal["all", "changes"]
Missing = Literal["tell", "keep", "withdraw"]
Row = Mapping[str, str | None]
Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One setting of a source file: its Python types, whether it must be there, what it is for, the only values allowed."""

    types: tuple[type, ...]
    meaning: Text
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """One object that is read from a source: a module, an object, a survey, a table.

    ``mapping`` has kind, columns, options and choices as in a mapping file; ``id`` names the column that tells records apart; ``renamed`` gives
    for a column that the source calls differently now the name that the mapping knows. ``missing``: what becomes of records that a complete
    reading no longer finds; more than ``missing_share`` of them stops the load. ``reread_days``: how often everything is read anew.
    """

    name: str
    mapping: Mapping[str, Any]
    id: str | None
    renamed: Mapping[str, str] = field(default_factory=dict)
    missing: Missing = "tell"
    missing_share: float = 0.5
    reread_days: float = 7.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the mapping reads, and the id."""
        return tuple(dict.fromkeys([*self.mapping["columns"].values(), *([self.id] if self.id else [])]))


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source file, read and checked."""

    name: str
    file: str
    system: str
    settings: Mapping[str, Any]
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """One reading from beginning to end: everything, or what changed since the last one.

    ``since`` is how far the last reading got, in the connector's own form, None for everything; ``last_started_at`` when the last one began,
    None for the first.
    """

    mode: Mode
    started_at: datetime
    since: str | None = None
    last_started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that the source says it has deleted, and when (None: at some time before this reading)."""

    id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, in the order they were read.

    ``cursor`` is all that the reader needs to go on after this page, plain data; None ends the walk, an empty one says that a walk that was broken
    off must begin anew. ``reached``: how far the walk got, for
    ``Walk.since`` of the next. ``told`` are warnings. ``columns`` are known to exist even where no record shows them.
    """

    rows: tuple[Row, ...]
    cursor: Cursor | None
    deleted: tuple[Deleted, ...] = ()
    reached: str | None = None
    told: tuple[Text, ...] = ()
    columns: tuple[str, ...] = ()


class Reader(Protocol):
    """An open connection to a source. ``settles``: pages can shift while they are read, so a complete reading is repeated until nothing new comes."""

    settles: bool

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one thing, from the beginning or after the page that left ``cursor``."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


@dataclass(frozen=True, slots=True)
class System:
    """One kind of system: the settings of its source files and how a reader is opened.

    ``example`` is a whole source file to begin with; ``ids`` whether each thing must say which column tells its records apart, ``default_id`` that
    column where the system has one.
    """

    name: str
    label: Text
    source_keys: Mapping[str, Key]
    thing_keys: Mapping[str, Key]
    open: Callable[[SourcePlan, Guard, Limits], Reader]
    example: str
    default_id: str | None = None


@cache
def all_systems() -> dict[str, System]:
    """Every system by name: each folder beside this one with a module ``system`` that says ``SYSTEM`` or ``SYSTEMS``."""
    found: dict[str, System] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if not info.ispkg or importlib.util.find_spec(f"{package.__name__}.{info.name}.system") is None:
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}.system")
        for system in getattr(module, "SYSTEMS", None) or [module.SYSTEM]:
            found[system.name] = system
    return found

"""Reading a company's own metrics, ``metrics/*.toml`` in its workspace: one metric a file, strictly, into the blocks of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from kexiao.engine.posix import storage_errors
from kexiao.engine.strict import Entries, entries_of
from kexiao.facts.formula import Dated, Formula
from kexiao.facts.metric import Metric
from kexiao.metrics.own.formula import read_formula
from kexiao.metrics.own.parts import read_part, vocabulary
from kexiao.metrics.own.units import UNITS
from kexiao.metrics.themes import OWN, THEMES, built_in_metrics
from kexiao.text import Text

FOLDER = "metrics"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}")
_SOURCE = Text(zh="企业自定义", en="the company's own")
_BETTER = ("higher", "lower", "neither")
Texts = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class OwnMetric:
    """A metric of a company's own: its name, the theme under which it stands, the block, and the file that says so."""

    name: str
    theme: str
    metric: Metric
    file: str


def texts_in(root: Path) -> Texts:
    """The files that define metrics in a workspace, by name. Errors: ``StorageError`` for what cannot be read."""
    found = []
    for path in sorted((root / FOLDER).glob("*.toml")):
        with storage_errors(path):
            found.append((path.name, path.read_bytes()))
    return tuple(found)


@lru_cache(maxsize=32)
def read_own(texts: Texts) -> Mapping[str, OwnMetric]:
    """The metrics that these files define, by name, in the order of the files.

    Errors: ``InputRejected`` with file and key for whatever is not exactly as described, and for a name that stands already.
    """
    found: dict[str, OwnMetric] = {}
    for file, content in texts:
        entries, _ = entries_of(content, f"{FOLDER}/{file}")
        own = _metric(entries)
        if own.name in found:
            entries.at = ""
            entries.refuse(
                "name", Text(zh="{f} 已有这个名字。", en="{f} has that name already.").fill(f=found[own.name].file)
            )
        found[own.name] = own
    return found


def _metric(entries: Entries) -> OwnMetric:
    name = _own_name(entries)
    label, why = entries.both("label"), entries.both("why")
    unit = entries.choice("unit", UNITS)
    better = entries.choice("better", _BETTER)
    source, theme = entries.both("source", _SOURCE), entries.choice("theme", tuple(THEMES), OWN)
    formula = _formula(entries, unit)
    entries.finish()
    return OwnMetric(name, theme, Metric(label, why, formula, unit, better, source), entries.file)


def _own_name(entries: Entries) -> str:
    name: str = entries.words("name")
    if not _NAME.fullmatch(name):
        entries.refuse(
            "name",
            Text(zh="只用小写字母、数字和 _，以字母开头。", en="use small letters, digits and _, a letter first."),
        )
    if name in built_in_metrics():
        entries.refuse(
            "name",
            Text(zh="指标目录里已有 {n}。", en="the catalogue has {n} already.").fill(n=name),
            step=Text(zh="请另取一个名字。", en="Take another name."),
        )
    return name


def _formula(entries: Entries, unit: str) -> Formula:
    """The formula, from the beginning or with the days from which each version holds; oldest first."""
    shared = _parts(entries, {})
    versions: dict[date, Formula] = {}
    if entries.has("formula"):
        versions[date.min] = read_formula(entries, {**vocabulary(), **shared}, unit)
    for part in entries.each("version"):
        day = part.day("from")
        if day in versions:
            part.refuse("from", Text(zh="这一天已有一版。", en="there is a version of that day already."))
        if versions and day < max(versions):
            part.refuse("from", Text(zh="各版按日期先后排列。", en="versions stand in the order of their days."))
        versions[day] = read_formula(part, {**vocabulary(), **_parts(part, shared)}, unit)
        part.finish()
    if not versions:
        entries.refuse("formula", Text(zh="缺少这一项。", en="this entry is missing."))
    if list(versions) == [date.min]:
        return versions[date.min]
    return Dated(tuple(versions.items()))


def _parts(entries: Entries, shared: Mapping[str, Formula]) -> dict[str, Formula]:
    """The parts of a table by name; those of a version come on top of the shared ones."""
    table = entries.inside("parts")
    found = dict(shared)
    for name in table.names() if table else ():
        assert table is not None
        if not _NAME.fullmatch(name):
            table.refuse(name, Text(zh="只用小写字母、数字和 _。", en="use small letters, digits and _ only."))
        if name in vocabulary() or name in built_in_metrics():
            table.refuse(name, Text(zh="指标目录里已有这个名字。", en="the catalogue has that name already."))
        part = table.inside(name)
        assert part is not None
        found[name] = read_part(part)
    return found


def files_of(own: Mapping[str, OwnMetric], names: Iterable[str]) -> set[str]:
    """The names of the files that define these metrics; metrics of the program stand in none."""
    return {own[name].file.removeprefix(f"{FOLDER}/") for name in names if name in own}

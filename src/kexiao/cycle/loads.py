"""What was loaded and what was refused: the record of every load, refused rows by reason, and the tables that hold rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kexiao.engine.folder import Folder
from kexiao.engine.store import Store
from kexiao.facts.source import FactSource
from kexiao.tables.catalogue import all_tables
from kexiao.text import Text

MOST_REFUSED = 200
Counts = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file of a load: rows read, loaded, quarantined, duplicate, skipped, and what was told of it."""

    name: str
    counts: Counts
    warnings: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load with its files; ``at`` is in the business time zone."""

    number: int
    at: datetime
    files: tuple[LoadedFile, ...]

    @property
    def counts(self) -> Counts:
        """The files' counts together."""
        return _sum([file.counts for file in self.files])

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What was told, each once."""
        return tuple(dict.fromkeys(words for file in self.files for words in file.warnings))


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows of one file that were refused for one reason."""

    load: int
    file: str
    sheet: str
    column: str
    code: str
    reason: Text
    rows: int


@dataclass(frozen=True, slots=True)
class Held:
    """One canonical table: how many rows, and from which day to which."""

    label: Text
    rows: int
    first: date | None
    last: date | None


def list_loads(source: FactSource, timezone: str) -> list[LoadRecord]:
    """Every load of the open facts, the newest first; ``timezone`` is the business time zone."""
    zone = ZoneInfo(timezone)
    found: dict[int, tuple[datetime, list[LoadedFile]]] = {}
    for number, at, name, warnings, *counts in source.query(
        "SELECT load_id, epoch(loaded_at), file_name, warnings, rows_read, rows_loaded, rows_quarantined, rows_duplicate, rows_skipped "
        "FROM loads ORDER BY load_id DESC, rows_read DESC, file_name"
    ):
        told = tuple(Text(**words) for words in json.loads(warnings or "[]"))
        file = LoadedFile(name, tuple(int(count or 0) for count in counts), told)  # type: ignore[arg-type]
        moment = datetime.fromtimestamp(float(at), zone).replace(tzinfo=None)
        found.setdefault(int(number), (moment, []))[1].append(file)
    return [LoadRecord(number, at, tuple(files)) for number, (at, files) in found.items()]


def list_refused(source: FactSource) -> list[Refused]:
    """Refused rows by file and reason, the most frequent first, at most ``MOST_REFUSED`` of them."""
    rows = source.query(
        "SELECT load_id, file_name, sheet, coalesce(\"column\", ''), code, message_zh, message_en FROM quarantined"
    )
    return [
        Refused(int(load), file, sheet, column, code, Text(zh=zh or code, en=en or code), count)
        for (load, file, sheet, column, code, zh, en), count in Counter(rows).most_common(MOST_REFUSED)
    ]


def list_refused_rows(source: FactSource, load: int, file: str, sheet: str, code: str, column: str) -> list[int]:
    """The numbers of the rows refused for one reason, as the file has them, at most ``MOST_REFUSED`` of them."""
    found = source.query("SELECT load_id, file_name, sheet, coalesce(\"column\", ''), code, row_no FROM quarantined")
    wanted = (load, file, sheet, column, code)
    return sorted(int(row[5]) for row in found if (int(row[0]), *row[1:5]) == wanted)[:MOST_REFUSED]


def list_tables(folder: Folder, source: FactSource) -> list[Held]:
    """The tables that have rows, in the order of the catalogue."""
    current = Store(folder.data).current()
    found = []
    for name, table in all_tables().items():
        version = current.tables.get(name)
        if version is not None and version.rows and name not in ("loads", "quarantined"):
            days = source.coverage.get(name)
            found.append(Held(table.label, version.rows, days.first if days else None, days.last if days else None))
    return found


def total(found: Sequence[LoadRecord]) -> Counts:
    """The counts of all loads together."""
    return _sum([load.counts for load in found])


def _sum(counts: Sequence[Counts]) -> Counts:
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0, 0, 0, 0, 0)  # type: ignore[return-value]

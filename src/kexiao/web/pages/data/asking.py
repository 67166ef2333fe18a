"""What the data page asks for, each answer remembered while the data stay as they are."""

from __future__ import annotations

from datetime import datetime

from kexiao.cycle.loads import Held, LoadRecord, Refused, list_loads, list_refused, list_refused_rows, list_tables
from kexiao.cycle.quality import quality
from kexiao.cycle.quality_lines import QualityLine, Trend, quality_lines, trends
from kexiao.tables.rules import FOLDER
from kexiao.text import Text
from kexiao.web import workspace


def loads() -> list[LoadRecord]:
    """Every load, the newest first."""
    return workspace.ask(("loads",), lambda source: list_loads(source, workspace.folder().timezone))


def refused() -> list[Refused]:
    """Refused rows by file and reason, the most frequent first."""
    return workspace.ask(("refused",), list_refused)


def refused_rows(load: int, file: str, sheet: str, code: str, column: str) -> list[int]:
    """The numbers of the rows refused for one reason, as the file has them."""
    key = ("refused rows", load, file, sheet, code, column)
    return workspace.ask(key, lambda source: list_refused_rows(source, load, file, sheet, code, column))


def held() -> list[Held]:
    """The tables that have rows, in the order of the catalogue."""
    return list_tables(workspace.folder(), workspace.about())


def measured() -> tuple[list[QualityLine], list[Trend], list[Text]]:
    """Quality a table, its trend a source, and the rules that are broken in words; lateness is as of this hour."""
    folder = workspace.folder()
    rules = tuple((path.name, path.stat().st_mtime_ns) for path in sorted((folder.root / FOLDER).glob("*.toml")))
    found = workspace.ask(("quality", rules, datetime.now().hour), lambda _: quality(folder))
    return quality_lines(found), trends(found), [one.words() for one in found.rules if one.broken]

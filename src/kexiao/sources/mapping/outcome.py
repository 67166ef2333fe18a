"""What became of a load: counts of rows, refused rows with their reasons, by file and as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kexiao.errors import PARTLY_LOADED, InputRejected
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.text import Text

COUNTS = ("rows_read", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")


@dataclass(frozen=True, slots=True)
class RowError:
    """One refused row: file, sheet, row (as the user sees it, from 1), column, stable code, reason."""

    file: str
    sheet: str
    row: int
    column: str | None
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class PartReport:
    """What became of one sheet of one file; the five counts are rows."""

    file: str
    sheet: str
    kind: str | None
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_duplicate: int
    rows_skipped: int
    mapping: SheetMapping | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of one load: counts of rows, what was told on the way, and the snapshot that now counts.

    ``load_id`` is None where nothing changed. ``tables`` gives (added, changed) rows by table. rows_read = loaded + quarantined + duplicate + skipped.
    """

    load_id: int | None
    snapshot: str
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_duplicate: int
    rows_skipped: int
    warnings: tuple[Text, ...] = ()
    errors: tuple[RowError, ...] = ()
    parts: tuple[PartReport, ...] = ()
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 all done · 3 nothing loaded · 4 partly loaded."""
        if not self.rows_quarantined:
            return 0
        return PARTLY_LOADED if self.rows_loaded + self.rows_duplicate else InputRejected.exit_code

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object, words in the current language."""
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "warnings": [str(text) for text in self.warnings],
            "errors": [
                {
                    "file": e.file,
                    "sheet": e.sheet,
                    "row": e.row,
                    "column": e.column,
                    "code": e.code,
                    "message": str(e.message),
                }
                for e in self.errors
            ],
            "load": self.load_id,
            "snapshot": self.snapshot,
            "tables": {name: {"added": added, "changed": changed} for name, (added, changed) in self.tables.items()},
            "files": [
                {
                    "file": p.file,
                    "sheet": p.sheet,
                    "kind": p.kind,
                    "rows_read": p.rows_read,
                    "rows_loaded": p.rows_loaded,
                    "rows_quarantined": p.rows_quarantined,
                    "rows_duplicate": p.rows_duplicate,
                    "rows_skipped": p.rows_skipped,
                }
                for p in self.parts
            ],
        }

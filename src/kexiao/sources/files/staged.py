"""What reading a file gives: sheets of text cells, with every row that is not among them accounted for.

Rows read = ``rows`` + refused rows + those skipped rows that look like data (``counted``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kexiao.text import Text

CELL_ERRORS = frozenset(
    {
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#NOT_CALCULATED!",
    }
)
"""Cells of a workbook that hold an error; ``#NOT_CALCULATED!`` is ours, for a formula whose result is not stored."""

SHARE = "share.txt"
"""Where the child says how much of a large file it has read, from 0 to 1."""
COUNTED_CODES = frozenset({"total", "repeated_header"})


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be read and goes to quarantine; ``row_no`` is the row as the user sees it, from 1."""

    row_no: int
    column: str | None
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that holds no record: ``blank``, ``title``, ``comment``, ``total`` or ``repeated_header``."""

    row_no: int
    code: str

    @property
    def counted(self) -> bool:
        """Whether the row looks like data, and so counts among the rows read."""
        return self.code in COUNTED_CODES


@dataclass(frozen=True, slots=True)
class StagedSheet:
    """One table of a file as text cells.

    ``cells`` gives ``row_no`` BIGINT (row in the file as the user sees it, from 1) and ``c0``… VARCHAR, in the order of
    ``header``; an empty cell is NULL. ``parquet`` holds them; where it holds no ``row_no``, ``first_row`` is that of
    its first row, and the others follow without a gap. ``typed`` gives date, number or text for columns of formats that know types. ``trimmed``: it was seen that no cell
    begins or ends with a blank.
    """

    sheet: str
    header: tuple[str, ...]
    parquet: Path
    rows: int
    refused: tuple[RefusedRow, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    warnings: tuple[Text, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    trimmed: bool = False
    first_row: int | None = None

    @property
    def cells(self) -> str:
        """What SQL reads the rows from, as it stands behind FROM."""
        from kexiao.engine.duck import quote_text  # slow to import, and the child that reads a file may not need it

        path = quote_text(str(self.parquet))
        if self.first_row is None:
            return f"read_parquet({path})"
        return (
            f"(SELECT file_row_number + {self.first_row} AS row_no, * EXCLUDE (file_row_number) "
            f"FROM read_parquet({path}, file_row_number = true))"
        )

    @property
    def rows_skipped(self) -> int:
        """How many rows that look like data hold no record (totals, repeated headers)."""
        return sum(row.counted for row in self.skipped)

    @property
    def rows_read(self) -> int:
        """Rows of data in the file: staged, refused and skipped."""
        return self.rows + len(self.refused) + self.rows_skipped


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: memory, processor and wall-clock time, output, unpacked size, columns, broken rows."""

    memory_bytes: int = 4 * 1024**3
    cpu_seconds: int = 900
    wall_seconds: float = 1200.0
    file_bytes: int = 16 * 1024**3
    unpacked_bytes: int = 2 * 1024**3
    columns: int = 6_000
    refused_rows: int = 100_000


def text_to_json(text: Text | None) -> list[str] | None:
    """A text as the child writes it."""
    return None if text is None else [text.zh, text.en]


def text_from_json(words: list[str]) -> Text:
    """A text as the child wrote it."""
    return Text(zh=words[0], en=words[1])


def sheet_to_json(sheet: StagedSheet) -> dict[str, Any]:
    """A sheet as the child describes it; the Parquet file by its name."""
    return {
        "sheet": sheet.sheet,
        "header": list(sheet.header),
        "parquet": sheet.parquet.name,
        "rows": sheet.rows,
        "refused": [[row.row_no, row.column, row.code, text_to_json(row.message)] for row in sheet.refused],
        "skipped": [[row.row_no, row.code] for row in sheet.skipped],
        "warnings": [text_to_json(text) for text in sheet.warnings],
        "typed": dict(sheet.typed),
        "trimmed": sheet.trimmed,
        "first_row": sheet.first_row,
    }


def sheet_from_json(described: dict[str, Any], folder: Path) -> StagedSheet:
    """A sheet from the child's description, its Parquet file in ``folder``."""
    return StagedSheet(
        sheet=described["sheet"],
        header=tuple(described["header"]),
        parquet=folder / Path(described["parquet"]).name,
        rows=described["rows"],
        refused=tuple(RefusedRow(no, column, code, text_from_json(m)) for no, column, code, m in described["refused"]),
        skipped=tuple(SkippedRow(no, code) for no, code in described["skipped"]),
        warnings=tuple(text_from_json(words) for words in described["warnings"]),
        typed=described["typed"],
        trimmed=described["trimmed"],
        first_row=described.get("first_row"),
    )

"""Workbooks (xlsx, xls, ods) read by calamine, put right by what it leaves out: error cells, uncalculated formulas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import python_calamine as calamine

from kexiao.errors import InputRejected
from kexiao.sources.files import canonical
from kexiao.sources.files.grid import Grid, Pair, stage_grid
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.text import Text

_FIRST_SURE_DAY = dt.date(1900, 3, 1)


@dataclass(frozen=True, slots=True)
class SheetNotes:
    """What the raw file says of a sheet and calamine does not, by (row, column) from 0.

    ``cells`` are errors and formulas without a result, ``padded`` numbers shown with leading zeros and their digits.
    """

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    padded: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: int = 0


def stage_workbook(
    path: Path, limits: Limits, notes: dict[int, SheetNotes] | None, *, prefix: str = ""
) -> list[StagedSheet]:
    """All visible sheets that hold a table; ``notes`` by sheet from 0, None for formats that need none.

    Errors: ``InputRejected`` for a workbook with a password, a broken one, or one without any table.
    """
    book = _open(path)
    staged, remarks = [], []
    for number, sheet in enumerate(book.sheets_metadata):
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            remarks.append(_HIDDEN_SHEET.fill(s=sheet.name))
            continue
        target = Path(f"{prefix}sheet{number}.parquet")
        if notes is not None and number not in notes:
            raise broken()  # without its notes an error cell would pass for an empty one
        found = _stage_sheet(book, number, target, limits, notes[number] if notes else SheetNotes())
        if found is None:
            remarks.append(_NO_TABLE.fill(s=sheet.name))
        else:
            staged.append(found)
    if not staged:
        raise _nothing(remarks)
    return [replace(staged[0], warnings=(*staged[0].warnings, *remarks)), *staged[1:]]


_HIDDEN_SHEET = Text(zh="工作表“{s}”是隐藏的，没有读入。", en="Sheet “{s}” is hidden and was not read.")
_NO_TABLE = Text(zh="工作表“{s}”中没有表格，已跳过。", en="Sheet “{s}” holds no table and was skipped.")


def _open(path: Path) -> calamine.CalamineWorkbook:
    try:
        with path.open("rb") as handle:
            return calamine.CalamineWorkbook.from_filelike(handle)
    except calamine.PasswordError:
        raise encrypted() from None
    except calamine.CalamineError:
        raise broken() from None


def encrypted() -> InputRejected:
    """The refusal of a workbook with a password."""
    return InputRejected(
        Text(zh="文件已加密，无法读取。", en="The file is encrypted and cannot be read."),
        next_step=Text(zh="请去掉密码后重新保存。", en="Remove the password and save it again."),
    )


def broken() -> InputRejected:
    """The refusal of a workbook that is damaged or of no known format."""
    return InputRejected(
        Text(
            zh="工作簿已损坏或格式不对，无法读取。",
            en="The workbook is damaged or of a wrong format and cannot be read.",
        ),
        next_step=Text(zh="请用 Excel 或 WPS 打开后另存为 xlsx。", en="Open it in Excel and save it as xlsx."),
    )


def _nothing(remarks: Sequence[Text]) -> InputRejected:
    return InputRejected(
        Text(zh="工作簿是空的：没有找到表格。", en="The workbook is empty: no table was found."),
        why=remarks[0] if remarks else None,
        next_step=Text(
            zh="请确认数据所在的工作表可见且有表头。",
            en="Check that the sheet with the data is visible and has a header.",
        ),
    )


def _stage_sheet(
    book: calamine.CalamineWorkbook, number: int, target: Path, limits: Limits, notes: SheetNotes
) -> StagedSheet | None:
    try:
        sheet = book.get_sheet_by_index(number)
    except calamine.CalamineError:
        raise broken() from None
    if sheet.start is None:
        return None
    left = sheet.start[1]
    merged = [(a[0], a[1] - left, b[0], b[1] - left) for a, b in sheet.merged_cell_ranges or []]
    reader = _Reader(notes, left)
    grid = Grid(sheet.name, reader.rows(sheet), sheet.width, [region for region in merged if region[1] >= 0])
    staged = stage_grid(grid, target, limits)
    return None if staged is None else replace(staged, warnings=(*staged.warnings, *reader.warnings()))


class _Reader:
    """The rows of one sheet as text, put right by the notes."""

    def __init__(self, notes: SheetNotes, left: int) -> None:
        self.notes = notes
        self.left = left
        self.has_notes = bool(notes.cells or notes.padded)
        self.unsure_days = 0
        self.long_numbers = 0

    def rows(self, sheet: calamine.CalamineSheet) -> Iterator[list[Pair]]:
        """All rows from the first of the sheet."""
        for row_no, row in enumerate(sheet.iter_rows()):
            pairs = [canonical.cell(value) for value in row]
            if self.has_notes:
                self._put_right(row_no, pairs)
            self._look(row)
            yield pairs

    def _put_right(self, row_no: int, pairs: list[Pair]) -> None:
        for index, (text, kind) in enumerate(pairs):
            place = (row_no, index + self.left)
            if place in self.notes.cells:
                pairs[index] = (self.notes.cells[place], "error")
            elif kind == "number" and text and place in self.notes.padded:
                pairs[index] = (text.zfill(self.notes.padded[place]), "text")

    def _look(self, row: Sequence[Any]) -> None:
        for value in row:
            if type(value) is float:
                if value >= canonical.LONGEST_EXACT:
                    self.long_numbers += 1
            elif isinstance(value, dt.date):
                day = value.date() if isinstance(value, dt.datetime) else value
                self.unsure_days += day < _FIRST_SURE_DAY

    def warnings(self) -> Iterator[Text]:
        """What to tell of the sheet."""
        if self.notes.hidden_rows or self.notes.hidden_columns:
            yield Text(
                zh="有隐藏或筛掉的 {r} 行、{c} 列，也已读入。",
                en="{r} hidden or filtered rows and {c} hidden columns were read too.",
            ).fill(r=self.notes.hidden_rows, c=self.notes.hidden_columns)
        if self.unsure_days:
            yield Text(
                zh="有 {n} 个早于 1900-03-01 的日期，Excel 存的日期可能差一天。",
                en="{n} dates lie before 1900-03-01, where Excel's own count may be a day off.",
            ).fill(n=self.unsure_days)
        if self.long_numbers:
            yield Text(
                zh="有 {n} 个超过 15 位的数字：Excel 只保留 15 位，长编号可能已失真，请存为文本。",
                en="{n} numbers have more than 15 digits: Excel keeps only 15, so long keys may be wrong; store them as text.",
            ).fill(n=self.long_numbers)

"""Workbooks (xlsx, xls, ods) read by calamine, with what it leaves out: error cells, uncalculated formulas, hidden rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_calamine as calamine

from kexiao.errors import InputRejected, Place
from kexiao.sources.files import canonical, invisible
from kexiao.sources.files.header import LOOKED_AT, Header, find_header, unique_names
from kexiao.sources.files.special import judge_of
from kexiao.sources.files.staged import Limits, RefusedRow, SkippedRow, StagedSheet
from kexiao.sources.files.writing import RowWriter
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class SheetNotes:
    """What the raw file says of a sheet and calamine does not: cells to put right by (row, column) from 0, and hints."""

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    padded: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: int = 0


def stage_workbook(path: Path, limits: Limits, notes: dict[str, SheetNotes]) -> list[StagedSheet]:
    """All visible sheets that hold a table.

    Errors: ``InputRejected`` for a workbook with a password, a broken one, or one without any table.
    """
    book = _open(path)
    staged, remarks = [], []
    for number, sheet in enumerate(book.sheets_metadata):
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            remarks.append(_hidden_sheet(sheet.name))
            continue
        found = _stage_sheet(book, number, sheet.name, limits, notes.get(sheet.name, SheetNotes()))
        if found is None:
            remarks.append(
                Text(zh="工作表“{s}”中没有表格，已跳过。", en="Sheet “{s}” holds no table and was skipped.").fill(
                    s=sheet.name
                )
            )
        else:
            staged.append(found)
    if not staged:
        raise _nothing(remarks)
    return [_with_warnings(staged[0], remarks), *staged[1:]]


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


def _hidden_sheet(name: str) -> Text:
    return Text(zh="工作表“{s}”是隐藏的，没有读入。", en="Sheet “{s}” is hidden and was not read.").fill(s=name)


def _nothing(remarks: Sequence[Text]) -> InputRejected:
    return InputRejected(
        Text(zh="工作簿是空的：没有找到表格。", en="The workbook is empty: no table was found."),
        why=remarks[0] if remarks else None,
        next_step=Text(
            zh="请确认数据所在的工作表可见且有表头。",
            en="Check that the sheet with the data is visible and has a header.",
        ),
    )


def _with_warnings(sheet: StagedSheet, more: Sequence[Text]) -> StagedSheet:
    from dataclasses import replace

    return replace(sheet, warnings=(*sheet.warnings, *more)) if more else sheet


def _stage_sheet(
    book: calamine.CalamineWorkbook, number: int, name: str, limits: Limits, notes: SheetNotes
) -> StagedSheet | None:
    try:
        sheet = book.get_sheet_by_index(number)
    except calamine.CalamineError:
        raise broken() from None
    if sheet.start is None:
        return None
    first_column = sheet.start[1]
    merged = [(a[0], a[1] - first_column, b[0], b[1] - first_column) for a, b in sheet.merged_cell_ranges or []]
    if sheet.width > limits.columns:
        raise InputRejected(
            Text(zh="列数过多（{n}）。", en="Too many columns ({n}).").fill(n=sheet.width),
            next_step=Text(zh="请只保留需要的列。", en="Keep only the columns that are needed."),
            place=Place(sheet=name),
        )
    table = _Table(name, first_column, notes, merged)
    head = [table.texts(no, row) for no, row in zip(range(LOOKED_AT), sheet.iter_rows(), strict=False)]
    header = _find(head, merged, name)
    return None if header is None else table.stage(sheet, header, Path(f"sheet{number}.parquet"))


def _find(
    head: Sequence[Sequence[str | None]], merged: Sequence[tuple[int, int, int, int]], name: str
) -> Header | None:
    try:
        return find_header(head, merged)
    except InputRejected as problem:
        row = problem.place.row if problem.place else None
        problem.place = Place(sheet=name, row=row)
        raise


class _Table:
    """One sheet on its way to text."""

    def __init__(
        self, name: str, first_column: int, notes: SheetNotes, merged: Sequence[tuple[int, int, int, int]]
    ) -> None:
        self.name = name
        self.first_column = first_column
        self.notes = notes
        self.merged = merged
        self.kinds: list[Counter[str]] = []
        self.long_numbers: set[int] = set()
        self.odd_dates: set[int] = set()

    def texts(self, row_no: int, row: Sequence[Any]) -> list[str | None]:
        """The cells of one row (from 0) as text."""
        return [pair[0] for pair in self.pairs(row_no, row)]

    def pairs(self, row_no: int, row: Sequence[Any]) -> list[tuple[str | None, str]]:
        """The cells of one row as text and kind, put right by the notes."""
        pairs = [canonical.cell(value) for value in row]
        if self.notes.cells or self.notes.padded:
            for index in range(len(pairs)):
                place = (row_no, index + self.first_column)
                if place in self.notes.cells:
                    pairs[index] = (self.notes.cells[place], "error")
                elif place in self.notes.padded and pairs[index][1] == "number":
                    pairs[index] = ((pairs[index][0] or "").zfill(self.notes.padded[place]), "text")
        return pairs

    def stage(self, sheet: calamine.CalamineSheet, header: Header, target: Path) -> StagedSheet:
        """Write the rows below the header."""
        names, warnings = unique_names(header.names)
        judge = judge_of(names)
        width = len(names)
        self.kinds = [Counter() for _ in names]
        skipped = [SkippedRow(no + 1, "title") for no in range(header.first)]
        refused: list[RefusedRow] = []
        hidden_signs: Counter[str] = Counter()
        with RowWriter(target, width) as writer:
            for row_no, pairs in self._below(sheet, header.last):
                cells = [text for text, _kind in pairs[:width]]
                cells += [None] * (width - len(cells))
                code = judge(cells)
                if code:
                    skipped.append(SkippedRow(row_no + 1, code))
                    continue
                if any(text for text, _ in pairs[width:]):
                    refused.append(_too_wide(row_no + 1))
                    continue
                self._count(pairs[:width])
                invisible.count(cells, names, hidden_signs)
                writer.add(row_no + 1, cells)
        return StagedSheet(
            sheet=self.name,
            header=names,
            parquet=target,
            rows=writer.count,
            refused=tuple(refused),
            skipped=_without_tail(skipped),
            warnings=(*header.warnings, *warnings, *self._warnings(names), *invisible.warnings(hidden_signs)),
            typed={name: _kind(kinds) for name, kinds in zip(names, self.kinds, strict=True)},
        )

    def _below(self, sheet: calamine.CalamineSheet, last: int) -> Iterator[tuple[int, list[tuple[str | None, str]]]]:
        for row_no, row in enumerate(sheet.iter_rows()):
            if row_no > last:
                yield row_no, self.pairs(row_no, row)

    def _count(self, pairs: Sequence[tuple[str | None, str]]) -> None:
        for kinds, (_text, kind) in zip(self.kinds, pairs, strict=False):
            kinds[kind] += 1

    def _warnings(self, names: Sequence[str]) -> list[Text]:
        said = []
        if self.notes.hidden_rows:
            said.append(
                Text(
                    zh="工作表“{s}”有 {n} 行被隐藏或筛掉，也已读入。",
                    en="Sheet “{s}”: {n} hidden or filtered rows were read too.",
                ).fill(s=self.name, n=self.notes.hidden_rows)
            )
        return said


def _too_wide(row_no: int) -> RefusedRow:
    return RefusedRow(
        row_no,
        None,
        "ragged",
        Text(zh="表头之外还有内容。", en="There are cells beyond the last column of the header."),
    )


def _kind(kinds: Counter[str]) -> str:
    present = {kind for kind, times in kinds.items() if times and kind not in ("empty", "error")}
    return next(iter(present)) if len(present) == 1 else "text"


def _without_tail(skipped: list[SkippedRow]) -> tuple[SkippedRow, ...]:
    return tuple(skipped)

"""Delimited text: find its layout, then read it: clean files by DuckDB at full speed, the others line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb

from kexiao.errors import InputRejected, Place
from kexiao.sources.files import invisible
from kexiao.sources.files.encoding import BROKEN, Utf8File, as_utf8, likely_utf8
from kexiao.sources.files.header import LOOKED_AT, Header, find_header, unique_names
from kexiao.sources.files.lines import Record, read_records
from kexiao.sources.files.shape import record_test
from kexiao.sources.files.special import is_remark, judge_of
from kexiao.sources.files.staged import SHARE, Limits, RefusedRow, SkippedRow, StagedSheet
from kexiao.sources.files.survey import survey
from kexiao.sources.files.writing import (
    COMPACT_PARQUET,
    QUICK_PARQUET,
    RESERVED,
    SEPARATOR,
    SMALL_GROUPS,
    RowWriter,
    column_names,
    copy_to_parquet,
    csv_query,
    open_duck,
    tell_unnamed,
)
from kexiao.text import Text

DELIMITERS = (",", "\t", ";", "|")
HEAD = 4 * 1024**2
MOST_BLANKS = 10_000
SAMPLE = 500
_FEW_COLUMNS = 200
_SMALL_FILE = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out: line end, delimiter, header (rows from 0) and the width of its records."""

    newline: str
    delimiter: str
    header: Header
    names: tuple[str, ...]
    warnings: tuple[Text, ...]

    @property
    def width(self) -> int:
        """How many cells a record has."""
        return len(self.header.names)


def stage_text(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """The one table of a text file.

    Errors: ``InputRejected`` where there is no table in it or no row can be read, ``Ambiguous`` for two columns of one name.
    """
    target = Path(f"{prefix}sheet0.parquet")
    file, layout, staged = _stage_quickly(path, limits, target) or _stage_carefully(path, limits, target, prefix)
    if not staged.rows and staged.refused:
        raise _all_refused(staged)
    staged = tell_unnamed(staged, layout.header.names)
    return [replace(staged, warnings=(*file.warnings, *layout.warnings, *staged.warnings))]


def _stage_quickly(path: Path, limits: Limits, target: Path) -> tuple[Utf8File, Layout, StagedSheet] | None:
    """Read a clean file that looks like UTF-8; None for any other, which is then read with care."""
    try:
        file = likely_utf8(path)
        layout = find_layout(file) if file else None
    except (UnicodeDecodeError, InputRejected):
        return None
    if file is None or layout is None or layout.width > limits.columns:
        return None
    staged = _stage_clean(file, layout, target)
    return (file, layout, staged) if staged else None


def _stage_carefully(path: Path, limits: Limits, target: Path, prefix: str) -> tuple[Utf8File, Layout, StagedSheet]:
    """Read any file: its encoding found out from all of it, clean ones by DuckDB, the others line by line."""
    file = as_utf8(path, Path(f"{prefix}utf8.txt"))
    layout = find_layout(file)
    if layout.width > limits.columns:
        raise _no_table(Text(zh="列数过多。", en="There are too many columns."))
    # What is UTF-8 as it stands was tried at full speed already.
    staged = _stage_clean(file, layout, target) if file.path != path else None
    return file, layout, staged or _stage_lines(file, layout, target, limits)


def lines_of(file: Utf8File, newline: str) -> Iterator[str]:
    """The lines of the file without their ends; CR LF and CR CR LF count as one end."""
    with file.path.open(encoding="utf-8-sig", newline=newline) as handle:
        for line in handle:
            yield line.rstrip("\r\n")


def find_layout(file: Utf8File) -> Layout:
    """How the file is laid out, from its first lines."""
    newline = _line_end(file.path)
    head = list(islice(lines_of(file, newline), 4 * LOOKED_AT))
    named = re.fullmatch(r"(?i)sep=(.)", head[0]) if head else None
    candidates = [named[1]] if named else list(DELIMITERS)
    best: tuple[tuple[float, int], Header, str] | None = None
    problem: InputRejected | None = None
    for delimiter in candidates:
        try:
            found = _try_delimiter(head, delimiter, named is not None)
        except InputRejected as refusal:
            problem = problem or refusal
            continue
        if found and (best is None or found[0] > best[0]):
            best = (*found, delimiter)
    if best is None and problem:
        raise problem
    if best is None:
        header = find_header([[line] for line in head])
        if header is None:
            raise _no_table(Text(zh="没有找到表头。", en="No header was found."))
        best = ((0.0, 1), header, ",")
    return _layout(newline, best[2], best[1])


def _line_end(path: Path) -> str:
    with path.open("rb") as handle:
        head = handle.read(HEAD)
        if b"\n" in head:
            return "\n"
        if b"\r" in head:
            return "\r"
        if handle.read(1):
            raise _no_table(Text(zh="整个文件只有一行。", en="The whole file is one line."))
    return "\n"


def _try_delimiter(head: list[str], delimiter: str, named: bool) -> tuple[tuple[float, int], Header] | None:
    """How well a delimiter explains the first lines (share of written records of the usual width, that width), and the header."""
    records = list(read_records(iter(head), delimiter))
    rows: list[Sequence[str]] = [[] if record.problem else record.cells for record in records]
    if named:
        rows[0] = []
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return None
    width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
    header = find_header(rows)
    if header is None or (len(header.names) == 1 < width):
        return None
    of_header = times if abs(len(header.names) - width) <= 1 else 0
    written = sum(1 for row in rows if any(row))
    return (round(of_header / written, 1), width), header


def _layout(newline: str, delimiter: str, header: Header) -> Layout:
    names = unique_names(header.names)
    if any(BROKEN in name or "\0" in name for name in names):
        raise InputRejected(
            Text(zh="表头含有无法识别的字节。", en="The header holds bytes that are no text."),
            next_step=Text(zh="请另存为 UTF-8 的 CSV 或 xlsx。", en="Save it as UTF-8 CSV or as xlsx."),
            place=Place(row=header.first + 1),
        )
    return Layout(newline, delimiter, header, names, header.warnings)


def _no_table(why: Text) -> InputRejected:
    return InputRejected(
        Text(zh="这不像一张表。", en="This is not like a table."),
        why=why,
        next_step=Text(zh="请导出为带表头的 CSV 或 xlsx。", en="Export it as CSV or xlsx with a header."),
    )


def _all_refused(sheet: StagedSheet) -> InputRejected:
    first = sheet.refused[0]
    return InputRejected(
        Text(zh="没有一行可以读取。", en="Not one row could be read."),
        why=first.message,
        next_step=Text(zh="请检查文件后重新导出。", en="Check the file and export it again."),
        place=Place(sheet=sheet.sheet or None, row=first.row_no, column=first.column),
    )


def _parquet_for(file: Utf8File, layout: Layout) -> str:
    if layout.width > _FEW_COLUMNS:
        return COMPACT_PARQUET
    return f"{QUICK_PARQUET}, {SMALL_GROUPS}" if file.path.stat().st_size < _SMALL_FILE else QUICK_PARQUET


def _stage_clean(file: Utf8File, layout: Layout, target: Path) -> StagedSheet | None:
    """Read a clean file by DuckDB; None where it is not clean, or where DuckDB counts other rows than we do."""
    skip = layout.header.last + 1
    if layout.newline != "\n":
        return None
    columns = [(name, "VARCHAR") for name in column_names(layout.width)]
    cells = csv_query(file.path, columns, delimiter=layout.delimiter, skip=skip)
    connection = open_duck(layout.width)
    # Both look at every byte: the one that judges stops the one that copies as soon as the file turns out not to be clean.
    copied = target.with_suffix(".copied")
    with ThreadPoolExecutor(1) as pool:
        judging = pool.submit(survey, file.path, layout.delimiter, layout.width, skip, _tell_share)
        judging.add_done_callback(
            lambda judged: None if judged.exception() or judged.result() else connection.interrupt()
        )
        try:
            rows = copy_to_parquet(connection, cells, copied, parquet=_parquet_for(file, layout))
        except (duckdb.Error, MemoryError):
            rows = -1
        clean = judging.result()
    connection.close()
    if clean is None or rows != clean.rows:
        copied.unlink(missing_ok=True)
        return None
    copied.rename(target)
    titles = tuple(SkippedRow(number + 1, "title") for number in range(layout.header.first))
    # DuckDB numbers rows in one thread only; Parquet numbers those it holds.
    return StagedSheet(
        sheet="",
        header=layout.names,
        parquet=target,
        rows=rows,
        skipped=titles,
        trimmed=clean.trimmed,
        first_row=skip + 1,
    )


def _tell_share(done: float) -> None:
    """Leave word for the parent of how much is read; where that cannot be, nobody needs it."""
    with suppress(OSError):
        Path(SHARE).write_text(f"{done:.3f}", encoding="ascii")


def _stage_lines(file: Utf8File, layout: Layout, target: Path, limits: Limits) -> StagedSheet:
    """Read line by line, judging every record."""
    reader = _LineReader(layout, limits)
    sample = islice(lines_of(file, layout.newline), layout.header.last + 1, layout.header.last + 1 + SAMPLE)
    shape = record_test([line.split(layout.delimiter) for line in sample], layout.width, layout.delimiter)
    with RowWriter(target, layout.width) as writer:
        for record in read_records(lines_of(file, layout.newline), layout.delimiter, shape):
            reader.take(record, writer)
    return StagedSheet(
        sheet="",
        header=layout.names,
        parquet=target,
        rows=writer.count,
        refused=tuple(reader.refused),
        skipped=tuple(reader.skipped),
        warnings=tuple(invisible.warnings(reader.signs)),
    )


class _LineReader:
    """Judges records one by one and keeps account of those that are not staged."""

    def __init__(self, layout: Layout, limits: Limits) -> None:
        self.layout = layout
        self.limits = limits
        self.width = layout.width
        self.delimiter = layout.delimiter
        self.above = layout.header.last + 1
        self.judge = judge_of(layout.names)
        self.refused: list[RefusedRow] = []
        self.skipped: list[SkippedRow] = []
        self.signs: Counter[str] = Counter()

    def take(self, record: Record, writer: RowWriter) -> None:
        """Stage, skip or refuse one record."""
        row_no, cells, problem, line = record
        if row_no <= self.above:
            if row_no <= self.layout.header.first:
                self.skipped.append(SkippedRow(row_no, "title"))
        elif problem:
            self._refuse(row_no, "broken_quote", _BROKEN_QUOTE)
        elif len(cells) != self.width and not self._mend(record, cells):
            return
        elif code := self.judge(cells):
            self._skip(row_no, code)
        elif line and not _ODD.search(line) and line.count(self.delimiter) == self.width - 1:
            writer.add_plain(row_no, line.replace(self.delimiter, SEPARATOR))
        elif self._is_sound(row_no, cells):
            writer.add(row_no, cells)

    def _mend(self, record: Record, cells: list[str]) -> bool:
        """Cut empty cells beyond the header; False where the record is no record of this table, and told as such."""
        width = self.width
        if not any(cell.strip(_PADDING) for cell in cells):
            self._skip(record.row_no, "blank")
        elif len(cells) > width and not any(cells[width:]):
            del cells[width:]
            return True
        elif is_remark(cells):
            self._skip(record.row_no, "comment")
        elif len(cells) < width and self.judge(cells + [""] * (width - len(cells))) == "total":
            self._skip(record.row_no, "total")
        else:
            self._refuse(record.row_no, "ragged", _RAGGED.fill(n=len(cells), w=width))
        return False

    def _is_sound(self, row_no: int, cells: Sequence[str]) -> bool:
        """Whether all cells are text; the invisible signs in them are counted."""
        for sign, code, message in ((BROKEN, "undecodable", _UNDECODABLE), ("\0", "nul_byte", _NUL)):
            for at, cell in enumerate(cells):
                if sign in cell:
                    self._refuse(row_no, code, message, self.layout.names[at])
                    return False
        invisible.count(cells, self.layout.names, self.signs)
        return True

    def _skip(self, row_no: int, code: str) -> None:
        if code != "blank" or len(self.skipped) < MOST_BLANKS:
            self.skipped.append(SkippedRow(row_no, code))

    def _refuse(self, row_no: int, code: str, message: Text, column: str | None = None) -> None:
        if len(self.refused) >= self.limits.refused_rows:
            raise InputRejected(
                Text(zh="坏行超过 {n} 行。", en="More than {n} rows are broken.").fill(n=self.limits.refused_rows),
                why=message,
                next_step=Text(
                    zh="请检查分隔符、引号和编码后重新导出。",
                    en="Check delimiter, quotes and encoding, and export it again.",
                ),
                place=Place(row=row_no, column=column),
            )
        self.refused.append(RefusedRow(row_no, column, code, message))


_PADDING = " \t\r\n\f\v\u3000\u00a0\ufeff\x1a"
"""Blanks, and the sign by which DOS ended a text."""
_ODD = re.compile(f"[{invisible.PYTHON_CLASS}{BROKEN}{invisible.LOST}\r{RESERVED}]|{invisible.GARBLED}")
"""What keeps a line from being taken over as it is."""
_RAGGED = Text(zh="这一行有 {n} 列，表头有 {w} 列。", en="This row has {n} cells, the header {w}.")
_BROKEN_QUOTE = Text(
    zh="引号不成对（quote），无法可靠地分列。", en="The quotes do not pair, so the cells cannot be told apart."
)
_UNDECODABLE = Text(zh="有无法按文件编码识别的字节。", en="There are bytes that are no text in the file's encoding.")
_NUL = Text(zh="单元格中有空字节（NUL）。", en="There is a NUL byte in a cell.")

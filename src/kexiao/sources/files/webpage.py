"""Tables of web pages: many systems write one and call it ``.xls``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path

from kexiao.errors import InputRejected
from kexiao.sources.files.encoding import BROKEN, as_utf8
from kexiao.sources.files.grid import Grid, Pair, stage_grid
from kexiao.sources.files.header import Region
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.text import Text

LARGEST = 256 * 1024**2
BLOCK = 1024**2
MOST_SPAN = 1000
_SILENT = {"script", "style", "title", "head"}


def stage_webpage(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """The tables of a web page that have a header and rows.

    Errors: ``InputRejected`` where there is none, as in a login page.
    """
    if path.stat().st_size > LARGEST:
        raise no_table()
    file = as_utf8(path, Path(f"{prefix}utf8.txt"))
    found = _tables(file.path)
    staged = []
    for number, table in enumerate(found):
        name = f"表 {number + 1}" if len(found) > 1 else ""
        sheet = stage_grid(table.grid(name), Path(f"{prefix}sheet{number}.parquet"), limits)
        if sheet is not None:
            staged.append(sheet)
    if not staged:
        raise no_table()
    told = (
        *file.warnings,
        Text(zh="文件其实是网页（HTML）中的表格。", en="The file is in fact a table in a web page (HTML)."),
    )
    return [replace(sheet, typed={}, warnings=(*told, *sheet.warnings)) for sheet in staged]


def no_table() -> InputRejected:
    """The refusal of a web page without a table."""
    return InputRejected(
        Text(zh="这是一个网页（HTML），其中没有数据表格。", en="This is a web page (HTML) without a table of data."),
        why=Text(
            zh="可能登录已过期，系统返回了登录页。", en="Perhaps the login had expired and this is the login page."
        ),
        next_step=Text(zh="请重新登录后导出为 CSV 或 xlsx。", en="Log in again and export it as CSV or xlsx."),
    )


@dataclass(slots=True)
class _HtmlTable:
    rows: list[list[Pair]] = field(default_factory=list)
    merged: list[Region] = field(default_factory=list)
    taken: dict[int, set[int]] = field(default_factory=dict)

    def add(self, text: str, across: int, down: int) -> None:
        """Put a cell into the current row, at the first place that no joined cell takes."""
        at, row = len(self.rows) - 1, self.rows[-1]
        while len(row) in self.taken.get(at, ()):
            row.append((None, "empty"))
        left = len(row)
        row.append((text or None, "text" if text else "empty"))
        row.extend([(None, "empty")] * (across - 1))
        for below in range(at + 1, at + down):
            self.taken.setdefault(below, set()).update(range(left, left + across))
        if across > 1 or down > 1:
            self.merged.append((at, left, at + down - 1, left + across - 1))

    def grid(self, name: str) -> Grid:
        """The table as a sheet of cells."""
        return Grid(name, iter(self.rows), max((len(row) for row in self.rows), default=0), self.merged)


class _Reader(HTMLParser):
    """Collects the innermost tables; pages lay out their parts in tables too."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_HtmlTable] = []
        self.open: list[_HtmlTable] = []
        self.text: list[str] | None = None
        self.span = (1, 1)
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        if tag in _SILENT:
            self.silent += 1
        if tag == "table":
            self._end_cell()
            self.open.append(_HtmlTable())
        elif self.open and tag == "tr":
            self._end_cell()
            self.open[-1].rows.append([])
        elif self.open and tag in ("td", "th"):
            self._end_cell()
            if not self.open[-1].rows:
                self.open[-1].rows.append([])
            given = dict(attrs)
            self.span = (_span(given.get("colspan")), _span(given.get("rowspan")))
            self.text = []
        elif tag == "br" and self.text is not None:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a table, a row or a cell."""
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        if tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self.open:
            self._end_cell()
            done = self.open.pop()
            if len(done.rows) > 1:
                self.tables.append(done)

    def handle_data(self, data: str) -> None:
        """Take the words of a cell."""
        if self.text is not None and not self.silent:
            self.text.append(data)

    def _end_cell(self) -> None:
        if self.text is not None and self.open:
            self.open[-1].add("".join(self.text).strip(" \t\r\n\u00a0"), *self.span)
        self.text = None


def _span(given: str | None) -> int:
    return max(1, min(MOST_SPAN, int(given))) if given and given.strip().isdecimal() else 1


def _tables(path: Path) -> list[_HtmlTable]:
    reader = _Reader()
    for block in _blocks(path):
        if BROKEN in block or "\0" in block:
            raise InputRejected(
                Text(zh="网页里有无法识别的字节。", en="The web page holds bytes that are no text."),
                next_step=Text(zh="请用 Excel 打开后另存为 xlsx。", en="Open it in Excel and save it as xlsx."),
            )
        reader.feed(block)
    reader.close()
    while reader.open:
        reader.handle_endtag("table")
    return [table for table in islice(reader.tables, 200) if any(len(row) > 1 for row in table.rows)]


def _blocks(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        while block := handle.read(BLOCK):
            yield block

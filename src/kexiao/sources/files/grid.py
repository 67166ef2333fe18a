"""Sheets of cells (workbooks, tables of web pages) on their way to staged text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from kexiao.errors import InputRejected, KexiaoError, Place
from kexiao.sources.files import invisible
from kexiao.sources.files.header import LOOKED_AT, Header, Region, find_header, unique_names
from kexiao.sources.files.special import judge_of
from kexiao.sources.files.staged import Limits, SkippedRow, StagedSheet
from kexiao.sources.files.writing import RowWriter, tell_unnamed
from kexiao.text import Text

Pair = tuple[str | None, str]
"""A cell as text and its kind: text, number, date, error or empty."""
_IS_KEY = re.compile(r"号|编码|代码|电话|手机|(?i:\bid\b|id$|code|phone|\bno\b)")
MOST_BLANKS = 10_000


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its name, its rows from the first, how many columns, and the joined cells."""

    name: str
    rows: Iterator[list[Pair]]
    width: int
    merged: Sequence[Region] = ()


def stage_grid(grid: Grid, target: Path, limits: Limits) -> StagedSheet | None:
    """The table in a sheet, or None where there is none.

    Errors: ``InputRejected`` for too many columns or no header, ``Ambiguous`` for two columns of one name.
    """
    if grid.width > limits.columns:
        raise InputRejected(
            Text(zh="列数过多（{n}）。", en="Too many columns ({n}).").fill(n=grid.width),
            next_step=Text(zh="请只保留需要的列。", en="Keep only the columns that are needed."),
            place=Place(sheet=grid.name or None),
        )
    head = list(islice(grid.rows, LOOKED_AT))
    try:
        header = find_header([[text for text, _kind in row] for row in head], grid.merged)
        if header is None:
            return None
        names = unique_names([*header.names, *[""] * (grid.width - len(header.names))])
    except KexiaoError as problem:
        problem.place = replace(problem.place or Place(), sheet=grid.name or None)
        raise
    table = _Table(names, header, grid)
    return table.stage(chain(head, grid.rows), target)


@dataclass(slots=True)
class _Fill:
    """A joined cell that reaches down: its column, its last row and what it holds."""

    column: int
    last: int
    pair: Pair


@dataclass(slots=True)
class _Merged:
    """Fills joined cells downwards, except amounts: repeated, they would add up to more than was sold."""

    names: Sequence[str]
    starts: dict[int, list[Region]]
    open: list[_Fill] = field(default_factory=list)
    filled: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def fill(self, row_no: int, row: list[Pair]) -> None:
        """Fill one row (from 0) in place."""
        for one in self.open:
            if one.last < row_no or one.column >= len(row) or row[one.column][0]:
                continue
            name = self.names[one.column]
            if one.pair[1] == "number" and not _IS_KEY.search(name):
                self.kept[name] += 1
            else:
                row[one.column] = one.pair
                self.filled[name] += 1
        if self.open:
            self.open = [one for one in self.open if one.last > row_no]
        for _top, left, bottom, _right in self.starts.get(row_no, ()):
            if left < len(row) and row[left][0]:
                self.open.append(_Fill(left, bottom, row[left]))

    def warnings(self) -> Iterator[Text]:
        """What was filled and what was not."""
        for name, times in self.filled.items():
            yield Text(
                zh="“{c}”列有合并单元格，已向下填充 {n} 格。",
                en="Column {c} has merged cells; {n} cells were filled down.",
            ).fill(c=name, n=times)
        for name, times in self.kept.items():
            yield Text(
                zh="“{c}”列的数字跨行合并：只算在第一行，其余 {n} 格留空，以免重复计算。",
                en="Column {c} has figures merged over rows: they stay in the first row, {n} cells are left empty so that nothing counts twice.",
            ).fill(c=name, n=times)


class _Table:
    """Judges the rows of one sheet and keeps account."""

    def __init__(self, names: tuple[str, ...], header: Header, grid: Grid) -> None:
        self.names = names
        self.header = header
        self.grid = grid
        starts: dict[int, list[Region]] = {}
        for region in grid.merged:
            if region[0] > header.last and region[2] > region[0]:
                starts.setdefault(region[0], []).append(region)
        self.merged = _Merged(names, starts)
        self.kinds: list[Counter[str]] = [Counter() for _ in names]
        self.skipped = [SkippedRow(no + 1, "title") for no in range(header.first)]
        self.signs: Counter[str] = Counter()

    def stage(self, rows: Iterator[list[Pair]], target: Path) -> StagedSheet:
        """Write the rows below the header."""
        judge = judge_of(self.names)
        width = len(self.names)
        with RowWriter(target, width) as writer:
            for row_no, given in enumerate(rows):
                if row_no <= self.header.last:
                    continue
                pairs = given + [(None, "empty")] * (width - len(given))
                self.merged.fill(row_no, pairs)
                cells = [text for text, _kind in pairs]
                code = judge(cells)
                if code:
                    self._skip(row_no + 1, code)
                    continue
                for kinds, (_text, kind) in zip(self.kinds, pairs, strict=True):
                    kinds[kind] += 1
                invisible.count(cells, self.names, self.signs)
                writer.add(row_no + 1, cells)
        staged = StagedSheet(
            sheet=self.grid.name,
            header=self.names,
            parquet=target,
            rows=writer.count,
            skipped=tuple(self.skipped),
            warnings=tuple(self._warnings()),
            typed={name: _kind(kinds) for name, kinds in zip(self.names, self.kinds, strict=True)},
        )
        return tell_unnamed(staged, self.header.names)

    def _skip(self, row_no: int, code: str) -> None:
        if code != "blank" or len(self.skipped) < MOST_BLANKS:
            self.skipped.append(SkippedRow(row_no, code))

    def _warnings(self) -> Iterator[Text]:
        yield from self.header.warnings
        yield from self.merged.warnings()
        yield from invisible.warnings(self.signs)
        for name, kinds in zip(self.names, self.kinds, strict=True):
            if kinds["error"]:
                yield Text(
                    zh="“{c}”列有 {n} 个单元格是错误值，或公式没有算出结果。",
                    en="Column {c}: {n} cells hold errors, or formulas without a result.",
                ).fill(c=name, n=kinds["error"])


def _kind(kinds: Counter[str]) -> str:
    present = {kind for kind, times in kinds.items() if times and kind not in ("empty", "error")}
    return next(iter(present)) if len(present) == 1 else "text"

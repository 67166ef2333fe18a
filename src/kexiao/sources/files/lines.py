"""Records of a delimited text, one line at a time, forgiving nothing that could change a value.

A broken quote costs its own line only: whatever follows is read as records again, never swallowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

LONGEST_RECORD = 8 * 1024**2
MOST_LINES = 2_000


class Record(NamedTuple):
    """One record: its row from 1, its cells, or what is wrong with it; ``line`` is its text where it is plain."""

    row_no: int
    cells: list[str]
    problem: str = ""
    line: str = ""


Suspicion = Callable[[str], bool]


def read_records(lines: Iterator[str], delimiter: str, is_record: Suspicion | None = None) -> Iterator[Record]:
    """The records of a text given line by line (without line ends).

    ``is_record`` tells whether a line inside quotes looks like a record of its own: then the quote before it is broken.
    """
    split = _splitter(delimiter)
    waiting: list[str] = []
    row_no = 0
    while True:
        line = waiting.pop() if waiting else next(lines, None)
        if line is None:
            return
        row_no += 1
        if '"' not in line:
            yield Record(row_no, line.split(delimiter), line=line)
            continue
        cells, state = split(line)
        if state == _OPEN:
            more, cells, state = _join(line, lines, waiting, split, is_record)
            if state != _DONE:
                waiting.extend(reversed(more))
        if state == _DONE:
            yield Record(row_no, cells)
        else:
            yield Record(row_no, [], problem="broken_quote")


_DONE, _OPEN, _BROKEN = "done", "open", "broken"
Split = Callable[[str], tuple[list[str], str]]


def _join(
    first: str, lines: Iterator[str], waiting: list[str], split: Split, is_record: Suspicion | None
) -> tuple[list[str], list[str], str]:
    """Join lines to one record until its quotes are closed; the lines taken, to be given back where that fails."""
    taken: list[str] = []
    size = len(first)
    whole = first
    while len(taken) < MOST_LINES and size < LONGEST_RECORD:
        line = waiting.pop() if waiting else next(lines, None)
        if line is None:
            return taken, [], _BROKEN
        taken.append(line)
        size += len(line) + 1
        if is_record and is_record(line):
            return taken, [], _BROKEN
        if '"' not in line:
            continue
        whole = "\n".join([first, *taken])
        cells, state = split(whole)
        if state != _OPEN:
            return taken, cells, state
    return taken, [], _BROKEN


def _splitter(delimiter: str) -> Split:
    """A function that splits a line into cells and says whether it is done, goes on in the next line, or is broken."""
    sign = re.escape(delimiter)
    quoted = re.compile(rf'"([^"]*(?:""[^"]*)*)"({sign}|\Z)')
    plain = re.compile(rf"([^{sign}]*)({sign}|\Z)")
    blanks = re.compile(r' *"')
    shell = re.compile(rf'="([^"]*)"({sign}|\Z)')

    def split(line: str) -> tuple[list[str], str]:
        cells: list[str] = []
        at = 0
        while True:
            start = blanks.match(line, at)
            if start:
                found = quoted.match(line, start.end() - 1)
                if not found:
                    return [], _OPEN if _is_open(line, start.end() - 1) else _BROKEN
                cells.append(_bare(found[1].replace('""', '"')))
            else:
                found = shell.match(line, at) or plain.match(line, at)
                assert found
                cell = found[1]
                if '"' in cell and found.re is plain and (cell.endswith('"') or cell.lstrip().startswith('"')):
                    return [], _BROKEN
                cells.append(cell)
            at = found.end()
            if not found[2]:
                return cells, _DONE

    return split


def _bare(cell: str) -> str:
    """A cell without the shell ="…" by which exports keep Excel from reading a key as a number."""
    inner = cell[2:-1]
    return inner if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 and '"' not in inner else cell


def _is_open(line: str, at: int) -> bool:
    """Whether the quoted cell that begins at ``at`` has no end in this line."""
    inner = line[at + 1 :].replace('""', "")
    return '"' not in inner

"""Whether a delimited text is clean: every line one record of the same width, nothing in it that needs judging.

The check looks at every byte, with numpy. Only what is proven clean is handed to DuckDB; anything else is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 8 * 1024**2
LONGEST_LINE = 4 * 1024**2 - 1024
_QUOTE, _NEWLINE, _RETURN, _TAB, _BLANK = 34, 10, 13, 9, 32
_WIDE_BLANK = "\u3000".encode()

# Signs that are judged cell by cell: lost or broken text, invisible signs, Excel's ="…". Each holds a word that most
# files lack, which is quick to tell; only where it is there is the pattern searched for.
_JUDGED = tuple(
    (word, re.compile(pattern))
    for word, pattern in (
        (b"\xe2", rb"\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81"),
        (b"\xef", rb"\xef\xbb\xbf|\xef\xbf\xbd|\xef\xb7\x90"),
        (b"\xc2", rb"\xc2[\x80-\xa0\xad]"),
        (b"=", rb'="'),
        (b"\xa4\xe6\x8b\xb7", "锟斤拷".encode()),
    )
)
_TOTAL_SIGNS = tuple(word.encode() for word in ("计", "总", "和", "otal", "OTAL"))
_TOTAL_LINE = re.compile(
    rb"""(?mx)^[\s,;|"]*(
        (?:[^,;|\t\r\n]){0,80}?(?:\xe5\x90\x88|\xe5\xb0\x8f|\xe6\x80\xbb|\xe6\xb1\x87|\xe7\xb4\xaf|\xe5\x85\xb1)\s*(?:\xe8\xae\xa1|\xe5\x92\x8c|\xe6\x80\xbb)
      | (?:grand|sub|sum|GRAND|SUB|SUM|Grand|Sub|Sum)?[\s-]*(?:total|Total|TOTAL)
    )"""
)


@dataclass(frozen=True, slots=True)
class Clean:
    """A clean text: its records below the header, and whether no cell has a blank at either end."""

    rows: int
    trimmed: bool


def survey(
    path: Path, delimiter: str, width: int, skip: int, on_share: Callable[[float], None] | None = None
) -> Clean | None:
    """What the file holds below its first ``skip`` lines if it is clean, else None; ``on_share`` is told how much of it was seen."""
    if width < 2 or len(delimiter.encode()) > 1:
        return None
    state = _State(ord(delimiter), width)
    size, seen = path.stat().st_size, 0
    for number, block in enumerate(_whole_lines(path)):
        header, body = _cut_head(block, skip) if number == 0 else (state.header, block)
        if header is None:
            return None
        state.header = header
        if body and not state.accepts(body):
            return None
        seen += len(block)
        if on_share:
            on_share(seen / size)
    return Clean(state.rows, state.trimmed) if state.rows else None


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The file in blocks that end with a line end; a missing one at the very end is added."""
    rest = b""
    with path.open("rb") as handle:
        while block := handle.read(BLOCK):
            whole = rest + block
            cut = whole.rfind(b"\n") + 1
            if not cut and len(whole) > LONGEST_LINE:
                yield whole  # too long a line: refused by whoever looks at it
                return
            rest = whole[cut:]
            if cut:
                yield whole[:cut]
    if rest:
        yield rest + b"\n"


def _cut_head(block: bytes, skip: int) -> tuple[bytes | None, bytes]:
    """The header line and what follows it; no header line where quotes reach over lines above the data."""
    at = 0
    line = b""
    for _ in range(skip):
        end = block.find(b"\n", at) + 1
        line = block[at:end]
        if not end or line.count(b'"') % 2:
            return None, b""
        at = end
    return line.strip(b"\xef\xbb\xbf\r\n"), block[at:]


class _State:
    """What is known of the lines seen so far."""

    def __init__(self, delimiter: int, width: int) -> None:
        self.delimiter = delimiter
        self.width = width
        self.header = b""
        self.rows = 0
        self.quoted = False
        self.trimmed = True
        self.returns: bool | None = None
        self.edges = np.zeros(256, dtype=bool)
        self.edges[[delimiter, _QUOTE, _NEWLINE, _RETURN]] = True
        self.plain = bytes(sign for sign in range(256) if sign not in (delimiter, _QUOTE, _NEWLINE))

    def accepts(self, block: bytes) -> bool:
        """Whether a block of whole lines is clean."""
        signs = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(signs == _NEWLINE)
        clean = (
            self._has_plain_controls(signs, ends)
            and not any(_holds(signs, block, word) and pattern.search(block) for word, pattern in _JUDGED)
            and self.header not in block
            and not _has_total(signs, block)
            and self._same_width(signs, ends, block)
        )
        self.trimmed = clean and self.trimmed and self._is_trimmed(signs, block)
        return clean

    def _is_trimmed(self, signs: NDArray[np.uint8], block: bytes) -> bool:
        """Whether no blank stands beside the edge of a cell; the wide blank of Chinese nowhere at all."""
        if _holds(signs, block, _WIDE_BLANK) or (self.delimiter == _TAB and self.quoted):
            return False
        blank = signs == _BLANK if self.delimiter == _TAB else (signs == _BLANK) | (signs == _TAB)
        at = np.flatnonzero(blank)
        at_edge = self.edges[signs[at + 1]] | self.edges[signs[np.maximum(at, 1) - 1]] | (at == 0)
        return not at_edge.any()

    def _has_plain_controls(self, signs: NDArray[np.uint8], ends: NDArray[np.intp]) -> bool:
        """Whether there are no control signs but tabs and line ends, all of one kind."""
        returns = bool(ends[0] and signs[ends[0] - 1] == _RETURN)
        if self.returns is None:
            self.returns = returns
        if self.returns and not (signs[ends - 1] == _RETURN).all():
            return False
        tabs = np.count_nonzero(signs == _TAB)
        controls = np.count_nonzero(signs < 32) + np.count_nonzero(signs == 127)
        return bool(controls == tabs + ends.size * (2 if self.returns else 1))

    def _same_width(self, signs: NDArray[np.uint8], ends: NDArray[np.intp], block: bytes) -> bool:
        """Whether each line is one record of the right number of cells, and none is nothing but delimiters inside: perhaps a remark."""
        marks = bytes([self.delimiter]) * (self.width - 1)
        outside = self._outside_quotes(signs, block.translate(None, self.plain))
        if outside != (marks + b"\n") * ends.size or (self.width > 2 and marks in block):
            return False
        starts = np.concatenate(([-1], ends[:-1]))
        if _maybe_blank(signs, starts + 1, ends):
            return False
        self.rows += ends.size
        return bool((ends - starts).max() < LONGEST_LINE)

    def _outside_quotes(self, signs: NDArray[np.uint8], marks: bytes) -> bytes | None:
        """Of the delimiters, quotes and line ends of a block those that no quotes enclose; None where quotes do not pair."""
        if b'"' not in marks:
            return marks
        self.quoted = True
        of_marks = np.frombuffer(marks, dtype=np.uint8)
        quote = of_marks == _QUOTE
        inside = np.bitwise_xor.accumulate(quote.view(np.uint8))
        if inside[-1] or not self._are_paired(signs, np.flatnonzero(signs == _QUOTE)):
            return None
        return bytes(of_marks[~quote & (inside == 0)])

    def _are_paired(self, signs: NDArray[np.uint8], quotes: NDArray[np.intp]) -> bool:
        """Whether each quote opens a cell, closes one, or is half of a doubled one."""
        before = np.where(quotes[0::2] > 0, signs[quotes[0::2] - 1], _NEWLINE)
        after = signs[quotes[1::2] + 1]
        opens = (before == self.delimiter) | (before == _NEWLINE) | (before == _QUOTE)
        closes = (after == self.delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
        return bool(opens.all() and closes.all())


def _holds(signs: NDArray[np.uint8], block: bytes, word: bytes) -> bool:
    """Whether the block holds a word: one sign is found quickly, a longer word by its last sign and those before it."""
    if word[-1:] not in block:
        return False
    if len(word) == 1:
        return True
    at = np.flatnonzero(signs == word[-1])
    for back in range(1, len(word)):
        at = at[signs[np.maximum(at, back) - back] == word[-1 - back]]
    return bool((at >= len(word) - 1).any())


def _has_total(signs: NDArray[np.uint8], block: bytes) -> bool:
    return any(_holds(signs, block, word) for word in _TOTAL_SIGNS) and bool(_TOTAL_LINE.search(block))


def _maybe_blank(signs: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> bool:
    """Whether a line begins with an empty or blank cell and holds nothing else."""
    first = signs[starts]
    blank = np.isin(first, np.frombuffer(b' ,;|\t"\xe3', dtype=np.uint8))
    raw = signs.tobytes() if blank.any() else b""
    return any(
        not raw[start:end].translate(None, b' ,;|\t"\r\xe3\x80')
        for start, end in zip(starts[blank].tolist(), ends[blank].tolist(), strict=True)
    )

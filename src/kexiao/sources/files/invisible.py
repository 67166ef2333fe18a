"""Signs that nobody sees and that make two equal keys differ: zero-width blanks, direction marks, no-break spaces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from kexiao.text import Text

# Zero-width joiners (U+200C, U+200D) and variation selectors belong to emoji and some scripts, and stay unmentioned.
CLASS = r"\x{00A0}\x{00AD}\x{200B}\x{200E}\x{200F}\x{2028}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}\x{00}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}"
"""The signs as a regular expression class of DuckDB."""
LOST = "\ufffd"
GARBLED = "锟斤拷"
"""What U+FFFD becomes when its UTF-8 is read as GBK."""
PYTHON_CLASS = re.sub(r"\\x\{(\w+)\}", lambda found: "\\u" + found[1].zfill(4), CLASS)
"""The same for Python."""
_SIGNS = re.compile(f"[{PYTHON_CLASS}]")


def count(cells: Sequence[str | None], names: Sequence[str], found: Counter[str]) -> None:
    """Count the cells with such signs by column; cells in plain ASCII letters cost nothing."""
    for index, cell in enumerate(cells):
        if cell and not (cell.isascii() and cell.isprintable()):
            if _SIGNS.search(cell):
                found[names[index]] += 1
            if LOST in cell or GARBLED in cell:
                found[LOST + names[index]] += 1


def warnings(found: Counter[str]) -> Iterable[Text]:
    """What to tell of the cells found, one text a column."""
    for name, times in found.items():
        if name.startswith(LOST):
            yield Text(
                zh="“{c}”列有 {n} 个单元格含“\ufffd”或“锟斤拷”：文字在导出时已丢失。",
                en="Column {c}: {n} cells contain “\ufffd”: text was already lost when the file was exported.",
            ).fill(c=name[1:], n=times)
        else:
            yield Text(
                zh="“{c}”列有 {n} 个单元格含不可见字符（零宽字符、不间断空格等）。",
                en="Column {c}: {n} cells contain invisible characters (zero-width, no-break spaces).",
            ).fill(c=name, n=times)

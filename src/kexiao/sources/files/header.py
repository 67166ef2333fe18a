"""Where the header of a table stands, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.errors import Ambiguous, InputRejected, Place
from kexiao.text import Text

Row = Sequence[str | None]
Region = tuple[int, int, int, int]
"""Joined cells: first row, first column, last row, last column, all from 0."""

LOOKED_AT = 60
LONGEST_NAME = 500
_INVISIBLE_ENDS = re.compile(
    r"^[\s\u00a0\u3000\u200b-\u200f\u202a-\u202e\u2060\ufeff]+|[\s\u00a0\u3000\u200b-\u200f\u202a-\u202e\u2060\ufeff]+$"
)
_VALUE = re.compile(
    r"""^[\s'"=]*(
        [-+(]?[¥￥$€]?\s*\d[\d,.\s]*\)?\s*(%|元|万|万元|件|个)?      # numbers and amounts
      | \d{2,4}\s*[-/.年]\s*\d{1,2}(\s*[-/.月]\s*\d{1,2}日?)?([T\s].*)?  # dates
      | \d{1,2}:\d{2}(:\d{2})?
      | [A-Za-z]{0,6}[-_]?\d{4,}[-\w]*                                 # keys such as SO20250001
      | [0-9a-f]{16,}                                                  # hashed keys
      | [\w.+-]+@[\w-]+\.[\w.]+
    )[\s'"]*$""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table, the rows above its data (counted from 0), and what had to be supposed."""

    names: tuple[str, ...]
    first: int
    last: int
    warnings: tuple[Text, ...] = ()


def clean_name(cell: str | None) -> str:
    """A header cell without the blanks around and the line breaks inside.

    >>> clean_name(" 订单号\\u3000"), clean_name("下单\\n时间")
    ('订单号', '下单时间')
    """
    inner = re.sub(r"(?<=[\u2e80-\uffef])\s*[\r\n]+\s*|\s*[\r\n]+\s*(?=[\u2e80-\uffef])", "", cell or "")
    return _INVISIBLE_ENDS.sub("", re.sub(r"\s*[\r\n\t]+\s*", " ", inner))


def looks_like_value(cell: str) -> bool:
    """Whether a cell reads as data (number, date, key) and not as the name of a column.

    >>> looks_like_value("2025-01-06"), looks_like_value("SO202500000001"), looks_like_value("金额")
    (True, True, False)
    """
    return bool(_VALUE.match(cell))


def find_header(rows: Sequence[Row], merged: Sequence[Region] = ()) -> Header | None:
    """The header among the first rows, or None where the rows hold no table.

    Rows with few cells above it are titles. Of two header rows the lower gives the names, the upper what it leaves out.

    Errors: ``InputRejected`` where the table begins with data.
    """
    shown = [[clean_name(cell) for cell in row] for row in rows[:LOOKED_AT]]
    filled = [[cell for cell in row if cell] for row in shown]
    needed = _cells_needed([len(cells) for cells in filled])
    for number, cells in enumerate(filled):
        if len(cells) < needed or (cells[0].startswith("#") and len(cells) == 1 < needed):
            continue
        if _is_line_of_facts(filled, number):
            continue
        if sum(looks_like_value(cell) for cell in cells) * 2 >= len(cells):
            raise _no_header(number)
        return _header_at(shown, number, merged)
    return None


def _cells_needed(counts: Sequence[int]) -> int:
    """How many cells a header must fill: most of what the fuller rows fill, so that titles fall short."""
    present = sorted(count for count in counts if count)
    if not present:
        return 1
    usual = present[int(0.8 * (len(present) - 1) + 0.5)]
    return max(1, min(2, usual), round(0.6 * usual))


def _is_line_of_facts(filled: Sequence[Sequence[str]], number: int) -> bool:
    """Whether this row is a title such as “导出时间, 2025-03-01”: it holds a value, a fuller row of mere names follows."""
    below = next((cells for cells in filled[number + 1 :] if cells), [])
    has_value = any(looks_like_value(cell) for cell in filled[number])
    return has_value and len(below) > len(filled[number]) and not any(looks_like_value(cell) for cell in below)


def _no_header(number: int) -> InputRejected:
    return InputRejected(
        Text(zh="找不到表头：这一行看起来已经是数据。", en="There is no header: this row already looks like data."),
        next_step=Text(zh="请在数据上方加一行列名。", en="Put a row of column names above the data."),
        place=Place(row=number + 1),
    )


def _header_at(rows: Sequence[Sequence[str]], number: int, merged: Sequence[Region]) -> Header:
    names = list(rows[number])
    for top, left, bottom, _right in merged:
        if top < number <= bottom and left < len(names) and not names[left] and left < len(rows[top]):
            names[left] = rows[top][left]
    last = number
    warnings: list[Text] = []
    if number + 1 < len(rows) and _continues(rows, number, merged):
        last = number + 1
        names = _two_rows(names, rows[last])
        warnings.append(Text(zh="表头有两行，已合并为一行。", en="The header has two rows; they were joined."))
    return Header(tuple(names), number, last, tuple(warnings))


def _continues(rows: Sequence[Sequence[str]], number: int, merged: Sequence[Region]) -> bool:
    """Whether the next row belongs to the header: cells joined across columns stand above it, or it fills the gaps."""
    upper, lower = rows[number], rows[number + 1]
    filled = [cell for cell in lower if cell]
    if not filled or any(looks_like_value(cell) for cell in filled):
        return False
    if any(top == number and left < right for top, left, bottom, right in merged):
        return True
    gaps = [index for index, cell in enumerate(upper) if not cell]
    if not gaps or number + 2 >= len(rows):
        return False
    fills = all(index < len(lower) and lower[index] for index in gaps)
    below = [cell for cell in rows[number + 2] if cell]
    return fills and any(looks_like_value(cell) for cell in below)


def _two_rows(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    width = max(len(upper), len(lower))
    top = [*upper, *[""] * (width - len(upper))]
    low = [*lower, *[""] * (width - len(lower))]
    return [below or above for above, below in zip(top, low, strict=True)]


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names for all columns, one of its own for each; an empty one becomes 列 N.

    Errors: ``Ambiguous`` where two columns have one name, ``InputRejected`` where a name is as long as a page.

    >>> unique_names(["订单号", ""])
    ('订单号', '列 2')
    """
    twice = [name for name, times in Counter(name for name in names if name).items() if times > 1]
    if twice:
        raise Ambiguous(
            Text(zh="有多列同名“{name}”。", en="Several columns are called “{name}”.").fill(name=twice[0][:80]),
            next_step=Text(zh="请改名或删去多余的列后重试。", en="Rename or remove the others and try again."),
            place=Place(column=twice[0][:80]),
        )
    if any(len(name) > LONGEST_NAME for name in names):
        raise InputRejected(
            Text(zh="这不像一张表：列名过长。", en="This is not like a table: a column name is far too long."),
            next_step=Text(zh="请导出为带表头的表格。", en="Export it as a table with a header."),
        )
    return tuple(name or _free_name(index, names) for index, name in enumerate(names))


def _free_name(index: int, names: Sequence[str]) -> str:
    name = f"列 {index + 1}"
    while name in names:
        name += "_"
    return name

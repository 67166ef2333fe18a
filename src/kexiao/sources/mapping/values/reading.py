"""What reading one cell gives."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from kexiao.sources.files.staged import CELL_ERRORS

INVISIBLE = dict.fromkeys(
    [
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        0x00AD,
        0x180E,
        *range(0x00, 0x20),
        0x7F,
    ]
)
SPACES = {
    ord(space): " "
    for space in "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
}
NOTHING = frozenset(
    {
        "",
        "null",
        "\\n",
        "#n/a",
        "n/a",
        "na",
        "none",
        "nil",
        "nan",
        "--",
        "-",
        "—",
        "——",
        "/",
        "无",
        "暂无",
        "空",
        "(null)",
        "<null>",
    }
)
"""Words in cells that say that there is nothing, casefolded."""
BROKEN = frozenset(word.casefold().rstrip(end) for word in CELL_ERRORS for end in ("", "!?"))
"""What a formula that failed leaves in a cell, casefolded, as workbooks write it and as exports of them do."""
NO_KEY = NOTHING | BROKEN
NO_TEXT = NO_KEY - {"na"}
"""Words that are neither a name nor any other text; Na is a name, and NA a region."""
NOBODY = frozenset(
    {"匿名", "匿名用户", "匿名客户", "匿名买家", "散客", "游客", "未知", "guest", "anonymous", "unknown", "(not set)"}
)
"""What stands, casefolded, for customers of whom nobody knows who they are."""


def as_written(words: Iterable[str]) -> tuple[str, ...]:
    """Casefolded words as people and programs write them.

    >>> as_written({"nan"})
    ('NAN', 'NaN', 'Nan', 'nan')
    """
    forms = {form for word in words for form in (word, word.upper(), word.capitalize())}
    return tuple(sorted(forms | ({"NaN"} if "nan" in forms else set())))


@dataclass(frozen=True, slots=True)
class Read:
    """One cell as read: the canonical text of its value, or the code of what is wrong, and a code for what was changed on the way."""

    value: str | None = None
    code: str | None = None
    note: str | None = None
    extra: str | None = None


MISSING = Read(code="missing")


def plain(raw: str) -> str:
    """A cell in plain letters: full-width forms narrowed, odd spaces made plain, invisible characters gone, ends trimmed.

    >>> plain("１２３．４５\\u200b ")
    '123.45'
    """
    return unicodedata.normalize("NFKC", raw).translate(SPACES).translate(INVISIBLE).replace("\u2212", "-").strip()


def shape(raw: str) -> str:
    """The shape of a personal cell for messages: its first character and how long it is.

    >>> shape("13812345678")
    '1**********'
    """
    return raw[:1] + "*" * min(len(raw) - 1, 30)

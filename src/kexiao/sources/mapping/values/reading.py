"""What reading one cell gives."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

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

"""Every error that a user can cause: what happened, where, why, and the next step.

The exit code belongs to the kind of error; the command line prints ``message()`` and ends with ``exit_code``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kexiao.text import Language, Text


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the input something is: file, sheet, row (as the user sees it, from 1), column."""

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def describe(self, language: Language | None = None) -> str:
        """The place in words, empty when nothing is known.

        >>> Place(file="orders.csv", row=7, column="金额").describe("en")
        'orders.csv, row 7, column 金额'
        """
        parts = [
            (self.file, Text(zh="{v}", en="{v}")),
            (self.sheet, Text(zh="工作表“{v}”", en="sheet “{v}”")),
            (self.row, Text(zh="第 {v} 行", en="row {v}")),
            (self.column, Text(zh="“{v}”列", en="column {v}")),
        ]
        comma = Text(zh="，", en=", ")(language)
        return comma.join(words.fill(v=value)(language) for value, words in parts if value is not None)


class KexiaoError(Exception):
    """Base of all errors that a user can cause.

    ``what`` says what happened, ``next_step`` what to do; ``why`` and ``place`` where they help. ``code`` is a stable name for programs.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, what: Text, *, next_step: Text, why: Text | None = None, place: Place | None = None) -> None:
        super().__init__(what.en)
        self.what = what
        self.why = why
        self.next_step = next_step
        self.place = place

    def message(self, language: Language | None = None) -> str:
        """The whole message in one language, one sentence a part."""
        where = self.place.describe(language) if self.place else ""
        head = (
            Text(zh="{where}：{what}", en="{where}: {what}").fill(where=where, what=self.what) if where else self.what
        )
        parts = [head, self.why, self.next_step]
        gap = "" if Text(zh="zh", en="en")(language) == "zh" else " "
        return gap.join(part(language) for part in parts if part is not None)

    def __str__(self) -> str:
        return self.message()


class WrongUse(KexiaoError):
    """The command or call itself is wrong (2)."""

    exit_code, code = 2, "wrong_use"


class InputRejected(KexiaoError):
    """A file or source was refused; nothing was loaded (3)."""

    exit_code, code = 3, "input_rejected"


class Ambiguous(KexiaoError):
    """Two readings are possible and the user must choose; nothing was loaded (5)."""

    exit_code, code = 5, "ambiguous"


class SourceUnavailable(KexiaoError):
    """A source does not answer for now; the work can be resumed (6)."""

    exit_code, code = 6, "source_unavailable"


class StorageError(KexiaoError):
    """Disk, lock or file permission (7)."""

    exit_code, code = 7, "storage"


class LimitExceeded(KexiaoError):
    """Memory, time, size or row limit (8)."""

    exit_code, code = 8, "limit"


class IntegrityFailed(KexiaoError):
    """Stored data do not match their checksums or a closed result (9)."""

    exit_code, code = 9, "integrity"


class NotPermitted(KexiaoError):
    """The person may not do this (10)."""

    exit_code, code = 10, "not_permitted"


PARTLY_LOADED = 4
INTERRUPTED = 130


def unknown_name(kind: Text, name: str, known: list[str]) -> WrongUse:
    """The error for a name that does not exist, with the nearest ones.

    >>> unknown_name(Text(zh="指标", en="metric"), "retension_rate", ["retention_rate", "orders"]).message("en")
    "There is no metric named 'retension_rate'. Did you mean: retention_rate?"
    """
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        step = Text(zh="你是不是想用：{near}？", en="Did you mean: {near}?").fill(near=", ".join(near))
    else:
        step = Text(zh="可用的有：{all}。", en="There are: {all}.").fill(all=", ".join(sorted(known)[:40]))
    what = Text(zh="没有名为“{name}”的{kind}。", en="There is no {kind} named '{name}'.").fill(name=name, kind=kind)
    return WrongUse(what, next_step=step)

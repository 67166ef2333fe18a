"""How commands print the ledger of restatements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kexiao.cli.options import session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.assessment.ledger import LedgerLine
    from kexiao.assessment.results import Assessment, Restatement


def show_ledger(closes: Sequence[Assessment]) -> None:
    """Print every line of the ledger of these closed periods, the newest first; for people nothing where there is none."""
    from kexiao.cli.output import Shown, show

    rows = [row for found in closes for row in _rows(found)]
    if not rows and session().format == "table":
        return
    columns = [
        Shown("scorecard", Text(zh="评分卡", en="Scorecard")),
        Shown("period", Text(zh="期间", en="Period")),
        Shown("subject", Text(zh="对象", en="Subject")),
        Shown("indicator", Text(zh="指标", en="Indicator")),
        Shown("closed", Text(zh="关账时", en="When closed"), right=True),
        Shown("now", Text(zh="重算", en="Computed anew"), right=True),
        Shown("difference", Text(zh="差", en="Difference"), right=True),
        Shown("found_at", Text(zh="发现于", en="Found")),
        Shown("after", Text(zh="其间的数据变化", en="After")),
        Shown("holds", Text(zh="现在仍是", en="Still so")),
    ]
    show(columns, rows, title=Text(zh="重述台账", en="Ledger of restatements"))


def _rows(found: Assessment) -> Iterator[tuple[object, ...]]:
    from kexiao.assessment.ledger import lines_of

    for line in lines_of(found):
        yield _row(found, line.restatement, line, line.changes)
    # Differences that another version of the program makes are told; they are no restatements of the data.
    words = Text(zh="程序版本不同（关账时 {v}）", en="another version of the program ({v} when closed)").fill(
        v=found.program
    )
    for one in found.restatements:
        if one.cause == "program":
            yield _row(found, one, None, words)


def _row(found: Assessment, one: Restatement, line: LedgerLine | None, after: Text) -> tuple[object, ...]:
    at, holds = (line.entry.found_at, line.holds) if line else (None, True)
    if session().format != "table":
        return (found.scorecard, found.period, one.subject, one.indicator or one.field, one.closed, one.now, one.difference, at, str(after), holds)  # fmt: skip
    currency = str(found.policy.get("currency", "CNY"))
    numbers = (_number(one, one.closed, currency), _number(one, one.now, currency), _difference(one, currency))
    yes = Text(zh="是", en="yes") if holds else Text(zh="否", en="no")
    return (
        found.scorecard,
        found.period,
        str(one.subject_label),
        str(one.about),
        *numbers,
        at and at[:16].replace("T", " "),
        str(after),
        str(yes),
    )


def _number(one: Restatement, value: float | str | None, currency: str) -> str | None:
    from kexiao.report.numbers import show as number

    if value is None or isinstance(value, str):
        return value
    return number(value, one.unit, currency=currency) if one.unit else f"{value:.1f}"


def _difference(one: Restatement, currency: str) -> str | None:
    from kexiao.report.numbers import show_signed

    if one.difference is None:
        return None
    return show_signed(one.difference, one.unit, currency=currency) if one.unit else f"{one.difference:+.1f}"

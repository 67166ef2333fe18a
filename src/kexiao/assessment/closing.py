"""Closing a period 关账: the values as they were, with rules, policy and data version, kept for good; what would differ today is listed beside them.

A close is one file, ``closes/<scorecard>-<period>-r<revision>.json``, whose hash stands in the audit log; a file changed by hand is noticed when it is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from kexiao.assessment.results import Assessment, Close, IndicatorResult, Restatement, SubjectResult
from kexiao.assessment.sealed import read_sealed, write_sealed
from kexiao.engine import audit
from kexiao.engine.posix import exclusive
from kexiao.errors import WrongUse
from kexiao.text import Text

FOLDER = "closes"
ACT = "close"
# Values that differ by less are the same number computed on another machine.
_EQUAL = 1e-9


def closed_assessment(root: Path, scorecard: str, period: str) -> Assessment | None:
    """The latest close of a scorecard's period, as it was stored; None while it is open.

    Errors: ``IntegrityFailed`` where the file is not what the audit log says was written.
    """
    revisions = _revisions(root, scorecard, period)
    return _read(root, revisions[-1]) if revisions else None


def every_close(root: Path) -> Iterator[Assessment]:
    """The latest revision of every closed period of a workspace."""
    latest: dict[str, Path] = {}
    for path in sorted((root / FOLDER).glob("*-r*.json"), key=lambda p: (_stem(p), _revision(p))):
        latest[_stem(path)] = path
    for path in latest.values():
        yield _read(root, path)


def close(root: Path, assessment: Assessment, *, reason: str | None = None, who: str | None = None) -> Assessment:
    """Store an assessment as closed: revision 1, or the next one with the reason why the period was opened again.

    Errors: ``WrongUse`` for a period that is not complete, is closed already, or was never closed though a reason is given.
    """
    if not assessment.complete:
        raise WrongUse(
            Text(
                zh="{p} 还没有结束或数据没有到齐，不能关账。",
                en="{p} is not over, or its data are not all in: it cannot be closed.",
            ).fill(p=assessment.period),
            next_step=Text(
                zh="等期间结束、数据导入后再关账。", en="Close it when the period is over and its data are loaded."
            ),
        )
    with exclusive(root / FOLDER / ".lock"):
        earlier = _revisions(root, assessment.scorecard, assessment.period)
        _check_revision(assessment, earlier, reason)
        number = _revision(earlier[-1]) + 1 if earlier else 1
        path = root / FOLDER / f"{assessment.scorecard}-{assessment.period}-r{number}.json"
        stamp = Close(
            number, datetime.now(UTC).isoformat(timespec="seconds"), who or audit.system_user(), reason, path.name
        )
        stored = replace(assessment, closed=stamp, restatements=(), ledger=())
        write_sealed(root, ACT, path, stored.record(), who=who, snapshot=assessment.snapshot, reason=reason)
    return stored


def _check_revision(assessment: Assessment, earlier: list[Path], reason: str | None) -> None:
    if earlier and reason is None:
        raise WrongUse(
            Text(zh="{s} 的 {p} 已经关账（第 {r} 版）。", en="{p} of {s} is closed already (revision {r}).").fill(
                s=assessment.scorecard, p=assessment.period, r=_revision(earlier[-1])
            ),
            next_step=Text(
                zh="要重开，请用 --reopen 写明原因。", en="To open it again, give the reason with --reopen."
            ),
        )
    if not earlier and reason is not None:
        raise WrongUse(
            Text(
                zh="{s} 的 {p} 没有关过账，无从重开。", en="{p} of {s} was never closed, so it cannot be opened again."
            ).fill(s=assessment.scorecard, p=assessment.period),
            next_step=Text(zh="请用 --close 关账。", en="Close it with --close."),
        )


def _stem(path: Path) -> str:
    return path.stem.rpartition("-r")[0]


def _revision(path: Path) -> int:
    return int(path.stem.rpartition("-r")[2])


def _revisions(root: Path, scorecard: str, period: str) -> list[Path]:
    stem = f"{scorecard}-{period}"
    found = [path for path in (root / FOLDER).glob(f"{stem}-r*.json") if _stem(path) == stem]
    return sorted(found, key=_revision)


def _read(root: Path, path: Path) -> Assessment:
    return Assessment.from_record(read_sealed(root, ACT, path))


def restated(stored: Assessment, now: Assessment) -> tuple[Restatement, ...]:
    """What of a closed assessment would be computed differently today, subject by subject, levels above too; empty where nothing would."""
    fresh = {(subject.kind, subject.name): subject for subject in (*now.subjects, *now.rolled_up)}
    found: list[Restatement] = []
    for subject in (*stored.subjects, *stored.rolled_up):
        current = fresh.pop((subject.kind, subject.name), None)
        found += _differences(subject, current) if current else [_restatement(subject, "subject", subject.name, None)]
    return (*found, *(_restatement(subject, "subject", None, subject.name) for subject in fresh.values()))


def not_of_the_data(found: Iterable[Restatement], of_data: Iterable[Restatement]) -> tuple[Restatement, ...]:
    """The differences, those marked as the program's that the data alone do not make: ``of_data`` lists what the program of today finds different
    between the data of the close and those of now."""
    moved = {one.key for one in of_data}
    return tuple(one if one.key in moved else replace(one, cause="program") for one in found)


def _differences(then: SubjectResult, now: SubjectResult) -> Iterator[Restatement]:
    current = {_key(result): result for result in now.indicators}
    for result in then.indicators:
        other = current.get(_key(result))
        value = other.value if other else None
        if not same_value(result.value, value):
            yield _restatement(then, "value", result.value, value, of=result)
    if not same_value(then.score, now.score):
        yield _restatement(then, "score", then.score, now.score)
    if then.grade != now.grade:
        yield _restatement(then, "grade", then.grade, now.grade)


def _restatement(
    subject: SubjectResult,
    field: Literal["value", "score", "grade", "subject"],
    then: float | str | None,
    now: float | str | None,
    *,
    of: IndicatorResult | None = None,
) -> Restatement:
    return Restatement(
        subject.kind, subject.name, subject.label, of.indicator if of else None, of.label if of else None, of.scope if of else {},
        of.unit if of else None, field, then, now,
    )  # fmt: skip


def _key(result: IndicatorResult) -> tuple[str, tuple[tuple[str, str], ...]]:
    return result.indicator, tuple(sorted(result.scope.items()))


def same_value(then: float | str | None, now: float | str | None) -> bool:
    """Whether two values are the same number, but for the last digits in which machines differ, or the same word."""
    if isinstance(then, str) or isinstance(now, str) or then is None or now is None:
        return then == now
    return math.isclose(then, now, rel_tol=_EQUAL, abs_tol=_EQUAL)

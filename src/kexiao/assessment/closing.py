"""Closing a period 关账: the values as they were, with rules, policy and data version, kept for good; what would differ today is listed beside them.

A close is one file, ``closes/<scorecard>-<period>-r<revision>.json``, whose hash stands in the audit log; a file changed by hand is noticed when it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kexiao.assessment.results import Assessment, Close, IndicatorResult, Restatement, SubjectResult
from kexiao.engine import audit
from kexiao.engine.posix import exclusive, storage_errors, write_durably
from kexiao.errors import IntegrityFailed, Place, WrongUse
from kexiao.text import Text

FOLDER = "closes"
_ACT = "close"
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
        stored = replace(assessment, closed=stamp, restatements=())
        content = json.dumps(stored.record(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False).encode()
        # The log comes first: a hash without a file harms nobody, a file without a hash could be anybody's.
        audit.record(
            root, _ACT, who=who, file=path.name, sha256=_hash(content), snapshot=assessment.snapshot, reason=reason
        )
        write_durably(path, content)
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


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(root: Path, path: Path) -> Assessment:
    with storage_errors(path):
        content = path.read_bytes()
    if _hash(content) not in _logged(root, path.name):
        raise IntegrityFailed(
            Text(
                zh="关账文件与审计日志不符，内容被改过。",
                en="This close is not what the audit log says was written: it was changed.",
            ),
            next_step=Text(zh="从备份恢复这个文件。", en="Restore the file from a backup."),
            place=Place(file=path.name),
        )
    return Assessment.from_record(json.loads(content))


def _logged(root: Path, name: str) -> set[str]:
    log = root / "audit" / "log.jsonl"
    if not log.exists():
        return set()
    with storage_errors(log), log.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines if name in line]
    return {entry["sha256"] for entry in entries if entry.get("act") == _ACT and entry.get("file") == name}


def restated(stored: Assessment, now: Assessment) -> tuple[Restatement, ...]:
    """What of a closed assessment would be computed differently today, subject by subject; empty where nothing would."""
    fresh = {subject.name: subject for subject in now.subjects}
    found: list[Restatement] = []
    for subject in stored.subjects:
        if subject.name not in fresh:
            found.append(_subject_gone(subject))
            continue
        found += _differences(subject, fresh.pop(subject.name))
    return (*found, *(_subject_come(subject) for subject in fresh.values()))


def _differences(then: SubjectResult, now: SubjectResult) -> Iterator[Restatement]:
    current: dict[tuple[str, tuple[tuple[str, str], ...]], IndicatorResult] = {
        _key(result): result for result in now.indicators
    }
    for result in then.indicators:
        other = current.get(_key(result))
        value = other.value if other else None
        if not _same(result.value, value):
            yield Restatement(
                then.name,
                result.indicator,
                "value",
                result.value,
                value,
                _words(then, result.label, result.value, value),
            )
    total = Text(zh="总分", en="Total")
    if not _same(then.score, now.score):
        yield Restatement(then.name, None, "score", then.score, now.score, _words(then, total, then.score, now.score))
    if then.grade != now.grade:
        words = Text(zh="{s}：等级关账时 {a}，现在 {b}", en="{s}: grade {a} when closed, {b} now")
        filled = words.fill(s=then.label, a=then.grade or "—", b=now.grade or "—")
        yield Restatement(then.name, None, "grade", then.grade, now.grade, filled)


def _key(result: IndicatorResult) -> tuple[str, tuple[tuple[str, str], ...]]:
    return result.indicator, tuple(sorted(result.scope.items()))


def _same(then: float | None, now: float | None) -> bool:
    if then is None or now is None:
        return then is now
    return math.isclose(then, now, rel_tol=_EQUAL, abs_tol=_EQUAL)


def _words(subject: SubjectResult, label: Text, then: float | None, now: float | None) -> Text:
    shown = ["—" if value is None else f"{value:,.6g}" for value in (then, now)]
    words = Text(zh="{s}：{l}关账时 {a}，现在 {b}", en="{s}: {l} {a} when closed, {b} now")
    return words.fill(s=subject.label, l=label, a=shown[0], b=shown[1])


def _subject_gone(subject: SubjectResult) -> Restatement:
    words = Text(zh="{s}：现在的数据里已没有", en="{s}: no longer in the data")
    return Restatement(subject.name, None, "subject", subject.name, None, words.fill(s=subject.label))


def _subject_come(subject: SubjectResult) -> Restatement:
    words = Text(zh="{s}：关账时的数据里没有", en="{s}: not in the data when closed")
    return Restatement(subject.name, None, "subject", None, subject.name, words.fill(s=subject.label))

"""The ledger of restatements 重述台账: what later data made of closed numbers, each with the number as closed and the one of then.

Closed numbers stay as they are. An entry is one file, ``restatements/<scorecard>-<period>-<number>.json``, written once under the audit log. The same
difference is entered once; one that changes again, or that goes back to the closed number, is entered again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kexiao.assessment.closing import same_value
from kexiao.assessment.records import record_of, value_from
from kexiao.assessment.results import Assessment, DataChange, LedgerEntry, Restatement
from kexiao.assessment.sealed import read_sealed, write_sealed
from kexiao.engine import audit
from kexiao.engine.posix import exclusive
from kexiao.text import Text

FOLDER = "restatements"
ACT = "restate"
_CHANGES = {
    "collect": Text(zh="导入 {n}", en="load {n}"),
    "undo": Text(zh="撤销导入 {of}", en="load {of} taken back"),
    "merge": Text(zh="合并客户（快照 {n}）", en="customers merged (snapshot {n})"),
    "unmerge": Text(zh="拆开客户（快照 {n}）", en="customers taken apart (snapshot {n})"),
    "erase": Text(zh="删除个人数据（快照 {n}）", en="a person erased (snapshot {n})"),
}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One restatement with the entry it belongs to; ``holds``: it is what today's data say, not passed by a later one or a later close."""

    entry: LedgerEntry
    restatement: Restatement
    holds: bool

    @property
    def changes(self) -> Text:
        """What happened to the data before it was found, in words."""
        words = [change_words(change) for change in self.entry.changes]
        return Text(zh="、".join(one.zh for one in words) or "—", en=", ".join(one.en for one in words) or "—")


def lines_of(found: Assessment) -> tuple[LedgerLine, ...]:
    """The ledger of a closed assessment line by line, the newest first."""
    today = {one.key: one for one in found.restatements}
    revision = found.closed.revision if found.closed else 0
    lines, passed = [], set[object]()
    for entry in reversed(found.ledger):
        for one in entry.restatements:
            now = today.get(one.key)
            fresh = entry.revision == revision and one.key not in passed
            lines.append(LedgerLine(entry, one, fresh and now is not None and same_value(one.now, now.now)))
        passed.update(one.key for one in entry.restatements)
    return tuple(lines)


def change_words(change: DataChange) -> Text:
    """A change of the data in words."""
    act, _, of = change.reason.partition(" ")
    words = _CHANGES.get(act)
    return words.fill(n=int(change.snapshot.lstrip("s")), of=of) if words else Text.same(change.reason)


def entries_of(root: Path, scorecard: str, period: str) -> tuple[LedgerEntry, ...]:
    """What was entered for one closed period, every revision, oldest first.

    Errors: ``IntegrityFailed`` where an entry is not what the audit log says was written.
    """
    return tuple(value_from(LedgerEntry, read_sealed(root, ACT, path)) for path in _paths(root, scorecard, period))


def enter(
    root: Path,
    stored: Assessment,
    found: Sequence[Restatement],
    *,
    snapshot: str,
    changes: Sequence[DataChange],
    program: str,
    who: str | None = None,
) -> LedgerEntry | None:
    """Enter what is new among the differences of a closed assessment; None where nothing is.

    ``snapshot`` is the data version of the new numbers, ``changes`` are the loads and merges since it was last compared.
    """
    if stored.closed is None or not list(_news(stored, entries_of(root, stored.scorecard, stored.period), found)):
        return None
    with exclusive(root / FOLDER / ".lock"):
        before = entries_of(root, stored.scorecard, stored.period)
        # Somebody else may have entered it meanwhile.
        if not (news := tuple(_news(stored, before, found))):
            return None
        number = before[-1].number + 1 if before else 1
        entry = LedgerEntry(
            stored.scorecard, stored.period, number, stored.closed.revision, datetime.now(UTC).isoformat(timespec="seconds"),
            who or audit.system_user(), stored.snapshot, snapshot, tuple(changes), program, news,
        )  # fmt: skip
        path = root / FOLDER / f"{stored.scorecard}-{stored.period}-{number}.json"
        write_sealed(root, ACT, path, record_of(entry), who=who, snapshot=snapshot)
    return entry


def missing_entries(root: Path) -> list[str]:
    """Files that the numbering of the ledger asks for and that are not there."""
    highest: dict[str, int] = {}
    for path in (root / FOLDER).glob("*.json"):
        stem, _, number = path.stem.rpartition("-")
        highest[stem] = max(highest.get(stem, 0), int(number) if number.isdigit() else 0)
    names = (f"{stem}-{number}.json" for stem, last in sorted(highest.items()) for number in range(1, last))
    return [name for name in names if not (root / FOLDER / name).exists()]


def _news(stored: Assessment, before: Sequence[LedgerEntry], found: Sequence[Restatement]) -> Iterator[Restatement]:
    """Differences that the ledger does not hold yet as they are, and those it holds that are gone."""
    revision = stored.closed.revision if stored.closed else 0
    held = {one.key: one for entry in before if entry.revision == revision for one in entry.restatements}
    current = {one.key: one for one in found}
    for key, one in current.items():
        known = held.get(key)
        if one.cause == "data" and (known is None or not same_value(known.now, one.now)):
            yield one
    for key, one in held.items():
        if key not in current and not same_value(one.now, one.closed):
            yield replace(one, now=one.closed)


def _paths(root: Path, scorecard: str, period: str) -> list[Path]:
    stem = f"{scorecard}-{period}"
    found = [path for path in (root / FOLDER).glob(f"{stem}-*.json") if path.stem.rpartition("-")[0] == stem]
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]))

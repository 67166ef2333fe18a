"""Assess: a scorecard over a period, for every subject and the levels above; close it; show it as it was closed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from kexiao import __version__
from kexiao.assessment.closing import close as store_close
from kexiao.assessment.closing import closed_assessment, not_of_the_data, restated
from kexiao.assessment.ledger import enter, entries_of
from kexiao.assessment.reading import read_scorecards, scorecard_for, scorecard_from_text
from kexiao.assessment.results import Assessment, DataChange, SubjectKind
from kexiao.assessment.scorecard import COMPANY, DIMENSION_OF, Indicator, Scorecard
from kexiao.assessment.scoring import Measured, label_of, score_subjects
from kexiao.cycle.measure import measure_facts
from kexiao.cycle.quality_gate import refuse_poor_data, tables_of_metrics
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store
from kexiao.errors import StorageError
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Period, parse
from kexiao.facts.policy import policy_of_result
from kexiao.facts.source import FactSource, open_facts
from kexiao.facts.units import UNKNOWN
from kexiao.metrics.catalogue import definitions_of, definitions_on, in_its_catalogue, metrics_as_stored
from kexiao.text import Text

Cells = Mapping[str, MetricValue]
# Where a metric cannot be broken down here at all, its one null with the reason stands under this name.
_NOBODY = ""


class Levels(NamedTuple):
    """Subjects of the scorecard's own kind, and those of each level above."""

    subjects: list[Measured]
    above: list[list[Measured]]


@in_its_catalogue
def assess(
    folder: Folder,
    scorecard: str,
    period: str,
    *,
    close: bool = False,
    reopen: str | None = None,
    as_of: str | None = None,
    who: str | None = None,
) -> Assessment:
    """Judge a scorecard's subjects in a period by the version of the card in force when it began.

    A closed period shows the stored values, with ``restatements`` for whatever would differ today under the rules of the close. ``close`` stores the
    values; ``reopen`` (the reason, in words) computes anew and stores the next revision. What differs in the newest data is entered in the ledger of
    restatements.
    Errors: ``InputRejected`` for a card that cannot be read, ``WrongUse`` for an unknown card or period, one that cannot be closed (not over, or on data
    below the limits of quality) or is closed already.
    """
    whole = parse(period, folder.fiscal_year_start)
    stored = closed_assessment(folder.root, scorecard, whole.name)
    if stored is not None and not close and reopen is None:
        return _as_closed(folder, stored, whole, as_of, who)
    source = open_facts(folder, as_of=as_of)
    card = scorecard_for(read_scorecards(folder.root), scorecard, whole)
    found = assess_facts(source, card, whole)
    if close or reopen is not None:
        tables = tables_of_metrics(indicator.metric for indicator in card.indicators)
        refuse_poor_data(folder, tables, as_of=found.snapshot)
        return store_close(folder.root, found, reason=reopen, who=who)
    return found


def _as_closed(folder: Folder, stored: Assessment, period: Period, as_of: str | None, who: str | None) -> Assessment:
    """The closed values with what the data of today make of them under the rules, the policy and the active window of the close."""
    policy = policy_of_result(stored.policy)
    with metrics_as_stored(stored.metric_texts):
        rules = scorecard_from_text(stored.scorecard_text, stored.targets_text, file=f"{stored.scorecard}.toml")
        now = assess_facts(open_facts(folder, as_of=as_of, policy=policy), rules, period)
        found = restated(stored, now)
        if found and stored.program != __version__:
            then = assess_facts(open_facts(folder, as_of=stored.snapshot, policy=policy), rules, period)
            found = not_of_the_data(found, restated(then, now))
    notes = stored.notes
    if as_of is None:
        try:
            changes = _changes_since(folder, stored, now.snapshot)
            enter(folder.root, stored, found, snapshot=now.snapshot, changes=changes, program=__version__, who=who)
        except StorageError as problem:
            # The closed numbers can be read all the same.
            notes = (
                *notes,
                Text(zh="重述台账无法写入：{p}", en="The ledger of restatements cannot be written: {p}").fill(
                    p=problem.what
                ),
            )
    ledger = entries_of(folder.root, stored.scorecard, stored.period)
    return replace(stored, restatements=found, ledger=ledger, notes=notes)


def _changes_since(folder: Folder, stored: Assessment, snapshot: str) -> tuple[DataChange, ...]:
    """What happened to the data since a close was last found to differ: loads, merges, erasures; upkeep and models change no fact."""
    store, before = Store(folder.data), entries_of(folder.root, stored.scorecard, stored.period)
    since = max(int(name.lstrip("s")) for name in (stored.snapshot, *(entry.snapshot for entry in before)))
    later = (store.read(number) for number in store.numbers() if since < number <= int(snapshot.lstrip("s")))
    return tuple(
        DataChange(one.name, one.reason) for one in later if not one.reason.startswith(("compact", "backup", "model"))
    )


def assess_facts(source: FactSource, card: Scorecard, period: Period) -> Assessment:
    """The same over facts that are open already, without closing."""
    with definitions_on(period.start):
        return _assessed(source, card, period)


def _assessed(source: FactSource, card: Scorecard, period: Period) -> Assessment:
    levels = _measured(source, card, period)
    values = [value for subject in levels.subjects for value in subject.values if value is not None]
    text = card.text + (card.targets_text or "")
    return Assessment(
        scorecard=card.id,
        name=card.name,
        version=card.since,
        kind=card.kind,
        period=period.name,
        complete=any(v.value is not None for v in values) and all(v.complete for v in values if v.value is not None),
        certainty=card.certainty,
        grades=card.grades,
        subjects=score_subjects(card, period.name, levels.subjects),
        rolled_up=tuple(result for level in levels.above for result in score_subjects(card, period.name, level)),
        notes=_notes(card, levels.subjects),
        policy=source.policy.shown(),
        snapshot=source.snapshot,
        program=__version__,
        scorecard_text=card.text,
        targets_text=card.targets_text,
        scorecard_sha256=hashlib.sha256(text.encode()).hexdigest(),
        metric_texts=definitions_of(indicator.metric for indicator in card.indicators),
    )


def _measured(source: FactSource, card: Scorecard, period: Period) -> Levels:
    names = _names_on_file(source)
    own = _level(source, card, period, card.kind, names)
    listed = [*(card.subjects or ())]
    if listed:
        found = {subject.name: subject for subject in own}
        empty: tuple[MetricValue | None, ...] = (None,) * len(card.indicators)
        own = [found.get(n, Measured(n, label_of(card.kind, n, names), card.kind, empty)) for n in listed]
    return Levels(own, [_level(source, card, period, kind, names) for kind in card.roll_up])


def _level(
    source: FactSource, card: Scorecard, period: Period, kind: SubjectKind, names: Mapping[str, str]
) -> list[Measured]:
    """Every subject of a kind that any indicator knows, with the values of all."""
    columns = _columns(source, card.indicators, period, DIMENSION_OF[kind])
    found = sorted({name for column in columns for name in column if name != _NOBODY})
    return [
        Measured(name, label_of(kind, name, names), kind, tuple(column.get(name) for column in columns))
        for name in found
    ]


def _columns(source: FactSource, indicators: Sequence[Indicator], period: Period, dimension: str | None) -> list[Cells]:
    """The values of each indicator by subject; indicators of the same scope are measured in one pass."""
    by = (dimension,) if dimension else ()
    found: dict[tuple[Any, str], dict[str, MetricValue]] = {}
    for scope in dict.fromkeys(indicator.scope for indicator in indicators):
        keys = [indicator.key for indicator in indicators if indicator.scope == scope]
        for value in measure_facts(source, keys, period=period, by=by, where=scope):
            key = f"{value.metric}:{value.variant}" if value.variant else value.metric
            name = str(value.dimensions.get(dimension, _NOBODY)) if dimension else COMPANY
            if name != UNKNOWN:
                found.setdefault((scope, key), {})[name] = value
    return [found.get((indicator.scope, indicator.key), {}) for indicator in indicators]


def _names_on_file(source: FactSource) -> dict[str, str]:
    return {number: name for number, name in source.query("SELECT staff_id, name FROM staff") if name}


def _notes(card: Scorecard, subjects: Sequence[Measured]) -> tuple[Text, ...]:
    notes = [
        Text(
            zh="区间为 95 %，总分的区间把各指标视为相互独立；等级要有 {c:.0%} 的把握才给出。",
            en="Intervals are 95 %; the total takes the indicators as independent; a grade needs {c:.0%} certainty.",
        ).fill(c=card.certainty)
    ]
    if not subjects:
        notes.append(Text(zh="这一期的数据里没有评估对象。", en="The data of this period hold no subject."))
    return tuple(notes)

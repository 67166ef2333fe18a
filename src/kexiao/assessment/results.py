"""What an assessment says: each subject's indicators, scores, grade with its probability, and where nothing can be said.

Every object turns into plain JSON with ``record()``; texts stand there in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from kexiao.assessment.records import record_of, value_from
from kexiao.text import Text

SubjectKind = Literal["person", "team", "channel", "company"]


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """One indicator of one subject.

    ``indicator`` is its key in the scorecard (``metric`` or ``metric:variant``); ``formula`` the formula in words; ``scope`` the fixed dimension values.
    ``value`` with ``interval_low``/``interval_high`` (95 %) are the metric's, in its ``unit``; ``numerator``, ``denominator`` and ``n`` (customers) stand
    behind it. ``weight`` is a share (0–1). ``attainment`` is value ÷ target (target ÷ value where lower is better), null where that means nothing.
    ``score`` (points, 100 at the target) has its own limits: the curve at the metric's limits. ``score`` is null with ``reason`` where the value is
    missing, incomplete, of too short a history, or has no target; null is never 0.
    ``shrunk`` is the value drawn toward the mean of its group (small bases more), ``group_mean`` that mean; ``funnel_low``/``funnel_high`` are where 95 % of
    subjects of this size would lie if all were alike, ``beyond_funnel`` says which side this one lies outside of; all null where they make no sense.
    ``marks`` are codes of the metric (``small_sample``, ``one_customer_dominates`` …) and ``no_interval``.
    """

    indicator: str
    label: Text
    formula: Text
    scope: Mapping[str, str]
    unit: str
    better: Literal["higher", "lower"]
    weight: float
    value: float | None
    interval_low: float | None
    interval_high: float | None
    numerator: float | None
    denominator: float | None
    n: int | None
    floor: float | None
    target: float | None
    stretch: float | None
    attainment: float | None
    score: float | None
    score_low: float | None
    score_high: float | None
    shrunk: float | None
    group_mean: float | None
    funnel_low: float | None
    funnel_high: float | None
    beyond_funnel: Literal["above", "below"] | None
    marks: tuple[str, ...]
    reason: Text | None


@dataclass(frozen=True, slots=True)
class GradeChance:
    """The probability (0–1) that a subject's true score lies in one grade."""

    code: str
    label: Text
    probability: float


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """One subject: a person, a team, a channel or the company.

    ``name`` is how it stands in the data; ``label`` how it is shown. ``score`` is the weighted total in points with its 95 % limits, the indicators taken
    as independent; null with ``reason`` as soon as one indicator is missing. ``measured_weight`` is the share of weight that could be scored and
    ``measured_score`` the mean score over that share alone, for orientation, never for a grade.
    ``grade`` is the code of the grade if one has at least the scorecard's ``certainty``; else it is null and ``outcome`` is ``cannot_tell``.
    ``outcome`` is ``not_scored`` for a level that is only rolled up. ``closest`` is the most probable grade all the same, null without a total.
    """

    name: str
    label: Text
    kind: SubjectKind
    indicators: tuple[IndicatorResult, ...]
    score: float | None
    score_low: float | None
    score_high: float | None
    measured_weight: float
    measured_score: float | None
    outcome: Literal["graded", "cannot_tell", "not_scored"]
    grade: str | None
    grade_label: Text | None
    closest: str | None
    chances: tuple[GradeChance, ...]
    reason: Text | None


@dataclass(frozen=True, slots=True)
class GradeBand:
    """One grade of the scorecard: its code, label, and the score from which it is given."""

    code: str
    label: Text
    at_least: float


@dataclass(frozen=True, slots=True)
class Close:
    """When and by whom a period was closed: ``revision`` 1, 2 …; ``reason`` (as typed) is why it was opened again, null for the first."""

    revision: int
    at: str
    who: str
    reason: str | None
    file: str


@dataclass(frozen=True, slots=True)
class Restatement:
    """A closed value that would be computed differently today under the rules of its close.

    ``field`` is ``value``, ``score``, ``grade`` or ``subject`` (a subject that is gone or new); ``indicator`` is null for a total, ``scope`` its fixed
    dimension values, ``unit`` its unit. ``cause`` is ``data`` where later data make the difference, ``program`` where another version of the program does.
    """

    kind: SubjectKind
    subject: str
    subject_label: Text
    indicator: str | None
    label: Text | None
    scope: Mapping[str, str]
    unit: str | None
    field: Literal["value", "score", "grade", "subject"]
    closed: float | str | None
    now: float | str | None
    cause: Literal["data", "program"] = "data"

    @property
    def key(self) -> tuple[object, ...]:
        """What it is about: two restatements of the same thing have the same key."""
        return self.kind, self.subject, self.indicator, tuple(sorted(self.scope.items())), self.field

    @property
    def about(self) -> Text:
        """What of the subject it is about: an indicator by its label, the total, the grade or the subject itself."""
        named = {
            "value": self.label,
            "score": Text(zh="总分", en="Total"),
            "grade": Text(zh="等级", en="Grade"),
            "subject": Text(zh="对象", en="Subject"),
        }[self.field]
        return named or Text.same(self.indicator or "—")

    @property
    def words(self) -> Text:
        """The restatement in one sentence."""
        if self.field == "subject":
            gone = Text(zh="{s}：现在的数据里已没有", en="{s}: no longer in the data")
            come = Text(zh="{s}：关账时的数据里没有", en="{s}: not in the data when closed")
            back = Text(zh="{s}：又与关账时相同", en="{s}: as when closed again")
            return (back if self.closed == self.now else gone if self.now is None else come).fill(s=self.subject_label)
        closed, now = _shown(self.closed), _shown(self.now)
        words = Text(zh="{s}：{l}关账时 {a}，现在 {b}", en="{s}: {l} {a} when closed, {b} now")
        return words.fill(s=self.subject_label, l=self.about, a=closed, b=now)

    @property
    def difference(self) -> float | None:
        """The number of today less the closed one; null where one of them is missing or no number."""
        if isinstance(self.closed, str) or isinstance(self.now, str) or self.closed is None or self.now is None:
            return None
        return self.now - self.closed


def _shown(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or "—"
    return f"{value:,.2f}" if abs(value) >= 100_000 else f"{value:,.6g}"


@dataclass(frozen=True, slots=True)
class DataChange:
    """One change of the data: the snapshot it made, and what it was (``collect``, ``merge customers``, ``undo 5`` …). A load has its snapshot's number."""

    snapshot: str
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What was found of a closed period on one occasion, as it stands in the ledger for good.

    ``closed_snapshot`` is the data version of the close (its ``revision``), ``snapshot`` that of the new numbers, ``changes`` what happened to the data since
    they were last compared, ``program`` the version that computed. A restatement whose ``now`` is its ``closed`` says that the difference is gone again.
    """

    scorecard: str
    period: str
    number: int
    revision: int
    found_at: str
    who: str
    closed_snapshot: str
    snapshot: str
    changes: tuple[DataChange, ...]
    program: str
    restatements: tuple[Restatement, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """A scorecard over one period: every subject, the levels rolled up, and what it was computed from.

    ``version`` is the day from which this version of the scorecard holds. ``complete`` is False while the period runs or its data are not all in; then nothing
    is scored. ``policy`` is the metric policy in force, ``snapshot`` the data version, ``program`` the program's version. ``scorecard_text`` is the TOML as
    it stood (``targets_text``: targets.toml), ``scorecard_sha256`` the hash of both, ``metric_texts`` the files of the company's own metrics
    that it weighs. ``rolled_up`` holds higher levels measured by the metric at that level.
    ``closed`` is null while the period is open; then the values above are the stored ones, ``restatements`` lists what would differ today, and
    ``ledger`` what was found of it when.
    """

    scorecard: str
    name: Text
    version: date
    kind: SubjectKind
    period: str
    complete: bool
    certainty: float
    grades: tuple[GradeBand, ...]
    subjects: tuple[SubjectResult, ...]
    rolled_up: tuple[SubjectResult, ...]
    notes: tuple[Text, ...]
    policy: Mapping[str, Any]
    snapshot: str
    program: str
    scorecard_text: str
    targets_text: str | None
    scorecard_sha256: str
    metric_texts: Mapping[str, str] = field(default_factory=dict)
    closed: Close | None = None
    restatements: tuple[Restatement, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()

    def record(self) -> dict[str, Any]:
        """The assessment as plain JSON types, every field by its name."""
        found: dict[str, Any] = record_of(self)
        return found

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Assessment:
        """The assessment that a record was made from."""
        return value_from(Assessment, record)

    def subject(self, name: str) -> SubjectResult:
        """One subject by its name in the data. Raises ``KeyError`` for one that is not there."""
        for found in (*self.subjects, *self.rolled_up):
            if found.name == name:
                return found
        raise KeyError(name)

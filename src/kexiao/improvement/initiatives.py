"""Initiatives: a plan with an owner, a deadline, a metric, where it applies, what it is compared with, and the effect it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kexiao.assessment.records import record_of
from kexiao.improvement.findings import Finding
from kexiao.text import Text

Status = Literal["planned", "running", "done", "cancelled"]
Scope = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Initiative:
    """One plan, as it stands in ``initiatives/<id>.toml``.

    ``start`` and ``deadline`` are the first and the last day (included). ``scope`` is where it was done: dimension → values; empty for everywhere.
    ``campaign`` names a campaign whose participants carry an arm (treated or held out); then the effect is read from the hold-out.
    ``comparison`` is where it was not done: dimension → values, ``"auto"`` (every other value of the last dimension of the scope), or None where there is none.
    ``expected`` is the promised effect in ``expected_unit``: ``relative`` (0.1 = 10 % more than without) or ``absolute`` (in the metric's unit; with a
    campaign, per customer). A negative number promises less, for metrics where lower is better.
    ``finding`` is the id that it answers, ``remedy`` the id in the playbook; both may be None. ``file`` is its file name.
    """

    id: str
    name: Text
    owner: str
    metric: str
    start: date
    deadline: date
    scope: Scope
    campaign: str | None
    comparison: Scope | Literal["auto"] | None
    expected: float
    expected_unit: Literal["relative", "absolute"]
    status: Status
    finding: str | None = None
    remedy: str | None = None
    note: Text | None = None
    file: str | None = None

    def overdue(self, today: date) -> bool:
        """Whether the deadline has passed and nobody has said that it is done or cancelled."""
        return self.status in ("planned", "running") and today > self.deadline

    def record(self) -> dict[str, Any]:
        """The initiative as plain JSON types."""
        found: dict[str, Any] = record_of(self)
        return found


@dataclass(frozen=True, slots=True)
class Overdue:
    """An initiative past its deadline, and by how many days."""

    initiative: str
    name: Text
    owner: str
    deadline: date
    days: int
    words: Text


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A plan that a finding suggests: a remedy of the playbook with where it would apply and how its effect could be checked.

    ``past`` are the verdicts of earlier initiatives with the same remedy, by initiative id (``worked``, ``did_not``, ``cannot_tell``).
    """

    finding: str
    remedy: str
    name: Text
    mechanism: Text
    metric: str
    scope: Scope
    check: Text
    past: Mapping[str, Literal["worked", "did_not", "cannot_tell"]]


@dataclass(frozen=True, slots=True)
class Improvement:
    """What ``improve`` says: findings (most important first), suggested plans, the initiatives on file, and those that are overdue."""

    period: str
    against: tuple[str, ...]
    findings: tuple[Finding, ...]
    suggestions: tuple[Suggestion, ...]
    initiatives: tuple[Initiative, ...]
    overdue: tuple[Overdue, ...]
    notes: tuple[Text, ...]
    snapshot: str

    def record(self) -> dict[str, Any]:
        """The whole as plain JSON types."""
        found: dict[str, Any] = record_of(self)
        return found

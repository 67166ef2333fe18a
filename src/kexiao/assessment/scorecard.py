"""A scorecard 评分卡: whom it judges, by which indicators, against which targets, with which grades, and from when on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kexiao.assessment.curves import Curve, CurveKind
from kexiao.assessment.results import GradeBand, SubjectKind
from kexiao.facts.metric import Metric
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text

DIMENSION_OF: Mapping[str, str | None] = {
    "person": "salesperson",
    "team": "team",
    "channel": "channel",
    "company": None,
}
ROLL_UP_OF: Mapping[str, tuple[SubjectKind, ...]] = {
    "person": ("team", "company"),
    "team": ("company",),
    "channel": ("company",),
    "company": (),
}
COMPANY = "company"
SUBJECT_LABELS: Mapping[str, Text] = {
    "person": Text(zh="人员", en="person"),
    "team": Text(zh="团队", en="team"),
    "channel": Text(zh="渠道", en="channel"),
    "company": Text(zh="全公司", en="company"),
}
USUAL_GRADES = (
    GradeBand("A", Text(zh="优秀", en="excellent"), 105.0),
    GradeBand("B", Text(zh="良好", en="good"), 90.0),
    GradeBand("C", Text(zh="待改进", en="needs work"), 60.0),
    GradeBand("D", Text(zh="不达标", en="not met"), 0.0),
)
# One fact under two names: a card that weighs both counts it twice (GLOSSARY: churn rate = 1 − retention rate).
ONE_FACT: tuple[frozenset[str], ...] = (
    frozenset({"retention_rate", "churn_rate"}),
    frozenset({"retained_customers", "lost_customers"}),
)
# Units that grow with the size of what is measured: a target for a shop says nothing about the company.
ADDITIVE_UNITS = ("customers", "count", "orders", "money")


@dataclass(frozen=True, slots=True)
class Target:
    """Floor, target and stretch goal in the metric's unit, for a subject and a period (None: for all)."""

    target: float
    floor: float | None
    stretch: float | None
    subject: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of a scorecard: ``weight`` is a share (0–1), ``scope`` fixes dimensions to a value, ``targets`` holds the general target and the special ones."""

    metric: str
    variant: str | None
    weight: float
    better: Literal["higher", "lower"]
    curve: CurveKind
    scope: tuple[tuple[str, str], ...]
    targets: tuple[Target, ...]
    label: Text

    @property
    def key(self) -> str:
        """``metric`` or ``metric:variant``."""
        return f"{self.metric}:{self.variant}" if self.variant else self.metric

    @property
    def definition(self) -> Metric:
        """The metric of the catalogue."""
        return metric_named(self.metric)

    def target_for(self, subject: str, period: str, *, only_named: bool = False) -> Target | None:
        """The target that fits best: for this subject and period, for the subject, for the period, for all; None where there is none.

        ``only_named`` leaves out those that do not name the subject.
        """

        def fits(target: Target) -> bool:
            named = target.subject == subject or (target.subject is None and not only_named)
            return named and target.period in (None, period)

        fitting = [target for target in self.targets if fits(target)]
        return max(fitting, key=lambda t: (t.subject is not None, t.period is not None), default=None)

    def curve_for(self, target: Target) -> Curve:
        """The score curve under one target."""
        return Curve(self.curve, target.floor, target.target, target.stretch)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One version of a scorecard, in force for periods that begin on or after ``since`` until a later version is.

    ``subjects`` are listed, or None: those found in the data. A grade is given only with a probability of at least ``certainty``.
    """

    id: str
    name: Text
    kind: SubjectKind
    since: date
    subjects: tuple[str, ...] | None
    indicators: tuple[Indicator, ...]
    grades: tuple[GradeBand, ...]
    roll_up: tuple[SubjectKind, ...]
    certainty: float
    file: str
    text: str
    targets_text: str | None

    @property
    def dimension(self) -> str | None:
        """The dimension whose values are the subjects; None for the company."""
        return DIMENSION_OF[self.kind]

    def grade_of(self, score: float) -> GradeBand:
        """The grade of a score; grades stand from best to worst, the last one from 0."""
        return next((grade for grade in self.grades if score >= grade.at_least), self.grades[-1])

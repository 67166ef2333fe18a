"""Verdicts: did an initiative work, how do we know, and what had to be assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kexiao.assessment.records import record_of, value_from
from kexiao.text import Text

Design = Literal["holdout", "difference_in_differences", "none"]
Outcome = Literal["worked", "did_not", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check that could have failed: ``balance`` (arms alike before), ``pre_trend`` (courses parallel before), ``placebo_in_time`` (an effect where there
    was none), ``placebo_in_space`` (another segment in its place). ``estimate`` with 95 % limits is in the verdict's unit; ``passed`` is None if it could not run.
    """

    kind: Literal["balance", "pre_trend", "placebo_in_time", "placebo_in_space"]
    label: Text
    estimate: float | None
    interval_low: float | None
    interval_high: float | None
    p_value: float | None
    passed: bool | None
    words: Text


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One month (or week) of the picture: the metric where it was done, where it was not, and what would have been without the initiative."""

    period: str
    treated: float | None
    comparison: float | None
    counterfactual: float | None
    after: bool


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One side of the comparison: customers (holdout) or segments (difference-in-differences), and the metric before and after, as means."""

    label: Text
    n: int
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one initiative.

    ``estimate`` with 95 % limits is in ``unit``: ``relative`` (0.1 = 10 % more than without) or ``absolute`` (the metric's unit, per customer in a holdout);
    the same unit as ``expected``. ``other_unit`` is the estimate in the other of the two units, where it can be given. ``total`` is the effect on the sum over
    all treated, for metrics that add up. ``good_side`` is 1 where more is better, −1 where less is.
    ``rule`` states how the outcome follows, ``assumption`` what must hold for the design, ``reason`` why nothing can be told (null otherwise).
    ``state`` is ``running`` before the deadline (then the outcome is always ``cannot_tell``), else ``over``.
    """

    initiative: str
    name: Text
    owner: str
    metric: str
    label: Text
    outcome: Outcome
    state: Literal["running", "over"]
    design: Design
    design_label: Text
    unit: Literal["relative", "absolute"]
    estimate: float | None
    interval_low: float | None
    interval_high: float | None
    other_unit: float | None
    total: float | None
    expected: float
    good_side: Literal[1, -1]
    treated: ArmFigures | None
    comparison: ArmFigures | None
    checks: tuple[Check, ...]
    series: tuple[SeriesPoint, ...]
    before: str | None
    after: str | None
    method: Text
    assumption: Text
    rule: Text
    headline: Text
    reason: Text | None
    start: date
    deadline: date
    snapshot: str
    settings: Mapping[str, Any]

    def record(self) -> dict[str, Any]:
        """The verdict as plain JSON types."""
        found: dict[str, Any] = record_of(self)
        return found

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Verdict:
        """The verdict that a record was made from."""
        return value_from(Verdict, record)

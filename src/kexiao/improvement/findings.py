"""Findings: what moved, by how much beyond chance, which part of the company it came from, and what may help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kexiao.assessment.records import record_of
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric now against an earlier period: ``change`` = now − before with its 95 % limits, ``relative`` = change ÷ before.

    ``moved`` says whether the change is beyond chance, the share of false alarms over all metrics compared held at 5 % (Benjamini–Hochberg 1995).
    Everything is null with ``reason`` where the earlier period cannot be measured.
    """

    against: str
    before: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    relative: float | None
    p_value: float | None
    moved: bool
    reason: Text | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one segment adds to the change, in the metric's unit; ``share`` is of the whole change (they add up to 1, single ones may exceed it).

    ``segment`` is its value in the data, ``label`` how it is shown.
    """

    segment: str
    label: Text
    before: float | None
    now: float | None
    contribution: float
    share: float | None
    volume: float | None
    mix: float
    rate: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The exact split of a change over one dimension: volume (null for a ratio) + mix + rate = change, and each segment's part, largest first.

    ``dimension`` is one of the metrics' dimensions or ``newness`` (new, existing and unknown customers). ``explained`` (0–1) ranks dimensions: how much more of the movements one segment carries than its size would. ``simpson``: every segment moved against
    the whole. ``words`` say it, e.g. “新客减少占下降的 62 %”.
    """

    dimension: str
    dimension_label: Text
    volume: float | None
    mix: float
    rate: float
    contributions: tuple[Contribution, ...]
    explained: float
    simpson: bool
    words: Text


@dataclass(frozen=True, slots=True)
class Trend:
    """A channel's (or region's) decline over ``periods`` months: ``slope`` is the relative change a month against all other segments (fitted week by week).

    ``p_value`` is one-sided; an alarm is raised below ``false_alarm_rate`` ÷ number of segments tested, so that with nothing going on at most that
    share of reviews raises any.
    """

    dimension: str
    segment: str
    periods: int
    slope: float
    slope_low: float
    slope_high: float
    p_value: float
    false_alarm_rate: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that moved and deserves a look.

    ``id`` is the same whenever the same thing is found again for the period. ``kind``: ``moved`` (the whole metric) or ``declining`` (one segment's trend).
    ``good`` is True if the movement is welcome, None where a metric has no better side. ``comparisons``: the period before first, then the same period a year
    before. ``seasonal``: moved against the period before but not against the year before. ``breakdowns`` are ranked, the most telling dimension first.
    ``remedies`` are ids of the playbook. ``headline`` and ``words`` say it in a line and in full.
    """

    id: str
    kind: Literal["moved", "declining"]
    metric: str
    label: Text
    unit: str
    period: str
    value: float | None
    good: bool | None
    seasonal: bool
    comparisons: tuple[Comparison, ...]
    breakdowns: tuple[Breakdown, ...]
    trend: Trend | None
    remedies: tuple[str, ...]
    headline: Text
    words: Text
    n: int | None
    snapshot: str

    def record(self) -> dict[str, Any]:
        """The finding as plain JSON types."""
        found: dict[str, Any] = record_of(self)
        return found

"""Figures from outside the company: for which span and scope there is one, who gave it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kexiao.facts import intervals
from kexiao.facts.dressing import Part
from kexiao.facts.passes import External
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, Filters
from kexiao.text import Text

_SCOPE = ("region", "category")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure for the days [first, until)."""

    first: date
    until: date
    value: float
    sample: int | None
    source: str
    published: date


def run_external(
    source: FactSource, formula: External, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """The figure for each period and scope. Figures of regions are never added up to a whole that no source gives."""
    asked = {*dimensions, *(name for name, _ in where)}
    scopes: dict[tuple[str, ...], list[Figure]] = {}
    sql = f"""
        SELECT region, category, from_on, DAYS_LATER(to_on, 1), value, sample, source, published_on FROM external_figures
        WHERE figure = '{formula.figure}' ORDER BY published_on DESC, source, value"""
    for region, category, first, until, value, sample, by, published in source.query(sql):
        scope = {"region": region, "category": category}
        if all((scope[name] is not None) == (name in asked) for name in _SCOPE) and all(
            scope[name] == value for name, value in where
        ):
            group = tuple(str(scope[name]) for name in dimensions)
            scopes.setdefault(group, []).append(Figure(first, until, float(value), sample, str(by), published))
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        for group, figures in scopes.items():
            part = _summed(figures, period) if formula.over == "span" else _newest(figures, period)
            found[(number, *group)] = part
    return found


def _summed(figures: Sequence[Figure], period: Period) -> Part:
    """The figures whose spans make up the period exactly, the longest and newest first: a year's figure says nothing of its quarters."""
    used = tiles(figures, period.start, period.end)
    if used is None:
        spans = sorted({(one.first, one.until) for one in figures})[:6]
        shown = ", ".join(f"{first} – {until - timedelta(days=1)}" for first, until in spans)
        reason = Text(zh="没有正好覆盖该期的数据；现有：{s}。", en="No figure covers just this period; there are: {s}.")
        return Part(None, reason=reason.fill(s=shown))
    return Part(sum(one.value for one in used), shown={**_told(used), "no_interval": "known_exactly"})


def tiles(figures: Sequence[Figure], start: date, end: date) -> list[Figure] | None:
    """Figures whose spans follow each other from start to end; None where there are none. Of two for one span the first given counts."""
    if start == end:
        return []
    fitting = [one for one in figures if one.first == start and one.until <= end]
    for one in sorted(fitting, key=lambda f: f.until, reverse=True):
        rest = tiles(figures, one.until, end)
        if rest is not None:
            return [one, *rest]
    return None


def _newest(figures: Sequence[Figure], period: Period) -> Part:
    """The latest figure whose span lies in the period, with its sampling error where the sample is on file."""
    inside = [one for one in figures if period.start <= one.first and one.until <= period.end]
    if not inside:
        return Part(None, reason=Text(zh="该期没有外部数据。", en="There is no figure for the period."))
    one = max(inside, key=lambda figure: (figure.until, figure.published))
    limits = intervals.wilson(one.value * one.sample, one.sample) if one.sample and one.value <= 1 else None
    silent = {} if limits else {"no_interval": "sample_unknown"}
    return Part(one.value, n=one.sample, limits=limits, shown={**_told([one]), **silent})


def _told(figures: Sequence[Figure]) -> dict[str, object]:
    return {
        "external_sources": sorted({one.source for one in figures}),
        "published_on": max(one.published for one in figures).isoformat(),
    }

"""Scores as small drawings: where a score lies with its interval, and how likely each grade is."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kexiao.assessment.results import GradeBand, GradeChance

FULL = 120.0


def _place(score: float) -> str:
    """A score's place on the line, per cent of its length; the best that a curve gives is 120."""
    return f"{max(0.0, min(score, FULL)) / FULL * 96 + 2:.2f}%"


def range_line(score: float | None, low: float | None, high: float | None, bands: Sequence[GradeBand]) -> SafeString:
    """A line from 0 to 120 with the grades' borders, the interval and the score; the words stand in the cell beside it."""
    marks = format_html_join(
        "",
        '<line x1="{0}" x2="{0}" y1="2" y2="22" class="kx-edge"></line>',
        [(_place(b.at_least),) for b in bands if b.at_least > 0],
    )
    if score is None:
        return format_html('<svg class="kx-range" aria-hidden="true">{}</svg>', marks)
    whisker = ""
    if low is not None and high is not None:
        whisker = format_html(
            '<line x1="{}" x2="{}" y1="12" y2="12" class="kx-whisker"></line>', _place(low), _place(high)
        )
    return format_html(
        '<svg class="kx-range" aria-hidden="true">{}{}<circle cx="{}" cy="12" r="4.5"></circle></svg>',
        marks,
        whisker,
        _place(score),
    )


def labelled_range(
    score: float | None, low: float | None, high: float | None, bands: Sequence[GradeBand]
) -> SafeString:
    """The same with each grade's code under its stretch of the line, for where it stands alone."""
    edges = sorted((max(band.at_least, 0.0), band.code) for band in bands)
    ends = [edge for edge, _ in edges[1:]] + [FULL]
    codes = [(_place((edge + end) / 2), code) for (edge, code), end in zip(edges, ends, strict=True)]
    words = format_html_join("", '<text x="{}" y="12">{}</text>', codes)
    return format_html(
        '{}<svg class="kx-codes" aria-hidden="true">{}</svg>', range_line(score, low, high, bands), words
    )


def chance_bar(chances: Sequence[GradeChance]) -> SafeString:
    """The probabilities of the grades side by side, from the best to the worst."""
    parts, at = [], 0.0
    for place, chance in enumerate(chances):
        parts.append((f"{at * 100:.2f}%", f"{chance.probability * 100:.2f}%", min(place, 4)))
        at += chance.probability
    bars = format_html_join("", '<rect x="{}" width="{}" y="0" height="10" class="kx-grade-{}"></rect>', parts)
    return format_html('<span class="kx-chances"><svg aria-hidden="true">{}</svg></span>', bars)

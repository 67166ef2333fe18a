"""Why a card's number moved, in one sentence: the finding's words, else the leading part of the exact split."""

from __future__ import annotations

from kexiao.cycle.explain import Change
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.facts.units import UNKNOWN
from kexiao.report.numbers import show_signed
from kexiao.text import Text
from kexiao.web.changes import change_along, improvement, splittable
from kexiao.web.choices import Chosen


def reason_of(name: str, choice: Chosen) -> Text | None:
    """Where the movement came from; None where nothing can be said."""
    return _found(name, choice) or _leading(name, choice)


def _found(name: str, choice: Chosen) -> Text | None:
    """What the findings say of the metric, where they speak of the same comparison."""
    if choice.other.grain != choice.period.grain:
        return None
    for finding in improvement(choice).findings:
        explained = next((one.against for one in finding.comparisons if one.moved), None)
        if finding.kind == "moved" and finding.metric == name and explained == choice.other.name and finding.breakdowns:
            return finding.breakdowns[0].words
    return None


def _leading(name: str, choice: Chosen) -> Text | None:
    """The leading segment of the first dimension that splits."""
    for by in splittable(name)[:2]:
        change = change_along(name, choice, by)
        said = _sentence(change) if change.decomposition is not None and change.decomposition.segments else None
        if said is not None:
            return said
    return None


def _sentence(change: Change) -> Text | None:
    split = change.decomposition
    assert split is not None
    leading = max(split.segments, key=lambda part: abs(part.change))
    if not split.change or not leading.change or leading.segment == UNKNOWN:
        return None
    unit, currency = change.now.unit, change.now.settings["currency"]
    return Text(zh="{d}“{s}”影响最大：{a}", en="{d} “{s}” moved it most: {a}").fill(
        d=DIMENSION_LABELS[change.dimension],
        s=leading.segment,
        a=Text(
            zh=show_signed(leading.change, unit, currency=currency, language="zh"),
            en=show_signed(leading.change, unit, currency=currency, language="en"),
        ),
    )

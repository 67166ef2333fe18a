"""Why a card's number moved: the leading part of the exact split, in one sentence."""

from __future__ import annotations

from kexiao.cycle.explain import Change
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.report.numbers import show_signed
from kexiao.text import Text
from kexiao.web.changes import change_along, splittable
from kexiao.web.choices import Chosen


def reason_of(name: str, choice: Chosen) -> Text | None:
    """The leading segment of the first dimension that splits; None where nothing can be said."""
    for by in splittable(name)[:2]:
        change = change_along(name, choice, by)
        if change.decomposition is not None and change.decomposition.segments:
            return _sentence(change)
    return None


def _sentence(change: Change) -> Text | None:
    split = change.decomposition
    assert split is not None
    leading = max(split.segments, key=lambda part: abs(part.change))
    if not split.change or not leading.change:
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

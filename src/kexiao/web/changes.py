"""How a number moved: the split of a change over a dimension, remembered."""

from __future__ import annotations

from kexiao.cycle.explain import Change, change_of, dimensions_to_split
from kexiao.web import workspace
from kexiao.web.choices import Chosen


def splittable(name: str) -> list[str]:
    """The dimensions over which a metric's change can be split."""
    return workspace.ask(("splittable", name), lambda source: dimensions_to_split(source, name))


def change_along(name: str, choice: Chosen, by: str) -> Change:
    """The split of a metric's change over one dimension, from the compared period to the chosen one."""
    return workspace.ask(
        ("change", name, choice.period, choice.other, by),
        lambda source: change_of(source, name, choice.period, choice.other, by),
    )

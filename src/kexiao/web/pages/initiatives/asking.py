"""What the initiative pages ask: the plans on file and the verdicts of the last review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kexiao.cycle.review import kept_verdicts
from kexiao.effect.verdicts import Verdict
from kexiao.improvement.initiatives import Initiative
from kexiao.improvement.reading import read_initiatives
from kexiao.text import Text
from kexiao.web import workspace

# In the order in which a manager asks for them.
STANDINGS = {
    "overdue": Text(zh="已逾期", en="Overdue"),
    "running": Text(zh="进行中", en="Under way"),
    "planned": Text(zh="未开始", en="Not begun"),
    "done": Text(zh="已结束", en="Ended"),
    "cancelled": Text(zh="已取消", en="Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An initiative, how it stands today, and its verdict from the last review; ``stale`` if the data are newer than that."""

    initiative: Initiative
    standing: str
    verdict: Verdict | None
    stale: bool


def plans() -> list[Plan]:
    """Every initiative with its verdict."""
    root = workspace.folder().root
    verdicts = workspace.ask(("verdicts",), lambda _: {v.initiative: v for v in kept_verdicts(root)})
    current = workspace.about().snapshot
    found = []
    for plan in workspace.ask(("initiatives",), lambda _: read_initiatives(root)):
        verdict = verdicts.get(plan.id)
        found.append(Plan(plan, _standing(plan), verdict, verdict is not None and verdict.snapshot != current))
    return found


def _standing(plan: Initiative) -> str:
    """Overdue goes before what its file says."""
    today = date.today()
    if plan.overdue(today):
        return "overdue"
    return "planned" if plan.status == "running" and plan.start > today else plan.status


def by_standing(found: list[Plan]) -> list[tuple[str, Text, list[Plan]]]:
    """The plans in groups, those that need someone first."""
    groups = [(code, label, [plan for plan in found if plan.standing == code]) for code, label in STANDINGS.items()]
    return [group for group in groups if group[2]]

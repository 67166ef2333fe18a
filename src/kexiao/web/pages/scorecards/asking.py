"""What the scorecard pages ask of the cycle, remembered between requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.assessment.closing import every_close
from kexiao.assessment.reading import read_scorecards
from kexiao.assessment.results import Assessment, Close
from kexiao.assessment.scorecard import Scorecard
from kexiao.cycle.assess import assess
from kexiao.errors import WrongUse
from kexiao.facts.periods import Period
from kexiao.text import Text
from kexiao.web import workspace


@dataclass(frozen=True, slots=True)
class Line:
    """One scorecard in the list: its version in force, and how it stands in the chosen period."""

    card: Scorecard
    closed: Close | None
    in_force: bool
    closes: tuple[tuple[str, int], ...]


def cards() -> tuple[Scorecard, ...]:
    """Every version of every scorecard."""
    return workspace.ask(("cards",), lambda _: read_scorecards(workspace.folder().root))


def closes() -> list[Assessment]:
    """The latest revision of every closed period."""
    return workspace.ask(("closes",), lambda _: list(every_close(workspace.folder().root)))


def lines(period: Period) -> list[Line]:
    """One line a scorecard."""
    found = []
    for name in dict.fromkeys(card.id for card in cards()):
        versions = [card for card in cards() if card.id == name]
        in_force = [card for card in versions if card.since <= period.start]
        shut = [one for one in closes() if one.scorecard == name]
        here = next((one.closed for one in shut if one.period == period.name), None)
        listed = tuple(sorted(((one.period, one.closed.revision if one.closed else 1) for one in shut), reverse=True))
        newest: Sequence[Scorecard] = in_force or versions
        found.append(Line(newest[-1], here, bool(in_force), listed))
    return found


def assessment(name: str, period: Period) -> Assessment:
    """A scorecard over a period. Errors: ``WrongUse`` for an unknown card or one that began later."""
    return workspace.ask(("assess", name, period), lambda _: assess(workspace.folder(), name, period.name))


def known_subjects(found: Assessment) -> set[str]:
    """The names of everyone an assessment judges."""
    return {one.name for one in (*found.subjects, *found.rolled_up)}


def needs_reason(text: str) -> str:
    """The reason for opening a closed period again. Errors: ``WrongUse`` where it is missing."""
    if not text.strip():
        raise WrongUse(
            Text(zh="没有写原因。", en="There is no reason."),
            next_step=Text(zh="请写明为什么要重开。", en="Say why it is to be opened again."),
        )
    return text.strip()

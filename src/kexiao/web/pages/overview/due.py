"""What is due: overdue initiatives, quarters to close, rows to correct; and how fresh the data are. Also the company's targets for the cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.urls import reverse

from kexiao.assessment.closing import every_close
from kexiao.assessment.reading import read_scorecards
from kexiao.assessment.scorecard import COMPANY, Scorecard
from kexiao.facts.periods import Period, period_holding
from kexiao.improvement.reading import read_initiatives
from kexiao.report.numbers import show_period
from kexiao.text import Text
from kexiao.web import workspace

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: what, in words why, where, and whether it is late."""

    what: Text
    why: Text
    address: str
    mark: Text
    state: Literal["late", "soon", "open"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the data reach, when they were last loaded, and how many rows wait to be corrected."""

    first: date | None
    last: date | None
    loads: int
    refused: int
    snapshot: str


def tasks(today: date) -> list[Task]:
    """What is due, the late things first."""
    found = [*_initiatives(today), *_to_close(today)]
    return sorted(found, key=lambda task: ("late", "soon", "open").index(task.state))


def _initiatives(today: date) -> list[Task]:
    root = workspace.folder().root
    found = []
    for plan in workspace.ask(("initiatives",), lambda _: read_initiatives(root)):
        late, soon = plan.overdue(today), plan.status == "running" and today <= plan.deadline <= today + SOON
        if not late and not soon:
            continue
        days = abs((today - plan.deadline).days)
        words = Text(zh="逾期 {n} 天", en="{n} days late") if late else Text(zh="还有 {n} 天", en="{n} days left")
        why = Text(zh="{o}，截止 {d}", en="{o}, due {d}").fill(o=plan.owner, d=plan.deadline)
        address = reverse("initiatives-plan", args=[plan.id])
        found.append(Task(plan.name, why, address, words.fill(n=days), "late" if late else "soon"))
    return found


def _to_close(today: date) -> list[Task]:
    """Scorecards whose last complete quarter is not closed."""
    root = workspace.folder().root
    closed = workspace.ask(("closed periods",), lambda _: {(one.scorecard, one.period) for one in every_close(root)})
    quarter = last_quarter(today)
    found: dict[str, Task] = {}
    for card in cards():
        if quarter is None or card.since > quarter.start or (card.id, quarter.name) in closed:
            continue
        shown = Text(zh=show_period(quarter.name, "zh"), en=show_period(quarter.name, "en"))
        found[card.id] = Task(
            Text(zh="关闭{p}：{n}", en="Close {p}: {n}").fill(p=Text(zh=f" {shown.zh}", en=shown.en), n=card.name),
            Text(zh="数据已到期末，可以关闭。", en="The data reach its end; it can be closed."),
            f"{reverse('scorecards-card', args=[card.id])}?period={quarter.name}",
            Text(zh="待关闭", en="to close"),
            "open",
        )
    return list(found.values())


def last_quarter(today: date) -> Period | None:
    """The last quarter that is over and covered to its end."""
    about = workspace.about()
    orders = about.coverage.get("orders")
    if orders is None:
        return None
    end = min(orders.last + timedelta(days=1), today)
    quarter = period_holding(end, "quarter", about.fiscal_start).before()
    return quarter if quarter.start >= orders.first else None


def cards() -> tuple[Scorecard, ...]:
    """Every version of every scorecard."""
    return workspace.ask(("cards",), lambda _: read_scorecards(workspace.folder().root))


def company_targets(period: Period) -> dict[str, float]:
    """The targets of the company's scorecard in force, by metric."""
    in_force = [card for card in cards() if card.kind == "company" and card.since <= period.start]
    found: dict[str, float] = {}
    for card in in_force:
        for indicator in card.indicators:
            target = indicator.target_for(COMPANY, period.name)
            if target is not None and not indicator.scope and not indicator.variant:
                found[indicator.metric] = target.target
    return found


def freshness() -> Freshness:
    """How fresh and how clean the data are."""
    about = workspace.about()
    orders = about.coverage.get("orders")
    loads, refused = workspace.ask(
        ("freshness",),
        lambda source: (
            int(source.query("SELECT count(DISTINCT load_id) FROM loads")[0][0]),
            int(source.query("SELECT count(*) FROM quarantined")[0][0]),
        ),
    )
    return Freshness(orders.first if orders else None, orders.last if orders else None, loads, refused, about.snapshot)

"""What the customers' pages ask of the cycle: the largest customers, one customer, duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kexiao.cycle.customers import Known, Profile, names_of, numbers_of, opened, profile
from kexiao.cycle.duplicates import FIELDS, Duplicates, find_duplicates
from kexiao.cycle.merging import Merge
from kexiao.cycle.timeline import Event, timeline
from kexiao.facts.source import FactSource
from kexiao.text import Text
from kexiao.web import workspace

LARGEST = 30
MOST_EVENTS = 300
MOST_PAIRS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One customer in the list: number, masked name, orders, sales before refunds, first and last order."""

    customer: int
    name: str | None
    orders: int
    net: Decimal
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Month:
    """The events of one month of a customer's history; ``name`` is 2025-03, or empty for those without a day."""

    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One customer's page: profile, history by month (the newest first), how many events in all, merges in force that made it."""

    profile: Profile
    months: tuple[Month, ...]
    events: int
    merges: tuple[Merge, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two customers who may be one: both masked, the probability, reasons in words, and whether the rule would merge them."""

    left: int
    right: int
    left_name: str | None
    right_name: str | None
    probability: float
    reasons: tuple[tuple[Text, float], ...]
    differs: tuple[Text, ...]

    @property
    def chance(self) -> str:
        """The probability with two decimals; never a hundred per cent."""
        return "> 99.99 %" if self.probability > 0.9999 else f"{100 * self.probability:.2f} %"


def largest() -> list[Line]:
    """The customers with the largest sales."""

    def ask(source: FactSource) -> list[tuple[int, int, Decimal, date, date]]:
        return source.query(
            "SELECT customer_id, orders, net, first_on, last_on FROM customer_summary WHERE orders > 0 "
            f"ORDER BY net DESC, customer_id LIMIT {LARGEST}"
        )

    rows = workspace.ask(("customers", "largest"), ask)
    with opened(workspace.folder()) as at:
        names = names_of(at, [int(row[0]) for row in rows])
    return [
        Line(int(n), names.get(int(n)), int(orders), Decimal(net), first, last) for n, orders, net, first, last in rows
    ]


def found(given: str) -> list[int]:
    """The customers that someone may mean, by survivor."""
    with opened(workspace.folder()) as at:
        return sorted({at.forest.survivor(number) for number in numbers_of(at, given)})


def person(customer: int, *, reveal: bool = False, who: str | None = None) -> Person | None:
    """One customer; None where there is none of this number."""
    with opened(workspace.folder()) as at:
        if customer not in numbers_of(at, str(customer)):
            return None
        shown = profile(at, customer, reveal=reveal, who=who)
        events = timeline(at, shown.members)
        merges = tuple(merge for number in shown.members if (merge := at.forest.of.get(number)))
    return Person(shown, _months(events[:MOST_EVENTS]), len(events), merges)


def _months(events: list[Event]) -> tuple[Month, ...]:
    by_month: dict[str, list[Event]] = {}
    for event in events:
        by_month.setdefault((event.at or "")[:7], []).append(event)
    return tuple(Month(name, tuple(listed)) for name, listed in by_month.items())


def duplicates() -> tuple[Duplicates, list[Likeness]]:
    """Everybody who may be one, and the surest pairs with masked names."""
    folder = workspace.folder()
    found = workspace.ask(("customers", "duplicates"), lambda _: find_duplicates(folder))
    pairs = found.pairs[:MOST_PAIRS]
    with opened(folder) as at:
        names = names_of(at, sorted({number for pair in pairs for number in (pair.left, pair.right)}))
    shown = [
        Likeness(
            pair.left,
            pair.right,
            names.get(pair.left),
            names.get(pair.right),
            pair.probability,
            tuple((FIELDS[name], bits) for name, bits in pair.reasons.items()),
            tuple(FIELDS[name] for name in pair.differs),
        )
        for pair in pairs
    ]
    return found, shown


__all__ = ["FIELDS", "Known", "Likeness", "Line", "Month", "Person", "duplicates", "found", "largest", "person"]

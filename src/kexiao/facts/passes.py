"""Numbers that no sum of rows gives: each kind has a pass of its own over the data (``own_passes`` runs them).

They are formulas like the others: frozen values, shown in words, and free to stand inside a ratio, a sum or a product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kexiao.facts.contracts import CONTRACT_DIMENSIONS, SUBSCRIPTIONS
from kexiao.facts.selling import CAMPAIGN_DAYS, CAMPAIGN_GOALS, CATEGORIES, OPPORTUNITIES, QUOTAS, REFERRALS, TIERS
from kexiao.facts.subjects import (
    ARMS,
    CAMPAIGN_OUTCOMES,
    CUSTOMER_DIMENSIONS,
    DIMENSION_LABELS,
    STAFF_POSTS,
    Fact,
    dimensions_known,
)
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.facts.formula import Formula

LookBack = Literal["", "window", "acquired", "year"]
BoundState = Literal["start", "end", "lost", "new"]
Direction = Literal["higher", "lower", "neither"]
Reckoned = Literal["attainment", "progress", "inverse"]


class OwnPass:
    """What such a formula says of itself: its words, the tables it rests on, the dimensions it knows, and how far back it looks."""

    __slots__ = ()
    label: Text
    # No sample, so that what is divided by it keeps its own interval; and what a cell without any row comes to (None: nothing can be said).
    known_exactly: ClassVar[bool] = False
    empty: ClassVar[int | None] = None

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """The canonical tables, a group a fact."""
        return (("orders",),)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """The dimensions along which it can be broken down: the customer's own, unless it says otherwise."""
        return CUSTOMER_DIMENSIONS

    @property
    def looks_back(self) -> LookBack:
        """What the first months of the data cannot know: who is new ("acquired"), or what came within a window before."""
        return ""


@dataclass(frozen=True, slots=True)
class Median(OwnPass):
    """The median of a whole-number column over the rows of a fact, divided by ``over``; ``ended`` names the column that is 0 where a duration is still
    open (Kaplan–Meier). ``clustered``: one customer may have several rows."""

    fact: Fact
    column: str
    label: Text
    ended: str | None = None
    over: int = 1
    clustered: bool = False

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Those of the fact."""
        return (self.fact.canonical,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Those of the fact."""
        return dimensions_known(self.fact)

    @property
    def looks_back(self) -> LookBack:
        """As far as the fact."""
        return self.fact.looks_back


@dataclass(frozen=True, slots=True)
class Lifetime(OwnPass):
    """Days from a customer's first order to the end of the activity: the restricted mean of the survival curve, or merely first to last order."""

    counted: Literal["restricted_mean", "first_to_last"]
    label: Text

    @property
    def looks_back(self) -> LookBack:
        """Who is new must be known."""
        return "acquired"


@dataclass(frozen=True, slots=True)
class RevenueKept(OwnPass):
    """Of the net sales a year earlier to known customers, the share that the same customers brought now; ``gross``: no customer above what he brought."""

    gross: bool
    label: Text


@dataclass(frozen=True, slots=True)
class HistoricValue(OwnPass):
    """Margin of known customers from the data's first day to the period's end ÷ everyone acquired by then (B)."""

    label: Text

    @property
    def looks_back(self) -> LookBack:
        """Who was acquired must be known."""
        return "acquired"


@dataclass(frozen=True, slots=True)
class Payback(OwnPass):
    """The first month of age by whose end the margin per customer acquired in the period reaches ``cost`` per customer; a month is 30 days from the
    customer's own first order."""

    cost: Formula
    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Orders and spend."""
        return ("orders",), ("spend",)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Those that spend and acquisition share."""
        return "channel", "campaign"

    @property
    def looks_back(self) -> LookBack:
        """Who is new must be known."""
        return "acquired"


@dataclass(frozen=True, slots=True)
class Gini(OwnPass):
    """The Gini coefficient of a total over ordering customers; a negative value counts as 0."""

    of: Formula
    label: Text

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Whatever the total knows."""
        return tuple(DIMENSION_LABELS)


@dataclass(frozen=True, slots=True)
class Incremental(OwnPass):
    """What campaigns with a holdout brought beyond it: (mean per treated − mean per held out) × treated, by the arm assigned, added over campaigns begun
    in the period; ``romi``: (that margin − cost) ÷ cost."""

    counted: Literal["ordered", "margin", "romi"]
    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Lists with arms, and orders."""
        return (ARMS, ("spend",)) if self.counted == "romi" else (ARMS,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """The campaign's own."""
        return tuple(CAMPAIGN_OUTCOMES.dimensions)


@dataclass(frozen=True, slots=True)
class Headcount(OwnPass):
    """The mean number of staff in post over the period's days."""

    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Staff."""
        return (STAFF_POSTS,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Where the staff member works, and who it is."""
        return "team", "region", "salesperson"


@dataclass(frozen=True, slots=True)
class Quota(OwnPass):
    """What is to be sold: quotas by the days on which their holders are in post; ``less``: what is left after so much was sold."""

    label: Text
    less: Formula | None = None
    known_exactly: ClassVar[bool] = True

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Targets of net sales."""
        return (QUOTAS,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Whoever can hold a quota."""
        return "team", "region", "salesperson"


@dataclass(frozen=True, slots=True)
class OpenPipeline(OwnPass):
    """What opportunities open at the period's end are expected to bring."""

    label: Text
    empty: ClassVar[int | None] = 0

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Opportunities."""
        return (OPPORTUNITIES.canonical,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """Those of opportunities."""
        return tuple(OPPORTUNITIES.dimensions)


@dataclass(frozen=True, slots=True)
class External(OwnPass):
    """A figure from outside: over ``span`` those that make up the period exactly, added up; ``latest``: the last one inside it."""

    figure: Literal["market_size", "brand_awareness"]
    over: Literal["span", "latest"]
    label: Text
    known_exactly: ClassVar[bool] = True

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """External figures of this kind."""
        return ((self.figure, "external_figures"),)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """What a figure's scope can say."""
        return "region", "category"


@dataclass(frozen=True, slots=True)
class Referrers(OwnPass):
    """Customers active at the period's start or ordering in it; ``referring``: of them those who referred somebody in it."""

    referring: bool
    label: Text
    empty: ClassVar[int | None] = 0

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Orders, and referrals."""
        return (("orders",), REFERRALS.canonical) if self.referring else (("orders",),)

    @property
    def looks_back(self) -> LookBack:
        """Who was active at the start must be known."""
        return "window"


@dataclass(frozen=True, slots=True)
class Behaviour(OwnPass):
    """Customers acquired before the period who order in it; or of them those who bought a ``category`` new to them, or above their highest ``tier`` so far."""

    counted: Literal["existing", "category", "tier"]
    label: Text
    empty: ClassVar[int | None] = 0

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Orders, and what products say of themselves."""
        return {"existing": (("orders",),), "category": (CATEGORIES,), "tier": (TIERS,)}[self.counted]

    @property
    def looks_back(self) -> LookBack:
        """Who was a customer before must be known."""
        return "acquired"


@dataclass(frozen=True, slots=True)
class Bound(OwnPass):
    """Customers bound by a contract at the period's start or end, bound at the start and no longer at its end, or bound for the first time in it."""

    state: BoundState
    label: Text
    empty: ClassVar[int | None] = 0

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Contracts."""
        return (SUBSCRIPTIONS,)


@dataclass(frozen=True, slots=True)
class Recurring(OwnPass):
    """What the contracts that bind at the period's end come to in so many months."""

    label: Text
    months: int = 1
    empty: ClassVar[int | None] = 0

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Contracts."""
        return (SUBSCRIPTIONS,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """The contract's own."""
        return tuple(CONTRACT_DIMENSIONS)


@dataclass(frozen=True, slots=True)
class RecurringLost(OwnPass):
    """Of what contracts came to a month at the period's start, the share gone at its end, of the same customers; ``net``: less what others of them added."""

    net: bool
    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Contracts."""
        return (SUBSCRIPTIONS,)


@dataclass(frozen=True, slots=True)
class GoalMetric:
    """A metric for which a campaign can have a goal: its name in the table of targets, its formula, and where it should be."""

    name: str
    formula: Formula
    better: Direction


@dataclass(frozen=True, slots=True)
class GoalsReached(OwnPass):
    """How far campaigns reached the goals whose last day lies in the period, each by its own metric; of several the mean."""

    measured: tuple[GoalMetric, ...]
    reckoned: Reckoned
    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Goals of campaigns."""
        return (CAMPAIGN_GOALS,)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """What a goal names."""
        return "campaign", "channel", "region", "team", "salesperson"


@dataclass(frozen=True, slots=True)
class KeyFigureChange(OwnPass):
    """What a figure came to on a campaign's days less the same number of days before them, of the campaign that ended in the period."""

    of: Formula
    label: Text

    @property
    def canonical(self) -> tuple[tuple[str, ...], ...]:
        """Campaigns with both days, and orders."""
        return CAMPAIGN_DAYS, ("orders",)

    @property
    def broken_down_by(self) -> tuple[str, ...]:
        """The campaign's own."""
        return "campaign", "channel"

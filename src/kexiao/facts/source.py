"""A source of facts: a session of a query engine in which every fact is a view, with what the data cover and the policy in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from kexiao.engine.duck import Connection, DuckEngine, close_to_outside, connect
from kexiao.engine.folder import Folder
from kexiao.engine.query import QueryEngine
from kexiao.engine.store import Store
from kexiao.errors import WrongUse
from kexiao.facts.contracts import LAST_TOLD_OF_CONTRACTS, contract_queries
from kexiao.facts.derive import (
    SALES_CYCLE_QUERY,
    acquisitions_query,
    lagged_spend_query,
    later_queries,
    lead_outcomes_query,
    sale_outcomes_query,
)
from kexiao.facts.listening import LISTENING_VIEWS, listening_queries
from kexiao.facts.one_customer import create_canonical_views, create_canonical_views_on
from kexiao.facts.policy import Policy, policy_from
from kexiao.facts.results import THIS_MACHINE, Basis, basis_at
from kexiao.facts.selling import SELLING_VIEWS, selling_queries
from kexiao.facts.stored import about_facts, derive_in, derived, fact_views
from kexiao.facts.window import WindowSuggestion
from kexiao.tables.catalogue import all_tables
from kexiao.text import Text

_RARE_EVENTS_DAYS = 31


@dataclass(frozen=True, slots=True)
class Coverage:
    """The first and last day that a canonical table covers, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class FactSource:
    """Where metrics are computed: ``engine`` has one view per fact and per canonical table (personal tables excluded).

    ``acquired_on_share`` of the customers have their acquisition day on file, ``acquired_earlier_share`` were acquired before the data begin.
    ``sales_cycle_days`` is the median from lead to first order, over all leads won. ``basis`` is what results are kept
    by; None: they are not kept. Facts seen in another way (``replace``: another policy, another coverage) are no longer what it names, and lose it.
    """

    engine: QueryEngine
    policy: Policy
    coverage: Mapping[str, Coverage]
    snapshot: str
    now: date
    fiscal_start: int = 1
    window: WindowSuggestion | None = None
    acquired_on_share: float = 0.0
    acquired_earlier_share: float = 0.0
    sales_cycle_days: int | None = None
    basis: Basis | None = field(default=None, init=False)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run neutral SQL."""
        return self.engine.rows(sql)

    @property
    def connection(self) -> Connection:
        """The DuckDB behind it, for what needs its own tongue. Errors: ``WrongUse`` on any other engine."""
        if isinstance(self.engine, DuckEngine):
            return self.engine.connection
        raise WrongUse(
            Text(zh="这一步只能在本机的 DuckDB 上做。", en="This works only with DuckDB, on this machine."),
            next_step=Text(
                zh="在 kexiao.toml 中去掉 engine 再运行。", en="Take engine out of kexiao.toml and run it again."
            ),
        )

    def kept_by(self, basis: Basis) -> FactSource:
        """These facts, their results kept by what they rest on."""
        kept = replace(self)
        object.__setattr__(kept, "basis", basis)
        return kept

    def not_kept(self) -> FactSource:
        """These facts, every number of them computed."""
        return replace(self)

    def covered(self, tables: tuple[str, ...]) -> Coverage | None:
        """What the first of these tables covers; None where it has no rows."""
        return self.coverage.get(tables[0])


def open_facts(
    folder: Folder, *, as_of: str | None = None, now: date | None = None, policy: Policy | None = None
) -> FactSource:
    """Open the facts of a workspace at a snapshot, deriving them first where that was not yet done.

    ``policy``: another one than that of the settings, such as that of a closed period.
    """
    store = Store(folder.data)
    snapshot = store.as_of(as_of)
    policy = policy or policy_from(folder.settings)
    cache = derived(folder, store, snapshot, policy)
    connection = connect(folder.data / "_tmp")
    create_canonical_views(connection, store, snapshot, policy.count_as)
    facts = about_facts(cache)
    for name, sql in fact_views(cache, facts).items():
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    close_to_outside(connection, [folder.data])
    now = now or date.today()
    source = _source(DuckEngine(connection), policy, facts, snapshot.name, now, folder.fiscal_year_start)
    return source.kept_by(basis_at(folder, snapshot, policy, now))


def open_facts_on_engine(folder: Folder, *, as_of: str | None = None, now: date | None = None) -> FactSource:
    """The facts of a workspace on the engine that its settings name: on this machine, or derived and kept on a Spark server for this session.

    Errors: ``WrongUse`` for a setting that makes no sense and for files that the server cannot see, ``SourceUnavailable`` for a server that does not
    answer, ``IntegrityFailed`` where it sees other files than the snapshot names.
    """
    address = str(folder.settings.get("engine", THIS_MACHINE))
    if address == THIS_MACHINE:
        return open_facts(folder, as_of=as_of, now=now)
    from kexiao.engine.spark import connect_spark

    store, policy = Store(folder.data), policy_from(folder.settings)
    snapshot = store.as_of(as_of)
    root = str(folder.settings.get("data", folder.data.resolve().as_uri())).rstrip("/")
    engine = connect_spark(address)
    create_canonical_views_on(engine, store, snapshot, lambda path: f"{root}/{path}", policy.count_as)
    now = now or date.today()
    source = facts_in_memory(engine, policy, now=now, snapshot=snapshot.name, fiscal_start=folder.fiscal_year_start)
    return source.kept_by(basis_at(folder, snapshot, policy, now, address))


def facts_in_memory(
    engine: QueryEngine, policy: Policy, *, now: date, snapshot: str = "s000000", fiscal_start: int = 1
) -> FactSource:
    """The facts over canonical tables that stand in ``engine`` already, derived in it: a cluster, or small data and worked examples."""
    facts = derive_in(engine, policy)
    return _source(engine, policy, facts, snapshot, now, fiscal_start)


def _source(
    engine: QueryEngine, policy: Policy, facts: Mapping[str, Any], snapshot: str, now: date, fiscal_start: int
) -> FactSource:
    coverage = _coverage(engine)
    window = facts.get("window")
    suggestion = (
        WindowSuggestion(**{**window, "curve": tuple((int(g), float(s)) for g, s in window["curve"])})
        if window
        else None
    )
    if suggestion:
        policy = policy.with_window(suggestion.days)
    orders = coverage.get("orders")
    end = (orders.last + timedelta(days=1)).isoformat() if orders else None
    engine.make_view("lead_outcomes", lead_outcomes_query(policy, end))
    refunds = covered_until(coverage, ("refunds",)) or covered_until(coverage, ("orders",))
    cycle = _sales_cycle(engine, coverage)
    for name, sql in {
        "sale_outcomes": sale_outcomes_query(policy, refunds.isoformat() if refunds else None),
        "acquisitions": acquisitions_query(),
        "lagged_spend": lagged_spend_query(cycle),
    }.items():
        engine.make_view(name, sql)
    if cycle is not None:
        spent, moved = coverage["spend"], timedelta(days=cycle)
        coverage["lagged_spend"] = Coverage(spent.first + moved, spent.last + moved)
    ends = {
        name: day for name in ("orders", "complaints", "spend", "offers") if (day := covered_until(coverage, (name,)))
    }
    for name, last in _LAST_TOLD.items():
        told = engine.rows(f"SELECT max({last}) FROM {name}")[0][0]
        if told is not None:
            ends[name] = max(ends[name], told + timedelta(days=1))
    if contracts := _contracts_known(engine, coverage, now):
        coverage["subscriptions"] = contracts
    views = {**later_queries(policy, ends), **selling_queries(policy, ends), **listening_queries()}
    for name, sql in {**views, **contract_queries(policy, covered_until(coverage, ("subscriptions",)))}.items():
        engine.make_view(name, sql)
    coverage |= _coverage_of_views(engine, coverage)
    known, earlier = float(facts["acquired_on_share"]), float(facts["acquired_earlier_share"])
    return FactSource(engine, policy, coverage, snapshot, now, fiscal_start, suggestion, known, earlier, cycle)


# Until when a table tells what became of its rows: the last thing that it says of any.
_LAST_TOLD = {
    "complaints": "greatest(opened_on, coalesce(resolved_on, opened_on), coalesce(reopened_on, opened_on))",
    "offers": "greatest(offered_on, coalesce(accepted_on, offered_on), coalesce(declined_on, offered_on))",
}
# What each view is covered by: the table with its days (null: as far as orders), and what must exist for it to say anything at all.
_VIEWS = {
    "qualified_leads": ("leads", "SELECT min(created_on) FROM leads WHERE qualified_on IS NOT NULL"),
    "won_leads": (None, "SELECT min(created_on) FROM leads WHERE customer_id IS NOT NULL"),
    "resolved_complaints": ("complaints", "SELECT min(opened_on) FROM complaints WHERE resolved_on IS NOT NULL"),
    "resolved_cases": ("complaints", "SELECT min(opened_on) FROM complaints WHERE reopened_on IS NOT NULL"),
    "followed_leads": ("leads", "SELECT min(created_on) FROM leads WHERE follow_ups IS NOT NULL"),
    "answered_complaints": ("complaints", "SELECT min(opened_on) FROM complaints WHERE first_response_on IS NOT NULL"),
    "participants": (None, "SELECT min(joined_on) FROM participants"),
    "campaign_outcomes": (None, "SELECT min(start_on) FROM campaigns WHERE budget IS NOT NULL"),
    "campaign_arms": (
        None,
        "SELECT min(coalesce(c.start_on, p.joined_on)) FROM participations AS p LEFT JOIN campaigns AS c ON c.campaign = p.campaign WHERE p.arm IS NOT NULL",
    ),
    "ad_impressions": ("ad_results", "SELECT min(day) FROM ad_results WHERE impressions IS NOT NULL"),
    "ad_clicks": ("ad_results", "SELECT min(day) FROM ad_results WHERE clicks IS NOT NULL"),
    "staff_posts": (None, "SELECT min(from_on) FROM staff"),
}


def _contracts_known(engine: QueryEngine, coverage: Mapping[str, Coverage], now: date) -> Coverage | None:
    """The days of which contracts tell: as far as orders do, or further to the last that began or was ended, but no day to come."""
    own, orders = coverage.get("subscriptions"), coverage.get("orders")
    if own is None:
        return None
    told = [engine.rows(LAST_TOLD_OF_CONTRACTS)[0][0], *([orders.last] if orders else [])]
    return Coverage(own.first, max(own.first, min(now, max(told))))


def _coverage_of_views(engine: QueryEngine, coverage: Mapping[str, Coverage]) -> dict[str, Coverage]:
    """What is covered of facts whose table alone does not say it: a column that is never filled tells nothing, and staff and campaigns hold until the
    orders end."""
    orders, found = coverage.get("orders"), {}
    views = {**_VIEWS, **SELLING_VIEWS, **LISTENING_VIEWS}
    asked = " UNION ALL ".join(f"SELECT '{name}' AS name, ({sql}) AS first_on" for name, (_, sql) in views.items())
    for name, first in engine.rows(asked):
        table, _ = views[name]
        if first is not None and (table is None or table in coverage):
            own = coverage[table] if table else Coverage(first, max(first, orders.last) if orders else first)
            found[name] = own
    # What a figure from outside speaks of ends with its span, whatever the company's own data cover.
    figures = engine.rows("SELECT figure, min(from_on), max(to_on) FROM external_figures GROUP BY 1")
    return found | {str(figure): Coverage(first, last) for figure, first, last in figures}


def covered_until(coverage: Mapping[str, Coverage], tables: tuple[str, ...]) -> date | None:
    """The first day no longer covered by the first of these tables; None where it has no rows.

    A table of rare events that ends shortly before the orders is taken to be covered as far as they are.
    """
    own, orders = coverage.get(tables[0]), coverage.get("orders")
    if own is None:
        return None
    last = own.last
    if orders and last < orders.last <= last + timedelta(days=_RARE_EVENTS_DAYS):
        last = orders.last
    return last + timedelta(days=1)


def _sales_cycle(engine: QueryEngine, coverage: Mapping[str, Coverage]) -> int | None:
    """The median days from lead to first order over all leads won (of an even number the lower one); None without leads won or spend."""
    if not {"leads", "spend", "orders"} <= coverage.keys():
        return None
    found = [(int(days), int(leads)) for days, leads in engine.rows(SALES_CYCLE_QUERY)]
    middle, so_far = (sum(leads for _, leads in found) + 1) // 2, 0
    for days, leads in found:
        so_far += leads
        if so_far >= middle:
            return days
    return None


def _coverage(engine: QueryEngine) -> dict[str, Coverage]:
    dated = {
        name: table.date_column
        for name, table in all_tables().items()
        if table.date_column and table.versioned and table.group != "results"
    }
    asked = " UNION ALL ".join(
        f"SELECT '{name}' AS name, min({day}) AS first_on, max({day}) AS last_on FROM {name}"
        for name, day in dated.items()
    )
    return {name: Coverage(first, last) for name, first, last in engine.rows(asked) if first is not None}

"""A source of facts: an open, closed-to-the-outside DuckDB in which every fact is a view, with what the data cover and the policy in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from kexiao.engine.dialects import render
from kexiao.engine.duck import Connection, close_to_outside, connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store
from kexiao.facts.derive import (
    SALES_CYCLE_QUERY,
    acquisitions_query,
    fact_queries,
    lagged_spend_query,
    later_queries,
    lead_outcomes_query,
    sale_outcomes_query,
)
from kexiao.facts.one_customer import create_canonical_views
from kexiao.facts.policy import Policy, policy_from
from kexiao.facts.results import Basis, basis_at
from kexiao.facts.stored import derive_in, derived
from kexiao.facts.window import WindowSuggestion
from kexiao.tables.catalogue import all_tables

_RARE_EVENTS_DAYS = 31


@dataclass(frozen=True, slots=True)
class Coverage:
    """The first and last day that a canonical table covers, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class FactSource:
    """Where metrics are computed: ``connection`` has one view per fact and per canonical table (personal tables excluded).

    ``acquired_on_share`` of the customers have their acquisition day on file, ``acquired_earlier_share`` were acquired before the data begin.
    ``sales_cycle_days`` is the median from lead to first order, over all leads won. ``basis`` is what results are kept by; None: they are not kept.
    """

    connection: Connection
    policy: Policy
    coverage: Mapping[str, Coverage]
    snapshot: str
    now: date
    fiscal_start: int = 1
    window: WindowSuggestion | None = None
    acquired_on_share: float = 0.0
    acquired_earlier_share: float = 0.0
    sales_cycle_days: int | None = None
    basis: Basis | None = None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run neutral SQL."""
        return run(self.connection, render(sql))

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
    names = list(fact_queries(policy))
    for name in names:
        path = quote_text(str(cache / f"{name}.parquet"))
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({path})")
    close_to_outside(connection, [folder.data])
    facts = json.loads((cache / "facts.json").read_text(encoding="utf-8"))
    now = now or date.today()
    source = _source(connection, policy, facts, snapshot.name, now, folder.fiscal_year_start)
    return replace(source, basis=basis_at(folder, snapshot, policy, now))


def facts_in_memory(
    connection: Connection, policy: Policy, *, now: date, snapshot: str = "s000000", fiscal_start: int = 1
) -> FactSource:
    """The facts over canonical tables that stand in ``connection`` already, for small data and worked examples."""
    facts = derive_in(connection, policy)
    return _source(connection, policy, facts, snapshot, now, fiscal_start)


def _source(
    connection: Connection, policy: Policy, facts: Mapping[str, Any], snapshot: str, now: date, fiscal_start: int
) -> FactSource:
    coverage = _coverage(connection)
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
    connection.execute(f"CREATE OR REPLACE VIEW lead_outcomes AS {render(lead_outcomes_query(policy, end))}")
    refunds = covered_until(coverage, ("refunds",)) or covered_until(coverage, ("orders",))
    cycle = _sales_cycle(connection, coverage)
    for name, sql in {
        "sale_outcomes": sale_outcomes_query(policy, refunds.isoformat() if refunds else None),
        "acquisitions": acquisitions_query(),
        "lagged_spend": lagged_spend_query(cycle),
    }.items():
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {render(sql)}")
    if cycle is not None:
        spent, moved = coverage["spend"], timedelta(days=cycle)
        coverage["lagged_spend"] = Coverage(spent.first + moved, spent.last + moved)
    ends = {name: day for name in ("orders", "complaints", "spend") if (day := covered_until(coverage, (name,)))}
    told = run(connection, "SELECT max(greatest(opened_on, coalesce(resolved_on, opened_on))) FROM complaints")[0][0]
    if told is not None:
        ends["complaints"] = max(ends["complaints"], told + timedelta(days=1))
    for name, sql in later_queries(policy, ends).items():
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {render(sql)}")
    coverage |= _coverage_of_views(connection, coverage)
    known, earlier = float(facts["acquired_on_share"]), float(facts["acquired_earlier_share"])
    return FactSource(connection, policy, coverage, snapshot, now, fiscal_start, suggestion, known, earlier, cycle)


# What each view is covered by: the table with its days (null: as far as orders), and what must exist for it to say anything at all.
_VIEWS = {
    "qualified_leads": ("leads", "SELECT min(created_on) FROM leads WHERE qualified_on IS NOT NULL"),
    "won_leads": (None, "SELECT min(created_on) FROM leads WHERE customer_id IS NOT NULL"),
    "resolved_complaints": ("complaints", "SELECT min(opened_on) FROM complaints WHERE resolved_on IS NOT NULL"),
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


def _coverage_of_views(connection: Connection, coverage: Mapping[str, Coverage]) -> dict[str, Coverage]:
    """What is covered of facts whose table alone does not say it: a column that is never filled tells nothing, and staff and campaigns hold until the
    orders end."""
    orders, found = coverage.get("orders"), {}
    for name, (table, sql) in _VIEWS.items():
        first = run(connection, sql)[0][0]
        if first is not None:
            own = coverage[table] if table else Coverage(first, max(first, orders.last) if orders else first)
            found[name] = own
    return found


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


def _sales_cycle(connection: Connection, coverage: Mapping[str, Coverage]) -> int | None:
    """The median days from lead to first order over all leads won (of an even number the lower one); None without leads won or spend."""
    if not {"leads", "spend", "orders"} <= coverage.keys():
        return None
    found = [(int(days), int(leads)) for days, leads in run(connection, render(SALES_CYCLE_QUERY))]
    middle, so_far = (sum(leads for _, leads in found) + 1) // 2, 0
    for days, leads in found:
        so_far += leads
        if so_far >= middle:
            return days
    return None


def _coverage(connection: Connection) -> dict[str, Coverage]:
    found = {}
    for name, table in all_tables().items():
        if table.date_column and table.versioned and table.group != "results":
            first, last = run(connection, f"SELECT min({table.date_column}), max({table.date_column}) FROM {name}")[0]
            if first is not None:
                found[name] = Coverage(first, last)
    return found

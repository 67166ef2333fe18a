"""Contracts at the edges of a period, and their renewals, beside a loop over lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import DAYS, FIRST, LAST, SLOW, agrees, closed, measured, shop, table

from kexiao.cycle.measure import measure_facts
from kexiao.facts.intervals import wilson
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import parse
from kexiao.facts.rows import rows_behind
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import source_of
from kexiao.metrics.catalogue import all_metrics

QUARTER = parse("2025Q1")
HEADER = "contract_id | customer_id | plan | from_on | to_on | ended_on | monthly_amount | channel"
END = LAST + timedelta(days=1)


@dataclass(frozen=True)
class Contract:
    """One drawn contract; ``days`` None: it runs on; ``cut``: ended so many days after its first."""

    number: int
    customer: int
    plan: str
    first: date
    days: int | None
    cut: int | None
    yuan: int

    @property
    def to(self) -> date | None:
        return None if self.days is None else self.first + timedelta(days=self.days)

    @property
    def last(self) -> date | None:
        ended = None if self.cut is None else self.first + timedelta(days=self.cut)
        return min((day for day in (self.to, ended) if day), default=None)

    def binds(self, day: date) -> bool:
        return self.first < day and (self.last is None or self.last + timedelta(days=1) >= day)


CONTRACTS = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["basic", "pro"]), DAYS, st.one_of(st.none(), st.integers(0, 200)),
              st.one_of(st.none(), st.none(), st.integers(0, 250)), st.integers(1, 90)),
    max_size=14,
).map(lambda rows: [Contract(n, *row) for n, row in enumerate(rows)])  # fmt: skip


def drawn(contracts: list[Contract]) -> FactSource:
    rows = [
        (
            f"k{c.number:02}",
            c.customer,
            c.plan,
            c.first,
            c.to,
            None if c.cut is None else c.first + timedelta(days=c.cut),
            c.yuan,
            f"ch{c.customer % 2}",
        )
        for c in contracts
    ]
    edges = [("first", 90, "old", FIRST, FIRST, None, 1, "x"), ("last", 91, "new", LAST, LAST, None, 1, "x")]
    return shop(closed([(1, FIRST, "web", 100, 10)]), subscriptions=table(HEADER, [*rows, *edges]))


def held(contracts: list[Contract], day: date) -> dict[int, int]:
    found: dict[int, int] = {}
    for c in contracts:
        if c.binds(day):
            found[c.customer] = found.get(c.customer, 0) + c.yuan
    return found


def asked(source: FactSource, names: list[str], period: str, by: tuple[str, ...] = ()) -> list[MetricValue]:
    return measure_facts(source, names, period=period, grain="month" if ".." in period else None, by=by).values


@SLOW
@given(CONTRACTS)
def test_contracts_bind_at_the_edges_and_what_is_gone_between_them_is_lost(contracts: list[Contract]) -> None:
    before, after = held(contracts, QUARTER.start), held(contracts, QUARTER.end)
    first = {c.customer: min(o.first for o in contracts if o.customer == c.customer) for c in contracts}
    lost = [who for who in before if who not in after]
    gone = {who: money - after.get(who, 0) for who, money in before.items()}
    counts = {
        "contract_customers": len(after),
        "contract_customers:at_start": len(before),
        "contract_customers:new": sum(QUARTER.start <= day < QUARTER.end for day in first.values()),
        "monthly_recurring_revenue": sum(after.values()),
    }
    rates = {
        "logo_churn_rate": (len(lost), len(before)),
        "revenue_churn_rate": (sum(max(0, yuan) for yuan in gone.values()), sum(before.values())),
        "revenue_churn_rate:net": (sum(gone.values()), sum(before.values())),
    }
    values = dict(zip([*counts, *rates], asked(drawn(contracts), [*counts, *rates], "2025Q1"), strict=True))
    assert {name: float(values[name].value or 0) for name in counts} == counts
    for name, (top, bottom) in rates.items():
        assert agrees(values[name], top / bottom if bottom else None)
    if before:
        churn = values["logo_churn_rate"]
        assert (churn.interval_low, churn.interval_high) == pytest.approx(wilson(len(lost), len(before)))


@SLOW
@given(CONTRACTS)
def test_months_asked_together_are_the_months_asked_alone_and_their_groups_add_up(contracts: list[Contract]) -> None:
    source, names = drawn(contracts), ["contract_customers", "monthly_recurring_revenue"]
    together = asked(source, names, "2025-01..2025-03")
    alone = [value for month in ("2025-01", "2025-02", "2025-03") for value in asked(source, names, month)]
    assert {(v.metric, v.period): v.value for v in together} == {(v.metric, v.period): v.value for v in alone}
    groups = asked(source, names, "2025-02", ("channel",))
    for whole in alone[2:4]:
        assert sum(float(v.value or 0) for v in groups if v.metric == whole.metric) == float(whole.value or 0)
    of_ch1 = (("channel", "ch1"),)
    found = {v.metric: v.value for v in groups if v.dimensions["channel"] == "ch1"}
    filtered = measure_facts(source, names, period="2025-02", where=of_ch1).values
    assert {v.metric: v.value or 0 for v in filtered} == {name: found.get(name, 0) for name in names}


def followed(contracts: list[Contract], window: int = 30) -> dict[int, list[Contract]]:
    """Which contracts renew which: each at most one, of its own customer, the same plan first, then the nearest, then alike by alike."""
    ended = [c for c in contracts if c.to is not None and c.last is not None and c.last >= c.first]
    found: dict[int, list[Contract]] = {}

    def nth(one: Contract, day: str) -> int:
        alike = [
            c
            for c in (ended if day == "last" else contracts)
            if c.customer == one.customer and getattr(c, day) == getattr(one, day)
        ]
        return sorted(alike, key=lambda c: c.number).index(one)

    for b in contracts:
        near = [
            a for a in ended
            if a.customer == b.customer and a.last is not None and b.first > a.first and abs((b.first - a.last).days - 1) <= window
            and (b.first - a.last).days - 1 < window
        ]  # fmt: skip
        if near:
            best = min(near, key=lambda a: (a.plan != b.plan, abs((b.first - a.last).days - 1), nth(a, "last") != nth(b, "first"), a.number))  # type: ignore[operator]  # fmt: skip
            found.setdefault(best.number, []).append(b)
    return found


@SLOW
@given(CONTRACTS)
def test_terms_that_ended_are_renewed_within_the_window_or_not(contracts: list[Contract]) -> None:
    by = followed(contracts)
    ours = [c for c in contracts if c.to and c.last and QUARTER.start <= c.last < QUARTER.end]
    ours = [c for c in ours if c.last and c.last + timedelta(days=31) <= END]
    renewed = [c for c in ours if c.number in by]
    prior = sum(c.yuan for c in ours)
    then = {c.number: sum(b.yuan for b in by.get(c.number, [])) for c in ours}
    wanted = {
        "renewal_rate": (len(renewed), len(ours)),
        "renewal_rate:by_value": (sum(c.yuan for c in renewed), prior),
        "net_revenue_retention:contracts": (sum(then.values()), prior),
        "gross_revenue_retention:contracts": (sum(min(c.yuan, then[c.number]) for c in ours), prior),
    }
    for value, (top, bottom) in zip(asked(drawn(contracts), list(wanted), "2025Q1"), wanted.values(), strict=True):
        assert agrees(value, top / bottom if bottom else None)


def of(*rows: tuple[object, ...], header: str = HEADER) -> FactSource:
    edges = ("edge", 90, "x", "2024-01-01", "2024-01-01", None, 1, "x")
    last = ("last", 91, "x", "2025-12-31", "2025-12-31", None, 1, "x")
    names = [name.strip() for name in header.split("|")]
    fixed = [
        tuple(dict(zip(HEADER.split(" | "), row, strict=True)).get(name) for name in names) for row in (edges, last)
    ]
    return source_of({"subscriptions": table(header, [*rows, *fixed])})


def test_a_contract_renewed_without_a_gap_on_the_edge_of_a_year_is_not_lost() -> None:
    source = of(
        ("a", 1, "pro", "2024-01-01", "2024-12-31", None, 10, "web"),
        ("b", 1, "pro", "2025-01-01", "2025-12-31", None, 10, "web"),
        ("c", 2, "pro", "2024-01-01", "2024-12-31", None, 10, "web"),
    )
    assert measured(source, "contract_customers", "2024-12").value == 2
    assert measured(source, "logo_churn_rate", "2024-12").value == 0
    assert measured(source, "logo_churn_rate", "2025-01").value == 0.5


def test_the_contract_that_a_renewal_names_counts_before_what_days_suggest() -> None:
    header = "contract_id | customer_id | renews | plan | from_on | to_on | monthly_amount"
    source = of(
        ("a", 1, None, "basic", "2024-04-01", "2025-03-31", 10),
        ("b", 1, None, "pro", "2024-04-01", "2025-03-31", 90),
        ("c", 1, "b", "basic", "2025-04-01", "2026-03-31", 30),
        header=header,
    )
    assert measured(source, "renewal_rate", "2025-03").value == 0.5
    assert measured(source, "gross_revenue_retention:contracts", "2025-03").value == pytest.approx(0.3)


def test_amounts_of_a_term_are_spread_over_its_months() -> None:
    header = "contract_id | customer_id | from_on | to_on | amount"
    days_45 = 1000 * 30.4375 / 45
    terms = {
        "2025-02-28": 1000,
        "2025-03-02": 1000,
        "2025-04-30": 1000 / 3,
        "2026-01-31": 1000 / 12,
        "2025-03-17": days_45,
    }
    for last, monthly in terms.items():
        source = of(("a", 1, "2025-02-01", last, 1000), header=header)
        value = measured(source, "monthly_recurring_revenue", "2025-02")
        assert float(value.value or 0) == pytest.approx(monthly, abs=0.005), last


def test_a_contract_that_ended_no_one_knows_when_leaves_no_number() -> None:
    header = "contract_id | customer_id | status | from_on | to_on | monthly_amount"
    source = of(("a", 1, "ended", "2024-02-01", None, 10), ("b", 2, "signed", "2024-02-01", None, 10), header=header)
    for name in ("contract_customers", "monthly_recurring_revenue", "logo_churn_rate", "revenue_churn_rate"):
        value = measured(source, name, "2025-03")
        assert value.value is None and value.reason is not None and "which day" in value.reason("en")


def test_the_rows_behind_add_up_to_the_number() -> None:
    source = of(
        ("a", 1, "pro", "2024-01-01", None, None, 10, "web"),
        ("b", 1, "pro", "2024-01-05", None, None, 15, "web"),
        ("c", 2, "pro", "2024-02-01", None, None, 30, "shop"),
    )
    for name, rows in (("contract_customers", 2), ("monthly_recurring_revenue", 3)):
        behind = rows_behind(source, all_metrics()[name].formula, parse("2025-03"))
        assert isinstance(behind, list) and len(behind) == rows
        assert sum(row.contribution for row in behind) == measured(source, name).value

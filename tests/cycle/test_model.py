"""Models over a workspace: what is stored, that a second run changes nothing, and the numbers by other roads."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from kexiao.cycle.histories import histories
from kexiao.cycle.lifetime import LifetimeValues, lifetime_errors, lifetime_intervals, lifetime_values
from kexiao.cycle.measure import measure
from kexiao.cycle.model import run_model
from kexiao.cycle.segments import Moves, Segmentation, segments
from kexiao.engine.duck import connect
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.store import Store
from kexiao.errors import WrongUse
from kexiao.facts.source import open_facts
from kexiao.facts.worked_example import source_of
from kexiao.models.clv import bg_nbd
from kexiao.models.clv import lifetime_value as clv
from kexiao.models.clv.simulate import PurchaseParameters, simulate
from kexiao.models.inputs import CannotFit, Unfitted
from kexiao.tables.catalogue import table_named

START = date(2023, 1, 1)
Order = tuple[int, date, float, float]  # customer, day, amount, cost


def drawn_orders(customers: int = 400, days: int = 730) -> list[Order]:
    """Orders drawn from the model itself, amounts between 50 and 150, cost 60 %."""
    rng = np.random.default_rng(11)
    who, day = simulate(rng, rng.uniform(0, 500, customers), float(days), PurchaseParameters(0.8, 60.0, 0.9, 2.5))
    amounts = rng.uniform(50, 150, len(who)).round(2)
    return [
        (int(c) + 1, START + timedelta(days=int(d)), float(a), round(float(a) * 0.6, 2))
        for c, d, a in zip(who, day, amounts, strict=True)
    ]


def workspace(tmp_path: Path, orders: list[Order]) -> Folder:
    folder = create_folder(tmp_path / "w", company="Test")
    columns = table_named("orders").stored_columns
    rows = ", ".join(f"('o{n}', {c}, DATE '{d}', {a}, {k})" for n, (c, d, a, k) in enumerate(orders))
    named = {
        "order_id": "o",
        "customer_id": "c",
        "ordered_on": "d",
        "ordered_at": "d",
        "status": "'completed'",
        "amount": "a",
        "cost": "k",
    }
    shown = ", ".join(f"CAST({named.get(name, 'NULL')} AS {kind}) AS {name}" for name, kind in columns)
    connection = connect(folder.data / "_tmp")
    with Store(folder.data).writing("orders") as writer:
        part = writer.write(connection, "orders", columns, f"SELECT {shown} FROM (VALUES {rows}) AS t(o, c, d, a, k)")
        assert part
        writer.change("orders", columns, add=[part])
        writer.commit()
    return folder


def test_it_stores_scores_that_the_metric_reads_and_that_agree_with_the_model(tmp_path: Path) -> None:
    folder = workspace(tmp_path, drawn_orders())
    ran = run_model(folder, "clv")
    assert isinstance(ran.result, LifetimeValues)
    errors = lifetime_errors(ran.result)
    assert ran.changed and ran.rows == (4 + errors.shape[1]) * len(ran.result.customer)
    (value,) = measure(folder, ["customer_lifetime_value"], period="2023-01-01..2024-12-31")
    assert float(value.value or 0) == pytest.approx(float(ran.result.lifetime_value.mean()), abs=0.005)
    again = clv.estimate(
        ran.result.model,
        lambda model: float(clv.acquired_value(model, ran.result.base, ran.result.terms, ran.result.earned).mean()),
    )
    assert (value.interval_low, value.interval_high) == pytest.approx((again.low, again.high), rel=1e-3)
    assert ran.as_of == open_facts(folder).coverage["orders"].last + timedelta(days=1)


def test_a_second_run_on_the_same_data_changes_nothing(tmp_path: Path) -> None:
    folder = workspace(tmp_path, drawn_orders())
    for name in ("clv", "segments"):
        first, second = run_model(folder, name), run_model(folder, name)
        assert first.changed and not second.changed
        assert second.snapshot == first.snapshot


def test_rows_of_an_earlier_date_stay_and_rows_of_the_same_date_are_replaced(tmp_path: Path) -> None:
    orders = drawn_orders()
    folder = workspace(tmp_path, orders)
    run_model(folder, "clv")
    columns = table_named("scores").stored_columns
    connection = connect(folder.data / "_tmp")
    store = Store(folder.data)
    with store.writing("an older score and a wrong one of the same date") as writer:
        day = open_facts(folder).coverage["orders"].last + timedelta(days=1)
        fixed = {"model": "'clv'", "score": "'residual_value'", "customer_id": "7", "value": "1"}
        for when, customer in ((date(2023, 6, 1), "7"), (day, "999999")):
            named = {**fixed, "as_of": f"DATE '{when}'", "customer_id": customer}
            shown = ", ".join(f"CAST({named.get(name, 'NULL')} AS {kind}) AS {name}" for name, kind in columns)
            part = writer.write(connection, "scores", columns, f"SELECT {shown}")
            assert part
            writer.change("scores", columns, add=[part])
        writer.commit()
    assert run_model(folder, "clv").changed
    source = open_facts(folder)
    assert source.query("SELECT count(*) FROM scores WHERE customer_id = 999999") == [(0,)]
    assert source.query("SELECT count(*) FROM scores WHERE as_of = DAY_OF('2023-06-01')") == [(1,)]


def test_money_earned_is_margin_discounted_to_the_first_purchase_as_in_plain_python() -> None:
    source = source_of(
        {
            "orders": """
                order_id | customer_id | ordered_on | amount | cost
                a        | 1           | 2022-01-01 | 100    | 60
                b        | 1           | 2023-01-01 | 200    | 150
                c        | 1           | 2025-06-01 | 500    | 100
                d        | 2           | 2025-06-30 | 80     | 90
                """,
            "refunds": """
                refund_id | order_id | refunded_on | amount | cost_returned
                r         | b        | 2023-02-01  | 50     | 30
                """,
        }
    )
    found = histories(source, date(2022, 1, 1), date(2025, 7, 1))
    by_customer = dict(zip(found.customer.tolist(), found.earned.tolist(), strict=True))
    worth = {365: 1.1 ** (-365 / 365.25), 396: 1.1 ** (-396 / 365.25)}
    assert by_customer[1] == pytest.approx(
        40 + 50 * worth[365] - (50 - 30) * worth[396]
    )  # the order of 2025 is beyond three years
    assert by_customer[2] == pytest.approx(-10)
    assert found.net.tolist() == [750.0, 80.0] and found.margin.tolist() == [470.0, -10.0]


def test_an_unknown_cost_is_not_zero() -> None:
    source = source_of(
        {"orders": "order_id | customer_id | ordered_on | amount\n a | 1 | 2025-01-01 | 100\n b | 1 | 2025-02-01 | 100"}
    )
    found = histories(source, date(2025, 1, 1), date(2025, 3, 1))
    assert not found.margin_known and np.isnan(found.margin).all()


def test_too_few_repeat_buyers_give_the_reason_and_no_number(tmp_path: Path) -> None:
    orders = [(n, START + timedelta(days=n % 200), 50.0, 30.0) for n in range(1, 300)]
    found = lifetime_values(open_facts(workspace(tmp_path, orders)))
    assert isinstance(found, Unfitted) and "0 of 299" in found.reason("en")
    with pytest.raises(CannotFit) as problem:
        run_model(Folder(tmp_path / "w", {}), "clv")
    assert problem.value.exit_code == 3


def test_an_unknown_model_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(WrongUse) as problem:
        run_model(Folder(tmp_path, {}), "clw")
    assert "clv" in problem.value.message("en")


def test_a_customer_may_bring_less_or_more_than_expected_but_not_less_than_was_earned(tmp_path: Path) -> None:
    values = lifetime_values(open_facts(workspace(tmp_path, drawn_orders())))
    assert isinstance(values, LifetimeValues)
    some = np.arange(5)
    low, high = lifetime_intervals(values, some)
    assert (low >= values.earned[some] - 1e-9).all() and (high >= low).all() and (high > low).any()
    assert (low <= values.lifetime_value[some]).all()


def test_segments_of_few_customers_are_those_counted_by_hand() -> None:
    """Ten customers, each a little later, oftener and dearer than the one before: the fifths are pairs."""
    rows = [
        f"o{c}-{k} | {c} | {date(2025, 1, 1) + timedelta(days=10 * c + k)} | {100 * c}"
        for c in range(1, 11)
        for k in range(c)
    ]
    source = source_of({"orders": "order_id | customer_id | ordered_on | amount\n" + "\n".join(rows)}, window=180)
    found = segments(source)
    assert isinstance(found, Segmentation)
    of = {summary.name: summary.customers for summary in found.segments}
    assert of == {
        "champions": 4, "promising": 0, "keep": 0, "win_back": 0, "regulars": 0, "newcomers": 0, "small_keep": 0, "slipping": 6,
    }  # fmt: skip
    assert found.basis == "net_sales" and found.look_back_days == 365
    # Net sales are 100 c²: of 38,500, those above customer 6 hold 29,400 (under 80 %), above 5 33,000, above 4 35,500 (under 95 %), above 3 37,100.
    assert [tier.customers for tier in found.tiers] == [5, 2, 3]
    assert not isinstance(found.moves, Moves)


def test_movement_counts_each_customer_once_and_leaves_nobody_out(tmp_path: Path) -> None:
    orders = drawn_orders(days=1100)
    source = open_facts(workspace(tmp_path, orders))
    found = segments(source)
    assert isinstance(found, Segmentation) and isinstance(found.moves, Moves)
    moved = found.moves.movement.customers
    assert moved[:, :8].sum() == len(found.customer)
    end, before = found.as_of, found.moves.before
    then = {c for c, day, _, _ in orders if before - timedelta(days=found.look_back_days) <= day < before}
    now = {c for c, day, _, _ in orders if end - timedelta(days=found.look_back_days) <= day < end}
    assert moved[:8].sum() == len(then) and moved[:8, 8].sum() == len(then - now)


def test_cdnow_from_raw_events_gives_what_the_published_summary_gives(shared: Path, tmp_path: Path) -> None:
    """The summary of Fader, Hardie & Lee (2005) is in weeks and ends on the last day; ours counts days up to the end of that day."""
    with gzip.open(shared / "data/clv/cdnow_sample_transactions.csv.gz", "rt") as file:
        events = [
            (int(r["customer_id"]), date.fromisoformat(r["date"]), float(r["spend"])) for r in csv.DictReader(file)
        ]
    orders = [(c, day, max(spend, 0.01), 0.0) for c, day, spend in events if day <= date(1997, 9, 30)]
    values = lifetime_values(open_facts(workspace(tmp_path, orders)))
    with (shared / "data/clv/cdnow_customers_summary.csv").open() as file:
        rows = [[float(r[name]) for name in ("frequency", "recency", "T")] for r in csv.DictReader(file)]
    x, last, age = (np.array(column) for column in zip(*rows, strict=True))
    published = bg_nbd.fit(x, np.rint(last * 7), np.rint(age * 7) + 1)
    assert isinstance(values, LifetimeValues) and len(values.customer) == 2357
    ours = values.model.purchases
    assert (ours.r, ours.alpha, ours.a, ours.b) == pytest.approx(
        (published.r, published.alpha, published.a, published.b), rel=1e-6
    )
    assert (ours.r, ours.alpha / 7) == pytest.approx((0.243, 4.414), abs=0.03)

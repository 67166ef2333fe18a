"""Facts renewed after loads equal facts derived from nothing, row for row, whatever came: new, changed, moved and deleted rows, merges, files put together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexiao.engine.duck import connect, quote_text, run
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.store import Store, Writer
from kexiao.facts import renewing, stored
from kexiao.facts.policy import Policy
from kexiao.tables.catalogue import table_named

Row = dict[str, Any]
FIRST = date(2025, 1, 1)
OURS = Policy()
TABLES = ("orders", "order_lines", "refunds", "products", "customers", "merges")
KEYS = {
    "order_lines": ("order_id", "line_no"),
    "refunds": ("refund_id",),
    "products": ("product_id",),
    "merges": ("merge_id",),
}


class Shop:
    """A store written as loads write it: rows under new keys in a new file, changed ones by writing anew the files that hold them."""

    def __init__(self, root: Path) -> None:
        self.folder: Folder = create_folder(root / "w")
        self.store = Store(self.folder.data)
        self.files: dict[str, dict[str, list[Row]]] = {name: {} for name in TABLES}

    def load(self, rows: dict[str, dict[tuple[Any, ...], Row | None]]) -> None:
        """Put rows in place by their key; None takes one out."""
        with closing(connect(self.folder.data / "_tmp")) as connection, self.store.writing("test") as writer:
            for name, given_rows in rows.items():
                self._table(connection, writer, name, given_rows)
            writer.commit()

    def _table(self, connection: Any, writer: Writer, name: str, rows: dict[tuple[Any, ...], Row | None]) -> None:
        files = self.files[name]
        gone = [path for path, held in files.items() if any(key_of(name, row) in rows for row in held)]
        kept = [[row for row in files.pop(path) if key_of(name, row) not in rows] for path in gone]
        columns = table_named(name).stored_columns
        added = []
        for held in (*kept, [row for row in rows.values() if row is not None]):
            part = writer.write(connection, name, columns, values(name, held)) if held else None
            if part:
                files[part.path] = held
                added.append(part)
        writer.change(name, columns, add=added, remove=gone)

    def put_together(self) -> None:
        """All rows of each table as one file, as upkeep does."""
        for name in TABLES:
            rows = {key_of(name, row): row for held in self.files[name].values() for row in held}
            if rows:
                self.load({name: dict(rows)})


def key_of(name: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in KEYS.get(name, (table_named(name).key)))


def values(name: str, rows: list[Row]) -> str:
    """SQL of rows; columns left out are null."""
    shown = [
        "SELECT " + ", ".join(f"{literal(row.get(c))} AS {c}" for c, _ in table_named(name).stored_columns)
        for row in rows
    ]
    return " UNION ALL ".join(shown)


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (int, float)) else quote_text(str(value))


def rows_of(folder: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    names = sorted({path.name.split("-")[0] for path in folder.glob("*.parquet")})
    with closing(connect(folder)) as connection:
        return {
            name: Counter(run(connection, f"FROM read_parquet({quote_text(f'{folder}/{name}-*.parquet')})"))
            for name in names
        }


@contextmanager
def told_of_renewals(patch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each derivation was a renewal."""
    told: list[bool] = []
    true = stored.renew

    def told_renew(*given_all: Any) -> Any:
        found = true(*given_all)
        told.append(found is not None)
        return found

    patch.setattr(stored, "renew", told_renew)
    patch.setattr(renewing, "_MOST_CHANGED", 1e9)
    yield told


def check(shop: Shop, policy: Policy = OURS) -> Path:
    """The facts of now as they are kept, after they are found equal to those derived from nothing."""
    snapshot = shop.store.current()
    kept = stored.derived(shop.folder, shop.store, snapshot, policy)
    nothing = shop.folder.root / "nothing"
    shutil.rmtree(nothing, ignore_errors=True)
    nothing.mkdir()
    about = stored._from_nothing(shop.folder, shop.store, snapshot, policy, nothing)
    assert rows_of(kept) == rows_of(nothing)
    found = stored.about_facts(kept)
    for name in ("acquired_on_share", "acquired_earlier_share"):
        assert found[name] == about[name]
    assert (
        tuple(map(tuple, (found["window"] or {"curve": ()})["curve"])) == ((about["window"] or {"curve": ()})["curve"])
    )
    return kept


def order(
    number: int, customer: int | None, day: int, fen: int, status: str = "completed", channel: str = "web"
) -> Row:
    return {
        "order_id": f"o{number}", "customer_id": customer, "ordered_on": FIRST + timedelta(days=day), "status": status, "channel": channel,
        "amount": fen / 100 if fen is not None else None, "cost": 1.5, "currency": "CNY",
    }  # fmt: skip


ID = st.integers(0, 9)
CUSTOMER = st.one_of(st.none(), st.integers(1, 4))
FEN = st.sampled_from([-500, 0, 1000, 3333])
ORDERS = st.tuples(st.just("orders"), ID, st.one_of(st.none(), st.builds(order, ID, CUSTOMER, st.integers(0, 120), FEN, st.sampled_from(["completed", "refunded", "cancelled"]), st.sampled_from(["web", "shop"]))))  # fmt: skip
LINES = st.tuples(st.just("order_lines"), ID, st.one_of(st.none(), st.fixed_dictionaries({"line_no": st.integers(1, 2), "product_id": st.sampled_from(["p1", "p2", None]), "net": st.sampled_from([3.33, 10.0]), "quantity": st.just(1)})))  # fmt: skip
REFUNDS = st.tuples(st.just("refunds"), ID, st.one_of(st.none(), st.fixed_dictionaries({"order_id": st.one_of(st.none(), ID.map(lambda n: f"o{n}")), "customer_id": CUSTOMER, "refunded_on": st.just(FIRST + timedelta(days=90)), "amount": st.sampled_from([1.0, 2.5])})))  # fmt: skip
PRODUCTS = st.tuples(
    st.just("products"), st.integers(1, 2), st.fixed_dictionaries({"category": st.sampled_from(["tea", "cup", None])})
)
CUSTOMERS = st.tuples(st.just("customers"), st.integers(1, 5), st.one_of(st.none(), st.fixed_dictionaries({"acquired_on": st.sampled_from([None, date(2024, 12, 1), date(2025, 2, 1)]), "acquisition_channel": st.sampled_from([None, "fair"]), "level": st.sampled_from(["gold", None])})))  # fmt: skip
MERGES = st.tuples(st.just("merges"), st.integers(3, 4), st.fixed_dictionaries({"into_id": st.integers(1, 2), "undone_at": st.sampled_from([None, "2025-05-01 00:00:00"])}))  # fmt: skip
LOADS = st.lists(
    st.one_of(st.just("together"), st.lists(st.one_of(ORDERS, ORDERS, LINES, REFUNDS, PRODUCTS, CUSTOMERS, MERGES), min_size=1, max_size=6)),
    min_size=2, max_size=4,
)  # fmt: skip


def drawn(things: list[tuple[str, int, Row | None]]) -> dict[str, dict[tuple[Any, ...], Row | None]]:
    """One load: each thing under its key."""
    rows: dict[str, dict[tuple[Any, ...], Row | None]] = {}
    for name, number, row in things:
        key: dict[str, tuple[Any, ...]] = {
            "orders": (f"o{number}",), "order_lines": (f"o{number}", row["line_no"] if row and name == "order_lines" else 1),
            "refunds": (f"r{number}",), "products": (f"p{number}",), "customers": (number,), "merges": (number,),
        }  # fmt: skip
        columns = KEYS.get(name, table_named(name).key)
        whole = None if row is None else {**row, **dict(zip(columns, key[name], strict=True))}
        if whole is not None and name == "merges":
            whole |= {"customer_id": number, "merged_at": "2025-04-01 00:00:00", "merged_by": "me", "way": "hand"}
        rows.setdefault(name, {})[key[name]] = whole
    return rows


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(LOADS)
def test_any_sequence_of_loads_equals_a_derivation_from_nothing(loads: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch, told_of_renewals(patch):
        shop = Shop(Path(place))
        shop.load(drawn([("orders", 0, order(0, 1, 0, 1000)), ("orders", 1, order(1, 2, 5, 2000))]))
        check(shop)
        for one in loads:
            shop.put_together() if one == "together" else shop.load(drawn(one))
            check(shop)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.load(drawn([("orders", n, order(n, n % 3 + 1, n * 10, 1000)) for n in range(8)]))
    check(made)
    return made


def test_new_orders_leave_the_files_of_orders_as_they_are(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored.derived(shop.folder, shop.store, shop.store.current(), Policy())
    with told_of_renewals(monkeypatch) as told:
        shop.load(drawn([("orders", 9, order(9, 1, 200, 777))]))
        after = check(shop)
    assert told == [True]
    for name in ("sale_orders", "sale_lines"):
        (old,) = before.glob(f"{name}-*.parquet")
        assert os.stat(after / old.name).st_ino == os.stat(old).st_ino
        assert len(list(after.glob(f"{name}-*.parquet"))) == 2


@pytest.mark.parametrize(
    "late",
    [
        ("orders", 3, order(3, 1, 30, 1000, "cancelled")),
        ("orders", 3, order(3, 2, 30, 1000)),
        ("orders", 3, order(3, 1, 1, 1000)),
        ("orders", 3, None),
        ("refunds", 1, {"order_id": "o4", "refunded_on": FIRST + timedelta(days=60), "amount": 3}),
        ("order_lines", 5, {"line_no": 1, "product_id": "p1", "net": 9.5, "quantity": 2}),
        ("customers", 2, {"acquired_on": date(2024, 6, 1), "acquisition_channel": "fair"}),
    ],
)
def test_a_change_of_an_old_row_is_renewed(shop: Shop, monkeypatch: pytest.MonkeyPatch, late: Any) -> None:
    with told_of_renewals(monkeypatch) as told:
        shop.load(drawn([late]))
        check(shop)
    assert told == [True]


@pytest.mark.parametrize(
    "early",
    [
        ("order_lines", 9, {"line_no": 1, "product_id": "p1", "net": 9.5, "quantity": 2}),
        ("refunds", 9, {"order_id": "o9", "refunded_on": FIRST + timedelta(days=60), "amount": 3, "customer_id": 2}),
    ],
)
def test_what_came_before_its_order_is_renewed_with_it(shop: Shop, monkeypatch: pytest.MonkeyPatch, early: Any) -> None:
    with told_of_renewals(monkeypatch) as told:
        shop.load(drawn([early]))
        check(shop)
        shop.load(drawn([("orders", 9, order(9, 1, 50, 1000))]))
        check(shop)
    assert told == [True, True]


def test_an_order_in_between_changes_the_gap_of_the_next_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with told_of_renewals(monkeypatch):
        shop.load(drawn([("orders", 9, order(9, 1, 10, 500))]))
        days = rows_of(check(shop))["purchase_days"]
    gaps = {row[1]: row[5] for row in days if row[0] == 1}
    assert gaps == {FIRST + timedelta(days=d): gap for d, gap in ((0, None), (10, 10), (30, 20), (60, 30))}


def test_merges_and_another_policy_are_derived_from_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with told_of_renewals(monkeypatch) as told:
        shop.load(drawn([("merges", 3, {"into_id": 1, "undone_at": None})]))
        check(shop)
        check(shop, Policy(completed=("paid",)))
        assert told == []
        shop.load(drawn([("orders", 9, order(9, 3, 200, 777))]))
        check(shop)
    assert told == [True]


def test_another_window_reads_the_same_facts(shop: Shop) -> None:
    kept = check(shop)
    assert check(shop, Policy(refund_window_days=7).with_window(90)) == kept
    assert check(shop, Policy(refund_date="order")) != kept


def test_many_changes_and_files_that_are_gone_are_derived_from_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.load(drawn([("orders", n, order(n, 1, n, 500)) for n in range(6)]))
    check(shop)
    with told_of_renewals(monkeypatch) as told:
        gone = list(shop.files["orders"])
        shop.load(drawn([("orders", 0, order(0, 1, 7, 500))]))
        for path in set(gone) - set(shop.files["orders"]):
            (shop.folder.data / path).unlink()
        check(shop)
    assert told == [False]


def test_older_facts_cleared_away_in_the_meantime_are_no_loss(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(renewing, "_MOST_CHANGED", 1e9)
    monkeypatch.setattr(os, "link", refused)
    shop.load(drawn([("orders", 9, order(9, 1, 200, 777))]))
    check(shop)


def test_small_files_of_many_loads_are_put_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with told_of_renewals(monkeypatch):
        monkeypatch.setattr(renewing, "_MANY_FILES", 3)
        for number in range(20, 26):
            shop.load(drawn([("orders", number, order(number, 1, number * 5, 100))]))
            kept = check(shop)
    assert len(list(kept.glob("sale_orders-*.parquet"))) <= renewing._MANY_FILES + 1

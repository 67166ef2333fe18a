"""Rows into the store: new, newer, equal, older, contradicting."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.engine.duck import connect
from kexiao.engine.folder import create_folder
from kexiao.engine.store import Store
from kexiao.errors import IntegrityFailed
from kexiao.tables.catalogue import table_named
from kexiao.tables.checks import broken_rules
from kexiao.tables.contact_files import contacts_query
from kexiao.tables.identity import merge_contacts, refuse_collisions, use_key
from kexiao.tables.loading import Incoming, Merged, merge, withdraw

PRODUCTS = table_named("products")
ORDERS = table_named("orders")
Row = tuple[str, str | None, str | None, int]


class Shelf:
    """A store of products under test; a row is (id, category, tier, day on which it was known)."""

    def __init__(self, root: Path) -> None:
        self.folder = create_folder(root / "w")
        self.store = Store(self.folder.data)
        self.loads = 0

    def put(self, *rows: Row, derived: bool = False) -> tuple[int, int, dict[str, list[int]]]:
        """Merge rows; gives added, changed, and the row numbers of each other fate."""
        self.loads += 1
        with self.store.writing("test") as writer, connect(self.folder.data / "_tmp") as connection:
            listed = ", ".join(
                f"({i}, '{key}', {_text(category)}, {_text(tier)}, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00')"
                for i, (key, category, tier, day) in enumerate(rows, 1)
            )
            sql = f"SELECT 0 AS src, row_no, product_id, category, tier, known_at FROM (VALUES {listed}) AS t(row_no, product_id, category, tier, known_at)"
            merged = merge(connection, writer, Incoming(PRODUCTS, sql, derived=derived), self.loads, "t")
            writer.commit()
            return merged.added, merged.changed, _fates(connection, merged)

    def delete(self, key: str, day: int) -> None:
        """The source has deleted a record on a day."""
        self.loads += 1
        with self.store.writing("test") as writer, connect(self.folder.data / "_tmp") as connection:
            named = f"SELECT '{key}' AS id, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS until"
            withdraw(connection, writer, PRODUCTS, named, self.loads, "w")
            writer.commit()

    def rows(self) -> list[tuple[Any, ...]]:
        """What the store holds: id, category, tier."""
        snapshot = self.store.current()
        with connect(self.folder.data / "_tmp") as connection:
            sql = self.store.table_query(snapshot, "products", PRODUCTS.stored_columns)
            return connection.execute(f"SELECT product_id, category, tier FROM ({sql}) ORDER BY 1").fetchall()

    def files(self) -> list[str]:
        """The store's product files."""
        version = self.store.current().tables.get("products")
        return [part.path for part in version.files] if version else []


def _text(value: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else f"'{value}'"


def _fates(connection: duckdb.DuckDBPyConnection, merged: Merged) -> dict[str, list[int]]:
    names = {"twice": merged.twice, "repeated": merged.repeated, "outdated": merged.outdated, "refused": merged.refused}
    found = {
        name: connection.execute(f"SELECT row_no FROM {table} ORDER BY 1").fetchall() for name, table in names.items()
    }
    return {name: [row[0] for row in rows] for name, rows in found.items() if rows}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_record_deleted_before_its_first_copy_arrives_stays_away(shelf: Shelf) -> None:
    shelf.delete("a", 5)
    assert shelf.put(("a", "tea", None, 4), ("b", "tea", None, 4)) == (1, 0, {"outdated": [1]})
    assert shelf.rows() == [("b", "tea", None)]
    shelf.put(("a", "pot", None, 6))
    assert shelf.rows() == [("a", "pot", None), ("b", "tea", None)]


def test_new_keys_are_added_and_equal_rows_change_nothing(shelf: Shelf) -> None:
    assert shelf.put(("a", "tea", "low", 1), ("b", "cup", None, 1)) == (2, 0, {})
    number = shelf.store.current().number
    assert shelf.put(("a", "tea", "low", 1), ("b", None, None, 1)) == (0, 0, {"repeated": [1, 2]})
    assert shelf.store.current().number == number


def test_newer_content_replaces_older_and_a_null_says_nothing(shelf: Shelf) -> None:
    shelf.put(("a", "tea", "low", 1))
    assert shelf.put(("a", "cup", None, 2)) == (0, 1, {})
    assert shelf.rows() == [("a", "cup", "low")]


def test_an_older_row_only_fills_what_is_empty(shelf: Shelf) -> None:
    shelf.put(("a", "tea", None, 5))
    assert shelf.put(("a", "cup", "low", 1)) == (0, 1, {})
    assert shelf.rows() == [("a", "tea", "low")]
    assert shelf.put(("a", "cup", "low", 1)) == (0, 0, {"outdated": [1]})


def test_only_files_that_hold_changed_rows_are_written_anew(shelf: Shelf) -> None:
    shelf.put(("a", "tea", None, 1))
    shelf.put(("b", "tea", None, 1))
    shelf.put(("c", "tea", None, 1))
    before = shelf.files()
    shelf.put(("b", "cup", None, 2))
    kept = [path for path in before if path in shelf.files()]
    assert kept == [before[0], before[2]]
    assert shelf.rows() == [("a", "tea", None), ("b", "cup", None), ("c", "tea", None)]


def test_equal_rows_of_one_load_count_once_and_contradicting_ones_not_at_all(shelf: Shelf) -> None:
    added, _, fates = shelf.put(
        ("a", "tea", None, 1), ("a", "tea", None, 1), ("b", "tea", None, 1), ("b", "cup", None, 1)
    )
    assert (added, fates) == (1, {"twice": [2], "refused": [3, 4]})
    assert shelf.rows() == [("a", "tea", None)]


def test_the_newest_of_several_versions_in_one_load_counts(shelf: Shelf) -> None:
    shelf.put(("a", "tea", "low", 1), ("a", "cup", None, 3), ("a", "pot", "mid", 2))
    assert shelf.rows() == [("a", "cup", "mid")]


def test_rows_made_from_others_never_contradict(shelf: Shelf) -> None:
    shelf.put(("a", "tea", None, 1), ("a", "cup", None, 1), derived=True)
    shelf.put(("a", "pot", None, 1), derived=True)
    assert shelf.rows() == [("a", "tea", None)]


def test_equally_new_content_that_contradicts_the_store_withdraws_both_until_something_newer_comes(
    shelf: Shelf,
) -> None:
    shelf.put(("a", "tea", None, 1), ("b", "tea", None, 1))
    assert shelf.put(("a", "cup", None, 1)) == (0, 0, {"refused": [1]})
    assert shelf.rows() == [("b", "tea", None)]
    assert shelf.put(("a", "tea", None, 1)) == (0, 0, {"refused": [1]})
    assert shelf.put(("a", "pot", None, 2)) == (1, 0, {})


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 28)), min_size=2, max_size=8, unique=True), st.randoms()
)
def test_versions_loaded_in_any_order_give_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, versions: list[tuple[str, int]], random: Any
) -> None:
    rows: list[Row] = [(key, f"as of {day}", f"tier {day}", day) for key, day in versions]
    shuffled = rows[:]
    random.shuffle(shuffled)
    states = []
    for order in (rows, shuffled):
        shelf = Shelf(tmp_path_factory.mktemp("shelf"))
        for row in order:
            shelf.put(row)
        states.append(shelf.rows())
    newest = {key: max(day for k, day in versions if k == key) for key, _ in versions}
    assert states[0] == states[1] == [(key, f"as of {day}", f"tier {day}") for key, day in sorted(newest.items())]


def test_a_status_moves_only_forward(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "w")
    store = Store(folder.data)
    seen = []
    for load, (status, day) in enumerate(
        [("paid", 1), ("completed", 2), ("shipped", 3), ("refunded", 4), ("completed", 9)], 1
    ):
        with store.writing("test") as writer, connect(folder.data / "_tmp") as connection:
            sql = (
                f"SELECT 0 AS src, 1 AS row_no, 'A' AS order_id, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ordered_at, DATE '2026-01-01' AS ordered_on, '{status}' AS status, "
                f"5.00 AS amount, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS known_at"
            )
            merge(connection, writer, Incoming(ORDERS, sql), load, "t")
            snapshot = writer.commit()
            seen.append(
                connection.execute(
                    f"SELECT status, amount FROM ({store.table_query(snapshot, 'orders', ORDERS.stored_columns)})"
                ).fetchone()
            )
    assert seen == [(s, Decimal("5.00")) for s in ("paid", "completed", "completed", "refunded", "refunded")]


def test_a_customer_has_the_same_number_in_each_load_and_another_in_another_workspace(tmp_path: Path) -> None:
    numbers = []
    for name in ("one", "one", "two"):
        folder = create_folder(tmp_path / name)
        with connect(tmp_path / "spill") as connection:
            use_key(connection, folder)
            numbers.append(
                connection.execute(
                    "SELECT person('file', 'C1'), person('file', 'C2'), person('crm', 'C1'), person('file', NULL)"
                ).fetchone()
            )
    assert numbers[0] == numbers[1]
    assert len({*numbers[0][:3], *numbers[2][:3]}) == 6
    assert numbers[0][3] is None
    assert all(0 <= number < 2**63 for number in numbers[0][:3])


def test_two_customers_with_one_number_stop_the_load(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "w")
    people = "SELECT CAST(7 AS BIGINT) AS customer_id, 'file' AS origin, 'C1' AS source_id"
    everything = (
        people
        + ", CAST(NULL AS VARCHAR) AS name, NULL AS phone, NULL AS email, NULL AS wechat, CAST(NULL AS DATE) AS birthday, NULL AS gender, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS known_at"
    )
    with connect(tmp_path / "spill") as connection:
        assert merge_contacts(connection, folder, everything, 1) == 1
        assert merge_contacts(connection, folder, everything, 2) == 0
        refuse_collisions(connection, people, folder)
        with pytest.raises(IntegrityFailed):
            refuse_collisions(connection, people.replace("'C1'", "'C2'"), folder)


def test_contacts_keep_the_newest_of_each_part(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "w")

    def person(name: str | None, phone: str | None, day: int) -> str:
        return (
            f"SELECT CAST(7 AS BIGINT) AS customer_id, 'file' AS origin, 'C1' AS source_id, {_text(name)} AS name, {_text(phone)} AS phone, CAST(NULL AS VARCHAR) AS email, "
            f"CAST(NULL AS VARCHAR) AS wechat, CAST(NULL AS DATE) AS birthday, CAST(NULL AS VARCHAR) AS gender, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS known_at"
        )

    with connect(tmp_path / "spill") as connection:
        for load, said in enumerate(
            [person("王芳", None, 5), person("旧名", "13800000000", 1), person(None, "13900000000", 9)], 1
        ):
            merge_contacts(connection, folder, said, load)
        assert connection.execute(f"SELECT name, phone FROM ({contacts_query(folder)})").fetchall() == [
            ("王芳", "13900000000")
        ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder.data / "contacts").iterdir())


def test_contacts_are_the_same_whichever_word_came_first(tmp_path: Path) -> None:
    said = [
        ("王芳", None, 1),
        (None, "13800000000", 1),
        ("李强", None, 5),
        ("赵敏", None, 5),
        (None, "13700000000", 3),
        ("王芳", None, 4),
    ]
    states = set()
    for number, order in enumerate([said, said[::-1], said[3:] + said[:3] + said[1:4]]):
        folder = create_folder(tmp_path / f"w{number}")
        with connect(tmp_path / "spill") as connection:
            for load, (name, phone, day) in enumerate(order, 1):
                row = (
                    f"SELECT CAST(7 AS BIGINT) AS customer_id, 'file' AS origin, 'C1' AS source_id, {_text(name)} AS name, {_text(phone)} AS phone, "
                    f"CAST(NULL AS VARCHAR) AS email, NULL AS wechat, CAST(NULL AS DATE) AS birthday, NULL AS gender, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS known_at"
                )
                merge_contacts(connection, folder, row, load)
            states |= set(
                connection.execute(f"SELECT name, phone, epoch(known_at) FROM ({contacts_query(folder)})").fetchall()
            )
    assert [state[:2] for state in states] == [("赵敏", "13700000000")]


def test_the_checks_find_a_repeated_key_a_null_and_a_lost_row(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "w")
    store = Store(folder.data)
    with store.writing("test") as writer, connect(tmp_path / "spill") as connection:
        blank = ", ".join(
            f"CAST(NULL AS {kind}) AS {name}"
            for name, kind in PRODUCTS.stored_columns
            if name not in ("product_id", "price")
        )
        part = writer.write(
            connection,
            "products",
            PRODUCTS.stored_columns,
            f"SELECT unnest(['a', 'a', NULL]) AS product_id, unnest([1, -1, 1]) AS price, {blank}",
        )
        assert part is not None
        writer.change("products", PRODUCTS.stored_columns, add=[part])
        snapshot = writer.commit()
        found = {(rule.what.en, rule.rows) for rule in broken_rules(connection, store, snapshot)}
    assert found == {("null in the key: product_id", 1), ("out of limits: price", 1), ("repeated keys", 1)}


def test_time_of_knowing_is_kept_with_each_row(shelf: Shelf) -> None:
    shelf.put(("a", "tea", None, 7))
    with connect(shelf.folder.data / "_tmp") as connection:
        sql = shelf.store.table_query(shelf.store.current(), "products", PRODUCTS.stored_columns)
        seconds, load = connection.execute(f"SELECT epoch(known_at), load_id FROM ({sql})").fetchone() or (0, 0)
    assert (datetime.fromtimestamp(seconds, UTC), load) == (datetime(2026, 1, 7, tzinfo=UTC), 1)

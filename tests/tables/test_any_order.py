"""Random statements on a few products, in any order, grouping and repetition, against a reckoning by hand: the newest of each value counts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.engine.duck import connect
from kexiao.engine.folder import create_folder
from kexiao.engine.store import Store
from kexiao.tables.catalogue import table_named
from kexiao.tables.loading import Incoming, merge, withdraw
from kexiao.tables.remembering import drop_idle_times

PRODUCTS = table_named("products")
COLUMNS = ("name", "category", "tier")
Said = tuple[str, tuple[str | None, ...], int, bool]
"""What one row says: product, its values, the day, and whether it was derived from other rows."""


class Shelf:
    """A store of products under test."""

    def __init__(self, root: Path) -> None:
        self.folder = create_folder(root / "w")
        self.store = Store(self.folder.data)
        self.loads = 0

    def load(self, said: Sequence[Said], *, tidy: bool = False) -> tuple[int, int]:
        """One load: rows that stand for themselves are merged first, derived ones after them; gives rows changed and things noted."""
        self.loads += 1
        changed = noted = 0
        with self.store.writing("test") as writer, connect(self.folder.data / "_tmp", threads=1) as connection:
            for derived in (False, True):
                rows = [one for one in said if one[3] == derived]
                if rows:
                    incoming = Incoming(PRODUCTS, _sql(rows), derived=derived)
                    done = merge(connection, writer, incoming, self.loads, f"t{derived:d}")
                    changed, noted = changed + done.added + done.changed + done.withdrawn, noted + done.noted
            if tidy:
                drop_idle_times(connection, writer)
            writer.commit()
        return changed, noted

    def delete(self, key: str, day: int) -> None:
        """The source has deleted a product on a day."""
        self.loads += 1
        with self.store.writing("test") as writer, connect(self.folder.data / "_tmp") as connection:
            named = f"SELECT '{key}' AS id, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS until"
            withdraw(connection, writer, PRODUCTS, named, self.loads, "w")
            writer.commit()

    def rows(self, table: str = "products", columns: Iterable[str] = ("product_id", *COLUMNS)) -> list[tuple[Any, ...]]:
        """What the store holds."""
        sql = self.store.table_query(self.store.current(), table, table_named(table).stored_columns)
        with connect(self.folder.data / "_tmp") as connection:
            return connection.execute(f"SELECT {', '.join(columns)} FROM ({sql}) ORDER BY ALL").fetchall()

    def state(self) -> tuple[list[tuple[Any, ...]], int]:
        """The products, and how many wait because what is newest of them contradicts itself."""
        return self.rows(), len(self.rows("conflicts", ["digest"]))


def _sql(rows: Sequence[Said]) -> str:
    def value(text: str | None) -> str:
        return "CAST(NULL AS VARCHAR)" if text is None else f"'{text}'"

    listed = ", ".join(
        f"({number}, '{key}', {', '.join(map(value, values))}, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00')"
        for number, (key, values, day, _) in enumerate(rows, 1)
    )
    return f"SELECT 0 AS src, * FROM (VALUES {listed}) AS t(row_no, product_id, {', '.join(COLUMNS)}, known_at)"


def by_hand(said: Iterable[Said]) -> tuple[list[tuple[Any, ...]], int]:
    """The state by its definition, without any order: of each value the newest; equally new ones that differ count for nothing.

    What was derived comes just before what stands for itself, and of its values the greatest counts. While something torn is the newest of all that was said
    of a product, the product waits.
    """
    every = set(said)
    rows, waiting = [], 0
    for key in sorted({one[0] for one in every}):
        own = [(2 * day + (not derived), values, derived) for k, values, day, derived in every if k == key]
        shown: list[str | None] = []
        torn = [0]
        for place in range(len(COLUMNS)):
            there = [(time, values[place], derived) for time, values, derived in own if values[place] is not None]
            newest = max((time for time, _, _ in there), default=0)
            found = {value for time, value, derived in there if time == newest}
            firm = any(not derived for time, _, derived in there if time == newest)
            if len(found) > 1 and firm:
                torn.append(newest)
                shown.append(None)
            else:
                shown.append(max((value for value in found if value), default=None))
        if max(time for time, _, _ in own) > max(torn):
            rows.append((key, *shown))
        else:
            waiting += 1
    return rows, waiting


VALUE = st.sampled_from([None, None, "x", "y", "z"])
STATEMENT = st.tuples(st.sampled_from("ab"), st.tuples(VALUE, VALUE, VALUE), st.integers(1, 4), st.booleans())


@st.composite
def any_loads(draw: st.DrawFn) -> list[tuple[list[Said], bool]]:
    """Random statements and some of them again, split into loads; after some loads what no longer speaks is dropped."""
    said = draw(st.lists(STATEMENT, min_size=2, max_size=9))
    said = list(draw(st.permutations([*said, *draw(st.lists(st.sampled_from(said), max_size=4))])))
    loads = []
    while said:
        size = draw(st.integers(1, 4))
        loads.append((said[:size], draw(st.booleans())))
        said = said[size:]
    return loads


def check(loads: list[tuple[list[Said], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        for said, tidy in loads:
            shelf.load(said, tidy=tidy)
        assert shelf.state() == by_hand(one for said, _ in loads for one in said)
        for said, _ in loads:
            assert shelf.load(said) == (0, 0), "what was said before is no news"


@settings(max_examples=8, deadline=None, derandomize=True)
@given(any_loads())
def test_whatever_was_said_in_whatever_order_the_newest_of_each_value_counts(
    loads: list[tuple[list[Said], bool]],
) -> None:
    check(loads)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(any_loads())
def test_many_random_statements_give_what_was_reckoned_by_hand(loads: list[tuple[list[Said], bool]]) -> None:
    check(loads)


def _said(name: str | None, category: str | None, tier: str | None, day: int) -> Said:
    return ("a", (name, category, tier), day, False)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_row_said_again_is_not_written_anew_but_its_time_is_kept_once(shelf: Shelf) -> None:
    shelf.load([_said("tea", "drink", None, 1)])
    before = shelf.store.current().tables["products"]
    assert shelf.load([_said("tea", "drink", None, 3)]) == (0, 1)
    assert shelf.store.current().tables["products"] == before
    assert shelf.load([_said("tea", "drink", None, 3)]) == (0, 0)
    assert shelf.load([_said("cup", None, None, 2)]) == (0, 0)
    assert shelf.rows() == [("a", "tea", "drink", None)]


def test_what_was_never_in_dispute_comes_back_with_something_newer(shelf: Shelf) -> None:
    shelf.load([_said("tea", "drink", "low", 1)])
    shelf.load([_said("tea", None, "mid", 2), _said("tea", None, "high", 2)])
    assert shelf.state() == ([], 1)
    shelf.load([_said(None, "food", None, 1)])
    assert shelf.load([_said("pot", None, None, 3)])[0] == 1
    # Category: two words of day 1 contradict each other; tier: those of day 2 do.
    assert shelf.state() == ([("a", "pot", None, None)], 0)
    shelf.load([_said(None, "drink", "low", 2)])
    assert shelf.state() == ([("a", "pot", "drink", None)], 0)


def test_a_contradiction_that_an_older_release_noted_still_waits_for_something_newer(shelf: Shelf) -> None:
    conflicts = table_named("conflicts")
    with shelf.store.writing("test") as writer, connect(shelf.folder.data / "_tmp") as connection:
        older = [column for column in conflicts.stored_columns if column[0] != "kept"]
        part = writer.write(
            connection,
            "conflicts",
            older,
            "SELECT 'products' AS table_name, md5('a') AS digest, TIMESTAMPTZ '2026-01-02 00:00:00+00' AS known_at, 7 AS load_id",
        )
        assert part is not None
        writer.change("conflicts", older, add=[part])
        writer.commit()
    shelf.load([_said("tea", "drink", "low", 1)])
    shelf.load([_said("tea", "drink", "low", 2)])
    assert shelf.state() == ([], 1)
    shelf.load([_said("pot", "drink", None, 3)])
    assert shelf.state() == ([("a", "pot", "drink", None)], 0)


def test_a_deletion_spares_what_was_said_again_since_and_takes_out_what_waits(shelf: Shelf) -> None:
    shelf.load([_said("tea", "drink", None, 1), ("b", ("cup", None, None), 1, False)])
    shelf.load([_said("tea", "drink", None, 4)])
    shelf.delete("a", 3)
    shelf.delete("b", 3)
    assert shelf.state() == ([("a", "tea", "drink", None)], 0)
    shelf.load([_said("pot", None, None, 5), _said("jug", None, None, 5)])
    assert shelf.state() == ([], 1)
    shelf.delete("a", 6)
    assert shelf.state() == ([], 0)


def test_times_that_no_row_needs_any_more_are_dropped(shelf: Shelf) -> None:
    for day in (1, 2, 3, 4):
        shelf.load([_said("tea", "drink", None, day), ("b", (None, "cup", None), day, False)])
    assert len(shelf.rows("value_times", ["digest"])) == 6
    shelf.load([_said("tea", "pot", None, 5)], tidy=True)
    (left,) = shelf.rows("value_times", ["columns", "known_at::VARCHAR"])
    assert left == (None, "2026-01-04 00:00:00+00"), "of b, which stays as it was; a was written anew"
    shelf.load([("b", (None, "jug", None), 3, False)])
    assert ("b", None, "cup", None) in shelf.rows()

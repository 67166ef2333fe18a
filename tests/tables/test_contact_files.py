"""Who people are stands in one large file and, where later loads said something of few, in a small one beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexiao.engine.duck import Connection, connect
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.store import Store, Writer
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import (
    SMALL_SHARE,
    WITH_TIMES,
    adopt_contacts,
    contacts_apart,
    contacts_path,
    contacts_query,
    drop_idle_contacts,
    hold_contacts,
)
from kexiao.tables.identity import drop_contacts_of, merge_contacts

PEOPLE = 40


class Book:
    """The contacts of one workspace, and what is said of people on a day of January."""

    def __init__(self, folder: Folder, connection: Connection) -> None:
        self.folder, self.connection, self.loads = folder, connection, 0

    def say(self, people: dict[int, str | None], day: int) -> int:
        """Hear the names of people, by number."""
        rows = ", ".join(
            f"({number}, {'NULL' if name is None else repr(name)})" for number, name in sorted(people.items())
        )
        self.loads += 1
        return merge_contacts(
            self.connection,
            self.folder,
            f"SELECT CAST(n AS BIGINT) AS customer_id, 'file' AS origin, 'C' || n AS source_id, CAST(name AS VARCHAR) AS name, CAST(NULL AS VARCHAR) AS phone, "
            f"NULL AS email, NULL AS wechat, NULL AS birthday, NULL AS gender, TIMESTAMPTZ '2026-01-{day:02d} 00:00:00+00' AS known_at "
            f"FROM (VALUES {rows}) AS v(n, name)",
            self.loads,
        )

    def names(self) -> dict[int, str | None]:
        """Everybody's name now; nobody stands there twice."""
        found = self.connection.execute(f"SELECT customer_id, name FROM ({contacts_query(self.folder)})").fetchall()
        assert len({number for number, _ in found}) == len(found)
        return dict(found)

    def files(self) -> dict[str, int]:
        """Rows by file: the large one, and the small ones as one."""
        counted: dict[str, int] = {}
        for path in contacts_path(self.folder).parent.glob("*.parquet"):
            rows = self.connection.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()[0][0]
            name = "large" if path == contacts_path(self.folder) else "small"
            counted[name] = counted.get(name, 0) + rows
        return counted


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with connect(tmp_path / "spill") as connection:
        book = Book(create_folder(tmp_path / "w"), connection)
        book.say({number: f"旧{number}" for number in range(PEOPLE)}, 1)
        yield book


def test_what_is_said_of_few_leaves_the_large_file_alone(book: Book) -> None:
    before = contacts_path(book.folder).read_bytes()
    book.say({3: "王芳", 100: "新来"}, 2)
    book.say({3: "李强", 4: "赵敏"}, 3)
    assert contacts_path(book.folder).read_bytes() == before
    assert book.files() == {"large": PEOPLE, "small": 3}
    assert book.names() == {n: f"旧{n}" for n in range(PEOPLE)} | {3: "李强", 4: "赵敏", 100: "新来"}


def test_what_is_said_of_many_is_taken_up_into_the_large_file(book: Book) -> None:
    book.say({100: "新来"}, 2)
    many = dict.fromkeys(range(PEOPLE // SMALL_SHARE), "王芳")
    book.say(many, 3)
    drop_idle_contacts(book.folder)
    assert book.files() == {"large": PEOPLE + 1}
    assert book.names() == {n: f"旧{n}" for n in range(PEOPLE)} | many | {100: "新来"}


def test_a_small_file_speaks_for_its_own_large_file_alone(book: Book, tmp_path: Path) -> None:
    book.say({3: "王芳"}, 2)
    small = next(contacts_path(book.folder).parent.glob("since-*.parquet"))
    kept = shutil.copy(small, tmp_path / "kept")
    assert drop_contacts_of(book.connection, book.folder, [3]) == 1
    # As if the process had been killed before it took the small file away.
    shutil.copy(kept, small)
    assert 3 not in book.names()
    drop_idle_contacts(book.folder)
    assert not small.exists()


def test_whoever_is_erased_stands_in_no_file(book: Book) -> None:
    book.say({3: "欧阳明月", 5: "司马相如"}, 2)
    assert drop_contacts_of(book.connection, book.folder, [3]) == 1
    assert book.names() == {n: f"旧{n}" for n in range(PEOPLE) if n != 3} | {5: "司马相如"}
    assert book.files() == {"large": PEOPLE - 1}


def hold(book: Book, tmp_path: Path, reason: str) -> tuple[Store, Writer]:
    """Contacts made apart, held for the snapshot that a writer is about to write; its table is one row of campaigns."""
    with contacts_apart(tmp_path / "apart.parquet"):
        book.say({number: f"新{number}" for number in range(20)}, 1)
        book.say({7: "李强"}, 2)
        people = contacts_query(book.folder, WITH_TIMES)
    store = Store(book.folder.data)
    with store.writing(reason) as writer:
        hold_contacts(book.connection, writer, book.folder, people)
        table = table_named("campaigns")
        shown = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in table.stored_columns)
        part = writer.write(book.connection, table.name, table.stored_columns, f"SELECT {shown}")
        assert part
        writer.change(table.name, table.stored_columns, add=[part])
    return store, writer


def test_contacts_held_for_a_snapshot_count_once_it_is_there(book: Book, tmp_path: Path) -> None:
    book.say({3: "王芳"}, 2)
    store, writer = hold(book, tmp_path, "undo 2")
    assert book.names()[3] == "王芳"
    writer.commit()
    # As if the process had been killed here: the next writer finds them.
    adopt_contacts(book.folder, store)
    assert book.names() == {n: f"新{n}" for n in range(20)} | {7: "李强"}
    assert book.files() == {"large": 20}


def test_contacts_held_for_a_snapshot_that_never_came_are_dropped(book: Book, tmp_path: Path) -> None:
    store, _ = hold(book, tmp_path, "undo 2")
    adopt_contacts(book.folder, store)
    assert book.names() == {n: f"旧{n}" for n in range(PEOPLE)}
    assert book.files() == {"large": PEOPLE}


def test_contacts_held_for_a_snapshot_do_not_count_for_another_of_its_number(book: Book, tmp_path: Path) -> None:
    store, writer = hold(book, tmp_path, "undo 2")
    writer.reason = "merge customers"
    writer.commit()
    adopt_contacts(book.folder, store)
    assert book.names() == {n: f"旧{n}" for n in range(PEOPLE)}


def test_whoever_is_erased_after_a_killed_undo_stays_erased(book: Book, tmp_path: Path) -> None:
    store, writer = hold(book, tmp_path, "undo 2")
    writer.commit()
    assert drop_contacts_of(book.connection, book.folder, [7]) == 1
    adopt_contacts(book.folder, store)
    assert book.names() == {n: f"新{n}" for n in range(20) if n != 7}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 9),
            st.dictionaries(st.integers(0, 30), st.sampled_from(["甲", "乙", None]), min_size=1, max_size=20),
        ),
        max_size=8,
    )
)
def test_two_files_say_what_one_would(tmp_path: Path, said: list[tuple[int, dict[int, str | None]]]) -> None:
    shutil.rmtree(tmp_path / "w", ignore_errors=True)
    known: dict[int, tuple[int, str]] = {}
    everybody: set[int] = set()
    with connect(tmp_path / "spill") as connection:
        book = Book(create_folder(tmp_path / "w"), connection)
        for day, people in said:
            book.say(people, day)
            everybody |= people.keys()
            for number, name in people.items():
                if name is not None:
                    known[number] = max(known.get(number, (0, "")), (day, name))
        assert book.names() == {number: known[number][1] if number in known else None for number in everybody}

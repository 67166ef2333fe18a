"""The store: a load is seen whole or not at all, old snapshots stay readable, damage is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from kexiao.engine.duck import close_to_outside, connect, run
from kexiao.engine.folder import create_folder, open_folder
from kexiao.engine.store import EMPTY, PartFile, Store, Writer
from kexiao.errors import InputRejected, IntegrityFailed, StorageError, WrongUse

COLUMNS = (("id", "VARCHAR"), ("amount", "DECIMAL(18,2)"), ("day", "DATE"))


def rows_sql(first: int, last: int) -> str:
    return f"SELECT 'o' || i AS id, i * 1.25 AS amount, DATE '2025-01-01' + i::INT AS day FROM range({first}, {last}) AS t(i)"


def add(writer: Writer, first: int, last: int) -> PartFile:
    part = writer.write(connect(writer.store.data / "_tmp"), "orders", COLUMNS, rows_sql(first, last))
    assert part is not None
    writer.change("orders", COLUMNS, add=[part])
    return part


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(create_folder(tmp_path / "w").data)


def ids(store: Store, number: int | None = None) -> int:
    snapshot = store.current() if number is None else store.read(number)
    return int(
        run(connect(store.data / "_tmp"), f"SELECT count(*) FROM ({store.table_query(snapshot, 'orders', COLUMNS)})")[
            0
        ][0]
    )


def test_nothing_is_seen_before_commit(store: Store) -> None:
    with store.writing("load") as writer:
        add(writer, 0, 10)
        assert store.current() == EMPTY
        writer.commit()
    assert ids(store) == 10


def test_a_writer_that_dies_before_commit_leaves_nothing_behind_that_is_read(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing("load") as writer:
        add(writer, 0, 10)
        raise RuntimeError("killed")
    assert store.current() == EMPTY
    with store.writing("again") as writer:
        add(writer, 0, 5)
        writer.commit()
    assert ids(store) == 5


def test_old_snapshots_stay_readable(store: Store) -> None:
    for first in (0, 10, 20):
        with store.writing("load") as writer:
            add(writer, first, first + 10)
            writer.commit()
    assert [ids(store, number) for number in store.numbers()] == [10, 20, 30]
    assert store.as_of("s000002").number == 2
    assert store.as_of("1999-01-01") == EMPTY


def test_a_delta_reader_sees_what_the_snapshot_names_even_after_a_rewrite(store: Store) -> None:
    with store.writing("load") as writer:
        old = add(writer, 0, 10)
        writer.commit()
    with store.writing("rewrite") as writer:
        new = writer.write(connect(store.data / "_tmp"), "orders", COLUMNS, rows_sql(0, 7))
        assert new is not None
        writer.change("orders", COLUMNS, add=[new], remove=[old.path])
        writer.commit()
    assert DeltaTable(str(store.data / "orders")).count() == 7 == ids(store)
    assert ids(store, 1) == 10


def test_a_delta_log_left_ahead_by_a_killed_writer_is_healed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import kexiao.engine.store as module

    with monkeypatch.context() as patched, pytest.raises(OSError, match="killed"), store.writing("load") as writer:
        add(writer, 0, 10)

        def die(*_: object) -> None:
            raise OSError("killed")

        patched.setattr(module, "write_durably", die)
        writer.commit()
    assert DeltaTable(str(store.data / "orders")).count() == 10
    with store.writing("again") as writer:
        add(writer, 0, 4)
        writer.commit()
    assert DeltaTable(str(store.data / "orders")).count() == 4 == ids(store)


def test_no_change_makes_no_snapshot(store: Store) -> None:
    with store.writing("nothing") as writer:
        assert writer.commit() == EMPTY
    assert store.numbers() == []


def test_damage_is_found_by_its_checksum(store: Store) -> None:
    with store.writing("load") as writer:
        part = add(writer, 0, 10)
        writer.commit()
    assert store.verify(store.current()) == []
    path = store.data / part.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert store.verify(store.current()) == [part.path]


def test_a_damaged_snapshot_file_is_told_plainly(store: Store) -> None:
    with store.writing("load") as writer:
        add(writer, 0, 10)
        writer.commit()
    (store.data / "_snapshots" / "s000001.json").write_text("{")
    with pytest.raises(IntegrityFailed, match="损坏"):
        store.current()


def test_a_column_described_later_reads_as_null_in_older_files(store: Store) -> None:
    with store.writing("load") as writer:
        add(writer, 0, 3)
        writer.commit()
    query = store.table_query(store.current(), "orders", (*COLUMNS, ("channel", "VARCHAR")))
    assert run(connect(store.data / "_tmp"), f"SELECT count(*), count(channel) FROM ({query})") == [(3, 0)]


def test_a_closed_connection_reads_the_store_and_nothing_else(store: Store, tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    connection = connect(store.data / "_tmp")
    close_to_outside(connection, [store.data])
    with pytest.raises(duckdb.Error):
        connection.execute(f"SELECT * FROM read_csv('{secret}')")
    with pytest.raises(duckdb.Error):
        connection.execute("SET enable_external_access = true")


def test_a_full_disk_is_told_as_such_and_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import kexiao.engine.store as module

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(module, "sync", full)
    with pytest.raises(StorageError) as caught, store.writing("load") as writer:
        add(writer, 0, 10)
        writer.commit()
    assert "磁盘空间已满" in caught.value.message("zh")
    assert caught.value.exit_code == 7
    assert store.current() == EMPTY


def test_a_workspace_is_made_once_and_opened_after(tmp_path: Path) -> None:
    made = create_folder(tmp_path / "w", company='A "B" \\ C')
    assert create_folder(tmp_path / "w").key() == made.key()
    assert open_folder(tmp_path / "w").timezone == "Asia/Shanghai"


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(WrongUse):
        create_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [("format = 9", InputRejected), ("format = ", InputRejected), ('timezone = "Mars/X"', WrongUse)],
)
def test_settings_that_cannot_be_read_are_refused_by_name(
    tmp_path: Path, settings: str, error: type[Exception]
) -> None:
    (tmp_path / "kexiao.toml").write_text(settings)
    with pytest.raises(error):
        open_folder(tmp_path)


def test_a_snapshot_lists_schema_paths_sizes_checksums_and_rows(store: Store) -> None:
    with store.writing("load") as writer:
        add(writer, 0, 10)
        writer.commit()
    document = json.loads((store.data / "_snapshots" / "s000001.json").read_text())
    part = document["tables"]["orders"]["files"][0]
    assert set(part) == {"path", "size", "sha256", "rows"}
    assert document["tables"]["orders"]["columns"][1] == ["amount", "DECIMAL(18,2)"]

"""Many rows are stored as several files, so that a later change has only the few written anew that hold what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kexiao.engine import store as module
from kexiao.engine.duck import connect, run
from kexiao.engine.store import Store

COLUMNS = (("id", "BIGINT"), ("word", "VARCHAR"))
ROWS = 400_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(module, "PART_BYTES", 200_000)
    return Store(tmp_path / "data")


def test_many_rows_fill_several_files_that_together_hold_each_row_once(store: Store) -> None:
    connection = connect(store.data / "_tmp")
    with store.writing("load") as writer:
        made = f"SELECT range AS id, md5(range::VARCHAR) AS word FROM range({ROWS})"
        parts = writer.write_parts(connection, "orders", COLUMNS, made)
        writer.change("orders", COLUMNS, add=parts)
        snapshot = writer.commit()
    assert len(parts) > 2 and sum(part.rows for part in parts) == ROWS
    assert store.verify(snapshot) == []
    sql = store.table_query(snapshot, "orders", COLUMNS)
    assert run(connection, f"SELECT count(*), count(DISTINCT id), sum(id) FROM ({sql})") == [
        (ROWS, ROWS, ROWS * (ROWS - 1) // 2)
    ]
    assert {path.name for path in (store.data / "orders").glob("*.parquet")} == {Path(p.path).name for p in parts}


def test_no_rows_leave_no_file(store: Store) -> None:
    connection = connect(store.data / "_tmp")
    with store.writing("load") as writer:
        assert writer.write_parts(connection, "orders", COLUMNS, "SELECT 1 AS id, 'x' AS word WHERE false") == []
    assert not list((store.data / "orders").glob("*"))

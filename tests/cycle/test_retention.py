"""Upkeep rewrites files and thins out snapshots, and no reader and no closed period ever loses a row by it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from collecting import Company
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st

import kexiao.engine.store as store_module
from kexiao.cli.main import main
from kexiao.cycle.backup import backup, restore
from kexiao.cycle.collect import undo
from kexiao.cycle.retention import Retention, interrupted, kept, leftovers, retention_from, tidy, tidy_if_due
from kexiao.engine import audit
from kexiao.engine.duck import connect, run
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.posix import sha256
from kexiao.engine.store import Store
from kexiao.errors import InputRejected, WrongUse

COLUMNS = (("order_id", "VARCHAR"), ("ordered_on", "DATE"), ("amount", "DECIMAL(18,2)"))
START = datetime(2024, 1, 1, 9, tzinfo=UTC)


class _Clock(datetime):
    """The time at which snapshots are written, as the test sets it."""

    moment = START

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.moment


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "w")


def commits(folder: Folder, monkeypatch: pytest.MonkeyPatch, count: int, every: timedelta, start: int = 0) -> None:
    """So many commits of two tables; each tenth rewrites the first file of orders without its first row."""
    monkeypatch.setattr(store_module, "datetime", _Clock)
    store = Store(folder.data)
    connection = connect(folder.data / "_tmp")
    for number in range(start, start + count):
        _Clock.moment = START + number * every
        with store.writing("load") as writer:
            for table in ("orders", "refunds")[: 2 if number % 4 == 0 else 1]:
                sql = f"SELECT '{number}-' || i AS order_id, DATE '2024-01-01' + CAST({number * 7 % 50} AS INTEGER) AS ordered_on, i * 1.25 AS amount FROM range(3) t(i)"
                part = writer.write(connection, table, COLUMNS, sql)
                assert part is not None
                writer.change(table, COLUMNS, add=[part])
            if number % 10 == 9:
                first = writer.tables["orders"].files[0]
                rest = writer.write(
                    connection, "orders", COLUMNS, f"SELECT * FROM read_parquet('{store.data / first.path}') OFFSET 1"
                )
                writer.change("orders", COLUMNS, add=[rest] if rest else [], remove=[first.path])
            writer.commit()


def rows(folder: Folder, number: int, table: str = "orders") -> list[tuple[object, ...]]:
    """The rows of a table as the snapshot's own file lists it, read with plain DuckDB."""
    listed = json.loads((folder.data / "_snapshots" / f"s{number:06d}.json").read_text())["tables"][table]["files"]
    with duckdb.connect(":memory:") as connection:
        return connection.execute(
            "SELECT * FROM read_parquet(?) ORDER BY ALL", [[str(folder.data / part["path"]) for part in listed]]
        ).fetchall()


def close_over(folder: Folder, number: int) -> None:
    path = folder.root / "closes" / f"card-2024-{number}-r1.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"snapshot": f"s{number:06d}"}))
    audit.record(folder.root, "close", file=path.name, sha256=sha256(path))


def test_after_200_commits_and_clean_up_every_pinned_snapshot_reads_as_before(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 200, timedelta(hours=6))
    closed = [3, 57, 58, 119]
    looked_at = [*closed, *range(100, 201, 20), 199]
    before = {number: (rows(folder, number), rows(folder, number, "refunds")) for number in looked_at}
    for number in closed:
        close_over(folder, number)
    _Clock.moment = now = START + timedelta(days=60)
    done = tidy(folder, now=now)
    assert done.compacted["refunds"][1] == done.compacted["orders"][1] == 1 and len(done.thinned) > 60
    assert rows(folder, 201) == before[200][0] and rows(folder, 201, "refunds") == before[200][1]
    store = Store(folder.data)
    for days in (0, 2, 500, 502):
        tidy(folder, now=now + timedelta(days=days))
        left = store.numbers()
        assert set(closed) | {201} <= set(left), "closed and recent snapshots are kept"
        for number in set(left) & set(before):
            assert (rows(folder, number), rows(folder, number, "refunds")) == before[number]
            assert store.verify(store.read(number)) == []
    named = {part.path for number in left for part in store.read(number).files()}
    on_disk = {path.relative_to(folder.data).as_posix() for path in folder.data.glob("*/part-*.parquet")}
    assert on_disk == named and len(left) < 10
    for table in ("orders", "refunds"):
        delta = DeltaTable(str(folder.data / table))
        with duckdb.connect(":memory:") as connection:
            seen = connection.execute(
                "SELECT * FROM read_parquet(?) ORDER BY ALL",
                [[uri.removeprefix("file://") for uri in delta.file_uris()]],
            ).fetchall()
        assert seen == rows(folder, left[-1], table) and delta.count() == len(seen)
    assert leftovers(folder, store) == [] and not interrupted(folder) and audit.verify(folder.root) == []
    assert main(["check", "--store", "-w", str(folder.root)]) == 0


def test_a_reader_that_holds_a_thinned_snapshot_is_not_disturbed_for_a_day(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 30, timedelta(days=40))
    store = Store(folder.data)
    close_over(folder, 1)
    now = START + timedelta(days=40 * 30)
    folder.root.joinpath("kexiao.toml").write_text("format = 1\n[store]\nkeep_all_days = 0\nkeep_daily_days = 0\n")
    folder = Folder(folder.root, {"store": {"keep_all_days": 0, "keep_daily_days": 0}})
    commits(folder, monkeypatch, 1, timedelta(days=40), start=29)
    reader = connect(folder.data / "_tmp")
    held = store.read(30)
    store.create_views(reader, held, {"orders": COLUMNS})
    many = run(reader, "SELECT count(*) FROM orders")
    done = tidy(folder, now=now)
    assert 30 in done.thinned
    with pytest.raises(WrongUse, match="清理"):
        store.read(30)
    tidy(folder, now=now + timedelta(hours=23))
    assert run(reader, "SELECT count(*) FROM orders") == many
    assert tidy(folder, now=now + timedelta(hours=25)).deleted
    assert 1 in store.numbers()


def test_a_day_whose_snapshot_is_gone_is_said_to_be_gone_and_no_older_one_is_shown(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 60, timedelta(days=1))
    store = Store(folder.data)
    days = [(START + timedelta(days=n)).date().isoformat() for n in range(60)]
    truth = {day: store.as_of(day).number for day in days}
    far = START + timedelta(days=1000)
    _Clock.moment = far
    for after in (0, 2):
        tidy(folder, now=far + timedelta(days=after))
        told = 0
        for day in days:
            try:
                assert store.as_of(day).number == truth[day]
            except WrongUse as problem:
                told += 1
                assert "s0000" in problem.message("en")
        assert 50 < told < 60
    assert store.as_of("2024-01-31").number == 31, "the last of a month is kept"


@given(
    st.lists(st.integers(0, 2_000_000), min_size=1, max_size=60, unique=True),
    st.integers(0, 60),
    st.integers(0, 400),
    st.data(),
)
def test_whatever_the_rules_the_newest_and_the_pinned_are_kept_and_tidying_twice_is_tidying_once(
    minutes: list[int], keep_all: int, keep_daily: int, data: st.DataObject
) -> None:
    made = {n: (START + timedelta(minutes=m)).isoformat() for n, m in enumerate(sorted(minutes), 1)}
    pinned = data.draw(st.sets(st.sampled_from(sorted(made))))
    now = START + timedelta(minutes=max(minutes) + 1)
    rules = Retention(keep_all, keep_daily)
    first = kept(made, pinned, rules, now)
    assert pinned | {max(made)} <= first <= set(made)
    months = {made[n][:7] for n in made}
    assert {made[n][:7] for n in first} == months, "each month keeps its last"
    assert kept({n: made[n] for n in first}, pinned, rules, now) <= first
    for number in sorted(made)[:-1]:
        replaced = datetime.fromisoformat(made[sorted(made)[sorted(made).index(number) + 1]])
        if now - replaced <= timedelta(days=keep_all):
            assert number in first


def test_a_load_past_the_threshold_tidies_by_itself_and_the_numbers_stay(tmp_path: Path) -> None:
    company = Company(tmp_path)
    folder = Folder(company.folder.root, {**company.folder.settings, "store": {"compact_files": 4}})
    company.folder = folder
    for number in range(5):
        company.load(
            f"""
            订单号 | 下单时间            | 客户编号 | 实付金额
            A{number} | 2025-01-0{number + 1} 09:00:00 | C{number} | {number + 1}0.00
            """,
            name=f"{number}.csv",
        )
    files = Store(folder.data).current().tables["orders"].files
    assert len(files) < 4
    assert [row[0] for row in company.rows("orders", "order_id", "1")] == ["A0", "A1", "A2", "A3", "A4"]
    assert {row[0] for row in company.rows("orders", "load_id", "1")} == {
        row[0] for row in company.rows("loads", "load_id", "1")
    }
    assert Store(folder.data).current().reason == "compact" or len(files) > 1


def test_a_load_is_done_even_where_upkeep_finds_old_damage(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.folder = Folder(company.folder.root, {**company.folder.settings, "store": {"compact_files": 2}})
    sheet = "日期|渠道|费用类型|金额\n2025-01-0{n}|抖音|媒体|{n}0\n"
    company.load(sheet.format(n=1), name="spend1.csv")
    spend = next(iter((company.folder.data / "spend").glob("part-*.parquet")))
    order = "订单号|下单时间|客户编号|实付金额\nA{n}|2025-01-01 09:00:00|C1|10\n"
    spend.write_bytes(spend.read_bytes()[:200])
    reports = [company.load(order.format(n=n), name=f"{n}.csv") for n in range(3)]
    assert [report.rows_loaded for report in reports] == [1, 1, 1]
    assert len(company.rows("orders", "order_id", "1")) == 3
    assert main(["check", "--store", "-w", str(company.folder.root)]) == 9


def test_loads_can_be_taken_back_after_their_snapshots_are_thinned_out(tmp_path: Path) -> None:
    company = Company(tmp_path)
    for number in range(4):
        company.load(
            f"订单号 | 下单时间 | 客户编号 | 实付金额\nA{number} | 2025-01-01 09:00:00 | C{number} | 10.00",
            name=f"{number}.csv",
        )
    loads = [row[0] for row in company.rows("loads", "load_id", "1")]
    for path in list((company.folder.data / "_snapshots").glob("s*.json"))[:-1]:
        if path.stem != Store(company.folder.data).current().name:
            path.unlink()
    undo(company.folder, loads[1], who="audrey")
    assert [row[0] for row in company.rows("orders", "order_id", "1")] == ["A0", "A2", "A3"]
    last = json.loads((company.folder.root / "audit" / "log.jsonl").read_text().splitlines()[-1])
    assert (last["act"], last["who"], last["load"]) == ("undo", "audrey", loads[1])


def test_a_load_taken_back_does_not_come_back_when_a_later_one_is_taken_back(tmp_path: Path) -> None:
    company = Company(tmp_path)
    for number in range(3):
        company.load(
            f"订单号 | 下单时间 | 客户编号 | 实付金额\nA{number} | 2025-01-01 09:00:00 | C{number} | 10.00",
            name=f"{number}.csv",
        )
    first, _, third = [row[0] for row in company.rows("loads", "load_id", "1")]
    undo(company.folder, first)
    undo(company.folder, third)
    assert [row[0] for row in company.rows("orders", "order_id", "1")] == ["A1"]


def test_what_a_dead_writer_left_is_gone_after_upkeep_and_not_before_its_time(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 2, timedelta(days=1))
    store = Store(folder.data)
    (folder.data / "_writing").touch()
    left = folder.data / "orders" / "part-dead.parquet"
    left.write_bytes(b"half")
    (folder.root / "quarantine" / "3.parquet").write_bytes(b"cells of a load that never came to be")
    (folder.root / "quarantine" / "2.parquet").write_bytes(b"kept")
    assert leftovers(folder, store) == [left]
    tidy(folder)
    assert not left.exists() and sorted(os.listdir(folder.root / "quarantine")) == ["2.parquet"]


def test_upkeep_runs_at_most_once_a_day_unless_a_table_is_crowded(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 3, timedelta(days=1))
    assert tidy_if_due(folder) is not None
    assert tidy_if_due(folder) is None
    assert tidy_if_due(folder, now=datetime.now(UTC) + timedelta(days=2)) is not None
    commits(folder, monkeypatch, 70, timedelta(minutes=1), start=5000)
    done = tidy_if_due(folder)
    assert done is not None and done.compacted["orders"][1] == 1


@pytest.mark.parametrize("given", [{"keep": 3}, {"keep_all_days": -1}, {"keep_all_days": "7"}, {"compact_files": 1}])
def test_rules_that_cannot_be_meant_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(InputRejected, match=next(iter(given))):
        retention_from({"store": given})


def test_a_file_that_a_close_needs_is_not_thinned_when_the_close_cannot_be_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 5, timedelta(days=1))
    (folder.root / "closes").mkdir(exist_ok=True)
    (folder.root / "closes" / "card-2024-r1.json").write_text("{")
    assert main(["compact", "-w", str(folder.root)]) == 9
    assert set(range(1, 6)) <= set(Store(folder.data).numbers())


def test_a_backup_between_thinning_and_deleting_comes_back_whole(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits(folder, monkeypatch, 12, timedelta(days=40))
    _Clock.moment = now = START + timedelta(days=40 * 30)
    folder = Folder(folder.root, {**folder.settings, "store": {"keep_all_days": 0, "keep_daily_days": 0}})
    close_over(folder, 2)
    commits(folder, monkeypatch, 2, timedelta(minutes=1), start=700_000)
    assert tidy(folder, now=now + timedelta(days=900)).thinned
    report = backup(folder, tmp_path / "b.zip")
    restore(report.file, tmp_path / "back")
    for root in (folder.root, tmp_path / "back"):
        assert main(["check", "--store", "-w", str(root)]) == 0
        assert not (root / "data" / "_writing").exists()
    with pytest.raises(WrongUse, match="清理"):
        Store(tmp_path / "back" / "data").read(13)

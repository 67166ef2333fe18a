"""What was asked once is answered from the store: the very same values, and only where nothing that they rest on differs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from collecting import Company

from kexiao.cycle import measure as measuring
from kexiao.cycle.measure import measure, measure_facts
from kexiao.cycle.workspace import Workspace
from kexiao.engine.folder import Folder, open_folder
from kexiao.facts import results
from kexiao.facts.metric import MetricValue
from kexiao.facts.results import Basis, basis_of, store_result, stored_result
from kexiao.facts.source import open_facts
from kexiao.text import Text

VALUE = MetricValue(
    "net_sales", "2025-03", {"channel": "门店", "age": 3}, Decimal("12.50"), "money", Decimal("12.5"), None, 3, 0.1, 1e300, True, None, "net",
    {"completed": ["paid"], "limits": (1, 2.0), "since": date(2025, 1, 1), "filter": {}, "window": None, "cost": Decimal("1.10")},
    None, "s000001",
)  # fmt: skip
NOTHING = replace(
    VALUE, value=None, settings={}, reason=Text(zh="没有", en="none"), dimensions={"channel": None}, complete=False
)


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Answers come from the disk, as in a process that has just begun."""
    results._held.clear()
    yield
    results._held.clear()


@pytest.fixture
def basis(tmp_path: Path) -> Basis:
    from kexiao.facts.policy import Policy

    (tmp_path / "data").mkdir()
    return Basis(tmp_path / "data", "s000001", "abc", Policy(), date(2026, 6, 1), 1)


def alone(basis: Basis) -> Path:
    (path,) = (basis.data / "_results").iterdir()
    return path


def forbid_computing(patch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("it computes")

    patch.setattr(measuring, "open_facts_on_engine", refused)
    patch.setattr(measuring, "evaluate", refused)


@pytest.mark.parametrize("by", [(), ("channel",), ("category", "channel")])
def test_the_whole_catalogue_comes_back_type_for_type(
    copied: Callable[[], Folder], monkeypatch: pytest.MonkeyPatch, by: tuple[str, ...]
) -> None:
    folder = copied()
    computed = measure(folder, period="2025Q2", grain="month", by=by, variants=True)
    assert len({value.metric for value in computed}) > 60
    results._held.clear()
    forbid_computing(monkeypatch)
    again = measure(folder, period="2025Q2", grain="month", by=by, variants=True)
    assert again.values == computed.values
    # Equality takes 1.5 for Decimal("1.5"); written out they differ.
    assert [repr(value) for value in again] == [repr(value) for value in computed]
    assert Workspace(folder).measure(period="2025Q2", grain="month", by=by, variants=True).values == computed.values


def test_facts_that_are_open_and_the_command_share_one_store(
    copied: Callable[[], Folder], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied()
    asked: dict[str, Any] = {"period": "2025Q3", "by": ("channel",), "where": (("channel", "天猫旗舰店"),)}
    computed = measure_facts(open_facts(folder), ["retention_rate", "net_sales"], **asked)
    results._held.clear()
    forbid_computing(monkeypatch)
    assert measure(folder, ["retention_rate", "net_sales"], **asked).values == computed.values
    with pytest.raises(AssertionError, match="computes"):
        measure(folder, ["retention_rate"], **asked)


def test_a_load_another_policy_and_an_older_snapshot_are_each_computed_anew(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(
        "订单号 | 下单时间 | 金额 | 状态\n1 | 2025-01-05 10:00:00 | 100 | 已完成\n2 | 2025-01-06 10:00:00 | 7 | 已发货"
    )

    def sales(**more: Any) -> Any:
        (value,) = measure(open_folder(company.folder.root), ["net_sales"], period="2025-01", **more)
        return value.value, value.snapshot

    assert sales() == sales() == (Decimal("107.00"), "s000001")
    company.load("订单号 | 下单时间 | 金额 | 状态\n3 | 2025-01-07 10:00:00 | 1.25 | 已完成", name="more.csv")
    assert sales() == (Decimal("108.25"), "s000002")
    assert sales(as_of="s000001") == (Decimal("107.00"), "s000001")
    settings = company.folder.root / "kexiao.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"paid", "shipped", ', '"paid", '), encoding="utf-8")
    assert sales() == (Decimal("101.25"), "s000002")
    settings.write_text(text, encoding="utf-8")
    assert sales() == (Decimal("108.25"), "s000002")


def test_everything_that_a_result_rests_on_is_in_its_name(basis: Basis, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        replace(basis, snapshot="s000002"),
        replace(basis, content="abd"),
        replace(basis, policy=replace(basis.policy, margin_rate=0.4)),
        replace(basis, policy=replace(basis.policy, active_window_days=90)),
        replace(basis, now=date(2026, 6, 2)),
        replace(basis, fiscal_start=4),
        replace(basis, engine="sc://cluster:15002"),
    ]
    names = {one.key("net_sales 2025") for one in (basis, *others)} | {basis.key("net_sales 2024")}
    assert len(names) == len(others) + 2
    monkeypatch.setattr(results, "_program", lambda: "another")
    assert basis.key("net_sales 2025") not in names


def test_any_value_comes_back_as_it_was(basis: Basis) -> None:
    store_result(basis, "it", (VALUE, NOTHING, VALUE))
    results._held.clear()
    found = stored_result(basis, "it")
    assert found is not None and repr(found) == repr((VALUE, NOTHING, VALUE))
    assert stored_result(basis, "something else") is None
    store_result(basis, "nobody", ())
    assert stored_result(basis, "nobody") == ()


@pytest.mark.parametrize("what", ["cut short", "another's", "empty", "changed", "no JSON", "other columns"])
def test_a_file_that_is_not_whole_or_not_its_own_is_computed_anew(basis: Basis, what: str) -> None:
    store_result(basis, "it", (VALUE,))
    path = alone(basis)
    whole = path.read_bytes()
    key = basis.key("it")
    bodies = {"no JSON": b"[", "other columns": b'{"metric": {"pool": [1], "at": [7]}}'}
    if what in bodies:
        broken = results._head(key, bodies[what]).encode() + b"\n" + bodies[what]
    else:
        broken = {
            "cut short": whole[: len(whole) // 2],
            "empty": b"",
            "changed": whole.replace(b"12.50", b"12.51"),
            "another's": results._head("0" * 40, whole.partition(b"\n")[2]).encode()
            + b"\n"
            + whole.partition(b"\n")[2],
        }[what]
    assert broken != whole
    path.write_bytes(broken)
    results._held.clear()
    assert stored_result(basis, "it") is None
    store_result(basis, "it", (VALUE,))
    assert path.read_bytes() == whole


def test_what_was_not_asked_for_longest_makes_room(basis: Basis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_FILES", 3)
    for number in range(3):
        store_result(basis, str(number), (VALUE,))
        os.utime(basis.data / "_results" / f"{basis.key(str(number))}.json", (number, number))
    results._held.clear()
    assert stored_result(basis, "0") == (VALUE,)
    left = basis.data / "_results" / ".left by a killed writer"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    store_result(basis, "3", (VALUE,))
    results._held.clear()
    assert [stored_result(basis, str(number)) for number in range(4)] == [(VALUE,), None, (VALUE,), (VALUE,)]
    assert not left.exists()
    monkeypatch.setattr(results, "MOST_BYTES", 2 * (basis.data / "_results" / f"{basis.key('0')}.json").stat().st_size)
    store_result(basis, "4", (VALUE,))
    assert len(list((basis.data / "_results").iterdir())) == 2


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(basis: Basis) -> None:
    (basis.data / "_results").write_text("in the way", encoding="utf-8")
    store_result(basis, "it", (VALUE,))
    results._held.clear()
    assert stored_result(basis, "it") is None


def test_facts_without_a_basis_leave_nothing_behind(copied: Callable[[], Folder]) -> None:
    folder = copied()
    source = open_facts(folder)
    assert source.basis == basis_of(folder)
    shutil.rmtree(folder.data / "_results", ignore_errors=True)
    measure_facts(source.not_kept(), ["net_sales"], period="2025Q3")
    assert not (folder.data / "_results").exists()
    measure_facts(source, ["net_sales"], period="2025Q3")
    assert len(list((folder.data / "_results").iterdir())) == 1


def test_facts_seen_in_another_way_neither_read_nor_leave_results(copied: Callable[[], Folder]) -> None:
    source = open_facts(copied())
    first = measure_facts(source, ["customers_at_start"], period="2025Q3").values[0]
    narrow = replace(source, policy=replace(source.policy, active_window_days=30))
    other = measure_facts(narrow, ["customers_at_start"], period="2025Q3").values[0]
    orders = source.coverage["orders"]
    longer = replace(
        source, coverage={**source.coverage, "orders": replace(orders, last=orders.last + timedelta(days=400))}
    )
    unfinished = measure_facts(longer, ["customers_at_start"], period="2026Q3").values[0]
    assert first.value and other.value is not None and other.value < first.value
    assert unfinished != measure_facts(source, ["customers_at_start"], period="2026Q3").values[0]
    assert measure_facts(source, ["customers_at_start"], period="2025Q3").values[0] == first


def test_a_result_that_a_process_holds_is_bounded(basis: Basis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_HELD", 3)
    for number in range(4):
        store_result(basis, str(number), (VALUE, VALUE))
    assert sum(map(len, results._held.values())) <= 3

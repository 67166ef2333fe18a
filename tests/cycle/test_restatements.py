"""The ledger of restatements: what later data make of closed numbers stands beside them, once, and the closed numbers stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from collecting import FIRST, Company

from kexiao.assessment.ledger import entries_of, lines_of
from kexiao.assessment.results import Assessment
from kexiao.cli.main import main
from kexiao.cycle.assess import assess
from kexiao.cycle.collect import undo
from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.merging import merge_customers
from kexiao.cycle.privacy import erase
from kexiao.cycle.verify import closes_today, verify_store
from kexiao.engine.folder import open_folder
from kexiao.errors import IntegrityFailed
from kexiao.facts.policy import Policy, policy_of_result
from kexiao.text import in_language

PEOPLE = "客户编号 | 姓名 | 手机\nC1 | 欧阳明月 | 13812345678\nC2 | 司马长风 | 13912345678"
ORDERS = """订单号 | 下单时间 | 金额 | 状态 | 客户编号
1 | 2025-01-05 10:00:00 | 100 | 已完成 | C1
2 | 2025-02-05 23:30:00 | 50 | 已发货 | C2
3 | 2025-03-01 09:00:00 | 80 | 已完成 | C3
4 | 2025-04-20 09:00:00 | 30 | 已完成 | C1"""
REFUNDS = """退款单号 | 订单号 | 退款时间 | 退款金额
R1 | 1 | 2025-01-08 09:00:00 | 20
R2 | 4 | 2025-04-25 09:00:00 | 5"""
CARD = """
id = "shop"
subject = "company"
name = { zh = "门店", en = "Shop" }
[[indicators]]
metric = "net_sales"
weight = 50
floor = 100
target = 200
stretch = 300
[[indicators]]
metric = "ordering_customers"
weight = 50
floor = 1
target = 3
stretch = 5
"""


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with in_language("en"):
        yield


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    files = {"people.csv": PEOPLE, "orders.csv": ORDERS, "refunds.csv": REFUNDS}
    made.collect(*(made.file(name, drawn) for name, drawn in files.items()))
    (made.folder.root / "scorecards").mkdir(exist_ok=True)
    (made.folder.root / "scorecards" / "shop.toml").write_text(CARD, encoding="utf-8")
    closed = assess(made.folder, "shop", "2025Q1", close=True)
    assert values(closed) == {"net_sales": 210.0, "ordering_customers": 3.0}
    return made


def values(found: Assessment) -> dict[str, float | None]:
    return {one.indicator: one.value for one in found.subjects[0].indicators}


def now(company: Company) -> Assessment:
    return assess(open_folder(company.folder.root), "shop", "2025Q1")


def entered(company: Company) -> list[dict[str, tuple[Any, Any]]]:
    """Of each entry: indicator → (as closed, computed anew)."""
    return [
        {one.indicator or one.field: (one.closed, one.now) for one in entry.restatements if one.field == "value"}
        for entry in entries_of(company.folder.root, "shop", "2025Q1")
    ]


def later(company: Company, drawn: str, name: str, *, days: int = 1) -> int:
    """Load one more sheet, exported some days after the first; its load."""
    report = company.load(drawn, at=FIRST + timedelta(days=days), name=name)
    assert report.rows_loaded
    return int(report.load_id or 0)


LATE_ORDER = "订单号 | 下单时间 | 金额 | 状态 | 客户编号\n5 | 2025-03-31 22:00:00 | 40.50 | 已完成 | C9"
LATE_REFUND = "退款单号 | 订单号 | 退款时间 | 退款金额\nR3 | 3 | 2025-03-30 09:00:00 | 30"


def test_a_late_order_is_entered_once_with_both_numbers_and_the_load(company: Company) -> None:
    load = later(company, LATE_ORDER, "late.csv")
    found = now(company)
    assert values(found) == {"net_sales": 210.0, "ordering_customers": 3.0}
    assert entered(company) == [{"net_sales": (210.0, 250.5), "ordering_customers": (3.0, 4.0)}]
    (entry,) = found.ledger
    assert [(change.snapshot, change.reason) for change in entry.changes] == [(f"s{load:06d}", "collect")]
    assert (entry.closed_snapshot, entry.snapshot, entry.revision) == (found.snapshot, f"s{load:06d}", 1)
    assert datetime.fromisoformat(entry.found_at).tzinfo is not None
    assert [one.difference for one in entry.restatements if one.indicator == "net_sales"] == [40.5]
    assert now(company).ledger == found.ledger
    assert closes_today(company.folder)[0].ledger == found.ledger


def test_a_late_refund_and_a_late_order_after_it_are_two_entries(company: Company) -> None:
    later(company, LATE_REFUND, "refund.csv")
    assert now(company).restatements
    assert entered(company) == [{"net_sales": (210.0, 180.0)}]
    load = later(company, LATE_ORDER, "late.csv", days=2)
    found = now(company)
    assert entered(company) == [
        {"net_sales": (210.0, 180.0)},
        {"net_sales": (210.0, 220.5), "ordering_customers": (3.0, 4.0)},
    ]
    assert [change.snapshot for change in found.ledger[1].changes] == [f"s{load:06d}"]
    sales = [line for line in lines_of(found) if line.restatement.indicator == "net_sales"]
    assert [(line.restatement.now, line.holds) for line in sales] == [(220.5, True), (180.0, False)]
    assert "load" in sales[0].changes("en") and "导入" in sales[0].changes("zh")


def test_a_load_taken_back_is_entered_as_gone_again(company: Company) -> None:
    load = later(company, LATE_ORDER, "late.csv")
    now(company)
    undo(company.folder, load)
    found = now(company)
    assert found.restatements == ()
    assert entered(company)[1] == {"net_sales": (210.0, 210.0), "ordering_customers": (3.0, 3.0)}
    assert not any(line.holds for line in lines_of(found))
    assert found.ledger[1].changes[0].reason == f"undo {load}"
    assert len(now(company).ledger) == 2


def test_customers_merged_after_the_close_are_entered_with_the_merge_as_its_cause(company: Company) -> None:
    with opened(company.folder) as at:
        one, two = customer_named(at, "C1"), customer_named(at, "C2")
    merge_customers(company.folder, one, [two])
    found = now(company)
    assert entered(company) == [{"ordering_customers": (3.0, 2.0)}]
    assert [change.reason for change in found.ledger[0].changes] == ["merge customers"]


def test_a_person_erased_after_the_close_restates_nothing(company: Company) -> None:
    erase(company.folder, "C1")
    assert now(company).restatements == ()
    assert entered(company) == []


def test_orders_of_later_months_restate_nothing(company: Company) -> None:
    later(company, "订单号 | 下单时间 | 金额 | 状态 | 客户编号\n6 | 2025-04-30 22:00:00 | 7 | 已完成 | C2", "april.csv")
    assert now(company).restatements == ()
    assert entered(company) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [("completed", '["completed"]'), ("refund_date", '"order"'), ("active_window_days", "7"), ("margin_rate", "0.5")],
)
def test_another_policy_or_card_is_no_restatement(company: Company, setting: str, value: str) -> None:
    root = company.folder.root
    settings = root / "kexiao.toml"
    kept = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{setting} =")]
    kept.insert(next(at for at, line in enumerate(kept) if line.startswith("[policy]")) + 1, f"{setting} = {value}")
    settings.write_text("\n".join(kept), encoding="utf-8")
    assert setting in open_folder(root).settings["policy"]
    card = root / "scorecards" / "shop.toml"
    card.write_text(CARD.replace("target = 200", "target = 250"), encoding="utf-8")
    assert now(company).restatements == ()
    later(company, LATE_ORDER, "late.csv")
    now(company)
    # The new number is that of the rules of the close, not of today's.
    assert entered(company) == [{"net_sales": (210.0, 250.5), "ordering_customers": (3.0, 4.0)}]


def test_the_window_of_a_close_is_held_whatever_later_data_suggest() -> None:
    suggested = Policy().with_window(60)
    assert policy_of_result(suggested.shown()) == suggested
    assert policy_of_result(suggested.shown()).with_window(90).window == 60
    assert policy_of_result(Policy().shown()).with_window(90).window == Policy().window


def test_what_another_program_computes_from_the_data_of_the_close_is_no_restatement(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.cycle import assess as module

    true = module.assess_facts

    def other(*given: Any) -> Assessment:
        found = true(*given)
        subject = found.subjects[0]
        first, second = subject.indicators
        changed = (module.replace(first, value=(first.value or 0) + 1000), second)
        return module.replace(found, subjects=(module.replace(subject, indicators=changed),))

    monkeypatch.setattr(module, "assess_facts", other)
    monkeypatch.setattr(module, "__version__", "9.9")
    found = now(company)
    assert [(one.indicator, one.now, one.cause) for one in found.restatements] == [("net_sales", 1210.0, "program")]
    assert entered(company) == []


def test_a_new_revision_begins_a_new_page_of_the_ledger(company: Company) -> None:
    later(company, LATE_ORDER, "late.csv")
    now(company)
    again = assess(company.folder, "shop", "2025Q1", reopen="a late order")
    assert values(again) == {"net_sales": 250.5, "ordering_customers": 4.0}
    found = now(company)
    assert found.restatements == () and len(found.ledger) == 1
    later(company, LATE_REFUND, "refund.csv", days=2)
    now(company)
    assert entered(company)[1] == {"net_sales": (250.5, 220.5)}
    assert [entry.revision for entry in entries_of(company.folder.root, "shop", "2025Q1")] == [1, 2]


def test_an_older_snapshot_is_read_without_entering_anything(company: Company) -> None:
    later(company, LATE_ORDER, "late.csv")
    assert assess(company.folder, "shop", "2025Q1", as_of="s000001").restatements == ()
    assert assess(company.folder, "shop", "2025Q1", as_of="s000002").restatements
    assert entered(company) == []


def test_an_entry_changed_or_taken_away_by_hand_is_noticed(company: Company) -> None:
    later(company, LATE_ORDER, "late.csv")
    now(company)
    later(company, LATE_REFUND, "refund.csv", days=2)
    now(company)
    first, second = sorted((company.folder.root / "restatements").glob("*.json"))
    assert verify_store(company.folder).problems == ()
    second.write_text(second.read_text(encoding="utf-8").replace("220.5", "210.5"), encoding="utf-8")
    with pytest.raises(IntegrityFailed):
        now(company)
    first.unlink()
    assert {problem.where for problem in verify_store(company.folder).problems} == {
        "restatements/shop-2025Q1-1.json",
        "restatements/shop-2025Q1-2.json",
    }


def test_the_commands_print_the_ledger(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["-w", str(company.folder.root), "--lang", "en"]
    assert main(["check", "--closed", *workspace]) == 0
    assert "computed the same today" in capsys.readouterr().out
    later(company, LATE_ORDER, "late.csv")
    assert main(["assess", "shop", "--period", "2025Q1", *workspace]) == 0
    shown = capsys.readouterr().out
    assert "Ledger of restatements" in shown and "¥250.50" in shown and "+¥40.50" in shown and "load 2" in shown
    assert main(["check", "--closed", *workspace]) == 9
    said = capsys.readouterr()
    assert "Ledger of restatements" in said.out and "differ from what was closed" in said.err
    assert main(["check", "--closed", "--format", "json", *workspace]) == 9
    rows = json.loads(capsys.readouterr().out)
    sales = next(row for row in rows if row["indicator"] == "net_sales")
    assert (sales["closed"], sales["now"], sales["difference"], sales["holds"]) == (210.0, 250.5, 40.5, True)

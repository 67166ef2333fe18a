"""Refunds, complaints and lines that give an order's number find the order, whichever file came first, or are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from collecting import FIRST, LATER, Company

from kexiao.cycle.collect import collect
from kexiao.tables.catalogue import all_tables

# Each customer counts their own orders from 1, so numbers stand for several orders.
ORDERS = """
    订单号 | 下单时间         | 客户编号 | 实付金额
    1      | 2025-01-06 09:00 | C1       | 10.00
    1      | 2025-01-07 09:00 | C2       | 20.00
    2      | 2025-01-08 09:00 | C1       | 30.00
    2      | 2025-01-09 09:00 | C2       | 40.00
    3      | 2025-01-10 09:00 | C1       | 50.00
    3      | 2025-01-11 09:00 | C2       | 60.00
    4      | 2025-01-12 09:00 | C1       | 70.00
"""
REFUNDS = """
    退款单号 | 订单号 | 客户编号 | 退款时间         | 退款金额
    R1       | 1      | C2       | 2025-01-20 09:00 | 20.00
    R2       | 4      |          | 2025-01-20 09:00 | 70.00
    R3       | 2      |          | 2025-01-20 09:00 | 5.00
    R4       | 2      |          | 2025-01-08 18:00 | 6.00
    R5       | 9      | C2       | 2025-01-20 09:00 | 7.00
"""
COMPLAINTS = """
    投诉编号 | 订单号 | 客户编号 | 投诉时间         | 投诉类别
    K1       | 4      |          | 2025-01-20 09:00 | 物流
    K2       | 3      | C1       | 2025-01-20 09:00 | 物流
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def refunded(company: Company) -> dict[str, tuple[str | None, str | None]]:
    """Refund → what its order cost and who placed it, by the order that the refund leads to."""
    orders = {row[0]: row[1:] for row in company.rows("orders", "order_id, amount::VARCHAR, customer_id")}
    return {
        refund: (orders[order][0] if order in orders else None, customer and names(company)[customer])
        for refund, order, customer in company.rows("refunds", "refund_id, order_id, customer_id")
    }


def names(company: Company) -> dict[int, str]:
    return dict(company.rows("contacts", "customer_id, source_id"))


JOINED = {
    "R1": ("20.00", "C2"),
    "R2": ("70.00", "C1"),
    "R3": (None, None),
    "R4": ("30.00", "C1"),
    "R5": (None, "C2"),
}


def test_a_refund_finds_its_order_by_number_and_customer_or_as_the_only_one_by_then(company: Company) -> None:
    company.load(ORDERS)
    report = company.load(REFUNDS, name="refunds.csv")
    assert refunded(company) == JOINED
    assert any(re.search("“refunds.csv”有 1 行的订单号对应多张订单", words.zh) for words in report.warnings)


def test_a_refund_that_comes_first_waits_for_its_order(company: Company) -> None:
    company.load(REFUNDS, name="refunds.csv")
    report = company.load(ORDERS)
    assert refunded(company) == JOINED
    assert any(re.search("“退款”中有 1 行的订单号对应多张订单", words.zh) for words in report.warnings)


def test_the_same_refunds_again_change_nothing(company: Company) -> None:
    company.load(REFUNDS, name="refunds.csv")
    company.load(ORDERS)
    before = company.rows("refunds")
    assert company.load(REFUNDS, name="refunds.csv").rows_duplicate == 5
    assert company.rows("refunds") == before


def test_orders_and_refunds_of_one_load_join_as_those_of_two(company: Company, tmp_path: Path) -> None:
    company.collect(company.file("orders.csv", ORDERS), company.file("refunds.csv", REFUNDS))
    assert refunded(company) == JOINED


@pytest.mark.parametrize("first", ["orders", "complaints"])
def test_a_complaint_finds_its_order_in_either_order(company: Company, first: str) -> None:
    drawn = {"orders": ORDERS, "complaints": COMPLAINTS}
    for name in (first, *drawn.keys() - {first}):
        company.load(drawn[name], name=f"{name}.csv")
    orders = dict(company.rows("orders", "order_id, amount::VARCHAR"))
    found = {
        row[0]: (orders.get(row[1]), names(company)[row[2]])
        for row in company.rows("complaints", "complaint_id, order_id, customer_id")
    }
    assert found == {"K1": ("70.00", "C1"), "K2": ("50.00", "C1")}


def test_a_refund_takes_the_customer_of_a_plain_order_whichever_came_first(company: Company) -> None:
    refund = "退款单号 | 订单号 | 退款时间 | 退款金额\nR1 | A1 | 2025-01-20 | 5.00"
    company.load(refund, name="refunds.csv", at=LATER)
    assert company.rows("refunds", "customer_id") == [(None,)]
    company.load("订单号 | 下单时间 | 客户编号 | 实付金额\nA1 | 2025-01-06 | C1 | 10.00")
    assert [names(company)[c] for (c,) in company.rows("refunds", "customer_id")] == ["C1"]


def test_refunds_without_ids_count_once_though_their_order_came_between(company: Company) -> None:
    refund = "订单号 | 退款时间 | 退款金额\nA1 | 2025-01-20 | 5.00"
    company.load(refund, name="refunds.csv")
    company.load("订单号 | 下单时间 | 客户编号 | 实付金额\nA1 | 2025-01-06 | C1 | 10.00")
    assert company.load(refund, name="refunds.csv").rows_duplicate == 1
    assert len(company.rows("refunds")) == 1


LINES = """
    订单号 | 商品编号 | 商品名称 | 数量 | 金额
    4      | P1       | 红茶     | 1    | 70.00
    2      | P1       | 红茶     | 1    | 30.00
"""


@pytest.mark.parametrize("together", [True, False])
def test_lines_find_the_only_order_of_their_number_and_others_are_told(company: Company, together: bool) -> None:
    orders, lines = company.file("orders.csv", ORDERS), company.file("lines.csv", LINES)
    reports = [company.collect(orders, lines)] if together else [company.collect(orders), company.collect(lines)]
    held = {row[0] for row in company.rows("orders", "order_id")}
    assert [(net, order in held) for order, net in company.rows("order_lines", "order_id, net::VARCHAR", "net")] == [
        ("30.00", False),
        ("70.00", True),
    ]
    assert any(re.search("“lines.csv”有 1 行明细的订单号对应多张订单", words.zh) for words in reports[-1].warnings)


def test_what_people_say_of_themselves_is_as_new_as_the_moment_they_said_it(company: Company) -> None:
    head = "订单号 | 下单时间 | 客户编号 | 手机号 | 实付金额"
    march = company.file("march.csv", f"{head}\nA2 | 2025-03-06 | C1 | 13900000002 | 10.00")
    january = company.file("january.csv", f"{head}\nA1 | 2025-01-06 | C1 | 13900000001 | 10.00")
    collect(company.folder, [march], exported_at=FIRST)
    collect(company.folder, [january], exported_at=LATER)
    assert company.rows("contacts", "phone") == [("13900000002",)]
    assert all_tables()["contacts"].versioned is False


def test_a_refund_that_its_source_deleted_is_taken_out(company: Company) -> None:
    rows = "\n".join(f"R{n} | A{n} | 2025-01-{n + 1:02d} | {n}.00" for n in range(1, 15))
    company.load(f"退款单号 | 订单号 | 退款时间 | 退款金额\n{rows}", name="refunds.csv")
    heads = "kexiao:record_kind | kexiao:record_id | kexiao:origin | kexiao:withdrawn_at"
    company.load(f"{heads}\nrefunds | R1 | file | 2026-06-01 10:00:00", name="deleted.csv", at=LATER)
    assert {row[0] for row in company.rows("refunds", "refund_id")} == {f"R{n}" for n in range(2, 15)}

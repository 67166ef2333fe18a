"""Any order, any grouping and any repetition of the same files gives one state: files of every kind, with updates, contradictions and bad rows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from collecting import Company, sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.cycle import collect as collecting_files
from kexiao.tables.catalogue import all_tables

START = datetime(2025, 6, 1, tzinfo=UTC)

# File → (days after START when it was exported, its rows). Orders come again with later statuses and amounts, exports overlap, some rows are not
# readable; of A8 two exports of one moment say different things. Refunds and complaints name orders that other files hold.
FILES: dict[str, tuple[int, str]] = {
    "订单_1.csv": (0, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 手机号 | 渠道 | 大区 | 实付金额 | 数量
        A1 | 2025-01-06 09:00 | 待付款 | C1 | 13812345678 | 天猫 | | 90.00 | 1
        A2 | 2025-01-07 10:00 | 已完成 | C2 | | 门店 | 华东 | 50.00 | 2
        A3 | 2025-01-08 10:00 | 已完成 | |  | | 华东 | abc | 2
        A4 | 2025-02-08 10:00 | 已完成 | C3 | 13912345678 | 天猫 | | 70.00 | 
        """),
    "订单_2.csv": (1, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 手机号 | 渠道 | 大区 | 实付金额 | 数量
        A1 | 2025-01-06 09:00 | 已完成 | C1 | 13812345678 | 天猫 | 华南 | 90.00 | 1
        A2 | 2025-01-07 10:00 | 已完成 | C2 | 13712345678 | 门店 | 华东 | 50.00 | 2
        A5 | 2025-02-09 10:00 | 已完成 | C4 | | 抖音 | | 35.50 | 1
        A6 | 2025-02-30 10:00 | 已完成 | C4 | | 抖音 | | 35.50 | 1
        """),
    "订单_3.csv": (2, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 手机号 | 渠道 | 大区 | 实付金额 | 数量
        A4 | 2025-02-08 10:00 | 已退款 | C3 | 13912345678 | 天猫 | 华北 | 70.00 | 3
        A5 | 2025-02-09 10:00 | 已完成 | C4 | | 抖音 | | 36.50 | 1
        A7 | 2025-03-01 10:00 | 已完成 | C1 | | 门店 | | 12.00 | 1
        """),
    "订单_4.csv": (3, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 手机号 | 渠道 | 大区 | 实付金额 | 数量
        A7 | 2025-03-01 10:00 | 已完成 | C1 | | 门店 | | 12.00 | 1
        A8 | 2025-03-02 10:00 | 已完成 | C5 | 13612345678 | 门店 | 华东 | 80.00 | 1
        A9 | 2025-03-03 10:00 | 已完成 | C2 | | 天猫 | | 81.00 | 1
        """),
    "订单_5.csv": (3, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 手机号 | 渠道 | 大区 | 实付金额 | 数量
        A8 | 2025-03-02 10:00 | 已完成 | C5 | 13612345678 | 门店 | 华东 | 88.00 | 1
        A9 | 2025-03-03 10:00 | 已完成 | C2 | | 天猫 | | 81.00 | 1
        """),
    "更新_1.csv": (0, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 渠道 | 实付金额 | 更新时间
        B1 | 2025-03-06 09:00 | 待付款 | C1 | 天猫 | 90.00 | 2025-03-06 09:00
        B1 | 2025-03-06 09:00 | 已完成 | C1 | 天猫 | 90.00 | 2025-03-07 09:00
        B2 | 2025-03-07 10:00 | 已完成 | C6 | 门店 | 50.00 | 2025-03-07 10:00
        """),
    "更新_2.csv": (5, """
        订单号 | 下单时间 | 订单状态 | 客户编号 | 渠道 | 实付金额 | 更新时间
        B1 | 2025-03-06 09:00 | 已完成 | C1 | 天猫 | 95.00 | 2025-03-06 12:00
        B2 | 2025-03-07 10:00 | 已完成 | C6 | 门店 | 55.00 | 2025-03-09 10:00
        B3 | 2025-03-09 10:00 | 已完成 | C7 | 门店 | 15.00 | 2025-03-09 10:00
        """),
    "明细_1.csv": (1, """
        订单号 | 商品编号 | 商品名称 | 商品类别 | 数量 | 金额
        A1 | P1 | 红茶 | 茶 | 1 | 60.00
        A1 | P2 | 绿茶 | 茶 | 1 | 30.00
        A2 | P1 | 红茶 | 茶 | 2 | 50.00
        """),
    "明细_2.csv": (2, """
        订单号 | 商品编号 | 商品名称 | 商品类别 | 数量 | 金额
        A2 | P1 | 红茶 | 茶 | 2 | 50.00
        A5 | P3 | 花茶 | | 1 | 35.50
        A7 | P1 | 红茶 | 好茶 | 1 | 12.00
        """),
    "客户_1.csv": (0, """
        客户编号 | 客户姓名 | 手机号 | 会员等级 | 大区 | 注册日期
        C1 | 王芳 | 13812345678 | 金卡 | | 2024-12-01
        C2 | 李强 | 13712345678 | | 华东 | 2024-12-02
        C8 | 赵敏 | 13512345678 | 银卡 | | 2024-12-05
        """),
    "客户_2.csv": (2, """
        客户编号 | 客户姓名 | 手机号 | 会员等级 | 大区 | 注册日期
        C1 | 王芳 | 13812345679 | 钻石 | 华南 | 2024-12-01
        C3 | 孙丽 | 13912345678 | 银卡 | | 2024-12-03
        """),
    "客户_3.csv": (4, """
        客户编号 | 客户姓名 | 手机号 | 会员等级 | 大区 | 注册日期
        C8 | 赵敏敏 | 13512345678 | 银卡 | | 2024-12-05
        C9 | 周周 | 13512345670 | 银卡 | | 2024-12-06
        """),
    "退款_1.csv": (2, """
        退款单号 | 订单号 | 退款时间 | 退款金额 | 退款状态 | 退款原因
        R1 | A4 | 2025-02-20 10:00 | 70.00 | 退款成功 | 
        R2 | A5 | 2025-02-21 10:00 | 5.00 | 退款中 | 质量
        """),
    "退款_2.csv": (3, """
        退款单号 | 订单号 | 退款时间 | 退款金额 | 退款状态 | 退款原因
        R1 | A4 | 2025-02-20 10:00 | 70.00 | 退款成功 | 不想要
        R2 | A5 | 2025-02-21 10:00 | 5.00 | 退款成功 | 质量
        R3 | A7 | 2025-03-21 10:00 | 5.00 | 退款成功 | 质量
        """),
    "投诉_1.csv": (2, """
        投诉编号 | 客户编号 | 订单号 | 投诉时间 | 解决时间 | 投诉类别
        K1 | C1 | A1 | 2025-01-20 10:00 | | 物流
        K2 | | A2 | 2025-01-21 10:00 | | 质量
        """),
    "投诉_2.csv": (3, """
        投诉编号 | 客户编号 | 订单号 | 投诉时间 | 解决时间 | 投诉类别
        K1 | C1 | A1 | 2025-01-20 10:00 | 2025-01-25 10:00 | 物流
        K2 | | A2 | 2025-01-21 10:00 | 2025-01-22 10:00 | 
        K3 | | A4 | 2025-02-21 10:00 | | 质量
        """),
    "问卷_1.csv": (2, """
        答卷编号 | 客户编号 | 答卷时间 | 满意度 | 推荐意愿
        S1 | C1 | 2025-02-20 10:00 | 5 | 10
        S2 | C2 | 2025-02-21 10:00 | 4 | 
        S3 | C3 | 2025-02-22 10:00 | 9 | 3
        """),
    "问卷_2.csv": (3, """
        答卷编号 | 客户编号 | 答卷时间 | 满意度 | 推荐意愿
        S2 | C2 | 2025-02-21 10:00 | 4 | 8
        S4 | | 2025-02-22 10:00 | 2 | 3
        """),
    "费用_1.csv": (1, """
        日期 | 渠道 | 费用类别 | 金额
        2025-01-01 | 天猫 | 广告 | 100.00
        2025-01-01 | 抖音 | 广告 | 120.00
        2025-01-02 | 天猫 | 广告 | oops
        """),
    "费用_2.csv": (2, """
        日期 | 渠道 | 费用类别 | 金额
        2025-01-01 | 天猫 | 广告 | 110.00
        2025-01-02 | 天猫 | 广告 | 90.00
        2025-01-02 | | 工资 | 900.00
        """),
    "线索_1.csv": (2, """
        线索编号 | 客户编号 | 创建时间 | 线索来源 | 状态 | 更新时间
        L1 | C1 | 2025-01-01 10:00 | 抖音 | 新建 | 2025-01-01 10:00
        L2 | | 2025-01-02 10:00 | 抖音 | 新建 | 2025-01-01 10:00
        L1 | C1 | 2025-01-01 10:00 | 抖音 | 已转化 | 2025-01-05 10:00
        """),
}  # fmt: skip

State = dict[str, set[tuple[str | None, ...]]]


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Nothing is tidied away: what is tried here is what becomes of the rows."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collecting_files, "tidy_if_due", lambda *_, **__: None)
        yield


def write(root: Path, files: dict[str, tuple[int, str]]) -> dict[str, Path]:
    """The files on disk, each as old as its export."""
    paths = {}
    for name, (days, drawn) in files.items():
        paths[name] = root / name
        paths[name].write_text(sheet(drawn), encoding="utf-8")
        os.utime(paths[name], ((START + timedelta(days=days)).timestamp(),) * 2)
    return paths


def state_after(loads: Sequence[Sequence[str]], files: dict[str, tuple[int, str]] | None = None) -> State:
    """What every table holds after these loads, as sets; refused rows by place and reason.

    Left out is when a row was last heard of, which stands with the row or beside it (value_times), as it happened. Of rows that contradict each other the
    quarantine has those of the load that showed it, so contradictions are told by what waits for something newer.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths, company = write(root, files or FILES), Company(root)
        (company.folder.root / ".key").write_bytes(b"0" * 64)
        for names in loads:
            collecting_files.collect(company.folder, [paths[name] for name in names], accept_change=True)
        return {name: _content(company, name) for name in all_tables() if name not in ("loads", "value_times")}


def _content(company: Company, name: str) -> set[tuple[str | None, ...]]:
    columns = [column for column, _ in all_tables()[name].stored_columns if column not in ("known_at", "load_id")]
    if name == "quarantined":
        rows = company.rows(name, 'file_name, sheet, row_no::VARCHAR, "column", code')
        return {row for row in rows if row[-1] != "conflict"}
    if name == "conflicts":
        return set(company.rows(name, "table_name, digest, kept"))
    return set(company.rows(name, ", ".join(f'"{column}"::VARCHAR AS "{column}"' for column in columns)))


@pytest.fixture(scope="module")
def all_at_once() -> State:
    return state_after([list(FILES)])


def test_the_files_bring_rows_of_every_kind_and_some_that_wait(all_at_once: State) -> None:
    held = {name for name, rows in all_at_once.items() if rows}
    assert held >= {
        "orders", "order_lines", "customers", "contacts", "products", "refunds", "complaints", "survey_responses", "spend", "leads",
        "conflicts", "quarantined",
    }  # fmt: skip
    assert len(FILES) >= 20 and len(all_at_once["orders"]) == 9 and len(all_at_once["quarantined"]) == 4


@st.composite
def any_loads(draw: st.DrawFn) -> list[list[str]]:
    """Every file at least once and some again, in any order, one or several a load."""
    again = draw(st.lists(st.sampled_from(sorted(FILES)), max_size=6))
    names = list(draw(st.permutations([*FILES, *again])))
    loads = []
    while names:
        size = draw(st.sampled_from([1, 3, 8]))
        taken, names = names[:size], names[size:]
        loads.append(list(dict.fromkeys(taken)))
    return loads


@settings(max_examples=2, derandomize=True)
@given(any_loads())
def test_any_order_grouping_and_repetition_gives_one_state(all_at_once: State, loads: list[list[str]]) -> None:
    assert state_after(loads) == all_at_once


@pytest.mark.slow
@settings(max_examples=12)
@given(any_loads())
def test_many_orders_groupings_and_repetitions_give_one_state(all_at_once: State, loads: list[list[str]]) -> None:
    assert state_after(loads) == all_at_once


@st.composite
def random_exports(draw: st.DrawFn) -> dict[str, tuple[int, str]]:
    """A few exports of the same orders at random: which orders, what is empty, what differs, some of one moment, some with times of their rows."""
    files = {}
    for number in range(draw(st.integers(2, 4))):
        own_time = draw(st.booleans())
        lines = [
            "订单号 | 下单时间 | 订单状态 | 客户编号 | 客户姓名 | 渠道 | 大区 | 实付金额"
            + (" | 更新时间" if own_time else "")
        ]
        for order in draw(st.lists(st.sampled_from("123"), min_size=1, max_size=4)):
            cells = [
                f"A{order}",
                f"2025-01-0{order} 09:00",
                draw(st.sampled_from(["待付款", "已付款", "已完成"])),
                f"C{order}",
            ]
            cells += [
                draw(st.sampled_from(words))
                for words in (("", "王芳", "李强"), ("", "天猫", "门店"), ("", "华东", "华南"))
            ]
            cells += [draw(st.sampled_from(["90.00", "95.00"]))]
            cells += [f"2025-06-0{draw(st.integers(1, 3))} 08:00"] if own_time else []
            lines.append(" | ".join(cells))
        files[f"{number}.csv"] = (draw(st.integers(0, 2)), "\n".join(lines))
    return files


@st.composite
def random_loads(draw: st.DrawFn) -> tuple[dict[str, tuple[int, str]], list[list[str]]]:
    """Random exports, each loaded at least once and some again, in any order, one or two a load."""
    files = draw(random_exports())
    names = list(draw(st.permutations([*files, *draw(st.lists(st.sampled_from(sorted(files)), max_size=2))])))
    loads = []
    while names:
        size = draw(st.integers(1, 2))
        taken, names = names[:size], names[size:]
        loads.append(list(dict.fromkeys(taken)))
    return files, loads


@settings(max_examples=3, derandomize=True)
@given(random_loads())
def test_random_exports_give_one_state_in_any_order(drawn: tuple[dict[str, tuple[int, str]], list[list[str]]]) -> None:
    files, loads = drawn
    assert state_after(loads, files) == state_after([list(files)], files)


@pytest.mark.slow
@settings(max_examples=12)
@given(random_loads())
def test_many_random_exports_give_one_state_in_any_order(
    drawn: tuple[dict[str, tuple[int, str]], list[list[str]]],
) -> None:
    files, loads = drawn
    assert state_after(loads, files) == state_after([list(files)], files)


def _drawn(*rows: str) -> str:
    return "\n".join(("订单号 | 下单时间 | 客户编号 | 渠道 | 大区 | 实付金额", *rows))


SAID_AGAIN = {
    "一.csv": (1, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 90.00")),
    "二.csv": (2, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 95.00")),
    "三.csv": (3, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 90.00")),
}


def test_what_is_said_again_later_outlasts_what_lies_between() -> None:
    assert state_after([["一.csv"], ["三.csv"], ["二.csv"]], SAID_AGAIN) == state_after(
        [["一.csv", "二.csv", "三.csv"]], SAID_AGAIN
    )


GAPS = {
    "一.csv": (1, _drawn("A1 | 2025-01-06 | C1 | 天猫 | | 90.00")),
    "二.csv": (2, _drawn("A1 | 2025-01-06 | C1 | 门店 | 华东 | 90.00")),
    "三.csv": (3, _drawn("A1 | 2025-01-06 | C1 | | 华北 | 90.00")),
}


def test_each_value_is_as_new_as_the_row_that_said_it() -> None:
    assert state_after([["一.csv"], ["三.csv"], ["二.csv"]], GAPS) == state_after(
        [["一.csv"], ["二.csv"], ["三.csv"]], GAPS
    )


TORN = {
    "一.csv": (1, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 90.00", "A2 | 2025-01-07 | C1 | 天猫 | 华东 | 10.00")),
    "二.csv": (1, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 95.00")),
}


def test_a_contradiction_within_a_load_takes_the_stored_row_too() -> None:
    assert state_after([["一.csv"], ["一.csv", "二.csv"]], TORN) == state_after([["一.csv", "二.csv"]], TORN)


OVERLAPPING = {
    "一月.csv": (2, _drawn("A1 | 2025-01-06 | C1 | 天猫 | 华东 | 90.00", "A2 | 2025-01-31 | C1 | 天猫 | 华东 | 10.00")),
    "二月.csv": (3, _drawn("A2 | 2025-01-31 | C1 | 天猫 | 华东 | 12.00", "A3 | 2025-02-01 | C2 | 天猫 | 华东 | 30.00")),
}


def test_two_sheets_of_a_first_load_that_tell_of_one_order_give_it_once() -> None:
    orders = state_after([["一月.csv", "二月.csv"]], OVERLAPPING)["orders"]
    assert sorted(str(row[0]) for row in orders) == ["A1", "A2", "A3"]
    assert [row for row in orders if row[0] == "A2" and "12.00" in row]
    assert orders == state_after([["二月.csv"], ["一月.csv"]], OVERLAPPING)["orders"]


def test_what_a_product_is_called_and_where_it_belongs_are_each_as_new_as_the_line_that_said_it() -> None:
    head = "订单号 | 下单时间 | 客户编号 | 商品编号 | 商品名称 | 商品类别 | 实付金额"
    files = {
        "1.csv": (0, f"{head}\nA1 | 2025-01-01 09:00 | C1 | P1 | 红茶 | 茶 | 10"),
        "2.csv": (0, f"{head}\nA2 | 2025-01-02 09:00 | C1 | P1 |  | 饮品 | 10"),
        "3.csv": (0, f"{head}\nA3 | 2025-01-03 09:00 | C1 | P1 | 正山小种 |  | 10"),
        "4.csv": (0, f"{head}\nA4 | 2025-01-04 09:00 | C1 | P2 |  |  | 10"),
    }
    together = state_after([list(files)], files)
    products = {row[:3] for row in together["products"]}
    assert {("P1", "正山小种", "饮品"), ("P2", None, None)} <= {(row[0], *row[1:3]) for row in products}, products
    for loads in ([["1.csv", "3.csv"], ["2.csv"], ["4.csv"]], [["4.csv", "2.csv"], ["3.csv"], ["1.csv"]]):
        assert state_after(loads, files)["products"] == together["products"]

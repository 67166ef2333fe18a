"""Files in: what becomes of every row, drawn as tables with their answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from collecting import FIRST, LATER, Company, counts

from kexiao.cycle.collect import propose, undo
from kexiao.errors import Ambiguous, InputRejected, KexiaoError, WrongUse
from kexiao.text import in_language


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


FLAT = """
    订单号 | 下单时间            | 订单状态 | 客户编号 | 客户姓名 | 手机号      | 渠道 | 商品编号 | 商品名称 | 商品类别 | 数量 | 单价  | 优惠金额 | 实付金额 | 成本
    A1     | 2025-01-06 09:00:00 | 已完成   | C1       | 王芳     | 13812345678 | 天猫 | P1       | 红茶     | 茶       | 2    | 50.00 | 10.00    | 90.00    | 40.00
    A1     | 2025-01-06 09:00:00 | 已完成   | C1       | 王芳     | 13812345678 | 天猫 | P2       | 绿茶     | 茶       | 1    | 30.00 | 0        | 30.00    | 12.00
    A2     | 2025-01-07 23:30:00 | 待付款   | C2       | 李强     | 13912345678 | 门店 | P1       | 红茶     | 茶       | 1    | 50.00 | 0        | 50.00    | 20.00
"""


def test_a_flat_file_splits_into_orders_lines_customers_products_and_contacts(company: Company) -> None:
    report = company.load(FLAT)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert company.rows(
        "orders", "order_id, strftime(ordered_at, '%m-%d %H:%M'), ordered_on::VARCHAR, status, channel, amount"
    ) == [
        ("A1", "01-06 01:00", "2025-01-06", "completed", "天猫", None),
        ("A2", "01-07 15:30", "2025-01-07", "unpaid", "门店", None),
    ]
    assert company.rows("order_lines", "order_id, product_id, quantity, gross, discount, net, cost", "1, 2") == [
        ("A1", "P1", 2.0, Decimal("100.00"), Decimal("10.00"), Decimal("90.00"), Decimal("40.00")),
        ("A1", "P2", 1.0, Decimal("30.00"), Decimal("0.00"), Decimal("30.00"), Decimal("12.00")),
        ("A2", "P1", 1.0, Decimal("50.00"), Decimal("0.00"), Decimal("50.00"), Decimal("20.00")),
    ]
    assert company.rows("products", "product_id, name, category", "1") == [("P1", "红茶", "茶"), ("P2", "绿茶", "茶")]
    assert company.rows("contacts", "source_id, name, phone", "1") == [
        ("C1", "王芳", "13812345678"),
        ("C2", "李强", "13912345678"),
    ]
    assert {row[0] for row in company.rows("orders", "customer_id")} == {
        row[0] for row in company.rows("customers", "customer_id")
    }


def test_personal_data_stand_in_the_contacts_alone(company: Company) -> None:
    company.load(
        FLAT.replace("| 成本", "| 成本 | 备注").replace(
            "12.00\n", "12.00 | 王芳 13812345678 a@b.com 110101199001011234\n"
        )
    )
    for path in company.folder.data.rglob("*"):
        if path.is_file() and "contacts" not in path.parts:
            content = path.read_bytes()
            for secret in ("王芳", "13812345678", "a@b.com", "110101199001011234"):
                assert secret.encode() not in content, path
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"SELECT note FROM read_parquet('{company.folder.data}/orders/*.parquet')"
        ).fetchall()
    assert ("*** *** *** ***",) in found


def test_the_same_file_twice_changes_nothing(company: Company) -> None:
    first = company.load(FLAT)
    before = (company.snapshots(), company.rows("orders"), company.rows("order_lines"), company.rows("contacts"))
    second = company.load(FLAT)
    assert counts(second) == (3, 0, 0, 3, 0)
    assert (second.load_id, second.snapshot) == (None, first.snapshot)
    assert (
        company.snapshots(),
        company.rows("orders"),
        company.rows("order_lines"),
        company.rows("contacts"),
    ) == before


def test_files_in_either_order_give_the_same_state(tmp_path: Path) -> None:
    old = "订单号|下单时间|订单状态|客户编号|金额|渠道\nA1|2025-01-01|已付款|c1|10|\nA2|2025-01-02|已完成|c2|20|门店\nA3|2025-01-03|已取消|c3|5|门店\n"
    new = "订单号|下单时间|订单状态|客户编号|金额|渠道\nA1|2025-01-01|已完成|c1|12|天猫\nA2|2025-01-02|已完成|c2|20|\nA3|2025-01-03|已付款|c3|5|门店\n"
    states = []
    for number, order in enumerate(
        [(("old", old, FIRST), ("new", new, LATER)), (("new", new, LATER), ("old", old, FIRST))]
    ):
        (tmp_path / str(number)).mkdir()
        company = Company(tmp_path / str(number))
        for name, drawn, when in order:
            company.collect(company.file(f"{name}.csv", drawn), at=when)
        states.append(company.rows("orders", "order_id, status, amount, channel", "1"))
    assert (
        states[0]
        == states[1]
        == [
            ("A1", "completed", Decimal("12.00"), "天猫"),
            ("A2", "completed", Decimal("20.00"), "门店"),
            ("A3", "cancelled", Decimal("5.00"), "门店"),
        ]
    )


def test_equally_new_rows_that_contradict_each_other_both_wait_in_either_order(tmp_path: Path) -> None:
    one = "订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|10\nA2|2025-01-02|c2|20\n"
    two = "订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|11\nA2|2025-01-02|c2|20\n"
    for number, (first, second) in enumerate([(one, two), (two, one)]):
        (tmp_path / str(number)).mkdir()
        company = Company(tmp_path / str(number))
        company.load(first, name="x.csv")
        report = company.load(second, name="y.csv")
        assert counts(report) == (2, 0, 1, 1, 0)
        assert [error.code for error in report.errors] == ["conflict"]
        assert [row[0] for row in company.rows("orders", "order_id")] == ["A2"]
        assert counts(company.load(second, name="y.csv")) == (2, 0, 1, 1, 0)
        assert counts(company.load(one, name="x.csv", at=LATER)) == (2, 1, 0, 1, 0)
        assert company.rows("orders", "order_id, amount", "1") == [("A1", Decimal("10.00")), ("A2", Decimal("20.00"))]


def test_a_row_that_is_older_than_what_is_stored_is_skipped(company: Company) -> None:
    company.load("订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|10\n", at=LATER)
    assert counts(company.load("订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|9\n", at=FIRST)) == (1, 0, 0, 0, 1)


def test_the_rows_own_update_time_says_which_is_newer(company: Company) -> None:
    company.load("订单号|下单时间|客户编号|金额|更新时间\nA1|2025-01-01|c1|10|2025-01-05 10:00:00\n", at=LATER)
    company.load("订单号|下单时间|客户编号|金额|更新时间\nA1|2025-01-01|c1|12|2025-01-06 10:00:00\n", at=FIRST)
    assert company.rows("orders", "amount") == [(Decimal("12.00"),)]


def test_refused_rows_are_named_with_their_reason_and_the_others_load(company: Company) -> None:
    report = company.load(
        """
        订单号 | 下单时间   | 客户编号 | 金额
        A1     | 2025-01-01 | c1       | 10
        A2     | 2025-02-30 | c1       | 10
        A3     | 2025-01-01 | c1       | NaN
               | 2025-01-01 | c1       | 10
        A5     | 2025-01-01 | c1       | 0x1F
        A6     | 9999-12-31 | c1       | 10
        """
    )
    assert counts(report) == (6, 1, 5, 0, 0)
    assert report.exit_code == 4
    assert [(e.row, e.column, e.code) for e in report.errors] == [
        (3, "下单时间", "no_such_date"),
        (4, "金额", "missing"),
        (5, "订单号", "missing"),
        (6, "金额", "not_a_number"),
        (7, "下单时间", "implausible_date"),
    ]
    assert company.rows("quarantined", "row_no, code", "1")[0] == (3, "no_such_date")
    with duckdb.connect(":memory:") as connection:
        cells = connection.execute(
            f"SELECT cells FROM read_parquet('{company.root}/w/quarantine/*.parquet') ORDER BY row_no"
        ).fetchall()
    assert json.loads(cells[0][0])["下单时间"] == "2025-02-30"


def test_an_order_waits_whole_when_one_of_its_lines_is_refused(company: Company) -> None:
    report = company.load(FLAT.replace("30.00    | 12.00", "待定     | 12.00"))
    assert counts(report) == (3, 1, 2, 0, 0)
    assert {error.code for error in report.errors} == {"not_a_number", "order_incomplete"}
    assert [row[0] for row in company.rows("orders", "order_id")] == ["A2"]


def test_rows_that_say_the_same_count_once(company: Company) -> None:
    last = FLAT.strip().splitlines()[-1]
    report = company.load(FLAT + last + "\n")
    assert counts(report) == (4, 3, 0, 1, 0)
    assert any("1" in warning.en and "same" in warning.en for warning in report.warnings)


def test_order_ids_that_are_given_out_again_are_told_apart_by_customer(company: Company) -> None:
    rows = "".join(f"N{i}|2025-01-0{1 + c}|客户{c}{i}|茶{c}|{10 + c}\n" for i in range(6) for c in range(2))
    report = company.load("订单 Id|订单日期|客户名称|产品名称|销售额\n" + rows)
    assert counts(report) == (12, 12, 0, 0, 0)
    assert any("more than one customer" in warning.en for warning in report.warnings)
    orders = company.rows("orders", "order_id, customer_id")
    assert len({o for o, _ in orders}) == 12
    saved = next((company.root / "w" / "mappings").glob("orders-*.toml")).read_text(encoding="utf-8")
    assert 'order_key = "order_id+customer"' in saved


def test_amounts_repeated_on_each_line_are_the_orders_own(company: Company) -> None:
    company.load(
        """
        订单号 | 下单时间   | 客户编号 | 商品编号 | 数量 | 单价 | 订单金额
        A1     | 2025-01-01 | c1       | P1       | 1    | 60   | 90
        A1     | 2025-01-01 | c1       | P2       | 1    | 40   | 90
        A2     | 2025-01-01 | c1       | P1       | 1    | 60   | 180
        A2     | 2025-01-01 | c1       | P3       | 2    | 70   | 180
        A3     | 2025-01-01 | c1       | P1       | 3    | 60   | 190
        A3     | 2025-01-01 | c1       | P3       | 1    | 70   | 190
        """
    )
    assert company.rows("orders", "order_id, amount, discount", "1") == [
        ("A1", Decimal("90.00"), Decimal("10.00")),
        ("A2", Decimal("180.00"), Decimal("20.00")),
        ("A3", Decimal("190.00"), Decimal("60.00")),
    ]
    assert company.rows("order_lines", "sum(net)") == [(Decimal("550.00"),)]


def test_a_rate_and_a_profit_give_gross_and_cost(company: Company) -> None:
    company.load(
        "订单号|下单时间|客户编号|产品名称|销售额|折扣|利润\nA1|2025-01-01|c1|甲|60|0.4|-5\nA2|2025-01-01|c1|甲|100|0|30\n"
    )
    assert company.rows("order_lines", "order_id, gross, discount, net, cost", "1") == [
        ("A1", Decimal("100.00"), Decimal("40.00"), Decimal("60.00"), Decimal("65.00")),
        ("A2", Decimal("100.00"), Decimal("0.00"), Decimal("100.00"), Decimal("70.00")),
    ]


def test_a_survey_finds_its_customer_through_the_order(company: Company) -> None:
    company.load("order_id|order_date|customer_id|amount|channel\no1|2025-01-01|c1|10|web\n")
    report = company.collect(
        company.file(
            "reviews.csv", "review_id|order_id|review_score|review_answer_timestamp\nr1|o1|5|2025-01-09 10:00:00\n"
        )
    )
    assert counts(report) == (1, 1, 0, 0, 0)
    customer = company.rows("orders", "customer_id")[0][0]
    assert company.rows("survey_responses", "customer_id, measure, score, scale_low, scale_high, channel") == [
        (customer, "csat", 5.0, 1.0, 5.0, "web")
    ]


def test_a_load_taken_back_leaves_the_others_as_they_were(company: Company) -> None:
    company.load("订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|10\n", name="1.csv")
    company.load("订单号|下单时间|客户编号|金额\nA2|2025-01-01|c2|20\n", name="2.csv")
    company.load("订单号|下单时间|客户编号|金额\nA3|2025-01-01|c3|30\nA1|2025-01-01|c1|11\n", name="3.csv", at=LATER)
    undo(company.folder, 2)
    assert company.rows("orders", "order_id, amount", "1") == [("A1", Decimal("11.00")), ("A3", Decimal("30.00"))]
    assert [row[0] for row in company.rows("contacts", "source_id", "1")] == ["c1", "c3"]
    assert [row[0] for row in company.rows("loads", "load_id", "1")] == [1, 3]
    assert counts(company.load("订单号|下单时间|客户编号|金额\nA2|2025-01-01|c2|20\n", name="2.csv")) == (1, 1, 0, 0, 0)
    with pytest.raises(WrongUse):
        undo(company.folder, 99)


def test_foreign_money_keeps_its_currency_and_several_currencies_must_be_separated(company: Company) -> None:
    company.load("订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|$10\n")
    assert company.rows("orders", "amount, currency") == [(Decimal("10.00"), "USD")]
    with pytest.raises(Ambiguous) as caught:
        company.load("订单号|下单时间|客户编号|金额\nB1|2025-01-01|c1|$10\nB2|2025-01-01|c1|¥10\n", name="b.csv")
    assert "USD" in caught.value.message("en")
    assert "CNY" in caught.value.message("zh")


@pytest.mark.parametrize(
    ("drawn", "error", "said"),
    [
        ("订单号|下单时间|客户编号\nA1|2025-01-01|c1\n", InputRejected, "金额"),
        ("订单号|下单时间|客户编号|金额\nA1|03/04/2025|c1|10\n", Ambiguous, "03/04/2025"),
        ("订单号|下单时间|客户编号|金额\nA1|2025-01-01||10\n", Ambiguous, "客户"),
        ("订单号|下单时间|客户编号|订单状态|金额\nA1|2025-01-01|c1|外星|10\n", Ambiguous, "外星"),
        ("甲|乙\n1|2\n", InputRejected, "甲"),
    ],
)
def test_what_cannot_be_read_is_told_in_both_languages_and_changes_nothing(
    company: Company, drawn: str, error: type[KexiaoError], said: str
) -> None:
    with pytest.raises(error) as caught:
        company.load(drawn)
    for language in ("zh", "en"):
        assert caught.value.message(language)  # type: ignore[arg-type]
    assert said in caught.value.message("zh")
    assert company.snapshots() == 0


def test_a_choice_that_the_user_explains_in_the_mapping_file_is_understood(company: Company) -> None:
    drawn = "订单号|下单时间|客户编号|订单状态|金额\nA1|03/04/2025|c1|外星|10\n"
    with pytest.raises(Ambiguous):
        company.load(drawn)
    path = next((company.root / "w" / "mappings").glob("orders-*.toml"))
    path.write_text(
        path.read_text(encoding="utf-8").replace("[options]", '[options]\ndate_order = "dmy"')
        + '\n[choices.status]\n"外星" = "shipped"\n',
        encoding="utf-8",
    )
    assert counts(company.load(drawn)) == (1, 1, 0, 0, 0)
    assert company.rows("orders", "status, ordered_on::VARCHAR") == [("shipped", "2025-04-03")]


def test_a_proposal_shows_columns_reasons_and_first_rows_and_loads_nothing(company: Company) -> None:
    (found,) = propose(company.folder, [company.file("o.csv", FLAT)])
    assert found.mapping is not None
    assert found.mapping.columns["amount"] == "实付金额"
    assert "实付金额" in str(found.mapping.reasons["amount"])
    assert len(found.preview) == 3
    assert company.snapshots() == 0


def test_columns_that_changed_since_the_last_file_are_told(company: Company) -> None:
    company.load("订单号|下单时间|客户编号|金额|渠道\nA1|2025-01-01|c1|10|x\n")
    with in_language("zh"):
        told = [
            str(words)
            for words in company.load("订单号|下单时间|客户编号|实付金额\nA2|2025-01-01|c1|10\n", name="2.csv").warnings
        ]
    assert any("实付金额" in words and "“金额”" in words for words in told)
    assert any("渠道" in words for words in told)


KILLED = """
import sys, datetime
from pathlib import Path
from kexiao.cycle.collect import collect
from kexiao.engine.folder import open_folder
collect(open_folder(Path(sys.argv[1])), [Path(sys.argv[2])], exported_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
"""


def test_a_load_killed_at_any_moment_loses_nothing(company: Company) -> None:
    rows = "".join(f"A{i // 2}|2025-01-{1 + i // 2 % 28:02d}|c{i // 2 % 50}|P{i}|{1 + i % 9}.50\n" for i in range(4000))
    path = company.file("big.csv", "订单号|下单时间|客户编号|商品编号|金额\n" + rows)
    small = "订单号|下单时间|客户编号|金额\nZ1|2025-01-01|c1|10\n"
    company.load(small, name="small.csv")
    for wait in (0.15, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3):
        started = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(company.folder.root), str(path)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(wait)
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        seen = company.rows("order_lines", "count(*)")
        assert seen in ([], [(0,)], [(4000,)]), "a part of a load was seen"
    report = company.collect(path)
    assert report.rows_loaded + report.rows_duplicate == 4000
    assert company.rows("order_lines", "count(*), sum(net)") == [
        (4000, sum(Decimal(1 + i % 9) + Decimal("0.5") for i in range(4000)))
    ]
    assert company.rows("orders", "count(*)") == [(2001,)]
    assert not list((company.folder.data / "_tmp").glob("load-*"))
    named = json.loads(max((company.folder.data / "_snapshots").glob("s*.json")).read_text(encoding="utf-8"))
    old = [json.loads(p.read_text(encoding="utf-8")) for p in (company.folder.data / "_snapshots").glob("s*.json")]
    listed = {part["path"] for s in [named, *old] for table in s["tables"].values() for part in table["files"]}
    there = {str(p.relative_to(company.folder.data)) for p in company.folder.data.glob("*/part-*.parquet")}
    assert there == listed


def test_a_file_that_is_not_there_is_wrong_use(company: Company) -> None:
    with pytest.raises(WrongUse):
        company.collect(company.root / "none.csv")
    with pytest.raises(WrongUse):
        company.collect()


def test_the_time_of_export_is_the_files_own_unless_told(company: Company) -> None:
    from kexiao.cycle.collect import collect

    path = company.file("o.csv", "订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|10\n")
    when = datetime(2025, 3, 1, 12, tzinfo=UTC)
    os.utime(path, (when.timestamp(), when.timestamp()))
    collect(company.folder, [path])
    assert company.rows("orders", "epoch(known_at)") == [(when.timestamp(),)]


def test_files_of_one_name_from_two_folders_are_told_apart(company: Company) -> None:
    paths = []
    for year in ("2024", "2025"):
        (company.root / year).mkdir()
        path = company.root / year / "orders.csv"
        path.write_text(f"订单号,下单时间,客户编号,金额\nA{year},{year}-01-01,c1,10\n", encoding="utf-8")
        paths.append(path)
    report = company.collect(*paths)
    assert [(part.file, part.rows_loaded) for part in report.parts] == [("orders.csv", 1), ("orders.csv (2)", 1)]
    assert company.rows("loads", "file_name, rows_loaded", "1") == [("orders.csv", 1), ("orders.csv (2)", 1)]

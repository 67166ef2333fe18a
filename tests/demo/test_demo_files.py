"""The files of the made-up company: the same again from the same seed, and every kind of row counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from kexiao.demo import company as demo
from kexiao.demo.company import draw
from kexiao.errors import WrongUse

from .conftest import Drawn, clean_rows, load, raw_lines, sheet

ORDER_HEADER = (
    "订单号,下单时间,订单状态,客户编号,客户姓名,手机号,渠道,门店/团队,大区,省份,导购,"
    "商品编号,商品名称,商品类别,数量,单价,优惠金额,实付金额,成本,活动编号"
)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again, other = (draw(tmp_path / name, 300, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8)))
    assert [path.name for path in first.files] == [path.name for path in again.files]
    for one, two in zip(
        (*first.files, first.folder / "truth.json"), (*again.files, again.folder / "truth.json"), strict=True
    ):
        assert one.read_bytes() == two.read_bytes(), one.name
    assert (first.folder / "订单明细_2025.csv").read_bytes() != (other.folder / "订单明细_2025.csv").read_bytes()


@pytest.mark.parametrize("year", ["2023", "2024", "2025"])
def test_each_kind_of_row_is_counted_exactly(drawn: Drawn, year: str) -> None:
    name = f"订单明细_{year}.csv"
    told = drawn.truth["files"][name]
    lines = raw_lines(drawn.company.folder / name)
    start = lines.index(ORDER_HEADER.split(","))
    data = [tuple(line) for line in lines[start + 1 :] if line and line[0] != "合计"]
    distinct = set(data)
    good = clean_rows(lines)[1]
    assert told["physical_lines"] == len(lines)
    assert told["title_rows"] == start == int(year == "2023")
    assert told["blank_lines"] == sum(1 for line in lines if not line) == (12 if year == "2024" else 0)
    assert told["total_rows"] == sum(1 for line in lines if line and line[0] == "合计") == int(year == "2025")
    assert told["data_rows"] == len(data)
    assert told["duplicate_rows"] == len(data) - len(distinct)
    assert told["good_rows"] == len(good)
    broken = Counter(
        "date" if row[1][0] != "2" or "2/30" in row[1] else "amount" for row in distinct - set(map(tuple, good))
    )
    assert (told["bad_date_rows"], told["bad_amount_rows"]) == (broken["date"], broken["amount"])
    parts = ("good_rows", "duplicate_rows", "bad_date_rows", "bad_amount_rows")
    assert told["data_rows"] == sum(told[part] for part in parts)
    assert told["rows_with_thousands_separators"] == sum(1 for row in good if "," in row[17])


@pytest.mark.parametrize("year", ["2023", "2024", "2025"])
def test_orders_of_each_kind_are_counted_exactly(drawn: Drawn, year: str) -> None:
    told = drawn.truth["files"][f"订单明细_{year}.csv"]
    counted = drawn.sql.execute(f"""
        SELECT count(DISTINCT "订单号"), count(DISTINCT "订单号") FILTER ("客户姓名" = '测试'),
            count(DISTINCT "订单号") FILTER ("客户编号" IS NULL), count(DISTINCT "订单号") FILTER ("订单状态" IN ('已取消', '待付款')),
            count(DISTINCT "订单号") FILTER ("订单状态" = '已退款'), sum(paid)
        FROM lines WHERE year(moment) = {year}""").fetchone()
    names = (
        "good_orders",
        "test_orders",
        "anonymous_orders",
        "cancelled_or_unpaid_orders",
        "refunded_orders",
        "good_rows_paid_fen",
    )
    assert counted == tuple(told[name] for name in names)


def test_the_first_file_is_gb18030_and_the_second_has_a_byte_order_mark(drawn: Drawn) -> None:
    first = (drawn.company.folder / "订单明细_2023.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        first.decode("utf-8")
    assert (drawn.company.folder / "订单明细_2024.csv").read_bytes().startswith("\ufeff订单号".encode())
    assert (drawn.company.folder / "订单明细_2025.csv").read_bytes().startswith("订单号".encode())


def test_a_line_pays_its_price_less_its_discount_and_the_total_row_adds_up(drawn: Drawn) -> None:
    assert (
        drawn.one("SELECT count(*) FROM lines WHERE price * quantity - discount <> paid OR discount < 0 OR cost <= 0")
        == 0
    )
    total = raw_lines(drawn.company.folder / "订单明细_2025.csv")[-1]
    rows = [line for line in raw_lines(drawn.company.folder / "订单明细_2025.csv")[1:-1] if line]
    assert int(total[14]) == sum(int(row[14]) for row in rows)
    readable = [row[17] for row in rows if row[17] not in ("#N/A", "待确认")]
    assert round(float(total[17]) * 100) == sum(round(float(value) * 100) for value in readable)


def test_workbooks_hold_as_many_rows_as_told_with_real_dates(drawn: Drawn) -> None:
    for name in ("客户资料", "退款明细", "满意度调查"):
        rows = sheet(drawn.company.folder / f"{name}.xlsx")
        assert len(rows) - 1 == drawn.truth["files"][f"{name}.xlsx"]["data_rows"]
    customers = sheet(drawn.company.folder / "客户资料.xlsx")
    assert customers[0][:4] == ["客户编号", "姓名", "手机", "邮箱"]
    assert customers[1][7].isoformat() == "2023-01-01"


def test_dates_and_amounts_in_workbooks_match_the_order_files(drawn: Drawn) -> None:
    first_orders = """SELECT count(*) FROM (SELECT customer, min(day) AS day FROM orders WHERE customer IS NOT NULL GROUP BY 1) o
        JOIN "客户资料" c ON c."客户编号" = o.customer WHERE c."首次购买日期"::DATE = o.day"""
    assert drawn.one(first_orders) == drawn.one('SELECT count(*) FROM "客户资料"') == 50_000
    whole = """SELECT count(*) FROM "退款明细" r JOIN orders o ON o.id = r."订单号"
        WHERE round(r."退款金额"::DOUBLE * 100)::BIGINT > o.paid OR r."退款时间"::TIMESTAMP <= o.moment"""
    assert drawn.one(whole) == 0
    assert drawn.one('SELECT count(DISTINCT "退款单号") FROM "退款明细"') == drawn.one(
        'SELECT count(*) FROM "退款明细"'
    )


def test_nobody_in_the_files_can_be_real(drawn: Drawn) -> None:
    assert drawn.one("""SELECT count(*) FROM "客户资料" WHERE NOT regexp_full_match("手机", '161[0-9]{8}')""") == 0
    assert drawn.one("""SELECT count(*) FROM "客户资料" WHERE "邮箱" NOT LIKE '%@example.com'""") == 0
    assert drawn.one("""SELECT count(*) FROM lines WHERE "手机号" NOT LIKE '161%'""") == 0


def test_sellers_sell_only_while_in_post(drawn: Drawn) -> None:
    outside = """SELECT count(*) FROM orders o JOIN "员工" s ON s."员工编号" = o.seller
        WHERE o.day < s."入职日期"::DATE OR o.day >= coalesce(s."离职日期"::DATE, DATE '9999-01-01') OR o.team <> s."团队" """
    assert drawn.one(outside) == 0
    assert drawn.one("SELECT count(*) FROM orders WHERE channel = '直营门店' AND seller IS NULL") == 0


def test_keys_are_unique(drawn: Drawn) -> None:
    for table, key in (("投诉记录", '"投诉编号"'), ("销售线索", '"线索编号"'), ("满意度调查", '"答卷编号"'),
                       ("投放费用", '("日期", "渠道", "活动", "费用类型", "用途")'), ("活动名单", '("活动编号", "客户编号")'),
                       ("客户资料", '"手机"'), ("商品资料", '"商品编号"'), ("raw", '("订单号", "商品编号")')):  # fmt: skip
        assert drawn.one(f'SELECT count(*) - count(DISTINCT {key}) FROM "{table}"') == 0, table


def test_a_large_company_comes_in_parts_that_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "CHUNK", 400)
    monkeypatch.setattr(demo, "LARGEST_WORKBOOK", 400)
    company = draw(tmp_path / "company", 1000)
    assert [path.name for path in company.files if path.name.startswith("订单明细_2024")] == [
        f"订单明细_2024_0{part}.csv" for part in (1, 2, 3)
    ]
    sql = load(company, tmp_path)
    told = company.truth["answers"]["year"]
    for year in ("2023", "2024", "2025"):
        found = sql.execute(
            f"""SELECT count(*), sum(paid), count(DISTINCT customer) FROM orders WHERE year(day) = {year}"""
        )
        total = told[year]["total"]
        assert found.fetchone() == (total["orders"], total["paid_fen"], total["ordering_customers"])
    assert sql.execute('SELECT count(*), count(DISTINCT "客户编号") FROM "客户资料"').fetchone() == (1000, 1000)
    assert sql.execute('SELECT count(*) - count(DISTINCT "线索编号") FROM "销售线索"').fetchone() == (0,)


def test_a_smaller_company_leaves_nothing_of_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_text("a\n")
    with monkeypatch.context() as patch:
        patch.setattr(demo, "CHUNK", 100)
        draw(tmp_path, 200)
    company = draw(tmp_path, 60)
    assert {path.name for path in tmp_path.iterdir()} == {
        "mine.csv",
        "truth.json",
        *(path.name for path in company.files),
    }


def test_a_company_of_300_customers_is_complete(tmp_path: Path) -> None:
    company = draw(tmp_path, 300)
    assert len(company.files) == 13
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == json.loads(json.dumps(company.truth))
    assert all(path.stat().st_size > 60 for path in company.files)


@pytest.mark.parametrize("customers", [0, 49, 5_000_001])
def test_a_company_too_small_or_too_large_is_refused(tmp_path: Path, customers: int) -> None:
    with pytest.raises(WrongUse) as refused:
        draw(tmp_path, customers)
    assert str(customers) in refused.value.message("en")

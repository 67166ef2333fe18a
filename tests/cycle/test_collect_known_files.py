"""Real and ready-made data sets load as hand-written SQL and their own cells say."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from collecting import Company, counts


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_the_superstore_reads_as_its_raw_cells_say(company: Company, shared: Path) -> None:
    from python_calamine import CalamineWorkbook

    path = shared / "data" / "retail_cn" / "示例-超市.xls"
    header, *cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    raw = [dict(zip(header, row, strict=True)) for row in cells]
    report = company.collect(path)
    assert counts(report) == (len(raw), len(raw), 0, 0, 0)
    assert company.rows("orders", "count(*)") == [(len({(r["订单 Id"], r["客户名称"]) for r in raw}),)] == [(4947,)]
    assert company.rows("customers", "count(*)") == [(len({r["客户名称"] for r in raw}),)]
    assert company.rows("products", "count(*)") == [(len({r["产品名称"] for r in raw}),)]
    sales, profit = sum(Decimal(str(r["销售额"])) for r in raw), sum(Decimal(str(r["利润"])) for r in raw)
    gross = sum((Decimal(str(r["销售额"])) / (1 - Decimal(str(r["折扣"])))).quantize(Decimal("0.01")) for r in raw)
    assert company.rows("order_lines", "sum(net), sum(net - cost), sum(quantity)") == [
        (sales, profit, sum(r["数量"] for r in raw))
    ]
    assert abs(company.rows("order_lines", "sum(gross)")[0][0] - gross) <= Decimal("0.01") * len(raw)
    assert counts(company.collect(path)) == (len(raw), 0, 0, len(raw), 0)


def test_the_olist_files_read_as_hand_written_sql_says(company: Company, shared: Path) -> None:
    folder = shared / "data" / "olist"
    report = company.collect(*sorted(folder.glob("*.csv.gz")))
    with duckdb.connect(":memory:") as raw:

        def one(sql: str) -> tuple[object, ...]:
            return (
                raw.execute(
                    sql.replace("{", f"read_csv('{folder}/olist_").replace("}", "_dataset.csv.gz', all_varchar = true)")
                ).fetchone()
                or ()
            )

        assert company.rows("orders", "count(*), count(DISTINCT customer_id)") == [
            one(
                "SELECT count(*), count(DISTINCT customer_unique_id) FROM {orders} JOIN {customers} USING (customer_id)"
            )
        ]
        assert company.rows("order_lines", "count(*), sum(net)") == [
            one("SELECT count(*), sum(price::DECIMAL(18,2)) FROM {order_items}")
        ]
        assert company.rows("orders", "sum(freight)") == [
            one(
                "SELECT sum(freight_value::DECIMAL(18,2)) FROM {order_items} AS i SEMI JOIN {orders} AS o USING (order_id)"
            )
        ]
        assert company.rows("orders", "count(*) FILTER (status = 'completed')") == [
            one("SELECT count(*) FROM {orders} WHERE order_status = 'delivered'")
        ]
        assert company.rows("survey_responses", "count(*), sum(score)::BIGINT, count(customer_id)") == [
            one(
                "SELECT count(*), sum(review_score::INT), (SELECT count(*) FROM {order_reviews} AS r SEMI JOIN {orders} AS o USING (order_id)) FROM {order_reviews}"
            )
        ]
        assert company.rows("products", "count(*)") == [
            one(
                "SELECT count(DISTINCT product_id) FROM (SELECT product_id FROM {products} UNION SELECT product_id FROM {order_items})"
            )
        ]
        first = one("SELECT order_id, order_purchase_timestamp FROM {orders} ORDER BY 1 LIMIT 1")
    assert (
        company.rows("orders", "order_id, strftime(timezone('Asia/Shanghai', ordered_at), '%Y-%m-%d %H:%M:%S')", "1")[0]
        == first
    )
    assert report.rows_quarantined == 0
    assert any(words.en.startswith("“olist_order_payments") for words in report.warnings)


def test_the_made_up_company_loads_all_at_once_and_counts_as_it_was_drawn(company: Company, tmp_path: Path) -> None:
    from kexiao.demo.company import draw

    draw(tmp_path / "demo", customers=300)
    files = [path for path in sorted((tmp_path / "demo").iterdir()) if path.suffix in (".csv", ".xlsx")]
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text(encoding="utf-8"))["files"]
    report = company.collect(*files)
    found: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    for part in report.parts:
        for place, name in enumerate(("rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")):
            found[part.file][place] += getattr(part, name)
    paid = 0
    for path in files:
        facts = truth[path.name]
        if "good_rows" not in facts:
            assert found[path.name] == [facts["data_rows"], 0, 0, 0], path.name
            continue
        bad = facts["bad_date_rows"] + facts["bad_amount_rows"]
        assert found[path.name] == [facts["good_rows"], bad, facts["duplicate_rows"], facts["total_rows"]], path.name
        paid += facts["good_rows_paid_fen"]
    assert company.rows("order_lines", "sum(net)") == [(Decimal(paid) / 100,)]
    assert counts(company.collect(*files))[:2] == (report.rows_read, 0)


def test_an_export_of_a_known_system_needs_no_mapping(company: Company, shared: Path) -> None:
    report = company.collect(shared / "data" / "formats" / "shopify_orders_export.csv")
    assert counts(report) == (4, 4, 0, 0, 0)
    assert company.rows("orders", "order_id, status, amount, freight", "1")[:2] == [
        ("#1001", "paid", Decimal("140.00"), Decimal("10.00")),
        ("#1002", "refunded", Decimal("90.00"), Decimal("0.00")),
    ]
    assert company.rows("order_lines", "order_id, product_id, net", "1, 2")[:2] == [
        ("#1001", "CUP-R", Decimal("90.00")),
        ("#1001", "STK", Decimal("60.00")),
    ]
    assert counts(company.collect(shared / "data" / "formats" / "shopify_orders_export.csv")) == (4, 0, 0, 4, 0)


def test_a_taobao_export_gives_goods_without_postage(company: Company) -> None:
    company.load(
        """
        订单编号 | 买家会员名 | 买家应付货款 | 买家应付邮费 | 买家实际支付金额 | 订单状态 | 收货人姓名 | 联系手机    | 订单创建时间        | 宝贝总数量
        1234567890123456789 | tb_abc | 100 | 8 | 98 | 交易成功 | 王芳 | 13812345678 | 2025-01-06 09:00:00 | 2
        """
    )
    assert company.rows("orders", "order_id, status, amount, freight, quantity") == [
        ("1234567890123456789", "completed", Decimal("90.00"), Decimal("8.00"), 2.0)
    ]

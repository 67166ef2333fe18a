"""Sheets as people really send them: each a table and its answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from collecting import Company, counts

from kexiao.errors import Ambiguous, InputRejected


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def amounts(company: Company) -> dict[str, str]:
    return {row[0]: str(row[1]) for row in company.rows("orders", "order_id, amount")}


def workbook(path: Path, draw: Callable[[Any, Any], None], **options: Any) -> Path:
    book = xlsxwriter.Workbook(path, options)
    draw(book, book.add_worksheet("订单"))
    book.close()
    return path


HEAD = "订单号 | 下单时间 | 客户编号 | 金额\n"


# ---- money


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("１２３４．５０", "1234.50"),
        ("¥1,234.50", "1234.50"),
        ("￥ 1234.5", "1234.50"),
        ("1.2万", "12000.00"),
        ("0.5亿", "50000000.00"),
        ("1234.50元", "1234.50"),
        ("RMB 1234.50", "1234.50"),
        ("人民币1234.50元", "1234.50"),
        ("1 234.50", "1234.50"),
        ("+12.00", "12.00"),
    ],
)
def test_an_amount_is_the_same_however_it_is_written(company: Company, written: str, yuan: str) -> None:
    cell = f'"{written}"'
    company.load(f"订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,{cell}\nA2,2025-03-02,c2,1\n")
    assert amounts(company)["A1"] == yuan


@pytest.mark.parametrize(
    ("heading", "yuan"),
    [
        ("金额（万元）", "15000.00"),
        ("金额/万元", "15000.00"),
        ("金额(元)", "1.50"),
        ("金额（千元）", "1500.00"),
        ("金额[亿元]", "150000000.00"),
    ],
)
def test_the_heading_says_the_unit(company: Company, heading: str, yuan: str) -> None:
    company.load(f"订单号,下单时间,客户编号,{heading}\nA1,2025-03-01,c1,1.5\n")
    assert amounts(company) == {"A1": yuan}


@pytest.mark.parametrize("heading", ["amount (USD)", "Amount USD", "amount_usd", "金额（美元）", "金额($)"])
def test_a_currency_in_the_heading_is_the_currency_of_the_orders(company: Company, heading: str) -> None:
    company.load(f"order_id,order_time,customer_id,{heading}\nA1,2025-03-01,c1,1.5\n")
    assert company.rows("orders", "amount, currency") == [(Decimal("1.50"), "USD")]


def test_spend_in_another_currency_than_the_books_is_asked_about(company: Company) -> None:
    for amount in ("amount (USD),100", "amount,$100"):
        heading, cell = amount.split(",")
        with pytest.raises(Ambiguous, match="USD"):
            company.load(f"date,channel,category,{heading}\n2025-03-01,web,media,{cell}\n")
    assert company.snapshots() == 0


def test_amounts_of_several_currencies_are_asked_about(company: Company) -> None:
    with pytest.raises(Ambiguous, match="货币"):
        company.load(HEAD + "A1 | 2025-03-01 | c1 | $10\nA2 | 2025-03-01 | c2 | ¥10\n")


def test_headings_in_two_currencies_are_asked_about(company: Company) -> None:
    with pytest.raises(Ambiguous, match="货币"):
        company.load("订单号,下单时间,客户编号,金额（美元）,成本（人民币）\nA1,2025-03-01,c1,10,50\n")


@pytest.mark.parametrize("written", ["-30.00", "(30.00)", "30.00-", "−30.00", "-¥30.00", "¥-30.00", "－３０"])
def test_a_refund_row_is_negative_however_its_minus_is_written(company: Company, written: str) -> None:
    company.load(HEAD + f"A1 | 2025-03-01 | c1 | 100\nA1-R | 2025-03-02 | c1 | {written}\n")
    assert amounts(company)["A1-R"] == "-30.00"


# ---- ids and phones


def test_ids_written_as_formulas_keep_their_zeros(company: Company) -> None:
    company.load('订单号,下单时间,客户编号,金额\n="0012",2025-03-01,="0007",5\n')
    assert [row[0] for row in company.rows("orders", "order_id")] == ["0012"]
    assert [row[0] for row in company.rows("contacts", "source_id")] == ["0007"]


def test_phones_that_a_spreadsheet_put_into_scientific_notation_are_lost_and_told_not_made_up(company: Company) -> None:
    report = company.load(
        "订单号,下单时间,客户编号,手机号,金额\nA1,2025-03-01,c1,1.38E+10,5\nA2,2025-03-01,c2,13812345678,5\n"
    )
    assert counts(report) == (2, 2, 0, 0, 0)
    assert [row[0] for row in company.rows("contacts", "phone", "source_id")] == [None, "13812345678"]
    assert any("手机号" in told.zh for told in report.warnings)


def test_order_ids_in_scientific_notation_are_refused_since_several_could_be_meant(company: Company) -> None:
    report = company.load(
        "订单号,下单时间,客户编号,金额\n2.02503E+17,2025-03-01,c1,5\n202503010000000002,2025-03-01,c2,5\n"
    )
    assert counts(report) == (2, 1, 1, 0, 0)


def test_ids_beyond_what_a_spreadsheet_holds_are_told(company: Company) -> None:
    def draw(book: Any, page: Any) -> None:
        page.write_row(0, 0, ["订单号", "下单时间", "客户编号", "金额"])
        page.write_row(1, 0, [4150868000000224005, "2025-03-01", "c1", 5])

    report = company.collect(workbook(company.root / "o.xlsx", draw))
    assert any("超过 15 位" in told.zh for told in report.warnings)


# ---- dates


@pytest.mark.parametrize("epoch", [False, True])
def test_dates_are_the_same_in_both_epochs_of_excel(company: Company, epoch: bool) -> None:
    def draw(book: Any, page: Any) -> None:
        form = book.add_format({"num_format": "yyyy/m/d h:mm"})
        page.write_row(0, 0, ["订单号", "下单时间", "客户编号", "金额"])
        page.write_row(1, 0, ["A1", None, "c1", 5])
        page.write_datetime(1, 1, dt.datetime(2025, 3, 1, 9, 30), form)

    company.collect(workbook(company.root / "o.xlsx", draw, date_1904=epoch))
    assert company.rows("orders", "ordered_at::VARCHAR") == [("2025-03-01 01:30:00+00",)]


def test_dates_that_could_be_day_or_month_first_are_asked_about(company: Company) -> None:
    with pytest.raises(Ambiguous, match="歧义"):
        company.load(HEAD + "A1 | 03/04/2025 | c1 | 5\nA2 | 05/06/2025 | c2 | 5\n")
    assert company.snapshots() == 0


def test_one_date_that_proves_the_order_of_day_and_month_decides_for_all(company: Company) -> None:
    company.load(HEAD + "A1 | 03/04/2025 | c1 | 5\nA2 | 25/06/2025 | c2 | 5\n")
    assert [str(row[0]) for row in company.rows("orders", "ordered_on", "order_id")] == ["2025-04-03", "2025-06-25"]


def test_the_answer_to_what_was_asked_stands_in_the_mapping_and_the_file_loads(company: Company) -> None:
    drawn = HEAD + "A1 | 03/04/2025 | c1 | 5\n"
    with pytest.raises(Ambiguous):
        company.load(drawn)
    (path,) = (company.folder.root / "mappings").glob("*.toml")
    path.write_text(
        path.read_text(encoding="utf-8").replace('# date_order = "dmy"', 'date_order = "mdy"'), encoding="utf-8"
    )
    company.load(drawn)
    assert [str(row[0]) for row in company.rows("orders", "ordered_on")] == ["2025-03-04"]


@pytest.mark.parametrize("month", ["2025-03", "2025年3月", "2025/3", "202503"])
def test_a_month_without_a_day_is_asked_about_and_never_guessed(company: Company, month: str) -> None:
    drawn = f"月份,渠道,费用类型,金额\n{month},抖音,媒介,100\n"
    with pytest.raises(Ambiguous, match="只有月份"):
        company.load(drawn)
    (path,) = (company.folder.root / "mappings").glob("*.toml")
    path.write_text(
        path.read_text(encoding="utf-8").replace('# month_day = "first"', 'month_day = "last"'), encoding="utf-8"
    )
    company.load(drawn)
    assert [str(row[0]) for row in company.rows("spend", "spent_on")] == ["2025-03-31"]


def test_a_birthday_of_a_month_only_is_dropped_and_told(company: Company) -> None:
    report = company.load("客户编号,姓名,生日,注册日期\nc1,王芳,1990-05,2025-01-01\nc2,李芳,1991-06-07,2025-01-01\n")
    assert counts(report) == (2, 2, 0, 0, 0)
    assert any("生日" in told.zh for told in report.warnings)


def test_an_instant_in_a_column_of_days_is_the_day_of_business_time(company: Company) -> None:
    company.load("日期,渠道,费用类型,金额\n2025-03-01T20:00:00Z,抖音,媒介,100\n1740801600000,web,媒介,1\n")
    assert [str(row[0]) for row in company.rows("spend", "spent_on", "amount")] == ["2025-03-01", "2025-03-02"]


def test_a_local_time_that_the_clock_skipped_goes_to_quarantine(tmp_path: Path) -> None:
    company = Company(tmp_path, timezone="America/New_York")
    report = company.load(HEAD + "A1 | 2025-03-09 02:30:00 | c1 | 5\nA2 | 2025-03-09 03:30:00 | c1 | 5\n")
    assert counts(report) == (2, 1, 1, 0, 0)
    assert report.errors[0].code == "no_such_local_time"


def test_the_same_local_time_exists_where_the_clock_did_not_change(company: Company) -> None:
    assert counts(company.load(HEAD + "A1 | 2025-03-09 02:30:00 | c1 | 5\n")) == (1, 1, 0, 0, 0)


# ---- rows that are no records


def test_totals_in_the_middle_and_at_the_end_hold_no_orders(company: Company) -> None:
    report = company.load(
        HEAD
        + "A1 | 2025-03-01 | c1 | 10\n3月1日小计 | | | 10\nA2 | 2025-03-02 | c2 | 20\n小计 | | | 20\n合计 | - | - | 30\n"
    )
    assert counts(report) == (5, 2, 0, 0, 3)
    assert amounts(company) == {"A1": "10.00", "A2": "20.00"}


def test_a_total_whose_word_stands_in_the_last_column_holds_no_order(company: Company) -> None:
    report = company.load("订单号,下单时间,客户编号,金额,备注\nA1,2025-03-01,c1,10,x\n,,,10,Grand total\n")
    assert amounts(company) == {"A1": "10.00"}
    assert report.rows_quarantined + report.rows_skipped == 1


def test_notes_above_between_and_below_the_table_are_no_records(company: Company) -> None:
    company.load(
        "某某公司订单报表\n导出时间：2025-03-05 10:00\n\n订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n--------\nA2,2025-03-02,c2,20\n\n备注：以上为已付款订单\n共 2 条记录\n"
    )
    assert amounts(company) == {"A1": "10.00", "A2": "20.00"}


def test_a_header_repeated_on_every_printed_page_is_no_record(company: Company) -> None:
    company.load(HEAD + "A1 | 2025-03-01 | c1 | 10\n" + HEAD + "A2 | 2025-03-02 | c2 | 20\n")
    assert amounts(company) == {"A1": "10.00", "A2": "20.00"}


def test_comment_lines_of_an_analytics_export_are_no_table(company: Company) -> None:
    report = company.load(
        "# ----------------\n# 流量获取\n# 开始日期：20250301\n# ----------------\n会话主要渠道组（默认渠道组）,日期,会话数,互动会话数\n搜索,20250301,10,5\n总计,,10,5\n",
        name="ga4.csv",
    )
    assert counts(report) == (2, 1, 0, 0, 1)
    assert company.rows("ad_results", "day::VARCHAR, channel, visits") == [("2025-03-01", "搜索", 10.0)]


# ---- merged cells


def test_merged_cells_are_filled_down_but_a_merged_amount_counts_once(company: Company) -> None:
    def draw(book: Any, page: Any) -> None:
        centre = book.add_format({"align": "center"})
        page.write_row(0, 0, ["订单号", "下单时间", "客户编号", "商品名称", "数量", "单价", "渠道"])
        page.write_row(1, 3, ["红茶", 1, 10])
        page.write_row(2, 3, ["绿茶", 2, 20])
        for column, cell in enumerate(["A1", "2025-03-01", "c1"]):
            page.merge_range(1, column, 2, column, cell, centre)
        page.merge_range(1, 6, 2, 6, "门店", centre)
        page.write_row(3, 0, ["A2", "2025-03-02", "c2", "红茶", 1, 10, "线上"])

    report = company.collect(workbook(company.root / "o.xlsx", draw))
    assert counts(report) == (3, 3, 0, 0, 0)
    assert company.rows("order_lines", "order_id, net", "1, 2") == [
        ("A1", Decimal("10.00")),
        ("A1", Decimal("40.00")),
        ("A2", Decimal("10.00")),
    ]
    assert [row[0] for row in company.rows("orders", "channel", "order_id")] == ["门店", "线上"]


def test_a_header_merged_over_two_rows_is_read_as_one(company: Company) -> None:
    def draw(book: Any, page: Any) -> None:
        page.merge_range(0, 0, 0, 3, "三月订单")
        for column, heading in enumerate(["订单号", "下单时间", "客户编号"]):
            page.merge_range(1, column, 2, column, heading)
        page.write(1, 3, "金额")
        page.write(2, 3, "实付金额")
        page.write_row(3, 0, ["A1", "2025-03-01", "c1", 10])

    company.collect(workbook(company.root / "o.xlsx", draw))
    assert amounts(company) == {"A1": "10.00"}


# ---- several tables in one file


def test_a_workbook_of_several_sheets_fills_several_tables(company: Company) -> None:
    def draw(book: Any, page: Any) -> None:
        page.write_row(0, 0, ["订单号", "下单时间", "客户编号", "金额"])
        page.write_row(1, 0, ["A1", "2025-03-01", "c1", 10])
        other = book.add_worksheet("客户")
        other.write_row(0, 0, ["客户编号", "姓名", "会员等级"])
        other.write_row(1, 0, ["c1", "王芳", "金卡"])
        book.add_worksheet("说明").write(0, 0, "本表由系统生成")

    company.collect(workbook(company.root / "o.xlsx", draw))
    assert amounts(company) == {"A1": "10.00"}
    assert company.rows("customers", "level") == [("金卡",)]


def test_a_sheet_that_is_no_table_at_all_is_refused_with_the_next_step(company: Company) -> None:
    with pytest.raises(InputRejected, match="首行写列名"):
        company.load("甲,乙,丙\nx,y,z\nu,v,w\n")


# ---- which kind of sheet, and which of its columns


LINES = "订单编号,下单时间,客户手机,商品,数量,单价,小计,订单总额\n"


def test_an_order_total_that_stands_on_each_line_counts_once_though_there_is_only_one_such_order(
    company: Company,
) -> None:
    company.load(
        LINES
        + "A1,2025-03-01,13812345678,红茶,2,10,20,50\nA1,2025-03-01,13812345678,绿茶,3,10,30,50\nA2,2025-03-02,13812345679,红茶,1,10,10,10\n"
    )
    assert amounts(company) == {"A1": "50.00", "A2": "10.00"}
    assert company.rows("order_lines", "sum(net)", "1") == [(Decimal("60.00"),)]


def test_an_amount_called_the_orders_is_the_orders_where_all_its_lines_show_it(company: Company) -> None:
    company.load(
        "订单号,下单时间,客户编号,商品名称,数量,订单金额\nA1,2025-03-01,c1,红茶,2,50\nA1,2025-03-01,c1,绿茶,1,50\nA2,2025-03-02,c2,红茶,1,10\n"
    )
    assert amounts(company) == {"A1": "50.00", "A2": "10.00"}
    assert company.rows("orders", "quantity") == [(1.0,), (3.0,)]


def test_lines_that_happen_to_cost_the_same_are_each_counted(company: Company) -> None:
    company.load(
        "订单号,下单时间,客户编号,商品名称,数量,单价,金额\nA1,2025-03-01,c1,红茶,1,50,50\nA1,2025-03-01,c1,绿茶,1,50,50\n"
    )
    assert company.rows("order_lines", "sum(net)", "1") == [(Decimal("100.00"),)]


def test_a_list_of_people_with_their_scores_is_a_survey_and_not_a_list_of_customers(company: Company) -> None:
    company.load(
        "客户,手机号,满意度(1-5分),推荐分(0-10),填写时间\n张三,13812345678,5,10,2025-03-03 10:00\n李四,13812345679,3,6,2025-03-03 11:00\n"
    )
    assert company.rows("survey_responses", "measure, score, scale_low, scale_high") == [
        ("csat", 3, 1, 5),
        ("csat", 5, 1, 5),
        ("nps", 6, 0, 10),
        ("nps", 10, 0, 10),
    ]


def test_a_ten_point_scale_of_which_only_low_scores_were_given_is_still_a_ten_point_scale(company: Company) -> None:
    company.load("客户编号,满意度(1-10分),填写时间\nc1,3,2025-03-03 10:00\nc2,5,2025-03-03 11:00\n")
    assert set(company.rows("survey_responses", "scale_low, scale_high")) == {(1, 10)}


def test_scores_whose_scale_nothing_tells_are_asked_about(company: Company) -> None:
    with pytest.raises(Ambiguous, match="量表"):
        company.load(
            "答卷编号,客户编号,得分,答卷时间\nS1,c1,9,2025-03-03 10:00\nS2,c2,3,2025-03-03 11:00\n", name="s.csv"
        )


def test_recommendation_on_another_scale_is_no_net_promoter_score(company: Company) -> None:
    report = company.load("客户编号,推荐意愿(1-5分),填写时间\nc1,5,2025-03-03 10:00\nc2,4,2025-03-03 11:00\n")
    assert {row[0] for row in company.rows("survey_responses", "measure")} == {"other"}
    assert any("净推荐值" in told.zh for told in report.warnings)


def test_a_day_and_a_customer_alone_are_no_complaint(company: Company) -> None:
    with pytest.raises(InputRejected):
        company.load("凭证,日期,客户编号,到账,毛额\nA1,2025-03-01,c1,10,12\n")


def test_a_complaint_that_gives_only_a_phone_belongs_to_whoever_ordered_by_it(company: Company) -> None:
    company.load("订单号,下单时间,手机号,金额\nA1,2025-02-01,13812345678,10\n")
    company.load("投诉日期,客户手机号,投诉内容,解决日期\n2025-03-01,138-1234-5678,发货慢,2025-03-02\n", name="c.csv")
    assert company.rows("complaints", "customer_id") == company.rows("orders", "customer_id")


def test_a_lead_that_gives_only_a_phone_belongs_to_whoever_ordered_by_it(company: Company) -> None:
    company.load("订单号,下单时间,手机号,金额\nA1,2025-02-01,13812345678,10\n")
    company.load("姓名,手机,留资时间,来源渠道\n张三,+8613812345678,2025-01-01 10:00,抖音\n", name="l.csv")
    assert company.rows("leads", "customer_id") == company.rows("orders", "customer_id")


def test_a_lead_without_its_customers_number_is_known_by_its_phone(company: Company) -> None:
    company.load("线索编号,客户编号,手机,创建时间\nL1,c1,,2025-01-01\nL2,,13812345678,2025-01-01\nL3,,,2025-01-01\n")
    assert [row[0] for row in company.rows("leads", "customer_id IS NULL", "lead_id")] == [False, False, True]


def test_spend_of_two_media_on_one_day_is_both(company: Company) -> None:
    company.load(
        '日期,媒体,活动,花费(元),曝光,点击\n2025-03-01,百度,春季,"1,000",1000,10\n2025-03-01,微信,春季,500,900,9\n'
    )
    assert company.rows("spend", "channel, amount") == [("微信", Decimal("500.00")), ("百度", Decimal("1000.00"))]


def test_a_refund_that_was_refused_or_is_under_way_is_no_refund_until_it_succeeds(company: Company) -> None:
    drawn = "退款编号,订单编号,退款金额,退款申请时间,退款状态\nT1,A1,-20.00,2025-03-02,退款成功\nT2,A2,10,2025-03-02,退款关闭\nT3,A3,5,2025-03-02,退款中\n"
    report = company.load(drawn, name="r.csv")
    assert counts(report) == (3, 1, 2, 0, 0)
    assert {error.code for error in report.errors} == {"not_counted"}
    company.load(drawn.replace("退款中", "退款成功"), name="later.csv")
    assert company.rows("refunds", "refund_id, amount") == [("T1", Decimal("20.00")), ("T3", Decimal("5.00"))]


def test_contracts_are_orders_of_companies(company: Company) -> None:
    company.load(
        "客户名称,合同编号,签约日期,合同金额(万元),负责人,状态\n甲公司,HT1,2025/3/1,12.5,小王,执行中\n乙公司,HT2,2025/3/5,3,小李,已终止\n"
    )
    assert company.rows("orders", "order_id, amount, status, salesperson") == [
        ("HT1", Decimal("125000.00"), "paid", "小王"),
        ("HT2", Decimal("30000.00"), "cancelled", "小李"),
    ]

"""Delimited text in the layouts that people and systems make."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexiao.errors import Ambiguous, InputRejected

from .conftest import HEADER, ORDERS, Read, csv_of


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_it_knows_all_line_ends(read: Read, end: str) -> None:
    (table,) = read(csv_of(end=end))
    assert table.cells == ORDERS
    assert [no for no, _cells in table.rows] == [2, 3]


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_it_finds_the_separator(read: Read, sep: str) -> None:
    (table,) = read(csv_of(sep=sep))
    assert table.cells == ORDERS


def test_a_first_line_may_name_the_separator(read: Read) -> None:
    (table,) = read("sep=;\r\n" + csv_of(sep=";"))
    assert table.cells == ORDERS
    assert [no for no, _cells in table.rows] == [3, 4]


def test_the_last_row_counts_without_a_line_end(read: Read) -> None:
    (table,) = read(csv_of().rstrip("\r\n"))
    assert table.cells == ORDERS


def test_titles_and_comments_above_the_header_are_skipped(read: Read) -> None:
    above = "某某公司2025年销售明细,,,,\r\n导出时间:2025-03-01 10:00,,,,\r\n,,,,\r\n# crm 3.1\r\n"
    (table,) = read(above + csv_of())
    assert ",".join(table.sheet.header) == HEADER
    assert table.cells == ORDERS
    assert table.rows[0][0] == 6
    assert table.skipped == [(no, "title") for no in (1, 2, 3, 4)]


def test_a_header_is_cleaned_of_blanks_around_it(read: Read) -> None:
    (table,) = read(csv_of(header=" 订单号\u3000,\ufeff客户, 下单日期 ,金额,备注"))
    assert ",".join(table.sheet.header) == HEADER


def test_blank_lines_are_no_rows(read: Read) -> None:
    (table,) = read(csv_of().replace("\r\n", "\r\n\r\n", 2) + ",,,,\r\n")
    assert table.cells == ORDERS
    assert table.sheet.rows_read == 2
    assert {code for _no, code in table.skipped} == {"blank"}
    assert table.rows[0][0] == 3


@pytest.mark.parametrize("label", ["合计", "总计：", "小 计", "华东小计", "Total", "Grand total", "本页合计"])
def test_a_total_is_counted_and_not_staged(read: Read, label: str) -> None:
    (table,) = read(csv_of([*ORDERS, [label, "", "", "20.50", ""]]))
    assert table.cells == ORDERS
    assert table.skipped == [(4, "total")]
    assert table.sheet.rows_read == 3


def test_a_customer_named_like_a_total_stays(read: Read) -> None:
    rows = [["SO1", "合计", "2025-01-06", "1.00", "小计"], ["合计商贸", "李芳", "2025-01-06", "2.00", "x"]]
    (table,) = read(csv_of(rows))
    assert table.cells == rows


def test_a_total_with_a_figure_in_every_column_is_a_total_too(read: Read) -> None:
    (table,) = read("渠道,点击,花费\r\n百度,10,20.00\r\n华东小计,10,20.00\r\n退款合计,3,4\r\n合计,13,24.00\r\n")
    assert [row[0] for row in table.cells] == ["百度", "退款合计"]
    assert table.skipped == [(3, "total"), (5, "total")]


def test_a_repeated_header_is_counted_and_not_staged(read: Read) -> None:
    (table,) = read(csv_of() + csv_of())
    assert table.cells == ORDERS + ORDERS
    assert table.skipped == [(4, "repeated_header")]
    assert table.sheet.rows_read == 5


def test_two_columns_of_one_name_are_for_the_user_to_settle(read: Read) -> None:
    with pytest.raises(Ambiguous, match="金额"):
        read(csv_of(header="订单号,客户,下单日期,金额,金额"))


def test_a_column_without_a_name_gets_one(read: Read) -> None:
    (table,) = read(csv_of(header="订单号,客户,下单日期,金额,"))
    assert table.sheet.header[-1] == "列 5"
    assert "Column 5 has no name" in table.warnings


def test_a_separator_at_the_end_of_each_line_makes_no_column(read: Read) -> None:
    (table,) = read("订单号,金额,\r\nSO1001,12.50,\r\nSO1002,8.00,\r\n")
    assert table.sheet.header == ("订单号", "金额")
    assert not table.warnings


def test_rows_of_another_width_are_refused(read: Read) -> None:
    rows = [ORDERS[0], ["SO3", "短"], [*ORDERS[1], "多", "余"], ORDERS[1]]
    (table,) = read(csv_of(rows))
    assert table.cells == ORDERS
    assert table.refused == [(3, None, "ragged"), (4, None, "ragged")]


def test_a_file_cut_in_its_last_row_does_not_give_a_smaller_amount(read: Read) -> None:
    text = csv_of()
    (table,) = read(text[: text.rindex("8.00") + 1])
    assert table.cells == ORDERS[:1]
    assert table.refused == [(3, None, "ragged")]


def test_a_second_table_below_is_refused_row_by_row(read: Read) -> None:
    (table,) = read(csv_of() + "\r\n退款号,退款金额\r\nRF001,12.00\r\n")
    assert table.cells == ORDERS
    assert [row[0] for row in table.refused] == [5, 6]


def test_another_separator_from_the_middle_on_is_refused(read: Read) -> None:
    (table,) = read(csv_of(ORDERS * 3) + "\r\n".join(";".join(row) for row in ORDERS) + "\r\n")
    assert table.cells == ORDERS * 3
    assert len(table.refused) == 2


def test_line_breaks_and_quotes_inside_quotes_are_content(read: Read) -> None:
    note = '第一行\n第二行,含逗号 "引号"'
    (table,) = read(csv_of([ORDERS[0], ["SO2", "李", "2025-01-07", "8.00", '"' + note.replace('"', '""') + '"']]))
    assert table.cells[1][4] == note


def test_an_open_quote_costs_its_own_row(read: Read) -> None:
    rows = [[f"SO{no}", "王伟", "2025-01-06", "1.00", ""] for no in range(1001, 1021)]
    rows[9][4] = '"没有结束的引号'
    (table,) = read(csv_of(rows))
    assert table.refused == [(11, None, "broken_quote")]
    assert [row[0] for row in table.cells] == [row[0] for no, row in enumerate(rows) if no != 9]


def test_two_broken_quotes_that_pair_swallow_nothing(read: Read) -> None:
    rows = [[f"SO{no}", "王伟", "2025-01-06", "1.00", "好"] for no in range(1001, 1021)]
    rows[3][4] = '"没有结束'
    rows[11][4] = '到这里结束"'
    (table,) = read(csv_of(rows))
    assert [row[0] for row in table.refused] == [5, 13]
    assert len(table.rows) == 18


def test_neighbours_with_broken_quotes_do_not_become_one_row(read: Read) -> None:
    rows = [[f"SO{no}", "王伟", "2025-01-06", "1.00", "好"] for no in range(1001, 1021)]
    rows[3][4] = '"没有结束'
    rows[4][4] = '到这里结束"'
    (table,) = read(csv_of(rows))
    assert [row[0] for row in table.refused] == [5, 6]


def test_long_free_text_with_many_commas_is_not_taken_for_rows(read: Read) -> None:
    note = "很好\n物流快,包装好,味道正,还会再来\n一,二,三,四,五\n谢谢"
    rows = [[f"SO{no}", "王伟", "2025-01-06", "1.00", f'"{note}"'] for no in range(1001, 1011)]
    (table,) = read(csv_of(rows))
    assert not table.refused
    assert {row[4] for row in table.cells} == {note}


def test_a_blank_before_a_quote_is_no_content(read: Read) -> None:
    (table,) = read(csv_of([["SO1", ' "王,伟"', "2025-01-06", "1.00", ' "好"']]))
    assert table.cells == [["SO1", "王,伟", "2025-01-06", "1.00", "好"]]


def test_a_bill_of_a_payment_service_is_read_between_its_head_and_foot(read: Read) -> None:
    head = "交易记录明细查询\r\n账号:[a@example.com]\r\n起始日期:[2025-01-01]    终止日期:[2025-02-01]\r\n-----------明细列表-----------\r\n"
    body = "交易号     ,创建时间     ,金额（元）   ,状态     ,\r\n"
    body += "".join(f"2025010{no}2200\t,2025-01-0{no} 10:00:00 ,{no}.00   ,交易成功   ,\r\n" for no in range(1, 8))
    foot = "-----------------------------\r\n共7笔记录\r\n导出时间:[2025-02-01 10:00:00]    用户:张三\r\n\x1a"
    (table,) = read((head + body + foot).encode("gbk"))
    assert table.sheet.header == ("交易号", "创建时间", "金额（元）", "状态")
    assert len(table.rows) == 7
    assert not table.refused
    assert table.sheet.rows_read == 7


def test_a_row_cut_in_its_first_cell_is_no_footer(read: Read) -> None:
    (table,) = read(csv_of() + "SO10")
    assert table.refused == [(4, None, "ragged")]


def test_a_quote_inside_a_cell_is_content(read: Read) -> None:
    (table,) = read(csv_of([["SO1", '27" 显示器', "2025-01-06", "1.00", ""], ORDERS[1]]))
    assert table.cells[0][1] == '27" 显示器'


def test_the_shell_that_keeps_excel_from_spoiling_a_key_is_taken_off(read: Read) -> None:
    (table,) = read(
        csv_of([['="00123"', "王", "2025-01-06", "1.00", ""], ['"=""00124"""', "李", "2025-01-06", "1.00", ""]])
    )
    assert [row[0] for row in table.cells] == ["00123", "00124"]


def test_formulas_stay_text(read: Read) -> None:
    notes = ["=1+1", "@SUM(1)", "+1", "-1", "=HYPERLINK(1)", "\\N", "NULL", " 两端空格 "]
    (table,) = read(csv_of([["SO1", "王", "2025-01-06", "1.00", note] for note in notes]))
    assert [row[4] for row in table.cells] == notes


def test_a_cell_of_a_megabyte_is_read_whole(read: Read) -> None:
    (table,) = read(csv_of([["SO1", "王", "2025-01-06", "1.00", "x" * 1_000_000]]))
    assert len(table.cells[0][4]) == 1_000_000


def test_thousands_of_columns_are_read(read: Read) -> None:
    names = [f"字段{no}" for no in range(5000)]
    (table,) = read(",".join(names) + "\n" + ",".join(["1"] * 5000) + "\n")
    assert len(table.sheet.header) == 5000
    assert table.sheet.rows == 1


def test_a_header_alone_is_told(read: Read) -> None:
    (table,) = read(csv_of([]))
    assert table.sheet.rows == 0
    assert "no row of data" in table.warnings


def test_data_without_a_header_are_refused(read: Read) -> None:
    with pytest.raises(InputRejected, match="表头"):
        read("SO1001,2025-01-06,12.50\nSO1002,2025-01-07,8.00\n")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"<!DOCTYPE html><html><body><form action='/login'></form></body></html>", "HTML"),
        (b'{"code":40101,"message":"access token expired"}', "JSON"),
        (b"[1, 2, 3]", "JSON"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
        (b"a" * 10_000_000, "one line"),
        (b"\x80\x04\x95\x10\x00\x00\x00", "pickle"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1528), "encrypted"),
        (b"PK\x03\x04" + b"x" * 400, "damaged"),
    ],
)
def test_what_is_no_table_is_refused_by_name(read: Read, content: bytes, says: str) -> None:
    with pytest.raises(InputRejected) as caught:
        read(content)
    assert says in caught.value.message("en")


def test_too_many_broken_rows_refuse_the_file(read: Read) -> None:
    from kexiao.sources.files.staged import Limits

    with pytest.raises(InputRejected, match="坏行超过 50"):
        read(csv_of([*ORDERS, *[["x"]] * 51]), Limits(refused_rows=50))


def test_a_file_without_one_good_row_is_refused(read: Read) -> None:
    with pytest.raises(InputRejected, match="没有一行可以读取"):
        read("订单号,金额\r\nSO1\r\nSO2\r\n")


cell = st.text(st.sampled_from('ab1,"\n 中;é.-='), max_size=6)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8))
def test_whatever_python_writes_as_csv_is_read_back(read: Read, rows: list[list[str]]) -> None:
    rows = [["SO" + str(no), *row[1:]] for no, row in enumerate(rows)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["订单号", "说明", "备注"], *rows])
    (table,) = read(out.getvalue())
    wanted = [
        [c[2:-1] if len(c) > 2 and c[:2] == '="' and c[-1] == '"' and '"' not in c[2:-1] else c for c in row]
        for row in rows
    ]
    assert table.cells == wanted
    assert not table.refused

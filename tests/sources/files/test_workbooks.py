"""Workbooks: typed cells become canonical text, and nothing that a person sees in Excel is lost in silence."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kexiao.errors import Ambiguous, InputRejected

from .conftest import Read

HEADER = ["订单号", "客户", "下单日期", "金额"]
ORDERS: list[list[Any]] = [
    ["SO1", "王伟", dt.date(2025, 1, 6), 12.5],
    ["SO2", "李芳", dt.datetime(2025, 1, 7, 9, 30), 8],
]
Fill = Callable[[Any, Any], None]


def book(*sheets: tuple[str, list[list[Any]]], also: Fill | None = None, epoch_1904: bool = False) -> bytes:
    """A workbook with sheets of rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": epoch_1904}) as workbook:
        date = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets:
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(number, column, value, date)
                    elif value is not None:
                        sheet.write(number, column, value)
            if also:
                also(workbook, sheet)
    return out.getvalue()


def changed(content: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part) if name == member else part)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_typed_cells_become_canonical_text(read: Read) -> None:
    rows = [HEADER, *ORDERS, ["SO3", "赵敏", dt.datetime(2025, 1, 8), 0.1 + 0.2], ["SO4", None, None, -13812345678.0]]
    (table,) = read(book(("订单", rows)))
    assert table.sheet.sheet == "订单"
    assert table.cells == [
        ["SO1", "王伟", "2025-01-06", "12.5"],
        ["SO2", "李芳", "2025-01-07 09:30:00", "8"],
        ["SO3", "赵敏", "2025-01-08", "0.3"],
        ["SO4", "", "", "-13812345678"],
    ]
    assert table.sheet.typed == {"订单号": "text", "客户": "text", "下单日期": "date", "金额": "number"}
    assert not table.warnings


def test_both_epochs_give_the_same_days(read: Read) -> None:
    old = read(book(("a", [HEADER, *ORDERS])))
    new = read(book(("a", [HEADER, *ORDERS]), epoch_1904=True))
    assert old[0].cells == new[0].cells


def test_text_that_looks_like_a_number_keeps_its_zeros(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        sheet.write_string(1, 0, "000123")

    (table,) = read(book(("a", [["客户编号", "金额"], ["", 1]]), also=fill))
    assert table.cells[0][0] == "000123"


def test_zeros_shown_by_the_format_are_kept_as_a_person_sees_them(read: Read) -> None:
    def fill(workbook: Any, sheet: Any) -> None:
        sheet.write_number(1, 0, 12, workbook.add_format({"num_format": "00000"}))

    (table,) = read(book(("a", [["客户编号", "金额"], [None, 1]]), also=fill))
    assert table.cells[0] == ["00012", "1"]


def test_numbers_too_long_for_excel_are_told(read: Read) -> None:
    (table,) = read(book(("a", [["订单号", "金额"], [1234567890123456789, 1]])))
    assert "more than 15 digits" in table.warnings


def test_error_cells_are_not_empty_cells(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        sheet.write_formula("D3", "=1/0", None, "#DIV/0!")

    (table,) = read(book(("a", [HEADER, *ORDERS]), also=fill))
    assert table.cells[1][3] == "#DIV/0!"
    assert "Column 金额: 1 cells hold errors" in table.warnings


def test_a_formula_without_its_result_is_not_an_empty_cell(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        sheet.write_formula("D3", "=D2*2", None, 123)

    content = changed(book(("a", [HEADER, *ORDERS]), also=fill), SHEET, lambda xml: xml.replace(b"<v>123</v>", b""))
    (table,) = read(content)
    assert table.cells[1][3] == "#NOT_CALCULATED!"


def test_a_formula_with_its_result_gives_the_result(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        sheet.write_formula("D3", "=D2*2", None, 25)
        sheet.write_formula("B3", '=""', None, "nothing")

    empty = lambda xml: xml.replace(b"<v>nothing</v>", b"<v></v>")  # noqa: E731
    (table,) = read(changed(book(("a", [HEADER, *ORDERS]), also=fill), SHEET, empty))
    assert table.cells[1][3] == "25"
    assert table.cells[1][1] == ""
    assert not table.warnings


def test_merged_text_is_filled_down_with_a_word(read: Read) -> None:
    def fill(workbook: Any, sheet: Any) -> None:
        sheet.merge_range("B2:B3", "王伟", workbook.add_format())

    (table,) = read(book(("a", [HEADER, *ORDERS]), also=fill))
    assert [row[1] for row in table.cells] == ["王伟", "王伟"]
    assert "1 cells were filled down" in table.warnings


def test_a_merged_amount_is_not_repeated(read: Read) -> None:
    def fill(workbook: Any, sheet: Any) -> None:
        sheet.merge_range("D2:D3", 20.5, workbook.add_format())
        sheet.merge_range("A2:A3", 1001, workbook.add_format())

    (table,) = read(book(("a", [HEADER, *ORDERS]), also=fill))
    assert [row[3] for row in table.cells] == ["20.5", ""]
    assert [row[0] for row in table.cells] == ["1001", "1001"]
    assert "nothing counts twice" in table.warnings


def test_hidden_rows_are_read_and_told(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        sheet.set_row(2, None, None, {"hidden": True})

    (table,) = read(book(("a", [HEADER, *ORDERS]), also=fill))
    assert len(table.rows) == 2
    assert "1 hidden or filtered rows" in table.warnings


def test_every_sheet_with_a_table_is_read(read: Read) -> None:
    tables = read(book(("1月", [HEADER, ORDERS[0]]), ("说明", []), ("2月", [HEADER, ORDERS[1]])))
    assert [(table.sheet.sheet, table.cells[0][0]) for table in tables] == [("1月", "SO1"), ("2月", "SO2")]
    assert "说明" in tables[0].warnings


def test_hidden_sheets_are_named_and_not_read(read: Read) -> None:
    def fill(_workbook: Any, sheet: Any) -> None:
        if sheet.get_name() == "缓存":
            sheet.hide()

    tables = read(book(("订单", [HEADER, *ORDERS]), ("缓存", [["x"], [1]]), also=fill))
    assert len(tables) == 1
    assert "“缓存” is hidden" in tables[0].warnings


def test_titles_group_headers_and_totals_are_not_data(read: Read) -> None:
    rows: list[list[Any]] = [["2025年订单明细"], [None], HEADER, *ORDERS, ["合计", None, None, 20.5]]
    (table,) = read(book(("a", rows)))
    assert list(table.sheet.header) == HEADER
    assert [no for no, _cells in table.rows] == [4, 5]
    assert table.skipped == [(1, "title"), (2, "title"), (6, "total")]


def test_a_header_of_two_rows_takes_names_from_both(read: Read) -> None:
    def fill(workbook: Any, sheet: Any) -> None:
        plain = workbook.add_format()
        sheet.merge_range("A1:A2", "订单号", plain)
        sheet.merge_range("B1:C1", "客户", plain)
        sheet.merge_range("D1:D2", "金额", plain)

    rows: list[list[Any]] = [[], [None, "姓名", "日期"], *ORDERS]
    (table,) = read(book(("a", rows), also=fill))
    assert table.sheet.header == ("订单号", "姓名", "日期", "金额")
    assert [row[0] for row in table.cells] == ["SO1", "SO2"]


def test_a_table_that_begins_elsewhere_keeps_the_rows_a_person_sees(read: Read) -> None:
    rows: list[list[Any]] = [[], [], [], [None, None, *HEADER], *[[None, None, *row] for row in ORDERS]]
    (table,) = read(book(("a", rows)))
    assert list(table.sheet.header) == HEADER
    assert [no for no, _cells in table.rows] == [5, 6]


def test_notes_beside_the_table_become_a_column_of_their_own(read: Read) -> None:
    (table,) = read(book(("a", [HEADER, [*ORDERS[0], "注意"], ORDERS[1]])))
    assert table.sheet.header[4] == "列 5"
    assert "Column 5 has no name" in table.warnings


def test_equal_names_in_a_workbook_are_for_the_user_to_settle(read: Read) -> None:
    with pytest.raises(Ambiguous) as caught:
        read(book(("订单", [["订单号", "金额", "金额"], ["SO1", 1, 2]])))
    assert caught.value.message("en").startswith("sheet “订单”, column 金额")


def test_truth_values_are_words(read: Read) -> None:
    (table,) = read(book(("a", [["订单号", "数量"], ["SO1", True]])))
    assert table.cells == [["SO1", "TRUE"]]


def test_a_false_dimension_costs_nothing(read: Read) -> None:
    content = changed(
        book(("a", [HEADER, *ORDERS])), SHEET, lambda xml: xml.replace(b'ref="A1:D3"', b'ref="A1:XFD1048576"')
    )
    assert b"XFD1048576" in zipfile.ZipFile(io.BytesIO(content)).read(SHEET)
    (table,) = read(content)
    assert len(table.rows) == 2


def test_an_empty_workbook_is_refused(read: Read) -> None:
    with pytest.raises(InputRejected, match="空的"):
        read(book(("a", [])))


def ods(cells: str) -> bytes:
    """A small OpenDocument sheet."""
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} xmlns:calcext="urn:calcext">'
        f'<office:body><office:spreadsheet><table:table table:name="订单">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def ods_row(*cells: str) -> str:
    inner = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in cells
    )
    return f"<table:table-row>{inner}</table:table-row>"


def test_an_opendocument_sheet_is_read(read: Read) -> None:
    (table,) = read(ods(ods_row("订单号", "客户") + ods_row("SO1", "王伟")))
    assert table.cells == [["SO1", "王伟"]]


def test_an_opendocument_sheet_with_errors_is_refused(read: Read) -> None:
    broken = '<table:table-row><table:table-cell calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell></table:table-row>'
    with pytest.raises(InputRejected, match="错误值"):
        read(ods(ods_row("订单号", "客户") + ods_row("SO1", "王伟") + broken))


def test_a_web_page_named_xls_is_read_as_the_table_it_is(read: Read) -> None:
    page = "<html><meta charset='utf-8'><table><tr><td>订单号</td><td>客户</td><td>金额</td></tr>"
    page += "<tr><td>SO1</td><td rowspan=2>王&amp;李</td><td>12.50</td></tr><tr><td>SO2</td><td>8<br></td></tr></table>"
    (table,) = read(page)
    assert table.cells == [["SO1", "王&李", "12.50"], ["SO2", "王&李", "8"]]
    assert "HTML" in table.warnings


def test_text_named_xls_is_read_as_the_text_it_is(read: Read) -> None:
    (table,) = read("订单号\t客户\r\nSO1\t王伟\r\n".encode("gbk"))
    assert table.cells == [["SO1", "王伟"]]


def test_the_superstore_workbook_is_read_whole(read: Read, shared: Path) -> None:
    path = next((shared / "data" / "retail_cn").glob("*.xls"), None)
    if path is None:
        pytest.skip("the xls sample is not here")
    (table,) = read(path)
    columns = {name: index for index, name in enumerate(table.sheet.header)}
    assert table.sheet.rows == 9935
    assert table.sheet.typed["订单日期"] == "date"
    assert table.sheet.typed["销售额"] == "number"
    assert table.cells[0][columns["订单日期"]] == "2016-04-27"
    assert sum(int(row[columns["数量"]]) for row in table.cells) > 9935
    assert all(row[columns["订单 Id"]][:3] in ("US-", "CN-") for row in table.cells)

"""JSON as tables: pushes, answers of interfaces, lines of objects; long ids keep every digit."""

from __future__ import annotations

import json

import pytest

from kexiao.errors import InputRejected

from .conftest import Read


def text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def refusal(read: Read, content: str) -> str:
    with pytest.raises(InputRejected) as caught:
        read(content)
    return caught.value.message("en")


def test_an_array_of_objects_is_a_table_with_a_column_for_every_field(read: Read) -> None:
    [table] = read(text([{"订单号": "SO1", "金额": "12.50"}, {"订单号": "SO2", "渠道": "门店"}]))
    assert table.sheet.header == ("订单号", "金额", "渠道")
    assert table.cells == [["SO1", "12.50", ""], ["SO2", "", "门店"]]


def test_numbers_stay_as_they_are_written(read: Read) -> None:
    [table] = read('[{"id": 41508680000002240051234, "amount": 0.10, "n": 1e3}, {"id": 1, "amount": -5, "n": null}]')
    assert table.cells == [["41508680000002240051234", "0.10", "1e3"], ["1", "-5", ""]]


def test_objects_inside_a_record_are_flattened_one_level(read: Read) -> None:
    [table] = read(text([{"id": "1", "Owner": {"id": "7", "name": "甲"}, "tags": ["a", "b"], "ok": True}]))
    assert table.sheet.header == ("id", "Owner.id", "Owner.name", "tags", "ok")
    assert table.cells == [["1", "7", "甲", "a┋b", "TRUE"]]


def test_lists_of_lines_inside_a_record_become_a_sheet_with_the_records_id(read: Read) -> None:
    orders = [
        {"id": "1", "total": 3.50, "items": [{"sku": "a", "id": "9"}, {"sku": "b", "price": 1.20}]},
        {"id": "2", "total": 1, "items": []},
        {"id": "3", "total": 2, "items": [{"sku": "c"}]},
    ]
    head, lines = read(text({"orders": orders}))
    assert (head.sheet.sheet, lines.sheet.sheet) == ("orders", "orders.items")
    assert (head.sheet.header, head.cells) == (("id", "total"), [["1", "3.5"], ["2", "1"], ["3", "2"]])
    assert lines.sheet.header == ("order_id", "sku", "id", "price")
    assert lines.cells == [["1", "a", "9", ""], ["1", "b", "", "1.2"], ["3", "c", "", ""]]


def test_lines_take_the_orders_number_rather_than_another_id_and_keep_a_field_of_the_same_name(read: Read) -> None:
    record = {"客户编号": "C1", "订单号": "A1", "商品明细": [{"商品编号": "P1", "订单号": "x"}]}
    _, lines = read(text([record]))
    assert lines.sheet.header == ("订单号", "商品编号", "商品明细.订单号")
    assert lines.cells == [["A1", "P1", "x"]]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "owner__l": [{"id": "7", "name": "甲"}]},
        {"name": "甲", "items": [{"sku": "a"}]},
        {"id": "1", "items": [{"sku": "a"}, "b"]},
    ],
)
def test_other_lists_inside_a_record_stay_as_text_and_are_told(read: Read, record: dict[str, object]) -> None:
    [table] = read(text([record]))
    held = list(record)[1]
    assert table.sheet.header == (next(iter(record)), f"{held}（列表）")
    assert json.loads(table.cells[0][1]) == record[held]
    assert f"“{held}” holds lists of its own (1 records)" in table.warnings


def test_every_array_in_an_answer_is_a_sheet_named_by_the_way_to_it(read: Read) -> None:
    answer = {
        "request": {"filters": [{"field_name": "type", "operator": "EQ"}]},
        "response": {"data": {"dataList": [{"_id": "a"}, {"_id": "b"}], "total": 2}, "errorCode": 0},
    }
    first, second = read(text(answer))
    assert (first.sheet.sheet, second.sheet.sheet) == ("request.filters", "response.data.dataList")
    assert second.cells == [["a"], ["b"]]


def test_one_object_alone_is_one_row(read: Read) -> None:
    [table] = read(text({"activity": "5657754", "submittime": "2016-08-23 10:01:59", "q1": "1"}))
    assert table.cells == [["5657754", "2016-08-23 10:01:59", "1"]]


def test_lines_of_objects_are_rows(read: Read) -> None:
    [table] = read('{"id": 1, "v": "甲"}\n{"id": 2, "v": "乙"}\n\n')
    assert table.cells == [["1", "甲"], ["2", "乙"]]


def test_json_in_gbk_is_read(read: Read) -> None:
    content = text([{"客户": "王伟", "备注": "请尽快发货，谢谢"}] * 3).encode("gb18030")
    [table] = read(content)
    assert table.cells[0] == ["王伟", "请尽快发货，谢谢"]


def test_the_error_answer_of_an_interface_is_told_with_its_words(read: Read) -> None:
    said = refusal(read, text({"errorCode": 20016, "errorMessage": "token expired", "data": {"dataList": [{"a": 1}]}}))
    assert "JSON, 20016: token expired" in said


def test_an_answer_that_says_it_went_well_is_no_error(read: Read) -> None:
    [table] = read(text({"errorCode": 0, "errorMessage": "OK", "data": [{"a": "1"}]}))
    assert table.cells == [["1"]]


@pytest.mark.parametrize("content", ['{"data": []}', "[]", "[1, 2, 3]", '[{"a": 1}, 2]', '{"data": {}}', '["a", "b"]'])
def test_json_without_records_is_refused(read: Read, content: str) -> None:
    assert "JSON" in refusal(read, content)


@pytest.mark.parametrize("content", ['[{"a": 1}, {"a": 2', '[{"a": 1} {"a": 2}]', '{"a": 1}\n{"a": 2', '[{"a": tru}]'])
def test_broken_json_is_refused_and_not_read_in_part(read: Read, content: str) -> None:
    assert "incomplete or has a mistake" in refusal(read, content)


def test_two_fields_of_one_name_in_a_record_are_refused(read: Read) -> None:
    assert "two fields “a”" in refusal(read, '[{"a": 1, "a": 2}]')

"""Files come in the encodings of their time and place; a cell is right, or its row is refused."""

from __future__ import annotations

import pytest

from kexiao.errors import InputRejected

from .conftest import HEADER, ORDERS, Read, csv_of

ANCIENT = "﨑"


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("gbk", b""),
        ("gb18030", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32", b""),
    ],
)
def test_it_reads_the_same_cells_in_every_encoding(read: Read, codec: str, mark: bytes) -> None:
    (table,) = read(mark + csv_of().encode(codec))
    assert ",".join(table.sheet.header) == HEADER
    assert table.cells == ORDERS


def test_it_says_so_when_it_had_to_suppose_the_encoding(read: Read) -> None:
    (table,) = read(csv_of().encode("gbk"))
    assert "GBK" in table.warnings
    assert not read(csv_of())[0].warnings


def test_characters_beyond_gbk_survive_in_gb18030(read: Read) -> None:
    (table,) = read(csv_of([["SO1", "𠮷田", "2025-01-06", "1.00", "€100 㐂"]]).encode("gb18030"))
    assert table.cells == [["SO1", "𠮷田", "2025-01-06", "1.00", "€100 㐂"]]


def test_big5_is_told_from_gbk_although_both_decode(read: Read) -> None:
    text = "訂單號,客戶編號,金額\r\nSO1,陳大文,12.50\r\nSO2,林小姐,8.00\r\n"
    text.encode("big5").decode("gb18030")  # no error, only garbage
    (table,) = read(text.encode("big5"))
    assert table.sheet.header == ("訂單號", "客戶編號", "金額")
    assert table.cells[0][1] == "陳大文"
    assert "Big5" in table.warnings


def test_short_gbk_files_are_not_taken_for_big5(read: Read) -> None:
    for name in ("客户,金额", "姓名,电话", "渠道,花费", "品类,销售额"):
        (table,) = read(f"{name}\r\n王小明,100\r\n".encode("gbk"))
        assert table.sheet.header == tuple(name.split(","))


def test_western_accents_are_read_as_such(read: Read) -> None:
    (table,) = read("order,customer,amount\nA1,Zoë Müller,9.90\nA2,José,8.00\n".encode("cp1252"))
    assert table.cells == [["A1", "Zoë Müller", "9.90"], ["A2", "José", "8.00"]]


def test_a_row_with_broken_bytes_is_refused_and_the_others_stay(read: Read) -> None:
    content = csv_of().encode().replace("李芳".encode(), b"\xc3\x28")
    (table,) = read(content)
    assert table.refused == [(3, "客户", "undecodable")]
    assert table.cells == [ORDERS[0]]


def test_gbk_lines_inside_a_utf8_file_are_refused(read: Read) -> None:
    lines = csv_of([*ORDERS, *[["SO9", "赵敏", "2025-02-01", "3.00", ""]] * 3]).split("\r\n")
    (table,) = read(b"\r\n".join(line.encode("gbk" if no == 2 else "utf-8") for no, line in enumerate(lines)))
    assert table.refused == [(3, "客户", "undecodable")]
    assert len(table.rows) == 4


def test_utf8_lines_inside_a_gbk_file_are_refused_not_turned_into_other_characters(read: Read) -> None:
    rows = [[f"SO{no}", "赵敏", "2025-02-01", "3.00", "送货上门"] for no in range(20)]
    lines = csv_of(rows).split("\r\n")
    (table,) = read(b"\r\n".join(line.encode("utf-8" if no == 7 else "gbk") for no, line in enumerate(lines)))
    assert [row[0] for row in table.refused] == [8]
    assert {row[1] for row in table.cells} == {"赵敏"}


def test_a_zero_byte_costs_its_row_only(read: Read) -> None:
    (table,) = read(csv_of().replace("SO1001", "SO\x001001"))
    assert table.refused == [(2, "订单号", "nul_byte")]
    assert table.cells == [ORDERS[1]]


def test_surrogates_of_old_databases_are_refused(read: Read) -> None:
    (table,) = read(csv_of().encode().replace("王伟".encode(), b"\xed\xa0\xbd\xed\xb8\x80"))
    assert [row[2] for row in table.refused] == ["undecodable"]


def test_text_lost_before_the_file_was_made_is_told(read: Read) -> None:
    (table,) = read(csv_of([["SO1", "\ufffd伟", "2025-01-06", "1.00", ""]]))
    assert "Column 客户: 1 cells" in table.warnings
    assert table.cells[0][1] == "\ufffd伟"


def test_invisible_signs_are_told_and_kept(read: Read) -> None:
    (table,) = read(csv_of([["SO\u200b1", "\u202e王", "2025-01-06", "1.00", "a\u00a0b"]]))
    assert table.cells[0][0] == "SO\u200b1"
    assert all(f"Column {name}: 1 cells" in table.warnings for name in ("订单号", "客户", "备注"))


def test_emoji_and_accents_are_kept_byte_for_byte_without_a_warning(read: Read) -> None:
    names = ["👩‍👩‍👧‍👦家", "Zoë", "Zoe\u0308", "👍🏽☺️"]
    (table,) = read(csv_of([["SO1", name, "2025-01-06", "1.00", ""] for name in names]))
    assert [row[1] for row in table.cells] == names
    assert not table.warnings


def test_random_bytes_are_no_table(read: Read) -> None:
    import random

    with pytest.raises(InputRejected):
        read(random.Random(1).randbytes(60_000))


def test_text_that_was_encoded_twice_is_refused(read: Read) -> None:
    with pytest.raises(InputRejected, match="乱码"):
        read(csv_of().encode().decode("latin-1").encode())


def test_the_ghost_of_lost_text_is_told(read: Read) -> None:
    (table,) = read(csv_of([["SO1", "锟斤拷", "2025-01-06", "1.00", ""]]))
    assert "already lost" in table.warnings

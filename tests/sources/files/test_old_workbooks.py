"""Old workbooks (xls), written here byte by byte after [MS-XLS] and [MS-CFB]."""

from __future__ import annotations

import struct

import pytest

from kexiao.errors import InputRejected

from .conftest import Read

SECTOR = 512


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def number(row: int, column: int, value: float) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def error(row: int, column: int, code: int) -> bytes:
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, code, 1))


def failed_formula(row: int, column: int, code: int) -> bytes:
    result = bytes([2, 0, code, 0, 0, 0, 0xFF, 0xFF])
    return record(0x0006, struct.pack("<HHH", row, column, 0) + result + struct.pack("<HIH", 0, 0, 0))


def hidden_row(row: int) -> bytes:
    return record(0x0208, struct.pack("<HHHHHHHH", row, 0, 4, 255, 0, 0, 0x20, 0))


def workbook(*sheets: tuple[str, bytes], password: bool = False) -> bytes:
    """A workbook stream: globals with the list of sheets, then the sheets."""
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    start = (
        record(0x0809, bof) + (record(0x002F, bytes(6)) if password else b"") + record(0x0042, struct.pack("<H", 1200))
    )
    bodies = [
        record(0x0809, bof[:2] + struct.pack("<H", 0x0010) + bof[4:]) + body + record(0x000A) for _n, body in sheets
    ]
    lengths = [12 + 2 * len(name) for name, _body in sheets]
    at = len(start) + sum(lengths) + 4
    listed = b""
    for (name, _body), body in zip(sheets, bodies, strict=True):
        listed += record(0x0085, struct.pack("<IBBBB", at, 0, 0, len(name), 1) + name.encode("utf-16-le"))
        at += len(body)
    return start + listed + record(0x000A) + b"".join(bodies)


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file with one stream of at least 4,096 bytes."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    table = [*range(1, count), 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFD]  # the stream, the directory, this table
    fat = struct.pack(f"<{SECTOR // 4}I", *table, *[0xFFFFFFFF] * (SECTOR // 4 - len(table)))

    def entry(title: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
        raw = (title + "\0").encode("utf-16-le")
        head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
        return head + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry(name, 2, 0, len(stream)) + bytes(256)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, count, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", count + 1, *[0xFFFFFFFF] * 108)
    return head + stream + directory + fat


HEAD = label(0, 0, "订单号") + label(0, 1, "金额")


def test_text_and_numbers_are_read(read: Read) -> None:
    body = HEAD + label(1, 0, "SO1") + number(1, 1, 12.5)
    (table,) = read(compound(workbook(("订单", body))))
    assert table.sheet.sheet == "订单"
    assert table.cells == [["SO1", "12.5"]]
    assert table.sheet.typed == {"订单号": "text", "金额": "number"}


def test_error_cells_are_not_empty_cells(read: Read) -> None:
    body = HEAD + label(1, 0, "SO1") + error(1, 1, 0x07) + label(2, 0, "SO2") + failed_formula(2, 1, 0x2A)
    (table,) = read(compound(workbook(("其他", HEAD + label(1, 0, "x") + number(1, 1, 1)), ("订单", body)))[:])[1:]
    assert table.cells == [["SO1", "#DIV/0!"], ["SO2", "#N/A"]]


def test_hidden_rows_are_told(read: Read) -> None:
    (table,) = read(compound(workbook(("订单", HEAD + hidden_row(1) + label(1, 0, "SO1") + number(1, 1, 1)))))
    assert "1 hidden or filtered rows" in table.warnings


def test_a_password_is_named(read: Read) -> None:
    with pytest.raises(InputRejected, match="加密"):
        read(compound(workbook(("订单", HEAD), password=True)))
    with pytest.raises(InputRejected, match="加密"):
        read(compound(b"x" * 5000, "EncryptedPackage"))


def test_other_documents_are_refused(read: Read) -> None:
    with pytest.raises(InputRejected):
        read(compound(b"x" * 5000, "WordDocument"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.95])
def test_a_cut_workbook_is_refused(read: Read, share: float) -> None:
    content = compound(
        workbook(("订单", HEAD + b"".join(label(no, 0, f"SO{no}") + number(no, 1, no) for no in range(1, 400))))
    )
    with pytest.raises(InputRejected):
        read(content[: int(len(content) * share)])

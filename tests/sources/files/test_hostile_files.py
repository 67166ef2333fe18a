"""Files made to harm: each is refused with one clear message, quickly, and leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from kexiao.errors import InputRejected, LimitExceeded, StorageError
from kexiao.sources.files import Limits, read_file

from .conftest import ORDERS, Read, csv_of, table_of
from .test_workbooks import HEADER, SHEET, book, changed

HEAD = "订单号,客户,下单日期,金额,备注\r\n"
PLAIN = [("a", [HEADER, ["SO1", "王伟", "2025-01-06", 1]])]


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def refusal(read: Read, content: bytes) -> str:
    with pytest.raises(InputRejected) as caught:
        read(content)
    return caught.value.message("en")


def test_outside_entities_are_refused_before_any_parser_sees_them(read: Read) -> None:
    evil = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    content = changed(book(*PLAIN), SHEET, lambda xml: xml.replace(b"<worksheet", evil + b"<worksheet"))
    assert "DOCTYPE" in refusal(read, content)


def test_entity_bombs_in_any_part_are_refused(read: Read) -> None:
    content = changed(book(*PLAIN), "xl/sharedStrings.xml", lambda xml: b'<!DOCTYPE s [<!ENTITY a "lol">]>' + xml)
    assert "DOCTYPE" in refusal(read, content)


def test_a_zip_bomb_is_refused_by_its_directory(read: Read) -> None:
    content = changed(
        book(*PLAIN), SHEET, lambda xml: xml.replace(b"</sheetData>", b" " * 100_000_000 + b"</sheetData>")
    )
    assert len(content) < 1_000_000
    assert "abnormal size" in refusal(read, content)


def test_a_gzip_bomb_is_refused_while_unpacking(read: Read) -> None:
    bomb = gzip.compress(csv_of().encode() * 1000 + b" " * 300_000_000, 9)
    assert "abnormal size" in refusal(read, bomb)


def test_a_flipped_bit_in_a_workbook_is_noticed(read: Read) -> None:
    content = bytearray(book(*PLAIN))
    content[len(content) // 2] ^= 0xFF
    assert refusal(read, bytes(content))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_workbook_is_refused(read: Read, share: float) -> None:
    content = book(*PLAIN)
    assert refusal(read, content[: int(len(content) * share)])


def test_a_zip_with_a_password_is_refused_as_such(read: Read) -> None:
    content = bytearray(zipped(("a.csv", csv_of().encode())))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(sign) + at] |= 1
    assert "encrypted" in refusal(read, bytes(content))


@pytest.mark.parametrize("name", ["../../evil.csv", "/var/evil.csv", "a/../../b.csv", "C:\\evil.csv"])
def test_members_that_lead_out_of_the_archive_refuse_it(read: Read, name: str) -> None:
    assert "unsafe file names" in refusal(read, zipped((name, csv_of().encode())))


def test_archives_in_archives_are_refused(read: Read) -> None:
    inner = zipped(("c.csv", csv_of().encode()))
    assert "archive inside" in refusal(read, zipped(("b.zip", inner)))
    assert "archive inside" in refusal(read, gzip.compress(inner))


def test_all_tables_of_an_archive_are_read(read: Read) -> None:
    tables = read(zipped(("一月/a.csv", csv_of().encode()), ("b.xlsx", book(*PLAIN)), ("__MACOSX/._a.csv", b"x")))
    assert [table.sheet.sheet for table in tables] == ["a.csv", "b.xlsx / a"]
    assert tables[0].cells == ORDERS


def test_one_bad_member_refuses_the_archive_and_is_named(read: Read) -> None:
    message = refusal(read, zipped(("a.csv", csv_of().encode()), ("b.csv", b"<html></html>")))
    assert message.startswith("b.csv")


def test_gzip_named_as_anything_is_unpacked(read: Read) -> None:
    (table,) = read(gzip.compress(csv_of().encode()))
    assert table.cells == ORDERS


def test_a_cut_gzip_is_refused(read: Read) -> None:
    content = gzip.compress(csv_of(ORDERS * 1000).encode())
    assert "damaged or incomplete" in refusal(read, content[:-20])


def test_an_old_workbook_of_noise_is_refused(read: Read) -> None:
    import random

    noise = random.Random(3)
    for length in (600, 5000, 60_000):
        content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise.randbytes(length)
        assert refusal(read, content)


@pytest.mark.parametrize("cell", ["XFD1048576", "AZZ900000", "ZZZ99999999"])
def test_a_far_cell_does_not_take_the_machine(read: Read, cell: str) -> None:
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
    assert "beyond the data" in refusal(
        read, changed(book(*PLAIN), SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    )


def test_a_picture_that_claims_to_be_compressed_is_refused(read: Read) -> None:
    assert refusal(read, b"\x1f\x8b" + zlib.compress(b"x" * 100))


def test_hostile_names_are_names_only(tmp_path: Path) -> None:
    names = ["-rf.csv", "a b;touch pwned.csv", "$(touch pwned).csv", "订单\u202egpj.csv", "[a-z]*.csv", "x" * 250]
    path = tmp_path / "[a-z]*.data"
    path.write_text(csv_of(), encoding="utf-8")
    (tmp_path / "a.data").write_text("别的,表\n1,2\n", encoding="utf-8")
    for number, name in enumerate(names):
        (sheet,) = read_file(path, tmp_path / f"work [{number}]*", original_name=name)
        assert sheet.header[0] == "订单号"
    assert not list(tmp_path.rglob("pwned*"))


def test_names_in_messages_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"")
    with pytest.raises(InputRejected) as caught:
        read_file(path, tmp_path / "work", original_name="../../订单\u202e\x1b[2Jgpj.csv")
    assert caught.value.message("en").startswith("订单[2Jgpj.csv: The file is empty.")


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(csv_of(ORDERS * 50_000), encoding="utf-8")
    with pytest.raises(LimitExceeded, match="用时过长"):
        read_file(path, tmp_path / "work", original_name="a.csv", limits=Limits(wall_seconds=0.05))


def test_a_child_without_enough_memory_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(book(("a", [HEADER, *[["SO1", "王", "x", 1.5]] * 60_000])))
    with pytest.raises(LimitExceeded):
        read_file(path, tmp_path / "work", original_name="a.xlsx", limits=Limits(memory_bytes=100 * 1024**2))


@pytest.mark.parametrize("last", ["", "合计,,,1,\r\n"])
def test_a_full_disk_is_a_matter_of_storage(tmp_path: Path, last: str) -> None:
    path = tmp_path / "x"
    rows = "".join(f"SO{no * 7919 % 99991},客户{no * 31 % 9973},2025-01-06,{no}.5,\r\n" for no in range(20_000))
    path.write_text(HEAD + rows + last, encoding="utf-8", newline="")
    with pytest.raises(StorageError):
        read_file(path, tmp_path / "work", original_name="a.csv", limits=Limits(file_bytes=30_000))


def test_it_works_under_stricter_limits_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(csv_of(), encoding="utf-8")
    code = (
        "import resource, sys; from pathlib import Path; from kexiao.sources.files import read_file; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000)); "
        "print(read_file(Path(sys.argv[1]), Path(sys.argv[2]), original_name='a.csv')[0].rows)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "work")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2"


def test_the_result_of_the_child_is_the_same_as_in_process(tmp_path: Path, read: Read) -> None:
    content = csv_of([*ORDERS, ["x"], ["合计", "", "", "1", ""]])
    (here,) = read(content)
    path = tmp_path / "file"
    path.write_text(content, encoding="utf-8")
    (there,) = read_file(path, tmp_path / "work", original_name="订单.csv")
    assert table_of(there).rows == here.rows
    assert there.refused == here.sheet.refused
    assert there.skipped == here.sheet.skipped


def test_the_child_starts_quickly_and_imports_little() -> None:
    code = (
        "import sys; import kexiao.sources.files.child; print(*sorted(m for m in sys.modules if m in HEAVY))".replace(
            "HEAVY", "('numpy', 'duckdb', 'scipy', 'deltalake', 'sqlglot', 'typer')"
        )
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


def test_a_footer_of_two_gigabytes_is_not_believed(read: Read) -> None:
    assert "damaged" in refusal(read, b"PAR1" + bytes(100) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1")


def test_notes_and_pictures_beside_the_tables_of_an_archive_are_left_out_and_told(read: Read) -> None:
    [table] = read(zipped(("orders.csv", csv_of().encode()), ("说明.png", b"\x89PNG\r\n\x1a\n" + bytes(64))))
    assert len(table.rows) == len(ORDERS)
    assert "“说明.png” in the archive was not read" in table.warnings


def test_an_archive_of_nothing_but_pictures_is_refused(read: Read) -> None:
    assert "PNG" in refusal(read, zipped(("a.png", b"\x89PNG\r\n\x1a\n" + bytes(64))))

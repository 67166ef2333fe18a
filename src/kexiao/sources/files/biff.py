"""Old workbooks (xls): the compound file around them, and the error cells that calamine leaves empty."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kexiao.errors import InputRejected
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.workbook import SheetNotes, broken, encrypted, stage_workbook
from kexiao.text import Text

_FREE = 0xFFFFFFFA  # from here on sector numbers have other meanings: end of chain, free, table
_BOF = (0x0809, 0x0409, 0x0209)
_FORMULA, _BOOL_OR_ERROR, _ROW, _SHEET, _PASSWORD = 0x0006, 0x0205, 0x0208, 0x0085, 0x002F
_CELLS = {0x0006, 0x00BD, 0x00BE, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E}
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def stage_xls(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """The sheets of an xls workbook.

    Errors: ``InputRejected`` for a password, a damaged file, or another kind of document.
    """
    content = path.read_bytes()
    try:
        streams = _streams(content)
    except (struct.error, IndexError, ValueError):
        raise _unreadable() from None
    if "EncryptedPackage" in streams:
        raise encrypted()
    if "Workbook" not in streams and "Book" not in streams:
        raise _unreadable()
    try:
        notes = _notes(_stream(content, streams, "Workbook" if "Workbook" in streams else "Book"))
    except (struct.error, IndexError, ValueError):
        raise _unreadable() from None
    return stage_workbook(path, limits, notes, prefix=prefix)


def _unreadable() -> InputRejected:
    return InputRejected(
        Text(
            zh="不是可以读取的 Excel 文件：可能已加密（encrypted）或损坏。",
            en="This is no readable Excel file: it may be encrypted or damaged.",
        ),
        next_step=broken().next_step,
    )


def _streams(content: bytes) -> dict[str, tuple[int, int]]:
    """Name → first sector and size of the streams in a compound file ([MS-CFB] 2.6)."""
    directory = _chain(content, _table(content), struct.unpack_from("<I", content, 48)[0])
    found = {}
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        if directory[at + 66] in (2, 5) and 2 <= length <= 64:
            name = directory[at : at + length - 2].decode("utf-16-le", "replace")
            first, size = struct.unpack_from("<IQ", directory, at + 116)
            found[name] = (first, size & 0xFFFFFFFF)
    return found


def _sector_size(content: bytes) -> int:
    shift = int(struct.unpack_from("<H", content, 30)[0])
    if shift not in (9, 12):
        raise ValueError(shift)
    return 1 << shift


def _table(content: bytes) -> list[int]:
    """Which sector follows which ([MS-CFB] 2.3), with the list of the table's own sectors (2.5)."""
    size = _sector_size(content)
    listed = list(struct.unpack_from("<109I", content, 76))
    following, count = struct.unpack_from("<II", content, 68)
    for _ in range(min(count, len(content) // size)):
        more = struct.unpack_from(f"<{size // 4}I", content, (following + 1) * size)
        listed += more[:-1]
        following = more[-1]
    table: list[int] = []
    for sector in listed:
        if sector < _FREE:
            table += struct.unpack_from(f"<{size // 4}I", content, (sector + 1) * size)
    return table


def _chain(content: bytes, table: list[int], first: int) -> bytes:
    size = _sector_size(content)
    parts: list[bytes] = []
    sector = first
    while sector < _FREE:
        if len(parts) > len(table):
            raise ValueError("a chain without end")
        parts.append(content[(sector + 1) * size : (sector + 2) * size])
        sector = table[sector]
    return b"".join(parts)


def _stream(content: bytes, streams: dict[str, tuple[int, int]], name: str) -> bytes:
    """One stream; those under 4,096 bytes lie in small sectors inside the root's stream ([MS-CFB] 2.4)."""
    first, size = streams[name]
    table = _table(content)
    if size >= 4096:
        return _chain(content, table, first)[:size]
    store = _chain(content, table, streams["Root Entry"][0])
    raw = _chain(content, table, struct.unpack_from("<I", content, 60)[0])
    small = struct.unpack(f"<{len(raw) // 4}I", raw)
    parts: list[bytes] = []
    sector = first
    while sector < _FREE:
        if len(parts) > len(small):
            raise ValueError("a chain without end")
        parts.append(store[sector * 64 : sector * 64 + 64])
        sector = small[sector]
    return b"".join(parts)[:size]


def _records(book: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and length of the records of a workbook stream ([MS-XLS] 2.1.4)."""
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, at + 4, length
        at += 4 + length


def _notes(book: bytes) -> dict[int, SheetNotes]:
    """Error cells and hidden rows of each sheet, by its number from 0."""
    starts: dict[int, int] = {}
    cells: dict[int, dict[tuple[int, int], str]] = {}
    hidden: Counter[int] = Counter()
    current = -1
    for kind, at, length in _records(book):
        if kind == _PASSWORD:
            raise encrypted()
        if kind == _SHEET:
            starts[struct.unpack_from("<I", book, at)[0]] = len(starts)
        elif kind in _BOF and at - 4 in starts:
            current = starts[at - 4]
            cells[current] = {}
        elif current >= 0 and kind == _ROW and length >= 16:
            hidden[current] += bool(book[at + 12] & 0x20)
        elif current >= 0 and kind in _CELLS and book[at + 3]:
            raise broken()  # beyond column 256: damage, for which the parser would ask for gigabytes
        if current >= 0 and (code := _error_code(book, kind, at, length)) is not None:
            cells[current][struct.unpack_from("<HH", book, at)] = _ERRORS.get(code, "#UNKNOWN!")
    return {number: SheetNotes(found, hidden_rows=hidden[number]) for number, found in cells.items()}


def _error_code(book: bytes, kind: int, at: int, length: int) -> int | None:
    """The error that a cell record holds, as a value ([MS-XLS] 2.4.24) or as the result of a formula (2.5.133)."""
    if kind == _BOOL_OR_ERROR and length >= 8 and book[at + 7]:
        return book[at + 6]
    if kind == _FORMULA and length >= 14 and book[at + 12 : at + 14] == b"\xff\xff" and book[at + 6] == 2:
        return book[at + 8]
    return None

"""A small writer of SPSS files, from the published description of the format, so that the reader is checked by another hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SYSTEM_MISSING = -1.7976931348623157e308
EPOCH_FORMS = {"F": 5, "A": 1, "DATE": 20, "DATETIME": 22, "TIME": 21, "MOYR": 28, "YMDHMS": 41}


@dataclass(frozen=True)
class Var:
    """One variable: name of at most 8 bytes, label, width (0 for a number), format, words for values, missing values."""

    name: str
    label: str = ""
    width: int = 0
    form: str = "F"
    words: Mapping[float, str] = field(default_factory=dict)
    missing: Sequence[float] = ()


def sav(
    variables: Sequence[Var],
    rows: Sequence[Sequence[object]],
    *,
    encoding: str = "utf-8",
    names_encoding: bool = True,
    claimed_rows: int | None = None,
) -> bytes:
    """The bytes of an uncompressed file."""
    out = [_head(variables, len(rows) if claimed_rows is None else claimed_rows)]
    places, at = {}, 1
    for var in variables:
        places[var.name] = at
        for number, width in enumerate(_segments(var.width)):
            name = var.name if number == 0 else f"{var.name[:5]}{number}"
            out.append(_variable(var, name, width, number == 0, encoding))
            at += max(1, -(-width // 8))
    for var in variables:
        if var.words:
            out.append(_value_labels(var.words, places[var.name], encoding))
    out.append(_extension(3, 4, struct.pack("<8i", 20, 0, 0, 720, 1, 1, 2, 65001 if encoding == "utf-8" else 2)))
    out.append(_extension(4, 8, struct.pack("<3d", SYSTEM_MISSING, 1.7976931348623157e308, -1.797693134862315e308)))
    long = "".join(f"{var.name}={var.width:05d}\0\t" for var in variables if var.width > 255)
    if long:
        out.append(_extension(14, 1, long.encode()))
    if names_encoding:
        out.append(_extension(20, 1, encoding.upper().encode()))
    out.append(struct.pack("<ii", 999, 0))
    out += [_case(variables, row, encoding) for row in rows]
    return b"".join(out)


def _segments(width: int) -> list[int]:
    """The widths of the pieces in which a text of more than 255 bytes is stored."""
    if width <= 255:
        return [width]
    pieces = -(-width // 252)
    return [255] * (pieces - 1) + [width - 252 * (pieces - 1)]


def _head(variables: Sequence[Var], rows: int) -> bytes:
    size = sum(max(1, -(-width // 8)) for var in variables for width in _segments(var.width))
    return (
        b"$FL2"
        + b"@(#) SPSS DATA FILE".ljust(60)
        + struct.pack("<5i", 2, size, 0, 0, rows)
        + struct.pack("<d", 100.0)
        + b"01 Jan 25"
        + b"00:00:00"
        + b" " * 64
        + b"\0\0\0"
    )


def _variable(var: Var, name: str, width: int, first: bool, encoding: str) -> bytes:
    form = EPOCH_FORMS["A" if var.width else var.form] << 16 | min(max(width, 8), 255) << 8
    label = var.label.encode(encoding) if first else b""
    missing = var.missing if first else ()
    record = struct.pack("<6i", 2, width, bool(label), len(missing), form, form) + name.encode(encoding).ljust(8)
    if label:
        record += struct.pack("<i", len(label)) + label.ljust(-(-len(label) // 4) * 4)
    record += b"".join(struct.pack("<d", value) for value in missing)
    rest = struct.pack("<6i", 2, -1, 0, 0, 0, 0) + b" " * 8
    return record + rest * (max(1, -(-width // 8)) - 1)


def _value_labels(words: Mapping[float, str], place: int, encoding: str) -> bytes:
    out = struct.pack("<ii", 3, len(words))
    for value, word in words.items():
        text = word.encode(encoding)
        out += struct.pack("<d", value) + (bytes([len(text)]) + text).ljust(-(-(len(text) + 1) // 8) * 8)
    return out + struct.pack("<iii", 4, 1, place)


def _extension(subtype: int, size: int, content: bytes) -> bytes:
    return struct.pack("<iiii", 7, subtype, size, len(content) // size) + content


def _case(variables: Sequence[Var], row: Sequence[object], encoding: str) -> bytes:
    out = b""
    for var, value in zip(variables, row, strict=True):
        if not var.width:
            out += struct.pack("<d", SYSTEM_MISSING if value is None else float(value))  # type: ignore[arg-type]
            continue
        text = str(value or "").encode(encoding)
        start = 0
        for width in _segments(var.width):
            taken = width
            out += text[start : start + taken].ljust(-(-width // 8) * 8)
            start += taken
    return out

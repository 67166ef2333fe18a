"""Workbooks that are zip archives (xlsx, ods): checked before a parser sees them, and what the parser leaves out."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from kexiao.errors import InputRejected
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.workbook import SheetNotes, broken, encrypted, stage_workbook
from kexiao.text import Text

MOST_MEMBERS = 20_000
LARGE = 32 * 1024**2
HIGHEST_RATIO = 100
BLOCK = 4 * 1024**2
LONGEST_CELL = 16 * 1024**2
MOST_NOTES = 2_000_000
CELL_BYTES = 32
"""What calamine needs for each cell of the square from the first to the last."""

_TAG = rb"(?:[\w.-]+:)?"
_ERROR = re.compile(rb"<" + _TAG + rb"c\b([^>]*\bt=[\"']e[\"'][^>]*)(?<!/)>(.*?)</" + _TAG + rb"c>", re.DOTALL)
_VALUE = re.compile(rb"<" + _TAG + rb"v[^>]*>([^<]*)<")
_NO_RESULT_HINT = re.compile(
    rb"(?:</"
    + _TAG
    + rb"f>|<"
    + _TAG
    + rb"f\b[^>]*/>)\s*(?:<"
    + _TAG
    + rb"v\s*/>|<"
    + _TAG
    + rb"v\s*></|</"
    + _TAG
    + rb"c>)"
)
_NO_RESULT = re.compile(
    rb"<" + _TAG + rb"c\b([^>]*)>\s*<" + _TAG + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</" + _TAG + rb"f>)\s*"
    rb"(<" + _TAG + rb"v\s*/>|<" + _TAG + rb"v\s*>\s*</" + _TAG + rb"v>)?\s*</" + _TAG + rb"c>"
)
_HIDDEN_ROW = re.compile(rb"<" + _TAG + rb"row\b[^>]*\bhidden=[\"'](?:1|true)[\"']")
_HIDDEN_COLUMN = re.compile(rb"<" + _TAG + rb"col\b[^>]*\bhidden=[\"'](?:1|true)[\"']")
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_ROW = re.compile(rb"[^>]*?row\b[^>]*?\br=[\"'](\d{1,9})[\"']")
_WIDE = re.compile(rb"\br=[\"']([A-Z]{2,3})\d")
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")
_STYLE = re.compile(rb"\bs=[\"'](\d+)[\"']")


def is_workbook(names: set[str]) -> bool:
    """Whether the members of an archive are those of an office document."""
    return "[Content_Types].xml" in names or "xl/workbook.xml" in names or "mimetype" in names or "content.xml" in names


def open_zip(path: Path, limits: Limits) -> zipfile.ZipFile:
    """The archive, its directory found sound: no bombs, no passwords, no two members of one name.

    Errors: ``InputRejected``.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        raise broken() from None
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise encrypted()
    if len(members) > MOST_MEMBERS or len({member.filename for member in members}) < len(members):
        raise broken()
    large = (m for m in members if m.file_size > LARGE and m.file_size > HIGHEST_RATIO * max(1, m.compress_size))
    if sum(member.file_size for member in members) > limits.unpacked_bytes or any(large):
        raise bomb()
    return archive


def bomb() -> InputRejected:
    """The refusal of an archive that would unpack to far more than it is."""
    return InputRejected(
        Text(
            zh="解压后的大小异常（size），拒绝读取。",
            en="Unpacked, the file would be of an abnormal size; it was refused.",
        ),
        next_step=Text(zh="请确认文件来源，或另存后重试。", en="Check where it comes from, or save it anew."),
    )


def stage_zip(path: Path, limits: Limits, *, prefix: str = "", inner: bool = False) -> list[StagedSheet]:
    """The sheets of a workbook, or of all tables in an archive."""
    with open_zip(path, limits) as archive:
        names = {member.filename for member in archive.infolist()}
        if not is_workbook(names):
            from kexiao.sources.files.archive import stage_members

            return stage_members(archive, limits, inner=inner)
        _refuse_other_documents(names)
        is_xlsx = "xl/workbook.xml" in names
        notes = _xlsx_notes(archive, limits.memory_bytes // 2 // CELL_BYTES) if is_xlsx else None
        if not is_xlsx:
            _check_ods(archive)
    return stage_workbook(path, limits, notes, prefix=prefix)


def _refuse_other_documents(names: set[str]) -> None:
    for sign, kind in (
        ("xl/workbook.bin", "xlsb"),
        ("word/document.xml", "Word"),
        ("ppt/presentation.xml", "PowerPoint"),
    ):
        if sign in names:
            raise InputRejected(
                Text(zh="不支持 {kind} 文件。", en="{kind} files are not supported.").fill(kind=kind),
                next_step=Text(zh="请另存为 xlsx。", en="Save it as xlsx."),
            )
    if not names & {"xl/workbook.xml", "content.xml"}:
        raise broken()


def _parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """One member in blocks that end with a whole cell, its checksum verified, without a document type.

    A document type is how entity bombs and outside entities come in; no office program writes one.
    """
    rest = b""
    try:
        with archive.open(name) as handle:
            while block := handle.read(BLOCK):
                whole = rest + block
                if b"<!DOCTYPE" in whole or b"<!ENTITY" in whole:
                    raise _document_type()
                cut = max(whole.rfind(b"</c>") + 4, whole.rfind(b":c>") + 3)
                cut = cut if cut > 4 else max(0, len(whole) - 64)
                yield whole[:cut]
                rest = whole[cut:]
                if len(rest) > LONGEST_CELL:
                    raise broken()
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, zlib.error):
        raise broken() from None
    yield rest


def _document_type() -> InputRejected:
    return InputRejected(
        Text(
            zh="工作簿里有不安全的 XML 声明（DOCTYPE），拒绝读取。",
            en="The workbook holds an unsafe XML declaration (DOCTYPE); it was refused.",
        ),
        next_step=Text(zh="请用 Excel 打开并另存为 xlsx。", en="Open it in Excel and save it as xlsx."),
    )


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    return b"".join(_parts(archive, name)) if name in archive.namelist() else b""


def _xlsx_notes(archive: zipfile.ZipFile, most_cells: int) -> dict[int, SheetNotes]:
    """What each sheet's XML says beyond what calamine gives; on the way every member is checked whole."""
    padded = _padded_styles(_small(archive, "xl/styles.xml"))
    order = _sheet_members(archive)
    notes = {}
    for member in archive.namelist():
        parts = _parts(archive, member)
        if member in order:
            notes[order[member]] = _sheet_notes(parts, padded, most_cells)
        else:
            for _ in parts:
                pass
    return notes


def _sheet_members(archive: zipfile.ZipFile) -> dict[str, int]:
    """Member → which sheet of the workbook it is, from 0."""
    targets = {}
    for tag in re.findall(rb"<(?:[\w.-]+:)?Relationship\b[^>]*>", _small(archive, "xl/_rels/workbook.xml.rels")):
        targets[_attribute(tag, "Id")] = _attribute(tag, "Target")
    members = {}
    for number, tag in enumerate(re.findall(rb"<(?:[\w.-]+:)?sheet\b[^>]*>", _small(archive, "xl/workbook.xml"))):
        target = targets.get(_attribute(tag, r"[\w.-]+:id"), "")
        members[target.lstrip("/") if target.startswith("/") else f"xl/{target}"] = number
    return members


def _attribute(tag: bytes, name: str) -> str:
    from html import unescape

    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag.decode("utf-8", "replace"))
    return unescape(found[1] if found[1] is not None else found[2]) if found else ""


def _padded_styles(styles: bytes) -> dict[int, int]:
    """Cell styles that show whole numbers with leading zeros (format 00000): style → digits."""
    lengths = {}
    for tag in re.findall(rb"<(?:[\w.-]+:)?numFmt\b[^>]*>", styles):
        code = _attribute(tag, "formatCode")
        if re.fullmatch(r"0{2,20}", code):
            lengths[_attribute(tag, "numFmtId")] = len(code)
    cells = re.search(rb"<(?:[\w.-]+:)?cellXfs\b.*?</(?:[\w.-]+:)?cellXfs>", styles, re.DOTALL)
    if not lengths or not cells:
        return {}
    formats = [_attribute(tag, "numFmtId") for tag in re.findall(rb"<(?:[\w.-]+:)?xf\b[^>]*>", cells[0])]
    return {style: lengths[number] for style, number in enumerate(formats) if number in lengths}


def _sheet_notes(parts: Iterator[bytes], padded: dict[int, int], most_cells: int) -> SheetNotes:
    notes = SheetNotes()
    cells, zeros = notes.cells, notes.padded
    rows, columns, last_row, wide = 0, 0, 1, {b"Z"}
    pad = _padded_pattern(padded)
    for part in parts:
        rows += len(_HIDDEN_ROW.findall(part)) if b"hidden" in part else 0
        columns += len(_HIDDEN_COLUMN.findall(part)) if b"hidden" in part else 0
        last_row = max(last_row, _last_row(part))
        wide.update(_WIDE.findall(part))
        _find_errors(part, cells)
        for found in pad.finditer(part) if pad else ():
            style = _STYLE.search(found[1])
            if style:
                zeros[_position(found[1])] = padded[int(style[1])]
        if len(cells) + len(zeros) > MOST_NOTES:
            raise broken()
    if last_row * max(_column(letters) for letters in wide) > most_cells:
        raise _too_far(last_row)
    return SheetNotes(cells, zeros, rows, columns)


def _find_errors(part: bytes, cells: dict[tuple[int, int], str]) -> None:
    """Note the cells that hold errors, and formulas whose result is not stored."""
    if b't="e"' in part or b"t='e'" in part:
        for found in _ERROR.finditer(part):
            value = _VALUE.search(found[2])
            cells[_position(found[1])] = value[1].decode("utf-8", "replace") if value else "#UNKNOWN!"
    if _NO_RESULT_HINT.search(part):
        for found in _NO_RESULT.finditer(part):
            if not (found[2] and _IS_TEXT.search(found[1])):
                cells[_position(found[1])] = "#NOT_CALCULATED!"


def _last_row(part: bytes) -> int:
    """The number of the last row that begins in a part."""
    found = _ROW.match(part, max(part.rfind(b"<row"), part.rfind(b":row") - 8, 0)) or _ROW.search(part)
    return int(found[1]) if found else 1


def _too_far(row: int) -> InputRejected:
    return InputRejected(
        Text(
            zh="工作表过大：有单元格远在数据之外（到第 {n} 行）。",
            en="The sheet is too large: cells lie far beyond the data (down to row {n}).",
        ).fill(n=row),
        next_step=Text(
            zh="请删去数据以外的行和列，另存后重试。",
            en="Delete the rows and columns beyond the data, save it and try again.",
        ),
    )


def _padded_pattern(padded: dict[int, int]) -> re.Pattern[bytes] | None:
    if not padded:
        return None
    styles = b"|".join(str(style).encode() for style in padded)
    return re.compile(rb"<" + _TAG + rb"c\b([^>]*\bs=[\"'](?:" + styles + rb")[\"'][^>]*)>")


def _position(attributes: bytes) -> tuple[int, int]:
    """Row and column from 0 of a cell by its attributes."""
    found = _REFERENCE.search(attributes)
    if not found:
        raise InputRejected(
            Text(
                zh="有公式或错误值的单元格没有标明位置。",
                en="A cell with a formula or an error does not say where it stands.",
            ),
            next_step=Text(zh="请用 Excel 打开并另存为 xlsx。", en="Open it in Excel and save it as xlsx."),
        )
    return int(found[2]) - 1, _column(found[1]) - 1


def _column(letters: bytes) -> int:
    """The number of a column from 1.

    >>> _column(b"A"), _column(b"AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_ods(archive: zipfile.ZipFile) -> None:
    """Check every member; an ods sheet with errors is refused, since the parser would leave the cells empty."""
    for member in archive.namelist():
        for part in _parts(archive, member):
            if member == "content.xml" and b'calcext:value-type="error"' in part:
                raise InputRejected(
                    Text(zh="表中有错误值。", en="The sheet holds error cells."),
                    next_step=Text(zh="请改正公式，或另存为 xlsx。", en="Mend the formulas, or save it as xlsx."),
                )

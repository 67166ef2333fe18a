"""What a file is, by its content and not by its name, and the way to read it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from kexiao.errors import InputRejected
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.text import Text

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "RIFF"),
    (b"SQLite format 3\0", "SQLite"),
    (b"7z\xbc\xaf'\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"ARROW1", "Arrow"),
    (b"FEA1", "Feather"),
    (b"ORC", "ORC"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04\x95", "pickle"),
    (b"\x80\x05\x95", "pickle"),
    (b"{\\rtf", "RTF"),
    (b"MIME-Version:", "MHTML"),
)


def stage(path: Path, limits: Limits, *, prefix: str = "", inner: bool = False, name: str = "") -> list[StagedSheet]:
    """Read a file of any known kind; ``inner`` for a file out of an archive, which must not be an archive again.

    The content decides what it is; only what ``name`` calls SPSS must be SPSS, since nothing else is ever called so by mistake.
    Errors: ``InputRejected`` for an empty file or one that is no table.
    """
    if name.lower().endswith((".sav", ".zsav")):
        _refuse_other_than_spss(path)
    staged = _stage(path, limits, prefix=prefix, inner=inner)
    return [replace(sheet, warnings=(*sheet.warnings, _NO_ROWS)) if _is_bare(sheet) else sheet for sheet in staged]


_NO_ROWS = Text(zh="只有表头，没有数据行。", en="There is a header but no row of data.")


def _is_bare(sheet: StagedSheet) -> bool:
    return not sheet.rows_read and _NO_ROWS not in sheet.warnings


def _stage(path: Path, limits: Limits, *, prefix: str = "", inner: bool = False) -> list[StagedSheet]:
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(64 * 1024)
    if not size or not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise empty()
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        from kexiao.sources.files.package import stage_zip

        return stage_zip(path, limits, prefix=prefix, inner=inner)
    if head.startswith(b"\x1f\x8b"):
        from kexiao.sources.files.archive import stage_gzip

        return stage_gzip(path, limits, inner=inner)
    if head.startswith(OLE):
        from kexiao.sources.files.biff import stage_xls

        return stage_xls(path, limits, prefix=prefix)
    if head.startswith(b"PAR1"):
        from kexiao.sources.files.parquet import stage_parquet

        return stage_parquet(path, limits, prefix=prefix)
    if head.startswith((b"$FL2", b"$FL3")):
        from kexiao.sources.files.spss import stage_spss

        return stage_spss(path, limits, prefix=prefix)
    if is_webpage(head.lstrip(b"\xef\xbb\xbf \t\r\n")):
        from kexiao.sources.files.webpage import stage_webpage

        return stage_webpage(path, limits, prefix=prefix)
    refuse_what_is_no_table(head)
    if re.match(rb'[\[{]\s*("|\{|\[|\]|\}|-?\d)', head.lstrip(b"\xef\xbb\xbf \t\r\n")):
        from kexiao.sources.files.jsons import stage_json

        return stage_json(path, limits, prefix=prefix)
    from kexiao.sources.files.text import stage_text

    return stage_text(path, limits, prefix=prefix)


def _refuse_other_than_spss(path: Path) -> None:
    with path.open("rb") as handle:
        head = handle.read(4)
    if head and head not in (b"$FL2", b"$FL3"):
        raise InputRejected(
            Text(zh="文件名是 SPSS（.sav），内容却不是。", en="The file is named SPSS (.sav), but it is none."),
            next_step=Text(
                zh="请重新导出；若它其实是 CSV 或 Excel，请改回原来的扩展名。",
                en="Export it again; if it is CSV or Excel, give it that ending.",
            ),
        )


def empty() -> InputRejected:
    """The refusal of a file without content."""
    return InputRejected(
        Text(zh="文件是空的。", en="The file is empty."),
        next_step=Text(zh="请确认导出是否成功。", en="Check that the export succeeded."),
    )


def is_webpage(start: bytes) -> bool:
    """Whether a file begins as a web page does."""
    return bool(re.match(rb"(?i)<(!doctype\s+html|html|head|meta|body|table|script|style|form|div|!--)", start))


def refuse_what_is_no_table(head: bytes) -> None:
    """Refuse pictures, documents, error answers and other things that are often saved as tables."""
    for sign, kind in _NOT_TABLES:
        if head.startswith(sign):
            raise _no_table(kind)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2000]
    if re.match(rb"<\?xml|<\w", start):
        raise _no_table("XML")
    if head[257:262] == b"ustar":
        raise _no_table("tar")


def _no_table(kind: str) -> InputRejected:
    return InputRejected(
        Text(zh="这是 {kind} 文件，不是表格。", en="This is a {kind} file, not a table.").fill(kind=kind),
        next_step=Text(zh="请导出为 CSV、xlsx 或 Parquet。", en="Export it as CSV, xlsx or Parquet."),
    )

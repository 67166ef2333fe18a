"""Compressed files: gzip, and zip archives of tables. Members are written under names of our own, never under theirs."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO

from kexiao.errors import InputRejected, KexiaoError, Place
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.text import Text

BLOCK = 4 * 1024**2
MOST_TABLES = 200
HIGHEST_RATIO = 400
LARGE = 256 * 1024**2


def stage_gzip(path: Path, limits: Limits, *, inner: bool) -> list[StagedSheet]:
    """The one file inside a gzip."""
    from kexiao.sources.files.detect import stage

    _refuse_nested(inner)
    with gzip.open(path) as handle:
        unpacked = _unpack(handle, Path("unpacked"), limits, path.stat().st_size)
    return stage(unpacked, limits, inner=True)


def stage_members(archive: zipfile.ZipFile, limits: Limits, *, inner: bool) -> list[StagedSheet]:
    """All tables of a zip archive; the sheets are named after their members.

    Pictures and notes that lie beside the tables are left out and told; any other member that cannot be read refuses the archive.
    """
    from kexiao.sources.files.detect import stage

    _refuse_nested(inner)
    members = [member for member in archive.infolist() if _is_table(member)]
    if not members:
        raise _refusal(Text(zh="压缩包里没有文件。", en="There is no file in the archive."))
    if len(members) > MOST_TABLES:
        raise _refusal(Text(zh="压缩包里的文件过多。", en="There are too many files in the archive."))
    staged: list[StagedSheet] = []
    left_out: list[KexiaoError] = []
    for number, member in enumerate(members):
        name = shown_name(member)
        with archive.open(member) as handle:
            unpacked = _unpack(handle, Path(f"unpacked{number}"), limits, member.compress_size)
        try:
            sheets = stage(unpacked, limits, prefix=f"m{number}-", inner=True, name=name)
        except KexiaoError as problem:
            place = problem.place or Place()
            problem.place = replace(place, file=name)
            if not (isinstance(problem, InputRejected) and name.lower().endswith(_BESIDE_TABLES)):
                raise
            left_out.append(problem)
            continue
        staged += [replace(sheet, sheet=f"{name} / {sheet.sheet}" if sheet.sheet else name) for sheet in sheets]
        unpacked.unlink()
    if not staged:
        raise left_out[0]
    told = [_LEFT_OUT.fill(name=problem.place.file if problem.place else "", why=problem.what) for problem in left_out]
    return [replace(staged[0], warnings=(*staged[0].warnings, *told)), *staged[1:]]


_BESIDE_TABLES = (
    ".txt", ".md", ".pdf", ".doc", ".docx", ".ppt", ".pptx", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".html", ".htm", ".xml", ".url", ".ini", ".log", ".db",
)  # fmt: skip
_LEFT_OUT = Text(zh="压缩包中的“{name}”没有读入：{why}", en="“{name}” in the archive was not read: {why}")


def shown_name(member: zipfile.ZipInfo) -> str:
    """The name of a member for messages; names that Chinese Windows wrote in GBK are put right."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = member.filename
    kept = "".join(sign for sign in name if sign.isprintable())
    return kept.rsplit("/", 1)[-1][:80] or "?"


def _is_table(member: zipfile.ZipInfo) -> bool:
    """Whether a member is to be read. A name that leads out of the archive is an attack, and the whole file is refused."""
    parts = member.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise _refusal(Text(zh="压缩包里的文件名不安全。", en="The archive holds unsafe file names."))
    return not member.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith(".")


def _unpack(handle: IO[bytes] | gzip.GzipFile, target: Path, limits: Limits, packed: int) -> Path:
    """Write a stream to ``target``, no more than is allowed."""
    from kexiao.sources.files.package import bomb

    written = 0
    try:
        with target.open("wb") as out:
            while block := handle.read(BLOCK):
                written += len(block)
                if written > limits.unpacked_bytes or (written > LARGE and written > HIGHEST_RATIO * packed):
                    raise bomb()
                out.write(block)
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError):
        raise _refusal(Text(zh="压缩文件已损坏或不完整。", en="The archive is damaged or incomplete.")) from None
    return target


def _refuse_nested(inner: bool) -> None:
    if inner:
        raise _refusal(Text(zh="压缩包里还有压缩包。", en="There is an archive inside the archive."))


def _refusal(what: Text) -> InputRejected:
    return InputRejected(
        what, next_step=Text(zh="请解压后再导入其中的表格。", en="Unpack it and load the tables themselves.")
    )

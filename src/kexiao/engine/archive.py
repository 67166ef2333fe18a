"""A backup archive: one ZIP of whole files with a list of their checksums, sealed by a digest of every byte before it.

The seal is the ZIP's comment, its last 64 bytes, so that any damage is noticed before anything is unpacked: a cut end, a changed byte, a changed name.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kexiao.engine.posix import storage_errors, sync
from kexiao.errors import IntegrityFailed, Place
from kexiao.text import Text

MANIFEST = "kexiao-backup.json"
_BLOCK = 1 << 20
_SEAL = 64
_PACKED = {".parquet", ".xlsx", ".zip", ".gz", ".zsav", ".png", ".pdf"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: path below the workspace (POSIX), bytes, SHA-256, permission bits, time of change (ns)."""

    path: str
    size: int
    sha256: str
    mode: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself, and its files."""

    about: Mapping[str, Any]
    entries: tuple[Entry, ...]


def write_archive(path: Path, files: Mapping[str, Path], about: Mapping[str, Any], expected: Mapping[str, str]) -> str:
    """Write an archive whole or not at all, read it back, and return its seal.

    ``expected``: the SHA-256 that some files must have. Errors: ``IntegrityFailed`` for one that has another, ``StorageError``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, files, about, expected)
            seal = _seal(temporary)
            sync(temporary)
            verify_archive(temporary, seal)
            temporary.chmod(0o600)
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)
    return seal


def _write(target: Path, files: Mapping[str, Path], about: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    entries = []
    with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
        for name in sorted(files):
            entry = _add(archive, name, files[name])
            if expected.get(name, entry.sha256) != entry.sha256:
                raise IntegrityFailed(
                    Text(zh="文件已损坏，没有备份。", en="The file is damaged; no backup was made."),
                    next_step=Text(
                        zh="用 kexiao check --store 查看全部损坏，并从较早的备份恢复。",
                        en="See all damage with: kexiao check --store, and restore from an earlier backup.",
                    ),
                    place=Place(file=name),
                )
            entries.append(asdict(entry))
        document = {**about, "files": entries}
        archive.writestr(MANIFEST, json.dumps(document, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
        archive.comment = b"0" * _SEAL


def _add(archive: zipfile.ZipFile, name: str, source: Path) -> Entry:
    found = source.stat()
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_STORED if source.suffix.lower() in _PACKED else zipfile.ZIP_DEFLATED
    info.external_attr = (found.st_mode & 0o777) << 16
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as content, archive.open(info, "w", force_zip64=True) as target:
        while block := content.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return Entry(name, size, digest.hexdigest(), found.st_mode & 0o777, found.st_mtime_ns)


def _digest(path: Path) -> str:
    """SHA-256 of an archive but its seal."""
    left, digest = path.stat().st_size - _SEAL, hashlib.sha256()
    with path.open("rb") as content:
        while left > 0 and (block := content.read(min(_BLOCK, left))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _seal(path: Path) -> str:
    seal = _digest(path)
    with path.open("r+b") as handle:
        handle.seek(-_SEAL, os.SEEK_END)
        handle.write(seal.encode())
    return seal


def verify_archive(path: Path, seal: str | None = None) -> Contents:
    """Read an archive to its end: the seal, every name, every checksum. Errors: ``IntegrityFailed``, ``StorageError``."""
    contents = _opened(path, seal)
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        for entry in contents.entries:
            with archive.open(entry.path) as content:
                _copied(entry, content, None, path)
    return contents


def unpack(path: Path, target: Path) -> Contents:
    """Unpack a whole archive below the new folder ``target``. Errors: as ``verify_archive``."""
    contents = _opened(path, None)
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        for entry in contents.entries:
            place = target / entry.path
            with storage_errors(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry.path) as content, place.open("xb") as written:
                    _copied(entry, content, written, path)
                    written.flush()
                    os.fsync(written.fileno())
                place.chmod(entry.mode)
                os.utime(place, ns=(entry.changed_ns, entry.changed_ns))
    return contents


def _copied(entry: Entry, content: IO[bytes], target: IO[bytes] | None, archive: Path) -> None:
    """Read one file of an archive, no further than the size it must have."""
    digest, size = hashlib.sha256(), 0
    while size <= entry.size and (block := content.read(_BLOCK)):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise _damaged(archive, entry.path)


def _opened(path: Path, seal: str | None) -> Contents:
    """The list of an archive's files, after its seal and names were checked."""
    with storage_errors(path), path.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - _SEAL))
        found = handle.read()
    if size < _SEAL or found != _digest(path).encode() or (seal is not None and found != seal.encode()):
        raise _damaged(path)
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read(MANIFEST))
        entries = tuple(Entry(**entry) for entry in document.pop("files"))
        listed = [entry.path for entry in entries]
        if sorted([*listed, MANIFEST]) != sorted(archive.namelist()) or len(set(listed)) != len(listed):
            raise _damaged(path)
    for name in listed:
        if not _stays_inside(name):
            raise _damaged(path, name)
    return Contents(document, entries)


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\0" not in name and name != MANIFEST


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, NotImplementedError) as problem:
        raise _damaged(path) from problem


def _damaged(archive: Path, inside: str | None = None) -> IntegrityFailed:
    what = Text(zh="备份文件不完整或被改动过，没有恢复。", en="The backup is not whole or was changed; nothing was restored.")  # fmt: skip
    why = Text(zh="问题出在其中的“{name}”。", en="The fault is in its “{name}”.").fill(name=inside) if inside else None
    step = Text(zh="请换一份备份，或重新拷贝这个文件。", en="Use another backup, or copy this file again.")
    return IntegrityFailed(what, why=why, next_step=step, place=Place(file=archive.name))

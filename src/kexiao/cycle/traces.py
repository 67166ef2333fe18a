"""Search a whole workspace for bytes of a person, also inside Parquet, zip and Excel files and SQLite databases, by reading them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from kexiao.engine.duck import quote_name, quote_text

_PIECE = 1 << 20
_LEFT_OUT = frozenset({"backups"})


def find_traces(root: Path, needles: Sequence[str], *, backups: bool = False) -> list[str]:
    """The files below ``root`` in which one of the needles stands, as paths relative to it; members of archives after an exclamation mark.

    Bytes are compared in UTF-8, GB18030 and UTF-16. Archives of ``kexiao backup`` are left out unless ``backups`` is set.
    """
    wanted = [needle for needle in needles if needle]
    if not wanted:
        return []
    found = []
    for path in _files(root, backups):
        found += [f"{path.relative_to(root)}{inside}" for inside in _in_file(path, wanted)]
    return sorted(set(found))


def traces_in(path: Path, needles: Sequence[str]) -> list[str]:
    """Where in one file a needle stands: "" for the file itself, "!member" within an archive."""
    return list(_in_file(path, [needle for needle in needles if needle])) if any(needles) else []


def _files(root: Path, backups: bool) -> Iterator[Path]:
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if backups or name not in _LEFT_OUT)
        yield from (Path(directory) / name for name in sorted(names))


def _in_file(path: Path, needles: Sequence[str]) -> Iterator[str]:
    """Where in a file: "" for the file itself, "!member" within an archive."""
    try:
        if _in_bytes(path, needles):
            yield ""
            return
        if path.suffix == ".parquet" and _in_parquet(path, needles):
            yield ""
        elif zipfile.is_zipfile(path):
            yield from _in_archive(path, needles)
    except OSError:
        return


def _in_bytes(path: Path, needles: Sequence[str]) -> bool:
    listed = _as_bytes(needles)
    longest = max(map(len, listed))
    with path.open("rb") as handle:
        tail = b""
        while piece := handle.read(_PIECE):
            held = tail + piece
            if any(needle in held for needle in listed):
                return True
            tail = held[-longest:]
    return False


def _as_bytes(needles: Iterable[str]) -> list[bytes]:
    found = set()
    for needle in needles:
        for code in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
            found.add(needle.encode(code))
        found.add(needle.encode("ascii", "backslashreplace"))
    return sorted(found)


def _in_parquet(path: Path, needles: Sequence[str]) -> bool:
    """Every text of a Parquet file, since compression hides it from a search of bytes."""
    with duckdb.connect(":memory:") as connection:
        source = f"read_parquet({quote_text(str(path))})"
        try:
            columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            tests = [
                f"contains(CAST({quote_name(c[0])} AS VARCHAR), {quote_text(n)})" for c in columns for n in needles
            ]
            return bool(connection.execute(f"SELECT 1 FROM {source} WHERE {' OR '.join(tests)} LIMIT 1").fetchall())
        except duckdb.Error:
            return False


def _in_archive(path: Path, needles: Sequence[str]) -> Iterator[str]:
    import tempfile

    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as place:
        for number, name in enumerate(archive.namelist()):
            if name.endswith("/"):
                continue
            member = Path(place) / f"{number}{Path(name).suffix}"
            member.write_bytes(archive.read(name))
            if any(True for _ in _in_file(member, needles)):
                yield f"!{name}"
            member.unlink()


def scrub_sqlite(path: Path, needles: Sequence[str]) -> int:
    """Mask the needles in every text of a SQLite database, and let nothing of them stay in its free pages; returns how many cells changed."""
    import sqlite3

    changed = 0
    with closing(sqlite3.connect(path, timeout=30)) as records:
        records.execute("PRAGMA secure_delete = ON")
        tables = [
            row[0]
            for row in records.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        for table in tables:
            for _, column, kind, *_ in records.execute(f"PRAGMA table_info({quote_name(table)})").fetchall():
                if not any(word in kind.lower() for word in ("char", "text", "json", "clob")):
                    continue
                for needle in needles:
                    name = quote_name(column)
                    sql = (
                        f"UPDATE {quote_name(table)} SET {name} = replace({name}, ?, '***') WHERE instr({name}, ?) > 0"
                    )
                    changed += records.execute(sql, (needle, needle)).rowcount
        records.commit()
        if changed:
            records.execute("VACUUM")
            records.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed

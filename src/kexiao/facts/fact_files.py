"""The Parquet files of a stored fact: several, so that a change rewrites few of them."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from kexiao.engine.duck import Connection, quote_text, run
from kexiao.engine.store import PART_BYTES

_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
_BY_QUARTER = {"purchase_days": "sold_on"}
Files = Mapping[str, Sequence[str]]
"""The names of each fact's files within their folder."""


def write_fact(connection: Connection, folder: Path, name: str, sql: str) -> list[str]:
    """Write the rows of a query as files of a fact, as many as they fill; one at least, so that its columns are known. The names of the files."""
    aside = folder / uuid.uuid4().hex
    split = f"FILE_SIZE_BYTES {PART_BYTES}"
    if day := _BY_QUARTER.get(name):
        # What a load adds or changes is mostly of late: the other quarters' files stay as they are.
        sql, split = f"SELECT *, year({day}) * 4 + quarter({day}) AS quarter_ FROM ({sql})", "PARTITION_BY (quarter_)"
    run(connection, f"COPY ({sql}) TO {quote_text(str(aside))} ({_PARQUET}, {split})")
    written = sorted(aside.rglob("*.parquet")) if aside.is_dir() else []
    names = [f"{name}-{aside.name}-{number}.parquet" for number in range(len(written))]
    for path, new in zip(written, names, strict=True):
        path.rename(folder / new)
    shutil.rmtree(aside, ignore_errors=True)
    if names:
        return names
    sql = sql if name not in _BY_QUARTER else f"SELECT * EXCLUDE quarter_ FROM ({sql})"
    run(connection, f"COPY ({sql}) TO {quote_text(str(folder / f'{name}-{aside.name}.parquet'))} ({_PARQUET})")
    return [f"{name}-{aside.name}.parquet"]


def query_of(folder: Path, files: Sequence[str]) -> str:
    """SQL that reads a fact."""
    return f"SELECT * FROM read_parquet([{', '.join(quote_text(str(folder / file)) for file in files)}])"

"""What is so unlike everything before it that it is likelier a mistake than the business: amounts a hundredfold, half a file. It is held until a person says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median

from kexiao.engine.duck import Connection, files_as_query, run
from kexiao.engine.store import Snapshot, Store, TableVersion
from kexiao.errors import Ambiguous
from kexiao.tables.catalogue import table_named
from kexiao.tables.description import Table
from kexiao.text import Text

# Medians that differ by more are another unit: yuan and fen are a hundred apart, yuan and 万元 ten thousand.
AMOUNT_TIMES = 30
FEWEST_BEFORE, FEWEST_NOW = 10, 5
# Volume is judged by at least so many loads that were alike: none under LEAST_ALIKE of their median.
FEWEST_LOADS, LEAST_ALIKE = 4, 0.6
HALF, VOLUME_TIMES = 0.5, 20.0
_LOOKED_AT = 500_000


_LOT = re.compile(r"[^.]+\.[^.]+((\.deleted)?\.parquet|\.push\.json)")


class Held(Ambiguous):
    """The load is quite unlike everything before it; nothing was loaded until a person says that it is meant (5)."""


def hold(found: Sequence[Text], *, accepted: bool) -> list[Text]:
    """Stop a load for what is unusual about it, or pass it on as warnings. Errors: ``Held``."""
    if found and not accepted:
        words = Text(zh="；".join(one.zh for one in found), en="; ".join(one.en for one in found))
        raise Held(
            Text(zh="{w}，没有导入。", en="{w}. Nothing was loaded.").fill(w=words),
            next_step=Text(
                zh="核对文件；确认无误后加 --accept-change 再导入（网页上勾选“照常导入”）。",
                en="Look at the file; if it is right, load it again with --accept-change (in the browser: tick “load even if”).",
            ),
        )
    return [Text(zh=f"{one.zh}。", en=f"{one.en}.") for one in found]


def unusual_amounts(connection: Connection, store: Store, base: Snapshot, amounts: Mapping[str, str]) -> list[Text]:
    """Whether new amounts are of another unit than the stored ones; ``amounts``: table → SQL that gives the new ones as ``v``."""
    found = []
    for name, sql in amounts.items():
        old, count = _stored_median(connection, store, base, name)
        if not old or count < FEWEST_BEFORE:
            continue
        new, fresh = run(connection, f"SELECT approx_quantile(v, 0.5), count(*) FROM ({sql}) WHERE v > 0")[0]
        if not new or fresh < FEWEST_NOW:
            continue
        times = max(new / old, old / new)
        if times >= AMOUNT_TIMES:
            words = Text(
                zh="{t}金额的分布异常：中位数 {new}，此前为 {old}，相差约 {times} 倍（是不是“分”“元”“万元”混用？）",
                en="The distribution of amounts of {t} has drifted: median {new}, before {old}, about {times}× (fen, yuan or 万元 mixed up?)",
            )
            shown = {"new": f"{new:.2f}", "old": f"{old:.2f}", "times": f"{times:.0f}"}
            found.append(words.fill(t=table_named(name).label, **shown))
    return found


def _stored_median(connection: Connection, store: Store, base: Snapshot, name: str) -> tuple[float | None, int]:
    """The median of the stored amounts, of the newest files alone where there are many."""
    parts = {"orders": (("orders", "amount"), ("order_lines", "net"))}.get(name, ((name, "amount"),))
    sql = " UNION ALL ".join(
        f"SELECT {column} AS v FROM ({_newest(store, base.tables[table], table_named(table))})"
        for table, column in parts
        if table in base.tables
    )
    if not sql:
        return None, 0
    old, count = run(connection, f"SELECT approx_quantile(v, 0.5), count(*) FROM ({sql}) WHERE v > 0")[0]
    return old, int(count)


def _newest(store: Store, version: TableVersion, table: Table) -> str:
    files, rows = [], 0
    for part in reversed(version.files):
        files.append(store.data / part.path)
        rows += part.rows
        if rows >= _LOOKED_AT:
            break
    return f"SELECT * FROM ({files_as_query(files, table.stored_columns)}) LIMIT {_LOOKED_AT}"


def unusual_volume(connection: Connection, loads: str, files: Mapping[str, tuple[str, int]]) -> list[Text]:
    """Whether files are much smaller or larger than the earlier ones of their source; ``files``: name → (SHA-256, rows read)."""
    stored = run(connection, f"SELECT file_name, fingerprint, rows_read FROM ({loads}) ORDER BY load_id")
    known = {fingerprint for _, fingerprint, _ in stored}
    usual: dict[str, list[int]] = {}
    for name, _, rows in stored:
        usual.setdefault(source_name(name), []).append(int(rows or 0))
    found = []
    for name, (fingerprint, rows) in files.items():
        earlier = usual.get(source_name(name), [])[-30:]
        if fingerprint in known or len(earlier) < FEWEST_LOADS or is_lot(name):
            continue
        middle = median(earlier)
        alike = middle >= 10 and min(earlier) >= LEAST_ALIKE * middle
        if alike and (rows <= HALF * middle or rows >= VOLUME_TIMES * middle):
            words = Text(
                zh="“{file}”有 {n} 行，同一来源此前通常为 {m} 行，行数异常",
                en="“{file}” has {n} rows where files of this source usually have {m}: an unusual number",
            )
            found.append(words.fill(file=name, n=rows, m=f"{middle:.0f}"))
    return found


def is_lot(file: str) -> bool:
    """Whether a file holds what a connector brought (source.object.parquet) or was pushed (source.object.push.json): what changed, of any size;
    vanished records are looked at by the connector.
    """
    return bool(_LOT.fullmatch(file))


def source_name(file: str) -> str:
    """What files of one source have in common in their names.

    >>> source_name("订单明细_2025-03.csv"), source_name("orders (2).xlsx"), source_name("20250301.csv")
    ('订单明细', 'orders', '20250301')
    """
    stem = file.rsplit(".", 1)[0] if "." in file else file
    return re.sub(r"[\s\d_\-.()（）年月日]+$", "", re.sub(r"^[\d_\-.\s]+", "", stem)) or stem

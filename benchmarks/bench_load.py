"""Loading one order CSV into a new workspace, beside DuckDB's own CSV-to-Parquet, in one run; then one per cent of new rows on top.

Run: ``python benchmarks/bench_load.py 1000000``. What is loaded is compared (rows, sum to the fen) before any time is believed. DuckDB only parses and
writes; Kexiao also maps, checks, keys, splits into tables, masks and keeps a copy. Writes ``benchmarks/RESULTS-load.md``.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from kexiao.engine.folder import create_folder, open_folder
from kexiao.engine.store import Store

ROUNDS = 3


def main() -> None:
    """Measure each size and write the results."""
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    lines = [
        "# Loading an order CSV\n",
        f"{date.today()}; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}; "
        f"load average {load}; median of {ROUNDS} interleaved rounds.\n",
        "| rows | file | kexiao collect | rows/s | peak memory | DuckDB CSV → Parquet | rows/s | ratio | 1 % new rows on top | of the whole load |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for rows in sizes:
        lines.append(_measure(rows))
        print(lines[-1], flush=True)
    Path(__file__).with_name("RESULTS-load.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _measure(rows: int) -> str:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        csv = place / "orders.csv"
        total = _draw(csv, rows)
        ours, theirs = [], []
        for number in range(ROUNDS):
            ours.append(_collect(csv, place / f"w{number}", rows, total))
            theirs.append(_duckdb(csv, place / "out.parquet"))
        more = place / "more.csv"
        added = _draw(more, rows // 100, first=rows)
        later = _collect(more, place / f"w{ROUNDS - 1}", rows + rows // 100, total + added)
        a, b = statistics.median(ours), statistics.median(theirs)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = csv.stat().st_size / 1e6
        return f"| {rows:,} | {size:,.0f} MB | {a:.1f} s | {rows / a:,.0f} | {memory:,.0f} MB | {b:.2f} s | {rows / b:,.0f} | {a / b:.1f} | {later:.1f} s | {later / a:.1%} |"


def _draw(path: Path, rows: int, first: int = 0) -> Decimal:
    connection = duckdb.connect()
    connection.execute(f"""
        COPY (SELECT 'SO' || (20250000000 + i) AS 订单号, 'C' || c AS 客户编号, '王' || (hash(c * 3) % 900) AS 姓名,
              16100000000 + hash(c * 5) % 100000000 AS 手机号,
              strftime(TIMESTAMP '2023-01-01' + INTERVAL 1 SECOND * (hash(i * 7) % 94000000)::BIGINT, '%Y-%m-%d %H:%M:%S') AS 下单时间,
              ((100 + hash(i * 11) % 90000) / 100)::DECIMAL(18,2) AS 金额, 1 + hash(i * 13) % 5 AS 数量,
              ['官网', '门店', '微信', '代理'][1 + (hash(i * 17) % 4)::INT] AS 渠道, '' AS 备注
              FROM (SELECT i, hash(i) % {max(1, (rows + first) // 5)} AS c FROM range({first}, {first + rows}) AS t(i))) TO '{path}' (HEADER)""")
    found = connection.execute(
        f"SELECT sum(金额::DECIMAL(18,2)) FROM read_csv('{path}', all_varchar = true)"
    ).fetchone()
    assert found is not None
    return Decimal(found[0])


def _collect(csv: Path, root: Path, rows: int, total: Decimal) -> float:
    folder = open_folder(root) if root.exists() else create_folder(root)
    begun = time.perf_counter()
    program = str(Path(sys.executable).with_name("kexiao"))
    command = [program, "collect", str(csv), "-w", str(root), "--no-input", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - begun
    assert done.returncode == 0, done.stderr[-500:]
    snapshot = Store(folder.data).current()
    paths = [str(path) for path in Store(folder.data).paths(snapshot.tables["orders"])]
    loaded = duckdb.execute("SELECT count(*), sum(amount) FROM read_parquet($1)", [paths]).fetchone()
    assert loaded == (rows, total), loaded
    return took


def _duckdb(csv: Path, out: Path) -> float:
    begun = time.perf_counter()
    command = [
        sys.executable,
        "-c",
        f"import duckdb; duckdb.execute(\"COPY (FROM read_csv('{csv}')) TO '{out}' (COMPRESSION zstd)\")",
    ]
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

"""Loading one order CSV into a new workspace, beside DuckDB's own CSV-to-Parquet, in one run; then one per cent on top, of new rows and of changed ones.

Run: ``python benchmarks/bench_load.py 1000000 10000000``. What is loaded is compared (rows, sum to the fen) before any time is believed. DuckDB only
parses and writes; Kexiao also maps, checks, keys, splits into tables, masks and keeps a copy. Up to ten million rows three rounds are made, beyond one.
Writes ``benchmarks/RESULTS-load.md``.
"""

from __future__ import annotations

import os
import platform
import shutil
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

ROUNDS, MOST_REPEATED = 3, 10_000_000


def main() -> None:
    """Measure each size and write the results."""
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    lines = [
        "# Loading an order CSV\n",
        f"{date.today()}; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}; "
        f"load average {load}; median of {ROUNDS} interleaved rounds, of one beyond {MOST_REPEATED:,} rows.\n",
        "| rows | file | kexiao collect | rows/s | peak memory | DuckDB CSV → Parquet | rows/s | ratio |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    later = [
        "\nThen one per cent of the rows on top, each in a load of its own; in brackets the share of the whole load, and the peak memory.\n",
        "| rows | new | the newest changed | changed all over |",
        "|---:|---:|---:|---:|",
    ]
    for rows in sizes:
        first, second = _measure(rows)
        lines.append(first)
        later.append(second)
        print(first, second, sep="\n", flush=True)
    text = "\n".join([*lines, *later]) + "\n"
    Path(__file__).with_name("RESULTS-load.md").write_text(text, encoding="utf-8")


def _measure(rows: int) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        csv = place / "orders.csv"
        total = _draw(csv, range(rows), rows)
        size = csv.stat().st_size / 1e6
        ours, theirs = [], []
        rounds = ROUNDS if rows <= MOST_REPEATED else 1
        for number in range(rounds):
            shutil.rmtree(place / f"w{number - 1}", ignore_errors=True)
            ours.append(_collect(csv, place / f"w{number}", rows, total))
            theirs.append(_duckdb(csv, place / "out.parquet"))
        memory = max(peak for _, peak in ours)
        a, b = statistics.median(seconds for seconds, _ in ours), statistics.median(theirs)
        csv.unlink()
        later = _later(place, place / f"w{rounds - 1}", rows, total)
        return (
            f"| {rows:,} | {size:,.0f} MB | {a:.1f} s | {rows / a:,.0f} | {memory:,.0f} MB | {b:.2f} s | {rows / b:,.0f} | {a / b:.1f} |",
            f"| {rows:,} | " + " | ".join(f"{s:.1f} s ({s / a:.1%}, {m:,.0f} MB)" for s, m in later) + " |",
        )


def _later(place: Path, root: Path, rows: int, total: Decimal) -> list[tuple[float, float]]:
    """Seconds and memory of one per cent of new rows, of changes to the newest ones, and of changes all over."""
    more, count, found = place / "more.csv", rows // 100, []
    total += _draw(more, range(rows, rows + count), rows)
    found.append(_collect(more, root, rows + count, total))
    for salt, chosen in ((1, range(rows - count, rows)), (2, range(7, rows - count, 100))):
        total += _draw(more, chosen, rows, salt) - _sum(chosen)
        found.append(_collect(more, root, rows + count, total))
    return found


def _draw(path: Path, chosen: range, rows: int, salt: int = 0) -> Decimal:
    """Write the orders with these numbers, of a company with so many orders; ``salt`` changes their amounts. Returns the sum."""
    connection = duckdb.connect()
    connection.execute(f"""
        COPY (SELECT 'SO' || (20250000000 + i) AS 订单号, 'C' || c AS 客户编号, '王' || (hash(c * 3) % 900) AS 姓名,
              16100000000 + hash(c * 5) % 100000000 AS 手机号,
              strftime(TIMESTAMP '2023-01-01' + INTERVAL 1 SECOND * (hash(i * 7) % 94000000)::BIGINT, '%Y-%m-%d %H:%M:%S') AS 下单时间,
              {_amount(salt)} AS 金额, 1 + hash(i * 13) % 5 AS 数量,
              ['官网', '门店', '微信', '代理'][1 + (hash(i * 17) % 4)::INT] AS 渠道, '' AS 备注
              FROM (SELECT i, hash(i) % {max(1, rows // 5)} AS c FROM range({chosen.start}, {chosen.stop}, {chosen.step}) AS t(i))) TO '{path}' (HEADER)""")
    return _sum(chosen, salt)


def _amount(salt: int) -> str:
    return f"((100 + hash(i * 11 + {salt}) % 90000) / 100)::DECIMAL(18,2)"


def _sum(chosen: range, salt: int = 0) -> Decimal:
    found = duckdb.execute(
        f"SELECT sum({_amount(salt)}) FROM range({chosen.start}, {chosen.stop}, {chosen.step}) AS t(i)"
    ).fetchone()
    assert found is not None
    return Decimal(found[0])


def _collect(csv: Path, root: Path, rows: int, total: Decimal) -> tuple[float, float]:
    """Seconds, and the peak of memory of any one process in MB."""
    folder = open_folder(root) if root.exists() else create_folder(root)
    begun = time.perf_counter()
    program = str(Path(sys.executable).with_name("kexiao"))
    command = [program, "collect", str(csv), "-w", str(root), "--no-input", "--format", "json"]
    # Of its own children a process learns the largest only; each load is therefore the child of a process that tells.
    timed = subprocess.run([sys.executable, "-c", _TOLD, *command], capture_output=True, text=True, check=False)
    took = time.perf_counter() - begun
    assert timed.returncode == 0, timed.stderr[-500:]
    memory = int(timed.stdout.splitlines()[-1]) / 1024
    snapshot = Store(folder.data).current()
    paths = [str(path) for path in Store(folder.data).paths(snapshot.tables["orders"])]
    loaded = duckdb.execute("SELECT count(*), sum(amount) FROM read_parquet($1)", [paths]).fetchone()
    assert loaded == (rows, total), loaded
    return took, memory


_TOLD = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def _duckdb(csv: Path, out: Path) -> float:
    begun = time.perf_counter()
    command = [
        sys.executable,
        "-c",
        f"import duckdb; duckdb.execute('SET enable_progress_bar = false'); duckdb.execute(\"COPY (FROM read_csv('{csv}')) TO '{out}' (COMPRESSION zstd)\")",
    ]
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

"""How the cost of a request grows with the orders, on DuckDB and on a Spark cluster of two workers, both on this machine.

Run: ``python benchmarks/bench_scaling.py 100000 300000 1000000``. Facts are derived and the metrics of ``bench_metrics`` computed by month and channel
over three years, from the same Parquet files and to the same numbers, which are compared. Beside the clock stands the processor time of all processes
that took part: it hardly changes when other programs run too. A line, fixed cost + slope × orders, is laid through the sizes by least squares.
Writes ``benchmarks/RESULTS-scaling.md``; Spark is left out where ``make spark`` was not run.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench_metrics import METRICS, PERIOD, _draw

from kexiao.cycle.measure import measure_facts
from kexiao.engine.folder import Folder, create_folder, open_folder
from kexiao.facts.source import FactSource, open_facts, open_facts_on_engine

TODAY = date(2026, 6, 1)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds by the clock and of processors."""

    wall: float
    cpu: float


def main() -> None:
    """Measure each size on each engine and write the results."""
    sizes = [int(size) for size in sys.argv[1:]] or [100_000, 300_000, 1_000_000]
    lines = [_header(), "| engine | orders | facts: clock | facts: processors | metrics: clock | metrics: processors |", "|---|---|---|---|---|---|"]  # fmt: skip
    fits = []
    with tempfile.TemporaryDirectory() as place, _spark() as address:
        folders = {size: _company(Path(place) / str(size), size) for size in sizes}
        numbers: dict[Path, object] = {}
        for name, engine in (("DuckDB", "duckdb"), *([("Spark", address)] if address else [])):
            taken = []
            # A server that was just started is slow at first.
            _measure(folders[sizes[0]], engine, numbers)
            for size, folder in folders.items():
                facts, metrics = _measure(folder, engine, numbers)
                taken.append((facts.cpu, metrics.cpu))
                lines.append(f"| {name} | {size:,} | {facts.wall:.2f} s | {facts.cpu:.2f} s | {metrics.wall:.2f} s | {metrics.cpu:.2f} s |")  # fmt: skip
                print(lines[-1], flush=True)
            fits += [_line(name, part, sizes, cpu) for part, cpu in zip(("facts", "metrics"), zip(*taken, strict=True), strict=True)]  # fmt: skip
    lines += ["", "Processor seconds = fixed cost + slope × million orders, by least squares:", "", "| engine | part | fixed | slope | largest miss |", "|---|---|---|---|---|", *fits]  # fmt: skip
    Path(__file__).with_name("RESULTS-scaling.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _header() -> str:
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"# How cost grows with the orders\n\n{date.today()}; {machine}; load average {load}; {len(METRICS)} metrics by month and channel, three years.\n"


def _company(place: Path, orders: int) -> Folder:
    folder = create_folder(place)
    _draw(folder.data, orders)
    return folder


@contextmanager
def _spark() -> Iterator[str | None]:
    """The address of a cluster of two workers, a core each; none where Spark is not there."""
    root = Path(__file__).resolve().parents[1]
    if not list(root.glob(".venv-spark/lib/python*/site-packages/pyspark")):
        yield None
        return
    sys.path.insert(0, str(root / "tests"))
    from engines.spark_cluster import cluster_running

    with cluster_running() as address:
        yield address


def _measure(folder: Folder, engine: str, numbers: dict[Path, object]) -> tuple[Taken, Taken]:
    """What deriving the facts and computing the metrics take; the numbers must be those of the engine before."""
    path = folder.root / "kexiao.toml"
    kept = path.read_text(encoding="utf-8")
    if engine != "duckdb":
        path.write_text(f'engine = "{engine}"\n{kept}', encoding="utf-8")
    opened: list[FactSource] = []
    facts = _timed(lambda: opened.append(_opened(open_folder(folder.root), engine)))
    values: list[object] = []
    metrics = _timed(lambda: values.extend(_numbers(opened[0])))
    path.write_text(kept, encoding="utf-8")
    assert numbers.setdefault(folder.root, values) == values, "the engines disagree"
    return facts, metrics


def _opened(folder: Folder, engine: str) -> FactSource:
    source = open_facts(folder, now=TODAY) if engine == "duckdb" else open_facts_on_engine(folder, now=TODAY)
    # Spark derives what it keeps when it is first read.
    source.query("SELECT count(*) FROM customer_summary")
    return source.not_kept()


def _numbers(source: FactSource) -> list[object]:
    return [(v.metric, v.period, v.dimensions, v.value) for v in measure_facts(source, METRICS, period=PERIOD, grain="month", by=["channel"])]  # fmt: skip


def _timed(work: Callable[[], object]) -> Taken:
    wall, cpu = time.perf_counter(), _processor_seconds()
    work()
    return Taken(time.perf_counter() - wall, _processor_seconds() - cpu)


def _processor_seconds() -> float:
    """Of this process and of all that it started, and they."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(path.parent.name)
        parents[number], spent[number] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    ours, found = {os.getpid()}, -1
    while found != len(ours):
        found = len(ours)
        ours |= {number for number, parent in parents.items() if parent in ours}
    return sum(spent.get(number, 0.0) for number in ours)


def _line(name: str, part: str, sizes: Sequence[int], seconds: Sequence[float]) -> str:
    """Fixed cost and slope, and the largest difference from what was measured."""
    import numpy

    millions = [size / 1e6 for size in sizes]
    slope, fixed = numpy.polyfit(millions, seconds, 1)
    miss = max(abs(fixed + slope * x - y) for x, y in zip(millions, seconds, strict=True))
    return f"| {name} | {part} | {fixed:.2f} s | {slope:.2f} s | {miss:.2f} s |"


if __name__ == "__main__":
    main()

"""After a load: facts renewed beside facts derived from nothing, and a stored result beside one computed.

Run: ``python benchmarks/bench_refresh.py 1000000``. To the shop of ``bench_metrics`` with its orders come 1 % new ones; the facts
of both ways are compared row by row before any time is believed. Writes ``benchmarks/RESULTS-refresh.md``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench_metrics import PERIOD, ROUNDS, _draw, _header, order_rows

from kexiao.cycle.measure import measure
from kexiao.engine.duck import connect, run
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.store import Store
from kexiao.facts import results, stored
from kexiao.facts.derive import fact_queries
from kexiao.facts.policy import Policy
from kexiao.tables.catalogue import all_tables

Found = TypeVar("Found")
HEAD = (
    "| orders | facts from nothing | facts renewed after 1 % new orders | share | catalogue computed | share of a full run | "
    "from the store, new process | same process | values |"
)


def main() -> None:
    """Measure each size and write the results."""
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    title = _header().replace("Metric run by month and channel, three years", "After a load, and asking again")
    title = title.replace(f"median of {ROUNDS} interleaved rounds", "one round")
    lines = [
        title,
        "Seconds by the clock, in brackets those of the processors; shares are of the latter.\n",
        HEAD,
        "|---" * 9 + "|",
    ]
    for orders in sizes:
        lines.append(_measured(orders))
        print(lines[-1], flush=True)
    Path(__file__).with_name("RESULTS-refresh.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _measured(orders: int) -> str:
    with tempfile.TemporaryDirectory() as place:
        folder = create_folder(Path(place) / "w")
        _draw(folder.data, orders)
        store, policy = Store(folder.data), Policy()
        stored.derived(folder, store, store.current(), policy)
        _add(folder, orders, orders // 100)
        renewed, took, took_busy = _timed(lambda: stored.derived(folder, store, store.current(), policy))
        other = Path(place) / "nothing"
        other.mkdir()
        _, whole, whole_busy = _timed(lambda: stored._from_nothing(folder, store, store.current(), policy, other))
        _same(renewed, other)
        computed, cold, cold_busy = _timed(lambda: _catalogue(folder))
        results._held.clear()
        again, first, first_busy = _timed(lambda: _catalogue(folder))
        held, second, second_busy = _timed(lambda: _catalogue(folder))
        if not (computed == again == held):
            raise SystemExit("The stored result differs.")
        return (
            f"| {orders:,} | {whole:.2f} ({whole_busy:.2f}) s | {took:.2f} ({took_busy:.2f}) s | {took_busy / whole_busy:.0%} | {cold:.1f} ({cold_busy:.1f}) s "
            f"| {took_busy / (whole_busy + cold_busy):.0%} | {first * 1000:.0f} ({first_busy * 1000:.0f}) ms | {second * 1000:.1f} ({second_busy * 1000:.1f}) ms | {len(held):,} |"
        )


def _timed(work: Callable[[], Found]) -> tuple[Found, float, float]:
    """What a piece of work gives, its seconds by the clock, and those of the processors."""
    begun, busy = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - begun, time.process_time() - busy


def _catalogue(folder: Folder) -> tuple[object, ...]:
    return measure(folder, period=PERIOD, grain="month", by=["channel"]).values


def _add(folder: Folder, orders: int, more: int) -> None:
    """New orders of the last days."""
    connection = connect(folder.data / "_tmp")
    columns = all_tables()["orders"].stored_columns
    with Store(folder.data).writing("more") as writer:
        rows = order_rows(orders, f"range({orders}, {orders + more})", "DATE '2025-12-28' + (hash(i * 7) % 4)::INT")
        part = writer.write(connection, "orders", columns, rows)
        writer.change("orders", columns, add=[part] if part else [])
        writer.commit()


def _same(renewed: Path, other: Path) -> None:
    """Errors: ``SystemExit`` where a fact differs by any row."""
    connection = connect(renewed.parent.parent / "_tmp")
    for name in (*fact_queries(Policy()), "gap_counts"):
        one, two = (f"FROM read_parquet('{folder}/{name}-*.parquet')" for folder in (renewed, other))
        (found,) = run(connection, f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM ({one}) AS t")
        (wanted,) = run(connection, f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM ({two}) AS t")
        if found != wanted:
            raise SystemExit(f"{name} differs: {found} {wanted}")


if __name__ == "__main__":
    main()

"""One shop on two engines: the same tables in both, and every number of the catalogue compared."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engines.shops import whole_shop

from kexiao.cycle.measure import measure_facts
from kexiao.engine.duck import Connection, DuckEngine
from kexiao.engine.query import QueryEngine
from kexiao.facts.policy import Policy
from kexiao.facts.source import FactSource, facts_in_memory
from kexiao.facts.worked_example import answer_of, drawn_tables
from kexiao.metrics.catalogue import all_metrics
from kexiao.tables.catalogue import all_tables

NOW = date(2025, 7, 3)
HALF_A_YEAR = ("2025Q1..2025Q2", "quarter", ())
CLOSE = 1e-12
LIMITS = ("interval_low", "interval_high")


def on_both(
    tables: Mapping[str, str], other: QueryEngine, folder: Path, policy: Policy
) -> tuple[FactSource, FactSource]:
    """The facts of a shop on DuckDB and on another engine, which reads the same Parquet files."""
    connection = drawn_tables(tables)
    send(connection, other, folder)
    return facts_in_memory(DuckEngine(connection), policy, now=NOW), facts_in_memory(other, policy, now=NOW)


def policy_of(seed: int) -> Policy:
    """One policy or another: with and without a stand-in for unknown costs, refunds booked on either day."""
    return Policy(
        active_window_days=90, margin_rate=0.3 if seed % 2 else None, refund_date="order" if seed % 3 else "refund"
    )


def shop_unlike(
    other: QueryEngine,
    folder: Path,
    seed: int,
    period: str,
    grain: str | None,
    by: Sequence[str],
    policy: Policy | None = None,
) -> list[str]:
    """Where the whole catalogue of a random shop differs on another engine, in words."""
    ours, theirs = on_both(whole_shop(seed), other, folder, policy or Policy())
    return differences(catalogue(ours, period, grain, by), catalogue(theirs, period, grain, by))


def examples_unlike(other: QueryEngine, folder: Path) -> list[str]:
    """The worked examples of the catalogue that another engine answers otherwise, in words; those of the same tables ask the same facts."""
    of_shop = defaultdict(list)
    for name, metric in all_metrics().items():
        for example in (metric.example, *metric.more_examples):
            of_shop[tuple(example.tables.items()), example.window].append((name, metric, example))
    found = []
    for (tables, window), examples in of_shop.items():
        connection = drawn_tables(dict(tables))
        send(connection, other, folder)
        policy, now = Policy(active_window_days=window), date(2100, 1, 1)
        on = [facts_in_memory(engine, policy, now=now) for engine in (DuckEngine(connection), other)]
        for name, metric, example in examples:
            ours, theirs = (answer_of(name, metric, example, source).as_record() for source in on)
            if not equal(ours, theirs):
                found.append(f"{name} {example.variant}: {ours} and {theirs}")
    return found


def send(connection: Connection, other: QueryEngine, folder: Path) -> None:
    """Write every canonical table that has rows as a Parquet file, and let the other engine read it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in all_tables().items():
        if not table.versioned:
            continue
        path, paths = folder / f"{name}.parquet", []
        if connection.execute(f"SELECT count(*) FROM {name}").fetchall() != [(0,)]:
            connection.execute(f"COPY {name} TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
            paths = [path.as_uri()]
        other.read_files(name, paths, table.stored_columns)


def catalogue(
    source: FactSource, period: str, grain: str | None, by: Sequence[str]
) -> dict[tuple[object, ...], dict[str, Any]]:
    """Every metric with its variants: what comes with each value, by what it is a value of."""
    found = {}
    for value in measure_facts(source, [], period=period, grain=grain, by=by, variants=True).values:
        record = value.as_record()
        found[value.metric, value.variant, record["period"], str(sorted(map(str, value.dimensions.items())))] = record
    return found


def differences(ours: Mapping[Any, dict[str, Any]], theirs: Mapping[Any, dict[str, Any]]) -> list[str]:
    """Where two catalogues differ, in words."""
    found = [f"{key}: only on one engine" for key in ours.keys() ^ theirs.keys()]
    for key in ours.keys() & theirs.keys():
        for field, left in ours[key].items():
            if not equal(left, theirs[key][field], _size(ours[key]) if field in LIMITS else 0.0):
                found.append(f"{key} {field}: {left} and {theirs[key][field]}")
    return sorted(found)


def equal(left: Any, right: Any, size: float = 0.0) -> bool:
    """Equal, floats to 1e-12 of themselves or of ``size``; a number is never equal to a missing one."""
    if isinstance(left, float) and isinstance(right, (float, int)) and not isinstance(right, bool):
        if math.isnan(left) and math.isnan(right):
            return True
        return left == right or math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE * size)
    if isinstance(left, Mapping):
        return (
            isinstance(right, Mapping) and left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
        )
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def _size(record: Mapping[str, Any]) -> float:
    """How large an interval is at its far end: a limit is the value less a margin, so one near 0 has no digits of its own."""
    return max(abs(record[name] or 0.0) for name in ("value", *LIMITS))

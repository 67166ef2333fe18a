"""The metric run by month and channel over three years, beside hand-written DuckDB SQL that gives the same numbers.

Run: ``python benchmarks/bench_metrics.py 1000000 10000000``. Both sides read the same Parquet files with the same settings; rounds are interleaved;
the numbers are compared before any time is believed. Writes ``benchmarks/RESULTS-metrics.md``.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from kexiao.cycle.measure import measure_facts
from kexiao.engine.duck import connect, run
from kexiao.engine.folder import create_folder
from kexiao.engine.store import Store
from kexiao.facts.source import FactSource, open_facts
from kexiao.tables.catalogue import all_tables

ROUNDS = 5
PERIOD = "2023-01..2025-12"
METRICS = [
    "net_sales", "gross_sales", "gross_margin", "orders", "ordering_customers", "average_order_value", "purchase_frequency",
    "revenue_per_customer", "identified_share", "discount_rate", "gross_margin_rate", "repeat_purchase_rate",
    "customers_at_start", "customers_at_end", "retained_customers", "lost_customers", "reactivated_customers", "new_customers",
    "customer_base", "retention_rate", "churn_rate", "new_customer_share", "repeat_purchase_rate:repurchase",
]  # fmt: skip

# What a good analyst writes by hand for those numbers with their intervals: one pass to (month, channel, customer) for sums, counts, squares and
# products; one to activity masks per customer, histogrammed, for the states.
SUMS_BY_HAND = """
    WITH u AS (
        SELECT year(sold_on) * 12 + month(sold_on) - 24277 AS p, channel, customer_id, count(*) AS o, sum(net)::DECIMAL(18,2) AS net,
               sum(gross)::DECIMAL(18,2) AS gross, sum(discount)::DECIMAL(18,2) AS discount, sum(cost)::DECIMAL(18,2) AS cost,
               count(*) - count(cost) AS unknown
        FROM sale_orders WHERE sold_on >= DATE '2023-01-01' AND sold_on < DATE '2026-01-01' AND customer_id IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT year(sold_on) * 12 + month(sold_on) - 24277, channel, NULL, 1, net, gross, discount, cost, (cost IS NULL)::INT
        FROM sale_orders WHERE sold_on >= DATE '2023-01-01' AND sold_on < DATE '2026-01-01' AND customer_id IS NULL
    ), f AS (
        SELECT p, channel, customer_id IS NOT NULL AS known, unknown, o, net, gross, discount, net - cost AS margin,
               o::DOUBLE AS od, net::DOUBLE AS netd, gross::DOUBLE AS grossd, discount::DOUBLE AS discountd, (net - cost)::DOUBLE AS margind FROM u
    )
    SELECT p, channel, sum(net), sum(gross), sum(margin), sum(o), count(*) FILTER (known), sum(o) FILTER (known), sum(net) FILTER (known),
           sum(discount), count(*) FILTER (known AND o >= 2), sum(unknown), count(*),
           sum(netd * netd), sum(grossd * grossd), sum(margind * margind), sum(od * od), sum(od * od) FILTER (known), sum(netd * netd) FILTER (known),
           sum(discountd * discountd), sum(netd * od), sum(od) FILTER (known), sum(netd) FILTER (known), sum(discountd * grossd), sum(margind * netd),
           max(abs(netd)), max(abs(grossd)), max(abs(margind)), max(od), max(discountd)
    FROM f GROUP BY p, channel"""
STATES_BY_HAND = """
    WITH m AS (
        SELECT customer_id,
               bit_or((1::BIGINT << least(37, greatest(0, year(sold_on + {w}) * 12 + month(sold_on + {w}) - 24276)))
                    - (1::BIGINT << least(37, greatest(0, year(sold_on) * 12 + month(sold_on) - 24276)))) AS a,
               bit_or(CASE WHEN sold_on >= DATE '2022-12-01' THEN 1::BIGINT << least(37, greatest(0, year(sold_on) * 12 + month(sold_on) - 24276)) ELSE 0 END) AS o
        FROM sale_orders WHERE customer_id IS NOT NULL AND sold_on < DATE '2026-01-01' GROUP BY customer_id
    ), h AS (
        SELECT channel, a, o, least(37, greatest(0, year(new_on) * 12 + month(new_on) - 24276)) AS n,
               least(37, greatest(0, year(acquired_on) * 12 + month(acquired_on) - 24276)) AS b, count(*) AS c
        FROM customer_summary JOIN m USING (customer_id) WHERE acquired_on < DATE '2026-01-01' GROUP BY ALL
    )
    SELECT i AS p, channel, sum(c) FILTER ((a >> i) & 1 = 1), sum(c) FILTER ((a >> (i + 1)) & 1 = 1),
           sum(c) FILTER ((a >> i) & (a >> (i + 1)) & 1 = 1), sum(c) FILTER (n = i + 1), sum(c) FILTER (b <= i + 1),
           sum(c) FILTER ((a >> i) & 1 = 1 AND (a >> (i + 1)) & 1 = 0),
           sum(c) FILTER ((a >> i) & 1 = 0 AND (a >> (i + 1)) & 1 = 1 AND n <> i + 1),
           sum(c) FILTER ((o >> i) & (o >> (i + 1)) & 1 = 1), sum(c) FILTER ((o >> i) & 1 = 1)
    FROM h CROSS JOIN (SELECT range::INT AS i FROM range(36)) GROUP BY ALL"""


def main() -> None:
    """Measure each size and write the results."""
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    lines = [
        _header(),
        "| orders | facts derived | ours | by hand | ratio ours ÷ by hand | values |",
        "|---|---|---|---|---|---|",
    ]
    for orders in sizes:
        lines.append(_measure(orders))
        print(lines[-1], flush=True)
    Path(__file__).with_name("RESULTS-metrics.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _header() -> str:
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"# Metric run by month and channel, three years\n\n{date.today()}; {machine}; load average {load}; median of {ROUNDS} interleaved rounds.\n"


def _measure(orders: int) -> str:
    with tempfile.TemporaryDirectory() as place:
        folder = create_folder(Path(place) / "w")
        _draw(folder.data, orders)
        begun = time.perf_counter()
        # Nothing may be answered from the store here.
        source = open_facts(folder, now=date(2026, 6, 1)).not_kept()
        derived = time.perf_counter() - begun
        count = _check(source)
        ours, by_hand = _interleaved(lambda: _ours(source), lambda: _by_hand(source))
        return f"| {orders:,} | {derived:.2f} s | {ours:.2f} s | {by_hand:.2f} s | {ours / by_hand:.2f} | {count:,} |"


def _draw(data: Path, orders: int) -> None:
    """Orders of a shop whose customers come back: a fifth as many customers as orders, six channels, three years, 3 % anonymous."""
    connection = connect(data / "_tmp")
    columns = all_tables()["orders"].stored_columns
    store = Store(data)
    with store.writing("drawn") as writer:
        rows = order_rows(orders, f"range({orders})", "DATE '2022-06-01' + (hash(i * 7) % 1310)::INT")
        part = writer.write(connection, "orders", columns, rows)
        writer.change("orders", columns, add=[part] if part else [])
        writer.commit()


def order_rows(orders: int, numbers: str, day: str) -> str:
    """SQL of the orders with these numbers, of a shop of a fifth as many customers as ``orders``, on a day made from the number ``i``."""
    empty = {name: f"CAST(NULL AS {kind}) AS {name}" for name, kind in all_tables()["orders"].stored_columns}
    empty |= {
        "order_id": "'o' || i AS order_id",
        "customer_id": f"CASE WHEN hash(i * 13) % 100 < 97 THEN (hash(hash(i * 17) % {orders // 5}) >> 1)::BIGINT END AS customer_id",
        "ordered_on": f"{day} AS ordered_on",
        "status": "'completed' AS status",
        "channel": "'channel ' || (hash(i * 3) % 6) AS channel",
        "amount": "(10 + hash(i * 11) % 1000)::DECIMAL(18,2) AS amount",
        "discount": "(hash(i * 19) % 10)::DECIMAL(18,2) AS discount",
        "cost": "(5 + hash(i * 11) % 600)::DECIMAL(18,2) AS cost",
        "load_id": "1::BIGINT AS load_id",
    }
    return f"SELECT {', '.join(empty.values())} FROM {numbers} AS t(i)"


def _ours(source: FactSource) -> list[object]:
    return list(measure_facts(source, METRICS, period=PERIOD, grain="month", by=["channel"]))


def _by_hand(source: FactSource) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    states = STATES_BY_HAND.format(w=source.policy.window)
    return run(source.connection, SUMS_BY_HAND), run(source.connection, states)


def _check(source: FactSource) -> int:
    """Ours and by hand must be the same numbers, every month and channel."""
    values = measure_facts(source, METRICS, period=PERIOD, grain="month", by=["channel"])
    ours = {(v.metric, v.period, v.dimensions["channel"]): v.value for v in values}
    sums, states = _by_hand(source)
    for number, channel, *row in sums:
        month = f"{2023 + number // 12}-{number % 12 + 1:02d}"  # type: ignore[operator]
        for name, want in zip(
            ["net_sales", "gross_sales", "gross_margin", "orders", "ordering_customers"], row[:5], strict=True
        ):
            assert ours[name, month, channel] == want, (name, month, channel)
    for number, channel, *row in states:
        month = f"{2023 + number // 12}-{number % 12 + 1:02d}"  # type: ignore[operator]
        names = [
            "customers_at_start",
            "customers_at_end",
            "retained_customers",
            "new_customers",
            "customer_base",
            "lost_customers",
            "reactivated_customers",
        ]
        for name, want in zip(names, row[:7], strict=True):
            assert ours[name, month, channel] == (want or 0), (name, month, channel)
    return len(values)


def _interleaved(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, kept in ((first, times[0]), (second, times[1])):
            begun = time.perf_counter()
            work()
            kept.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()

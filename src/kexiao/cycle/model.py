"""Model: run the published methods over the facts and keep what they say of each customer in ``scores`` and ``segment_memberships``.

Running a model again on the same data changes nothing; on newer data it adds rows of a newer date and leaves the older ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.cycle.lifetime import (
    LifetimeValues,
    lifetime_errors,
    lifetime_intervals,
    lifetime_values,
    residual_intervals,
)
from kexiao.cycle.segments import TIER_CODES, Segmentation, segments
from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Columns, PartFile, Store, Writer
from kexiao.errors import unknown_name
from kexiao.facts.source import FactSource, open_facts
from kexiao.models.inputs import CannotFit, Unfitted
from kexiao.models.segments.rfm import SEGMENTS
from kexiao.tables.catalogue import table_named
from kexiao.text import Text

# Predictive intervals take two milliseconds a customer, so only the most valuable ones get theirs stored.
WITH_INTERVALS = 500
NO_LIMITS = np.empty(0)
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class ModelRun:
    """What a run did: rows now in ``table`` for this date, whether anything changed, and the snapshot that holds it."""

    model: str
    as_of: date
    table: str
    rows: int
    changed: bool
    snapshot: str
    result: LifetimeValues | Segmentation


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one result to store: its key columns, and columns (n,) by name."""

    key: Mapping[str, str]
    columns: Mapping[str, NDArray[Any]]


def run_model(folder: Folder, name: str, *, with_intervals: int = WITH_INTERVALS) -> ModelRun:
    """Run ``clv`` or ``segments`` on the newest data of a workspace and store what it says; ``with_intervals``: for so many of the most valuable customers.

    Errors: ``WrongUse`` for an unknown name, ``CannotFit`` with the reason where the data cannot carry the model.
    """
    if name not in MODELS:
        raise unknown_name(Text(zh="模型", en="model"), name, list(MODELS))
    source = open_facts(folder)
    if source.policy.count_as == "parent":
        raise CannotFit(
            Text(
                zh="口径为按上级客户计数，模型只按客户本身计算。",
                en="The policy counts parents, but models are of customers.",
            ),
            next_step=Text(
                zh="在 kexiao.toml 的 [policy] 中去掉 count_as 后重试。",
                en="Take count_as out of [policy] in kexiao.toml and try again.",
            ),
        )
    compute, table = MODELS[name]
    result, rows = compute(source, with_intervals)
    stored, changed, snapshot = _store(folder, table, result.as_of, rows, f"model {name}")
    return ModelRun(name, result.as_of, table, stored, changed, snapshot, result)


def score_rows(values: LifetimeValues, with_intervals: int = WITH_INTERVALS) -> list[_Rows]:
    """The rows of ``scores``; money only where it is margin, which is what the metrics mean by value."""
    best = np.argsort(-values.residual_value, kind="stable")[:with_intervals]
    found = [
        _scores(values, "probability_alive", values.probability_alive),
        _scores(values, "expected_purchases", values.expected_purchases),
    ]
    if values.is_margin:
        found.append(_scores(values, "residual_value", values.residual_value, best, residual_intervals(values, best)))
        found.append(_scores(values, "lifetime_value", values.lifetime_value, best, lifetime_intervals(values, best)))
        # A mean over whichever customers gets its interval from these: see ``parameter_errors``.
        found += [
            _scores(values, f"lifetime_value_error_{number}", column)
            for number, column in enumerate(lifetime_errors(values).T, 1)
        ]
    return found


def membership_rows(found: Segmentation) -> list[_Rows]:
    """The rows of ``segment_memberships``."""
    names = np.array([segment.name for segment in SEGMENTS])
    tiers = np.array(TIER_CODES)
    return [
        _Rows({"segmentation": "rfm"}, {"customer_id": found.customer, "segment": names[found.scores.segment]}),
        _Rows({"segmentation": "value_tier"}, {"customer_id": found.customer, "segment": tiers[found.tier]}),
    ]


def _clv(source: FactSource, with_intervals: int) -> tuple[LifetimeValues, list[_Rows]]:
    values = lifetime_values(source)
    if isinstance(values, Unfitted):
        raise _refusal(values)
    return values, score_rows(values, with_intervals)


def _segments(source: FactSource, _: int) -> tuple[Segmentation, list[_Rows]]:
    found = segments(source)
    if isinstance(found, Unfitted):
        raise _refusal(found)
    return found, membership_rows(found)


MODELS: dict[str, tuple[Callable[[FactSource, int], tuple[Any, list[_Rows]]], str]] = {
    "clv": (_clv, "scores"),
    "segments": (_segments, "segment_memberships"),
}


def _refusal(found: Unfitted) -> CannotFit:
    return CannotFit(found.reason, next_step=found.next_step, why=found.instead)


def _scores(
    values: LifetimeValues,
    score: str,
    value: NDArray[np.float64],
    places: NDArray[np.intp] | None = None,
    limits: tuple[NDArray[np.float64], NDArray[np.float64]] = (NO_LIMITS, NO_LIMITS),
) -> _Rows:
    low, high = (np.full(len(value), np.nan) for _ in range(2))
    if places is not None:
        low[places], high[places] = limits
    # Rounded, so that a second run on the same data differs in nothing, not even in the last bit of a sum.
    numbers = {name: np.round(each, DECIMALS) for name, each in (("value", value), ("low", low), ("high", high))}
    columns = {"customer_id": values.customer, **numbers}
    return _Rows({"model": "clv", "score": score}, columns)


def _store(folder: Folder, table: str, as_of: date, rows: Sequence[_Rows], reason: str) -> tuple[int, bool, str]:
    """Put rows in place of earlier ones of the same results and date; equal ones change nothing."""
    columns = table_named(table).stored_columns
    store = Store(folder.data)
    connection = connect(folder.data / "_tmp")
    try:
        own = _as_query(connection, table, as_of, rows)
        with store.writing(reason) as writer:
            connection.execute(f"CREATE TABLE old_rows AS {store.table_query(writer.base, table, columns)}")
            count = int(run(connection, f"SELECT count(*) FROM ({own})")[0][0])
            changed = _differ(connection, own, _replaced(as_of, rows), columns)
            if changed:
                _rewrite(writer, connection, table, columns, _replaced(as_of, rows), own)
            snapshot = writer.commit() if changed else writer.base
    finally:
        connection.close()
    return count, changed, snapshot.name


def _as_query(connection: Connection, table: str, as_of: date, rows: Sequence[_Rows]) -> str:
    """New rows as a query over arrays; a missing limit is null."""
    columns = table_named(table).stored_columns
    parts = []
    for number, some in enumerate(rows):
        connection.register(f"new_{number}", dict(some.columns))
        fixed = {**{name: quote_text(value) for name, value in some.key.items()}, "as_of": f"DATE '{as_of}'"}
        fixed["known_at"] = "now()"
        shown = [
            f"CAST({fixed.get(name) or (name if name in some.columns else 'NULL')} AS {kind}) AS {name}"
            for name, kind in columns
        ]
        parts.append(f"SELECT {', '.join(shown)} FROM new_{number}")
    return " UNION ALL ".join(parts)


def _replaced(as_of: date, rows: Sequence[_Rows]) -> str:
    """The condition of the rows that new ones take the place of: the same model or segmentation at the same date."""
    names = {"model", "segmentation"}
    keys = {(name, value) for some in rows for name, value in some.key.items() if name in names}
    listed = " OR ".join(f"{name} = {quote_text(value)}" for name, value in sorted(keys))
    return f"(as_of = DATE '{as_of}' AND ({listed}))"


def _differ(connection: Connection, own: str, replaced: str, columns: Columns) -> bool:
    """Whether the stored rows say anything else than the new ones, when they were written left aside."""
    shown = ", ".join(name for name, _ in columns if name not in ("known_at", "load_id"))
    old = f"SELECT {shown} FROM old_rows WHERE {replaced}"
    new = f"SELECT {shown} FROM ({own})"
    both = f"(({new}) EXCEPT ALL ({old})) UNION ALL (({old}) EXCEPT ALL ({new}))"
    return bool(run(connection, f"SELECT count(*) FROM ({both})")[0][0])


def _rewrite(writer: Writer, connection: Connection, table: str, columns: Columns, replaced: str, own: str) -> None:
    """Files that hold replaced rows are written again without them; the new rows make a file of their own."""
    version = writer.tables.get(table)
    added: list[PartFile | None] = []
    removed: list[str] = []
    for part in version.files if version else ():
        path = quote_text(str(writer.store.data / part.path))
        held = f"SELECT * FROM read_parquet({path})"
        if run(connection, f"SELECT count(*) FROM ({held}) WHERE {replaced}")[0][0]:
            removed.append(part.path)
            added.append(writer.write(connection, table, columns, f"{held} WHERE NOT {replaced}"))
    added.append(writer.write(connection, table, columns, own))
    writer.change(table, columns, add=[part for part in added if part], remove=removed)


__all__ = [
    "LifetimeValues",
    "ModelRun",
    "Segmentation",
    "lifetime_values",
    "membership_rows",
    "run_model",
    "score_rows",
    "segments",
]

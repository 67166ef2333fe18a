"""Facts kept on disk: derived once for a snapshot under a policy, found again by what they rest on, and renewed after a load from those before it."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from kexiao.engine.dialects import render
from kexiao.engine.duck import Connection, DuckEngine, connect, quote_text
from kexiao.engine.folder import Folder
from kexiao.engine.query import QueryEngine
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import Ambiguous
from kexiao.facts.derive import fact_queries
from kexiao.facts.fact_files import query_of, write_fact
from kexiao.facts.one_customer import DEPENDS_ON, create_canonical_views
from kexiao.facts.policy import Policy
from kexiao.facts.renewing import Before, renew
from kexiao.facts.window import GAP_COUNTS_QUERY, gap_weights, suggest_window
from kexiao.text import Text

# Raised whenever the meaning of a stored fact changes, so that older caches are not read.
FACTS_VERSION = 3
_READ = ("orders", "order_lines", "refunds", "products", "customers", *DEPENDS_ON)
_KEPT_CACHES = 3
_ABOUT = "facts.json"
# Customers whose acquisition day is on file, those acquired before the data begin, and all.
_ACQUIRED_QUERY = """
    SELECT count(c.acquired_on), count(CASE WHEN c.acquired_on < (SELECT min(ordered_on) FROM orders) THEN 1 END), count(*)
    FROM customer_summary AS s LEFT JOIN customers AS c ON c.customer_id = s.customer_id"""


def derived(folder: Folder, store: Store, snapshot: Snapshot, policy: Policy) -> Path:
    """The folder with the derived facts of a snapshot, made where it is missing; a killed run leaves nothing that is read."""
    rules = _rules(snapshot, policy)
    caches = folder.data / "_facts"
    cache = caches / sha256(json.dumps([rules, snapshot.fingerprint(_READ)]).encode()).hexdigest()[:20]
    if (cache / _ABOUT).exists():
        return cache
    making = caches / f".{uuid.uuid4().hex}"
    making.mkdir(parents=True)
    try:
        about = _renewed(folder, store, snapshot, policy, making) or _from_nothing(
            folder, store, snapshot, policy, making
        )
        tables = {
            name: [part.path for part in snapshot.tables[name].files] for name in _READ if name in snapshot.tables
        }
        (making / _ABOUT).write_text(json.dumps({**about, "rules": rules, "tables": tables}), encoding="utf-8")
        try:
            making.rename(cache)
        except OSError:
            if not (cache / _ABOUT).exists():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _forget_old_caches(caches)
    return cache


def about_facts(cache: Path) -> dict[str, Any]:
    """What is known about the data as a whole, and the files of each fact."""
    found: dict[str, Any] = json.loads((cache / _ABOUT).read_text(encoding="utf-8"))
    return found


def fact_views(cache: Path, about: Mapping[str, Any]) -> dict[str, str]:
    """SQL that reads each stored fact, by name."""
    return {name: query_of(cache, files) for name, files in about["files"].items() if name != "gap_counts"}


def _rules(snapshot: Snapshot, policy: Policy) -> str:
    """What facts rest on beside the rows that they are derived from."""
    windows = ("_window_days", "window_is_suggested")
    shown = {name: value for name, value in policy.shown().items() if not name.endswith(windows)}
    return json.dumps([FACTS_VERSION, shown, snapshot.fingerprint(DEPENDS_ON)], sort_keys=True)


def _from_nothing(folder: Folder, store: Store, snapshot: Snapshot, policy: Policy, making: Path) -> dict[str, Any]:
    with closing(connect(folder.data / "_tmp")) as connection:
        create_canonical_views(connection, store, snapshot, policy.count_as)
        return _derive_into(connection, policy, making)


def _renewed(folder: Folder, store: Store, snapshot: Snapshot, policy: Policy, making: Path) -> dict[str, Any] | None:
    """The facts renewed from those of an earlier snapshot; None where there are none, or they are better derived from nothing."""
    before = None if policy.count_as == "parent" else _before(folder.data / "_facts", _rules(snapshot, policy))
    if before is None:
        return None
    try:
        with closing(connect(folder.data / "_tmp")) as connection:
            create_canonical_views(connection, store, snapshot, policy.count_as)
            _refuse_foreign_currency(DuckEngine(connection), policy)
            files = renew(connection, store, snapshot, before, policy, making)
            if files is None:
                return None
            connection.execute(f"CREATE OR REPLACE VIEW gap_counts AS {query_of(making, files['gap_counts'])}")
            return {**_known_of(DuckEngine(connection), "gap_counts"), "files": files}
    except (OSError, duckdb.IOException):
        # Somebody else cleared the older facts away meanwhile, or the disk knows no links.
        for left in making.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return None


def _before(caches: Path, rules: str) -> Before | None:
    """The newest facts that were derived under the same rules."""
    for cache in _newest_first(caches):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = about_facts(cache)
            if about["rules"] == rules:
                return Before(cache, about["files"], about["tables"])
    return None


def _newest_first(caches: Path) -> list[Path]:
    found = []
    for path in caches.iterdir():
        # Another process may clear it away meanwhile.
        with suppress(FileNotFoundError):
            if not path.name.startswith("."):
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def _forget_old_caches(caches: Path) -> None:
    for old in _newest_first(caches)[_KEPT_CACHES:]:
        shutil.rmtree(old, ignore_errors=True)


def derive_in(engine: QueryEngine, policy: Policy) -> dict[str, Any]:
    """Make every fact as a table of the engine's session; returns what is known about the data as a whole."""
    _refuse_foreign_currency(engine, policy)
    for name, sql in fact_queries(policy).items():
        engine.make_table(name, sql)
    return _known_of(engine, f"({GAP_COUNTS_QUERY.format(purchase_days='purchase_days')}) AS c")


def _derive_into(connection: Connection, policy: Policy, folder: Path) -> dict[str, Any]:
    """Make every fact as Parquet in ``folder``; returns what is known about the data as a whole, and the files."""
    engine = DuckEngine(connection)
    _refuse_foreign_currency(engine, policy)
    files: dict[str, Sequence[str]] = {}
    queries = {**fact_queries(policy), "gap_counts": GAP_COUNTS_QUERY.format(purchase_days="purchase_days")}
    for name, sql in queries.items():
        files[name] = write_fact(connection, folder, name, render(sql))
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query_of(folder, files[name])}")
    return {**_known_of(engine, "gap_counts"), "files": files}


def _known_of(engine: QueryEngine, gap_counts: str) -> dict[str, Any]:
    suggestion = suggest_window(gap_weights(engine.rows(f"SELECT gaps, gap, times FROM {gap_counts}")))
    known, earlier, everyone = engine.rows(_ACQUIRED_QUERY)[0]
    return {
        "window": asdict(suggestion) if suggestion else None,
        "acquired_on_share": known / everyone if everyone else 0.0,
        "acquired_earlier_share": earlier / everyone if everyone else 0.0,
    }


def _refuse_foreign_currency(engine: QueryEngine, policy: Policy) -> None:
    own = quote_text(policy.currency)
    rows = engine.rows(f"SELECT DISTINCT currency FROM orders WHERE currency IS NOT NULL AND currency <> {own} LIMIT 5")
    if rows:
        raise Ambiguous(
            Text(
                zh="订单中有 {other}，而企业本位币是 {own}，没有汇率。",
                en="Orders are in {other}, the company's currency is {own}, and there is no rate.",
            ).fill(other=", ".join(str(row[0]) for row in rows), own=policy.currency),
            next_step=Text(
                zh="在 kexiao.toml 中改 currency，或分开工作区。",
                en="Change currency in kexiao.toml, or use a workspace of its own.",
            ),
        )

"""Facts kept on disk: derived once for a snapshot under a policy, and found again by what they rest on."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from kexiao.engine.dialects import render
from kexiao.engine.duck import Connection, DuckEngine, connect, quote_text
from kexiao.engine.folder import Folder
from kexiao.engine.query import QueryEngine
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import Ambiguous
from kexiao.facts.derive import fact_queries
from kexiao.facts.one_customer import DEPENDS_ON, create_canonical_views
from kexiao.facts.policy import Policy
from kexiao.facts.window import GAP_WEIGHTS_QUERY, suggest_window
from kexiao.text import Text

# Raised whenever the meaning of a stored fact changes, so that older caches are not read.
FACTS_VERSION = 2
_READ = ("orders", "order_lines", "refunds", "products", "customers", *DEPENDS_ON)
_KEPT_CACHES = 3
# Customers whose acquisition day is on file, those acquired before the data begin, and all.
_ACQUIRED_QUERY = """
    SELECT count(c.acquired_on), count(CASE WHEN c.acquired_on < (SELECT min(ordered_on) FROM orders) THEN 1 END), count(*)
    FROM customer_summary AS s LEFT JOIN customers AS c ON c.customer_id = s.customer_id"""


def derived(folder: Folder, store: Store, snapshot: Snapshot, policy: Policy) -> Path:
    """The folder with the derived facts of a snapshot, made where it is missing; a killed run leaves nothing that is read."""
    shown = {
        **policy.shown(),
        "active_window_days": None,
        "lead_window_days": None,
        "second_order_window_days": None,
        "refund_window_days": None,
        "complaint_window_days": None,
        "offer_window_days": None,
    }
    key = json.dumps([FACTS_VERSION, shown, snapshot.fingerprint(_READ)], sort_keys=True)
    caches = folder.data / "_facts"
    cache = caches / sha256(key.encode()).hexdigest()[:20]
    if (cache / "facts.json").exists():
        return cache
    making = caches / f".{uuid.uuid4().hex}"
    making.mkdir(parents=True)
    try:
        connection = connect(folder.data / "_tmp")
        create_canonical_views(connection, store, snapshot, policy.count_as)
        facts = _derive_into(connection, policy, making)
        (making / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        connection.close()
        try:
            making.rename(cache)
        except OSError:
            if not (cache / "facts.json").exists():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _forget_old_caches(caches)
    return cache


def _forget_old_caches(caches: Path) -> None:
    kept = sorted(
        (p for p in caches.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime, reverse=True
    )
    for old in kept[_KEPT_CACHES:]:
        shutil.rmtree(old, ignore_errors=True)


def derive_in(engine: QueryEngine, policy: Policy) -> dict[str, Any]:
    """Make every fact as a table of the engine's session; returns what is known about the data as a whole."""
    _refuse_foreign_currency(engine, policy)
    for name, sql in fact_queries(policy).items():
        engine.make_table(name, sql)
    return _known_of(engine)


def _derive_into(connection: Connection, policy: Policy, folder: Path) -> dict[str, Any]:
    """Make every fact as Parquet in ``folder``; returns what is known about the data as a whole."""
    engine = DuckEngine(connection)
    _refuse_foreign_currency(engine, policy)
    for name, sql in fact_queries(policy).items():
        path = quote_text(str(folder / f"{name}.parquet"))
        connection.execute(f"COPY ({render(sql)}) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({path})")
    return _known_of(engine)


def _known_of(engine: QueryEngine) -> dict[str, Any]:
    suggestion = suggest_window([(int(g), float(w)) for g, w in engine.rows(GAP_WEIGHTS_QUERY)])
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

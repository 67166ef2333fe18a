"""Rows of records that their source has deleted are taken out of their tables."""

from __future__ import annotations

from dataclasses import replace

from kexiao.engine.duck import files_as_query, run
from kexiao.engine.store import Writer
from kexiao.sources.mapping.batch import Batch
from kexiao.tables.catalogue import table_named
from kexiao.tables.loading import Merged, withdraw
from kexiao.text import Text

TABLES = {
    "orders": ("orders", "order_lines"),
    "order_lines": ("order_lines",),
    "leads": ("leads",),
    "customers": ("customers",),
    "surveys": ("survey_responses",),
    "complaints": ("complaints",),
    "refunds": ("refunds",),
    "products": ("products",),
    "campaigns": ("campaigns",),
    "staff": ("staff",),
}
"""The kinds of which single records can be deleted, and the tables that begin their key with the record's id."""


def _no_rows(name: str) -> str:
    return f"SELECT * FROM ({files_as_query([], table_named(name).stored_columns)}) WHERE false"


def withdraw_deleted(batch: Batch, writer: Writer, load_id: int) -> list[Merged]:
    """Take out what the load's sheets of withdrawals name, in every table where the record has rows."""
    rows = batch.rows("withdrawals")
    if rows is None:
        return []
    kinds = [str(kind) for (kind,) in run(batch.connection, f"SELECT DISTINCT record_kind FROM ({rows}) ORDER BY 1")]
    gone = []
    for kind in kinds:
        for name in TABLES.get(kind, ()):
            record = (
                "CAST(person(coalesce(origin, 'file'), record_id) AS VARCHAR)" if kind == "customers" else "record_id"
            )
            named = f"SELECT {record} AS id, max(withdrawn_at) AS until FROM ({rows}) WHERE record_kind = '{kind}' GROUP BY 1"
            one = withdraw(batch.connection, writer, table_named(name), named, load_id, f"w_{kind}_{name}")
            # What is asked of the rows that a load brings (are their amounts unusual?) finds none here.
            gone.append(replace(one, incoming=replace(one.incoming, sql=_no_rows(name))))
    for one in gone:
        if one.withdrawn:
            batch.warnings.append(
                Text(
                    zh="来源删除了记录：“{table}”撤下 {n} 行。",
                    en="Records were deleted at the source: {n} rows of {table} were taken out.",
                ).fill(table=one.incoming.table.label, n=one.withdrawn)
            )
    return gone

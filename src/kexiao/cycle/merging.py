"""Merge customers who are one, and take a merge back without loss.

A merge is a dated row; the tables keep the numbers that the sources gave. Only customers that stand for themselves are joined, so circles cannot
arise, and whatever merges remain in force give the same state, in whatever order others came and went.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from kexiao.cycle.duplicates import Cluster, find_duplicates, settings_of
from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Snapshot, Store, Writer
from kexiao.errors import WrongUse
from kexiao.sources.inbox import workplace
from kexiao.tables.catalogue import table_named
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge in force or undone: its number, who went into whom, when (UTC, ISO), by whom, how, and why (field → bits)."""

    merge_id: int
    customer_id: int
    into_id: int
    merged_at: str
    merged_by: str
    way: str
    probability: float | None
    reasons: str | None
    undone_at: str | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Merging:
    """What a call did: merges made or undone, and the snapshot that holds the new state."""

    merges: tuple[Merge, ...]
    snapshot: str


def merge_customers(folder: Folder, stays: int, others: Sequence[int], *, who: str | None = None) -> Merging:
    """Say that customers are one: ``stays`` is the number that remains, the others are counted as it from now on.

    A number that was merged before stands for its survivor. Errors: ``WrongUse`` for an unknown customer or where all are one already.
    """
    by = who or audit.system_user()
    with workplace(folder) as work, Store(folder.data).writing("merge customers") as writer:
        connection = connect(work / "spill")
        forest = Forest.read(connection, writer.store, writer.base)
        _refuse_unknown(connection, writer, [stays, *others])
        root = forest.survivor(stays)
        made: list[Merge] = []
        for other in others:
            gone = forest.survivor(other)
            if gone != root:
                made.append(_merge(forest, gone, root, by, "hand", None, None))
        if not made:
            raise WrongUse(
                Text(zh="这些编号已经是同一位客户。", en="These numbers are one customer already."),
                next_step=Text(zh="查看：kexiao customers show {c}", en="See: kexiao customers show {c}").fill(c=root),
            )
        return _keep(folder, connection, writer, forest, made, "merge", by)


def unmerge_customer(folder: Folder, customer: int, *, who: str | None = None) -> Merging:
    """Take a customer out of the one it was merged into, with all that was merged into it before.

    Errors: ``WrongUse`` for a customer that is not merged into another, naming those that were merged into it.
    """
    by = who or audit.system_user()
    with workplace(folder) as work, Store(folder.data).writing("unmerge customer") as writer:
        connection = connect(work / "spill")
        forest = Forest.read(connection, writer.store, writer.base)
        held = forest.of.get(customer)
        if held is None:
            raise _not_merged(customer, forest)
        undone = _undo(forest, held, by)
        return _keep(folder, connection, writer, forest, [undone], "unmerge", by)


def merge_by_rule(
    folder: Folder, *, who: str | None = None, try_only: bool = False
) -> tuple[list[Cluster], Merging | None]:
    """Merge every cluster of duplicates above the threshold of the settings; those that a person took apart are left apart.

    Returns the clusters, and what was done; None where there was nothing to do or it was only tried.
    """
    settings = settings_of(folder)
    clusters = find_duplicates(folder, settings).clusters
    if try_only or not clusters:
        return clusters, None
    by = who or audit.system_user()
    with workplace(folder) as work, Store(folder.data).writing("merge duplicates") as writer:
        connection = connect(work / "spill")
        forest = Forest.read(connection, writer.store, writer.base)
        made = []
        for cluster in clusters:
            root = forest.survivor(cluster.stays)
            for number, probability, reasons in cluster.others:
                gone = forest.survivor(number)
                if gone != root:
                    made.append(_merge(forest, gone, root, by, "rule", probability, json.dumps(reasons)))
        if not made:
            return clusters, None
        return clusters, _keep(folder, connection, writer, forest, made, "merge by rule", by)


def merges_of(folder: Folder, customer: int | None = None) -> list[Merge]:
    """Every merge, the newest first; with a customer, those that concern the one it belongs to."""
    store = Store(folder.data)
    with workplace(folder) as work:
        connection = connect(work / "spill")
        forest = Forest.read(connection, store, store.current())
    found = sorted(forest.rows.values(), key=lambda merge: -merge.merge_id)
    if customer is None:
        return found
    group = set(forest.members(forest.survivor(customer)))
    return [merge for merge in found if merge.customer_id in group or merge.into_id in group]


class Forest:
    """All merges as they stand: ``of`` gives for each merged customer the merge that holds it."""

    def __init__(self, rows: Iterable[Merge]) -> None:
        self.rows = {merge.merge_id: merge for merge in rows}
        self.of = {merge.customer_id: merge for merge in self.rows.values() if merge.undone_at is None}
        self.into: dict[int, set[int]] = {}
        for merge in self.of.values():
            self.into.setdefault(merge.into_id, set()).add(merge.customer_id)

    @classmethod
    def read(cls, connection: Connection, store: Store, snapshot: Snapshot) -> Forest:
        """The merges of one snapshot."""
        sql = store.table_query(snapshot, "merges", table_named("merges").stored_columns)
        columns = "merge_id, customer_id, into_id, CAST(merged_at AS VARCHAR), merged_by, way, probability, reasons, CAST(undone_at AS VARCHAR), undone_by"
        return cls(Merge(*row) for row in run(connection, f"SELECT {columns} FROM ({sql}) ORDER BY merge_id"))

    def survivor(self, customer: int) -> int:
        """The number that a customer stands for."""
        seen = {customer}
        while customer in self.of:
            customer = self.of[customer].into_id
            if customer in seen:
                break
            seen.add(customer)
        return customer

    def members(self, survivor: int) -> list[int]:
        """A survivor and all that were merged into it, by way of whomever, smallest number first after the survivor."""
        found, new = {survivor}, [survivor]
        while new:
            new = [c for one in new for c in self.into.get(one, ()) if c not in found]
            found |= set(new)
        return [survivor, *sorted(found - {survivor})]


def _merge(
    forest: Forest,
    gone: int,
    root: int,
    by: str,
    way: Literal["hand", "rule"],
    probability: float | None,
    reasons: str | None,
) -> Merge:
    number = max(forest.rows, default=0) + 1
    now = datetime.now(UTC).isoformat()
    made = Merge(number, gone, root, now, by, way, probability, reasons, None, None)
    forest.rows[number] = forest.of[gone] = made
    forest.into.setdefault(root, set()).add(gone)
    return made


def _undo(forest: Forest, merge: Merge, by: str) -> Merge:
    undone = replace(merge, undone_at=datetime.now(UTC).isoformat(), undone_by=by)
    forest.rows[merge.merge_id] = undone
    del forest.of[merge.customer_id]
    forest.into[merge.into_id].discard(merge.customer_id)
    return undone


def _keep(
    folder: Folder, connection: Connection, writer: Writer, forest: Forest, changed: list[Merge], act: str, by: str
) -> Merging:
    """Write the table anew, which is small, and tell the audit log first."""
    table = table_named("merges")
    kinds = [kind for _, kind in table.stored_columns]
    connection.execute(
        "CREATE TEMP TABLE all_merges (" + ", ".join(f"{name} {kind}" for (name, kind) in table.stored_columns) + ")"
    )
    rows = [_row(merge) for _, merge in sorted(forest.rows.items())]
    for at in range(0, len(rows), 20_000):
        listed = ", ".join(_values(row, kinds) for row in rows[at : at + 20_000])
        connection.execute(f"INSERT INTO all_merges VALUES {listed}")
    part = writer.write(connection, "merges", table.stored_columns, "SELECT * FROM all_merges ORDER BY merge_id")
    version = writer.tables.get("merges")
    old = [p.path for p in version.files] if version else []
    writer.change("merges", table.stored_columns, add=[part] if part else [], remove=old)
    audit.record(
        folder.root,
        act,
        who=by,
        merges=[[m.merge_id, str(m.customer_id), str(m.into_id)] for m in changed[:1000]],
        count=len(changed),
    )
    snapshot = writer.commit()
    return Merging(tuple(changed), snapshot.name)


def _row(merge: Merge) -> tuple[object, ...]:
    last = merge.undone_at or merge.merged_at
    return (
        merge.merge_id, merge.customer_id, merge.into_id, merge.merged_at, merge.merged_by, merge.way, merge.probability,
        merge.reasons, merge.undone_at, merge.undone_by, last, None,
    )  # fmt: skip


def _values(row: tuple[object, ...], kinds: list[str]) -> str:
    cells = (
        "NULL" if value is None else f"CAST({quote_text(str(value))} AS {kind})"
        for value, kind in zip(row, kinds, strict=True)
    )
    return "(" + ", ".join(cells) + ")"


def _refuse_unknown(connection: Connection, writer: Writer, numbers: Sequence[int]) -> None:
    sql = writer.store.table_query(writer.base, "customers", table_named("customers").stored_columns)
    listed = ", ".join(str(int(number)) for number in numbers)
    known = {int(row[0]) for row in run(connection, f"SELECT customer_id FROM ({sql}) WHERE customer_id IN ({listed})")}
    for number in numbers:
        if number not in known:
            raise WrongUse(
                Text(zh="没有客户 {n}。", en="There is no customer {n}.").fill(n=number),
                next_step=Text(
                    zh="用来源编号、手机或邮箱查找：kexiao customers show …",
                    en="Find them by the source's id, phone or e-mail: kexiao customers show …",
                ),
            )


def _not_merged(customer: int, forest: Forest) -> WrongUse:
    inside = forest.members(customer)[1:]
    if inside:
        step = Text(
            zh="并入它的有：{all}。取出其中一个：kexiao customers unmerge {one}",
            en="Merged into it: {all}. Take one out: kexiao customers unmerge {one}",
        ).fill(all=", ".join(map(str, inside[:10])), one=inside[0])
    else:
        step = Text(zh="查看：kexiao customers show {c}", en="See: kexiao customers show {c}").fill(c=customer)
    return WrongUse(
        Text(zh="客户 {c} 没有并入别的客户。", en="Customer {c} is not merged into another.").fill(c=customer),
        next_step=step,
    )


__all__ = [
    "Forest",
    "Merge",
    "Merging",
    "merge_by_rule",
    "merge_customers",
    "merges_of",
    "unmerge_customer",
]

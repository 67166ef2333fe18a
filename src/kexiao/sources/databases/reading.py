"""Reading a table or a query: in the order of a cursor column, from where the last reading got, rows at the very value read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from kexiao.errors import Place
from kexiao.sources.connecting.connector import Cursor, Deleted, Page, SourcePlan, Thing, Walk
from kexiao.sources.connecting.described import wrong
from kexiao.sources.databases.opening import Asked, Database, open_database
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.limits import Limits
from kexiao.sources.rest.reading import span_of
from kexiao.text import Text

_TABLE = re.compile(r"[^\s;'\"`()]+(\.[^\s;'\"`()]+){0,2}")
_TRUE = frozenset({"1", "true", "t", "y", "yes", "是"})


def open_reader(plan: SourcePlan, guard: Guard, limits: Limits) -> DatabaseReader:
    """Open a database for reading. Errors: see ``open_database``."""
    del limits
    place = Place(file=plan.file)
    for thing in plan.things:
        _check(thing, place)
    return DatabaseReader(open_database(plan, guard), place)


def _check(thing: Thing, place: Place) -> None:
    if ("table" in thing.settings) == ("query" in thing.settings):
        raise wrong(
            Text(zh="[objects.{t}] 应写 table 或 query 之一", en="[objects.{t}] takes a table or a query").fill(
                t=thing.name
            ),
            place,
        )
    if "table" in thing.settings and not _TABLE.fullmatch(thing.settings["table"]):
        raise wrong(
            Text(zh="[objects.{t}] table 写得不对", en="table of [objects.{t}] is not well formed").fill(t=thing.name),
            place,
        )
    if "cursor" in thing.settings and not thing.id:
        raise wrong(
            Text(zh="[objects.{t}] 有 cursor 时必须写 id", en="[objects.{t}] has a cursor and so needs an id").fill(
                t=thing.name
            ),
            place,
        )


class DatabaseReader:
    """Pages of tables and queries, all in one read-only view of the data. The cursor: ``last`` (value of the cursor column after the page)."""

    settles = False

    def __init__(self, database: Database, place: Place) -> None:
        self._database, self._place = database, place

    def close(self) -> None:
        """End the transaction."""
        self._database.close()

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one walk.

        A walk that goes on after a kill reads again from the last value of its cursor column; without such a column, from the beginning: in
        both cases the later reading of a row counts.
        """
        column = thing.settings.get("cursor")
        last: str | None = (cursor or {}).get("last")
        since = last if last is not None else self._since(thing, walk)
        names, chunks = self._database.rows(self._ask(thing, column, since, again=last is not None))
        self._refuse_unknown(thing, names)
        reached, held = walk.since, None
        for chunk in chunks:
            if held is not None:
                yield held
            rows = [dict(zip(names, values, strict=True)) for values in chunk]
            if column:
                reached = rows[-1][column] or reached
                last = rows[-1][column] or last
            kept, deleted = self._apart(thing, rows)
            held = Page(tuple(kept), {"last": last} if column else {}, deleted=tuple(deleted), columns=names)
        # The end is known only when no chunk follows; the last page says so.
        final = held or Page((), None, columns=names)
        yield Page(final.rows, None, final.deleted, reached, columns=names)

    def _since(self, thing: Thing, walk: Walk) -> str | None:
        """Where to begin: a little before the last reading got, for transactions that were committed late."""
        if walk.since is None or "cursor" not in thing.settings:
            return None
        back = thing.settings.get("look_back")
        try:
            return format(Decimal(walk.since) - Decimal(int(back) if isinstance(back, int) else 0), "f")
        except InvalidOperation:
            pass
        try:
            when = datetime.fromisoformat(walk.since)
        except ValueError:
            return walk.since
        earlier = when - span_of(back if isinstance(back, str) else "10 minutes", self._place)
        return earlier.isoformat(sep=" ")

    def _ask(self, thing: Thing, column: str | None, since: str | None, *, again: bool) -> Asked:
        source = thing.settings.get("table") or f"({thing.settings['query'].strip().rstrip(';')})"
        if column is None:
            return Asked(f"SELECT * FROM {source} AS kexiao_rows")
        name = self._database.quote(column)
        order = f"ORDER BY {name}{self._database.nulls_first}"
        if since is None:
            return Asked(f"SELECT * FROM {source} AS kexiao_rows {order}")
        if thing.settings.get("query"):
            source = source.replace("%", "%%") if self._database.mark == "%s" else source
        # From the value on, not after it: rows of the same value may have come since. Rows without a value are read each time.
        nulls = "" if again else f" OR {name} IS NULL"
        sql = f"SELECT * FROM {source} AS kexiao_rows WHERE {name} >= {self._database.mark}{nulls} {order}"
        return Asked(sql, (self._database.cursor_value(since),))

    def _refuse_unknown(self, thing: Thing, names: tuple[str, ...]) -> None:
        wanted = [*thing.columns, *(thing.settings[key] for key in ("cursor", "deleted") if key in thing.settings)]
        unknown = [name for name in dict.fromkeys(wanted) if name not in names and name not in thing.renamed.values()]
        if unknown:
            raise wrong(
                Text(
                    zh="[objects.{t}] 要读的列 {n} 不存在；有：{all}",
                    en="[objects.{t}] reads {n}, which is not there; there are: {all}",
                ).fill(t=thing.name, n=", ".join(unknown), all=", ".join(names)[:600]),
                self._place,
            )

    def _apart(
        self, thing: Thing, rows: list[dict[str, str | None]]
    ) -> tuple[list[dict[str, str | None]], list[Deleted]]:
        """Rows that count, and those that the source marks as deleted."""
        mark = thing.settings.get("deleted")
        if not mark or not thing.id:
            return rows, []
        kept = [row for row in rows if not _is_marked(row[mark])]
        return kept, [Deleted(str(row[thing.id])) for row in rows if _is_marked(row[mark])]


def _is_marked(cell: str | None) -> bool:
    """A mark of deletion: yes in any of its words, or a time."""
    return cell is not None and (cell.strip().lower() in _TRUE or (len(cell) >= 8 and cell[:4].isdigit()))

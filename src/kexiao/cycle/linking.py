"""Link 认人: who is known by a phone or an e-mail alone becomes one with the only customer on file who has it, whichever file came first.

A link is a merge made by the load (``merged_by`` = load): dated, shown and taken back as any other. Links are what the contacts say now: after
each load and each undo they are made anew where one customer holds the phone, and taken back where a second one does or either is gone. What people merge or take apart has the last word.
A phone of several customers, or of one with quite another name, proves nothing: those are left apart, and told.
"""

from __future__ import annotations

from pathlib import Path

from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, files_as_query, run
from kexiao.engine.folder import open_folder
from kexiao.engine.store import Writer
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import contacts_path, contacts_query
from kexiao.tables.survivors import survivors
from kexiao.text import Text

BY = "load"
_BARE = "origin = 'file' AND (starts_with(source_id, 'phone:') OR starts_with(source_id, 'email:'))"
_NAME = (
    "CASE WHEN contains(name, '*') THEN NULL ELSE nullif(regexp_replace(regexp_replace(lower(nfc_normalize(name)), '[\\s\\p{P}\\p{S}]', '', 'g'), "
    "'(先生|女士|小姐|太太|老师|同学)$', ''), '') END"
)


def link_people(writer: Writer, work: Path, *, after_undo: bool = False) -> list[Text]:
    """Bring the links of the version to come up to what the contacts say; returns what is worth telling of this load's people.

    ``after_undo``: contacts still hold customers whom the version to come does not know; they count for nothing, and their links are taken back.
    """
    folder = open_folder(writer.store.data.parent)
    if not contacts_path(folder).exists():
        return []
    connection = connect(work / "linking")
    try:
        version = writer.tables.get("merges")
        contacts = contacts_query(folder)
        if after_undo:
            contacts = f"SELECT * FROM ({contacts}) AS k SEMI JOIN ({customers_of(writer)}) AS c USING (customer_id)"
        _bare(connection, contacts)
        if not run(connection, "SELECT count(*) FROM bare")[0][0] and not (after_undo and version):
            return []
        table = table_named("merges")
        paths = writer.store.paths(version) if version else []
        connection.execute(f"CREATE TEMP TABLE merged AS {files_as_query(paths, table.stored_columns)}")
        _want(connection, contacts)
        gone = (
            f"SELECT customer_id FROM merged ANTI JOIN ({customers_of(writer)}) USING (customer_id)"
            if after_undo
            else None
        )
        made, undone = _settle(connection, gone)
        if made or undone:
            part = writer.write(connection, "merges", table.stored_columns, "SELECT * FROM settled ORDER BY merge_id")
            old = [one.path for one in version.files] if version else []
            writer.change("merges", table.stored_columns, add=[part] if part else [], remove=old)
            audit.record(folder.root, "link", made=made, undone=undone)
        return _told(connection, writer.base.number + 1, made, undone)
    finally:
        connection.close()


def customers_of(writer: Writer) -> str:
    """SQL of the customers of the version to come."""
    version = writer.tables.get("customers")
    paths = writer.store.paths(version) if version else []
    return f"SELECT customer_id FROM ({files_as_query(paths, table_named('customers').stored_columns)})"


def _bare(connection: Connection, contacts: str) -> None:
    """The table ``bare``: people known by a phone or an e-mail alone."""
    connection.execute(
        f"CREATE TEMP TABLE bare AS SELECT customer_id, split_part(source_id, ':', 1) AS way, lower(substr(source_id, strpos(source_id, ':') + 1)) AS value, "
        f"{_NAME} AS name, load_id FROM ({contacts}) WHERE {_BARE}"
    )


def _want(connection: Connection, contacts: str) -> None:
    """The table ``wanted``: for each of them how many customers hold the phone or e-mail, which one, and whether the names can be one person's.

    Customers whom people or the rule of duplicates have merged are one.
    """
    others = f"SELECT * FROM merged WHERE NOT (merged_by = '{BY}' AND undone_at IS NULL)"
    connection.execute(f"CREATE TEMP TABLE one AS {survivors(others)}")
    holders = " UNION ALL ".join(
        f"SELECT '{way}' AS way, lower({way}) AS value, customer_id, {_NAME} AS name, load_id FROM ({contacts}) "
        f"WHERE {way} IS NOT NULL AND NOT ({_BARE}) AND lower({way}) IN (SELECT value FROM bare)"
        for way in ("phone", "email")
    )
    # A name that begins with the other (王 and 王芳) may be the same person's.
    agree = "b.name IS NULL OR h.name IS NULL OR starts_with(b.name, h.name) OR starts_with(h.name, b.name)"
    connection.execute(
        f"CREATE TEMP TABLE wanted AS SELECT b.customer_id, any_value(b.way) AS way, count(DISTINCT h.into_id) AS holders, min(h.into_id) AS into_id, "
        f"bool_or({agree}) AS agree, greatest(max(b.load_id), max(h.load_id)) AS load_id FROM bare AS b LEFT JOIN "
        f"(SELECT h.* EXCLUDE (customer_id), coalesce(o.survivor_id, h.customer_id) AS into_id FROM ({holders}) AS h LEFT JOIN one AS o ON o.customer_id = h.customer_id) AS h "
        "ON h.way = b.way AND h.value = b.value GROUP BY 1"
    )


def _settle(connection: Connection, gone: str | None) -> tuple[int, int]:
    """The table ``settled``: all merges with the links as they should be; returns how many links were made and taken back.

    ``gone``: SQL of customers who are no longer there.
    """
    held = f"SELECT merge_id, customer_id, into_id FROM merged WHERE merged_by = '{BY}' AND undone_at IS NULL"
    # Who was merged or taken apart by anybody else is left as they said.
    said = f"SELECT customer_id FROM merged WHERE (undone_at IS NULL AND merged_by <> '{BY}') OR (undone_at IS NOT NULL AND undone_by <> '{BY}' AND merged_by = '{BY}')"
    good = f"SELECT customer_id, into_id FROM wanted WHERE holders = 1 AND agree AND into_id <> customer_id AND customer_id NOT IN ({said})"
    connection.execute(
        f"CREATE TEMP TABLE wrong AS SELECT h.merge_id FROM ({held}) AS h SEMI JOIN bare USING (customer_id) LEFT JOIN one AS o ON o.customer_id = h.into_id "
        f"LEFT JOIN ({good}) AS g ON g.customer_id = h.customer_id WHERE g.into_id IS DISTINCT FROM coalesce(o.survivor_id, h.into_id)"
        + (f" UNION SELECT merge_id FROM ({held}) WHERE customer_id IN ({gone})" if gone else "")
    )
    connection.execute(
        f"CREATE TEMP TABLE fresh AS SELECT customer_id, into_id, way FROM ({good}) JOIN (SELECT customer_id, way FROM wanted) USING (customer_id) "
        f"WHERE customer_id NOT IN (SELECT customer_id FROM ({held}) WHERE merge_id NOT IN (FROM wrong))"
    )
    connection.execute(
        f"CREATE TEMP TABLE settled AS SELECT * REPLACE (CASE WHEN merge_id IN (FROM wrong) THEN now() ELSE undone_at END AS undone_at, "
        f"CASE WHEN merge_id IN (FROM wrong) THEN '{BY}' ELSE undone_by END AS undone_by, CASE WHEN merge_id IN (FROM wrong) THEN now() ELSE known_at END AS known_at) FROM merged "
        f"UNION ALL BY NAME SELECT (SELECT coalesce(max(merge_id), 0) FROM merged) + row_number() OVER (ORDER BY customer_id) AS merge_id, customer_id, into_id, "
        f"now() AS merged_at, '{BY}' AS merged_by, 'rule' AS way, now() AS known_at FROM fresh"
    )
    counts = run(connection, "SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM wrong)")[0]
    return int(counts[0]), int(counts[1])


def _told(connection: Connection, load_id: int, made: int, undone: int) -> list[Text]:
    shared, named = run(
        connection,
        f"SELECT count(*) FILTER (holders > 1), count(*) FILTER (holders = 1 AND NOT agree) FROM wanted WHERE load_id >= {load_id}",
    )[0]
    counted = ((made, _MADE), (undone, _UNDONE), (shared, _SHARED), (named, _NAMED))
    return [words.fill(n=number) for number, words in counted if number]


_MADE = Text(
    zh="有 {n} 位只留手机或邮箱的客户，与唯一持有该号码的客户编号认作同一人；认错可撤销：kexiao customers unmerge。",
    en="{n} customers known by a phone or e-mail alone were taken for the only customer who has it; if that is wrong: kexiao customers unmerge.",
)
_UNDONE = Text(
    zh="有 {n} 位只留手机或邮箱的客户不再与客户编号认作同一人：号码已变，或另有客户也用。",
    en="{n} customers known by a phone or e-mail alone are no longer taken for another: it has changed, or someone else has it too.",
)
_SHARED = Text(
    zh="有 {n} 个手机或邮箱由多位客户共用，只留该号码的记录无法确定属于谁，单独保留。",
    en="{n} phones or e-mails are held by several customers; records with nothing else cannot be told apart and stay on their own.",
)
_NAMED = Text(
    zh="有 {n} 个手机或邮箱对应的姓名与客户资料不同，单独保留，未合并。",
    en="{n} phones or e-mails come with another name than the customer's on file; they stay on their own.",
)

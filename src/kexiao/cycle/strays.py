"""Personal data astray: phones, e-mails, id numbers and bank cards in columns that should hold none, such as order ids or product names.

Id numbers are told by their check digit (GB 11643-1999: ISO 7064 MOD 11-2), cards by Luhn's (ISO/IEC 7812-1), so that long order numbers are not
taken for them. What is found is counted and named by column; its content is never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kexiao.engine.duck import Connection, connect, files_as_query, quote_name, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store, Writer
from kexiao.sources.inbox import workplace
from kexiao.tables.catalogue import all_tables
from kexiao.tables.description import Column, Table
from kexiao.text import Text

_GROUPS = ("who", "trade", "contact", "voice", "decisions")
_VALUES = 5_000
# Of a load so many rows a table are looked at, which takes a fraction of a second; kexiao check looks at all of them.
_LOOKED_AT = 200_000
_FEW_ROWS = 10

KINDS: dict[str, tuple[Text, str]] = {
    "phone": (Text(zh="手机号", en="mobile numbers"), "(?:^|[^0-9])(1[3-9][0-9]{9})(?:$|[^0-9])"),
    "email": (Text(zh="邮箱", en="e-mail addresses"), r"([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})"),
    "id_number": (
        Text(zh="身份证号", en="id numbers"),
        "(?:^|[^0-9])([1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx])(?:$|[^0-9Xx])",
    ),
    "bank_card": (
        Text(zh="银行卡号", en="bank card numbers"),
        "(?:^|[^0-9])(62[0-9]{14,17}|4[0-9]{15}|5[1-5][0-9]{14})(?:$|[^0-9])",
    ),
}


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows of one column that seem to hold personal data of one kind."""

    table: str
    column: str
    kind: str
    rows: int

    @property
    def words(self) -> Text:
        """What is wrong and what to do."""
        table = all_tables()[self.table]
        return Text(
            zh="“{t}”的“{c}”列有 {n} 行像是{k}；个人信息应只在联系方式中，请在来源中改正后重新导入。",
            en="{n} rows of “{c}” ({t}) look like {k}; personal data belong in the contacts alone: correct them in the source and load it again.",
        ).fill(t=table.label, c=table.by_name[self.column].label, n=self.rows, k=KINDS[self.kind][0])


def strays_in(folder: Folder) -> list[Stray]:
    """Every column of the newest snapshot that should hold no personal data but does."""
    store = Store(folder.data)
    snapshot = store.current()
    with workplace(folder) as work:
        connection = connect(work / "spill")
        try:
            found = []
            for name, version in snapshot.tables.items():
                if _looked_at(all_tables().get(name)):
                    found += list(_in_table(connection, all_tables()[name], store.paths(version), whole=True))
            return found
        finally:
            connection.close()


def strays_of_load(writer: Writer, work: Path) -> list[Text]:
    """What is to be told of personal data that stand astray in a load that is about to be seen; of each table the first rows are looked at."""
    connection = connect(work / "strays")
    try:
        found: list[Text] = []
        for name, version in writer.tables.items():
            table, before = all_tables().get(name), writer.base.tables.get(name)
            old = {part.path for part in before.files} if before else set()
            fresh = [part for part in version.files if part.path not in old]
            if fresh and _looked_at(table) and table is not None:
                paths = [writer.store.data / part.path for part in fresh]
                found += [stray.words for stray in _in_table(connection, table, paths, whole=False)]
        return found
    finally:
        connection.close()


def _looked_at(table: Table | None) -> bool:
    return table is not None and table.versioned and table.group in _GROUPS


def _in_table(connection: Connection, table: Table, paths: Iterable[Path], *, whole: bool) -> Iterator[Stray]:
    columns = [c for c in table.columns if c.kind in ("key", "text") and c.privacy == "none"]
    source = files_as_query(list(paths), [(c.name, c.sql_type) for c in columns])
    if not columns:
        return
    part = "" if whole else f" LIMIT {_LOOKED_AT}"
    source = f"SELECT * FROM ({source}){part}"
    tests = {(c.name, kind): _test(c, kind) for c, kind in _possible(connection, columns, source)}
    if not tests:
        return
    counts = run(
        connection, f"SELECT {', '.join(f'count(*) FILTER ({test})' for test in tests.values())} FROM ({source})"
    )[0]
    for ((name, kind), test), rows in zip(tests.items(), counts, strict=True):
        if rows and (sure := _sure(connection, source, table.by_name[name], kind, test, int(rows))):
            yield Stray(table.name, name, kind, sure)


def _possible(connection: Connection, columns: Iterable[Column], source: str) -> list[tuple[Column, str]]:
    """What a quick look leaves: most columns have neither an @ nor eleven letters."""
    listed = list(columns)
    looks = ", ".join(
        f"max(length({quote_name(c.name)})), bool_or(contains({quote_name(c.name)}, '@'))" for c in listed
    )
    found = run(connection, f"SELECT {looks} FROM ({source})")[0]
    possible = []
    for place, column in enumerate(listed):
        longest, at = found[2 * place], found[2 * place + 1]
        possible += [(column, kind) for kind in KINDS if (at if kind == "email" else (longest or 0) >= 11)]
    return possible


def _test(column: Column, kind: str) -> str:
    name, pattern = quote_name(column.name), quote_text(KINDS[kind][1])
    quick = f"contains({name}, '@')" if kind == "email" else f"length({name}) >= 11"
    return f"coalesce({quick} AND regexp_matches({name}, {pattern}), false)"


def _sure(connection: Connection, source: str, column: Column, kind: str, test: str, rows: int) -> int:
    """How many of the rows hold the kind for sure; numbers that only look like it, such as running order numbers, give 0."""
    if kind == "email":
        return rows
    value = f"regexp_extract({quote_name(column.name)}, {quote_text(KINDS[kind][1])}, 1)"
    found = run(connection, f"SELECT {value} AS v, count(*) FROM ({source}) WHERE {test} GROUP BY 1 LIMIT {_VALUES}")
    if kind == "phone":
        prefixes = {str(v)[:3] for v, _ in found}
        running = column.kind == "key" and rows >= _FEW_ROWS and len(prefixes) < 3
        return 0 if running else rows
    valid = sum(count for v, count in found if (_is_id_number(str(v)) if kind == "id_number" else _is_card(str(v))))
    total = sum(count for _, count in found)
    return round(rows * valid / total) if valid > total / 2 else 0


def _is_id_number(text: str) -> bool:
    """The check digit of a resident's id number: Σ digit × 2^(17 − place) mod 11, ISO 7064 MOD 11-2.

    >>> _is_id_number("11010519491231002X"), _is_id_number("110105194912310021")
    (True, False)
    """
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_card(text: str) -> bool:
    """Luhn's check.

    >>> _is_card("4111111111111111"), _is_card("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(text)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 * (number > 9)
    return total % 10 == 0

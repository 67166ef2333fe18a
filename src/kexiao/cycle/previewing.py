"""How a sheet would be read, shown before anything is loaded: its first rows as they would stand, and which would be refused or skipped, and why."""

from __future__ import annotations

import shutil
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from kexiao.cycle.customers import mask_email, mask_id, mask_name, mask_phone
from kexiao.cycle.uploading import Sheet, word_key
from kexiao.cycle.words import choice_words as in_words
from kexiao.engine.duck import Connection, connect, quote_name, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors
from kexiao.errors import Ambiguous, InputRejected
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping.fields import Field
from kexiao.sources.mapping.masking import masked
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import Recognised, type_sheet
from kexiao.sources.mapping.refusals import note, reason
from kexiao.sources.mapping.typed import Surroundings, choice_words
from kexiao.text import Text

FIRST_ROWS = 6
SAMPLE_ROWS = 50_000
MOST_WORDS = 30
CELL = 40
_SKIPPED = {
    "total": Text(zh="合计行", en="rows of totals"),
    "repeated_header": Text(zh="重复的表头", en="repeated headings"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it would stand: its number in the file, its cells in words (None: empty), why it would be refused (None: it is good)."""

    number: int
    cells: tuple[str | None, ...]
    refused: Text | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for which rows would go to quarantine: in words, how many, the first of them."""

    why: Text
    rows: int
    first: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A sheet as it would be read, all of it or its first ``SAMPLE_ROWS`` rows (``whole``).

    ``question``: what only a person can decide; then there are no rows. ``skipped``: rows that hold no record, by what they are. ``words``: for each choice the words
    of its column and the value that each stands for (None: not known).
    """

    fields: tuple[Text, ...] = ()
    rows: tuple[Row, ...] = ()
    read: int = 0
    good: int = 0
    refusals: tuple[Refusal, ...] = ()
    skipped: tuple[tuple[Text, int], ...] = ()
    notes: tuple[Text, ...] = ()
    question: Text | None = None
    whole: bool = True
    examples: Mapping[str, tuple[str, ...]] | None = None
    words: Mapping[str, tuple[tuple[str, str | None], ...]] | None = None

    @property
    def refused(self) -> int:
        """How many rows would go to quarantine."""
        return sum(one.rows for one in self.refusals)


def preview(folder: Folder, sheet: Sheet) -> Preview:
    """Read a sheet as its mapping says and show what would come of it. Personal cells are masked. Nothing is stored."""
    work = sheet.staged.parquet.parent / "preview"
    with storage_errors(work):
        work.mkdir(exist_ok=True)
    connection = connect(work / "spill")
    try:
        examples = _examples(connection, sheet)
        if sheet.mapping is None or sheet.left_out or not sheet.mapping.columns:
            return Preview(examples=examples)
        return _read(connection, folder, sheet, sheet.mapping, examples)
    finally:
        connection.close()
        shutil.rmtree(work, ignore_errors=True)


def _read(
    connection: Connection, folder: Folder, sheet: Sheet, plan: SheetMapping, examples: Mapping[str, tuple[str, ...]]
) -> Preview:
    work, zone = sheet.staged.parquet.parent / "preview", ZoneInfo(folder.timezone)
    some, whole = _sample(connection, sheet.staged)
    words = _choices(connection, some, plan)
    around = Surroundings(zone, datetime.now(zone).date(), folder.currency)
    one = Recognised(sheet.file, some, plan, new=False)
    try:
        # What cannot be decided leaves a mapping behind; here in a folder that goes.
        typed = type_sheet(connection, one, work, around, work / "typed.parquet")
    except (Ambiguous, InputRejected) as problem:
        why = Text(zh=problem.what.zh, en=problem.what.en)
        return Preview(question=why, examples=examples, words=words, whole=whole)
    fields = [field for field in plan.sheet_kind.fields if field.name in plan.columns]
    refusals = tuple(
        Refusal(reason(str(code), plan.columns.get(str(name), str(name))), int(rows), int(first))
        for name, code, rows, first in run(
            connection,
            f"SELECT _field, _code, count(*), min(row_no) FROM {typed.rows} WHERE _code IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 4",
        )
    )
    early = Counter(row.message for row in sheet.staged.refused)
    refusals += tuple(
        Refusal(why, count, min(row.row_no for row in sheet.staged.refused if row.message == why))
        for why, count in early.most_common()
    )
    skipped = Counter(row.code for row in sheet.staged.skipped if row.counted)
    said = [note(code, plan.columns.get(name, name), rows) for (name, code), rows in typed.notes.items()]
    return Preview(
        tuple(field.label for field in fields),
        tuple(_rows(connection, typed.rows, fields, plan, zone)),
        some.rows + len(sheet.staged.refused) + sum(skipped.values()),
        some.rows - sum(one.rows for one in refusals[: len(refusals) - len(early)]),
        refusals,
        tuple((_SKIPPED[code], count) for code, count in skipped.items()),
        tuple(words for words in said if words),
        None,
        whole,
        examples,
        words,
    )


def _sample(connection: Connection, staged: StagedSheet) -> tuple[StagedSheet, bool]:
    """The sheet, or its first rows where it is long."""
    if staged.rows <= SAMPLE_ROWS:
        return staged, True
    target = staged.parquet.parent / "preview" / "sample.parquet"
    sql = f"SELECT * FROM {staged.cells} ORDER BY row_no LIMIT {SAMPLE_ROWS}"
    run(connection, f"COPY ({sql}) TO {quote_text(str(target))} (FORMAT parquet)")
    return replace(staged, parquet=target, first_row=None, rows=SAMPLE_ROWS), False


def _rows(connection: Connection, typed: str, fields: list[Field], plan: SheetMapping, zone: ZoneInfo) -> list[Row]:
    shown = "".join(f", {_shown(field)}" for field in fields)
    found = run(connection, f"SELECT row_no, _field, _code{shown} FROM {typed} ORDER BY row_no LIMIT {FIRST_ROWS}")
    return [
        Row(
            int(number),
            tuple(_cell(field, value, zone) for field, value in zip(fields, cells, strict=True)),
            reason(str(code), plan.columns.get(str(name), str(name))) if code else None,
        )
        for number, name, code, *cells in found
    ]


def _shown(field: Field) -> str:
    return f"epoch_us({quote_name(field.name)})" if field.reads == "instant" else quote_name(field.name)


def _cell(field: Field, value: Any, zone: ZoneInfo) -> str | None:
    """One value in words, personal ones masked."""
    if value is None:
        return None
    if field.reads == "instant":
        at = datetime.fromtimestamp(int(value) // 1_000_000, UTC).astimezone(zone)
        return at.strftime("%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:,.6g}"
    if field.reads == "choice":
        return in_words(str(value), field.choices)
    text = f"{value:,}" if isinstance(value, Decimal | int) and not isinstance(value, bool) else str(value)
    if isinstance(value, date) and field.personal:
        return f"{value.year}-**-**"
    return _short(hidden(field, text) or "")


def hidden(field: Field | None, text: str) -> str | None:
    """A cell as it may be shown: personal ones masked by what they are."""
    if field is None or not field.personal:
        return text
    if field.reads == "phone":
        return mask_phone(text)
    if field.reads == "email":
        return mask_email(text)
    return mask_name(text) if field.name.endswith("name") else mask_id(text)


def _short(text: str) -> str:
    clean = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf"))
    return clean if len(clean) <= CELL else clean[: CELL - 1] + "…"


def _examples(connection: Connection, sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """The first different cells of each column as they stand; masked where they are personal, or look as if they were."""
    kind = sheet.mapping.sheet_kind if sheet.mapping else None
    field_of = {column: name for name, column in sheet.mapping.columns.items()} if sheet.mapping else {}
    found = {}
    source = f"(SELECT * FROM {sheet.staged.cells} LIMIT 200)"
    for at, column in enumerate(sheet.staged.header):
        described = kind.field_named(field_of[column]) if kind and column in field_of else None
        # A column that no field takes may hold anything: what looks like a phone or an address is hidden in it.
        cell = f"c{at}" if described is not None and not described.personal else masked(f"c{at}")
        if described is not None and described.personal:
            cell = f"c{at}"
        rows = run(
            connection,
            f"SELECT {cell} AS v FROM {source} WHERE trim(c{at}) <> '' GROUP BY 1 ORDER BY min(row_no) LIMIT 3",
        )
        found[column] = tuple(_short(hidden(described, str(row[0])) or "") for row in rows)
    return found


def _choices(
    connection: Connection, staged: StagedSheet, plan: SheetMapping
) -> dict[str, tuple[tuple[str, str | None], ...]]:
    """The words of each column of choices, the most frequent first, and what each stands for."""
    found = {}
    for field in plan.sheet_kind.fields:
        if field.reads != "choice" or field.name not in plan.columns:
            continue
        cell = f"trim(c{staged.header.index(plan.columns[field.name])})"
        rows = run(
            connection,
            f"SELECT {cell}, count(*) FROM {staged.cells} WHERE {cell} <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_WORDS}",
        )
        known = choice_words(field, plan.choices.get(field.name, {}))
        found[field.name] = tuple((str(word), known.get(word_key(str(word)))) for word, _ in rows)
    return found

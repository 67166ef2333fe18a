"""All typed sheets of one load together, and the SQL that reads them by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.sources.mapping.cells import SQL_TYPES
from kexiao.sources.mapping.fields import Field
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.typed import Surroundings, TypedSheet
from kexiao.text import Text

EVERYWHERE = "file"
"""The origin of customers that are known by their phone or address alone."""
NEVER = "TIMESTAMPTZ '1970-01-01 00:00:00+00'"
"""When something was said that no time tells of: anything else is newer."""
_BY_PHONE_TOO = ("leads", "complaints", "surveys")
"""Kinds where a row without the customer's id is still the customer's by the phone that it gives."""


@dataclass(frozen=True, slots=True)
class BatchSheet:
    """One typed sheet in the load: its number ``src``, the file it came from, and when that file was exported (ISO, UTC)."""

    src: int
    file: str
    exported_at: str
    typed: TypedSheet

    @property
    def mapping(self) -> SheetMapping:
        """How the sheet is read."""
        return self.typed.mapping

    def column_of(self, name: str) -> str:
        """The heading that a field was read from, or the field's own label."""
        found = self.mapping.sheet_kind.field_named(name)
        return self.mapping.columns.get(name) or (str(found.label) if found else name)


@dataclass(slots=True)
class Batch:
    """The sheets of one load, the connection that holds them, and what is decided and told on the way.

    The table ``refused_rows`` (src, row_no, field, code) collects rows that go to quarantine. ``decided`` gives, by sheet number, option values
    that the data decided, so that they can be saved with the mapping.
    """

    connection: Connection
    work: Path
    around: Surroundings
    sheets: tuple[BatchSheet, ...]
    stored: Mapping[str, str]
    warnings: list[Text] = field(default_factory=list)
    decided: dict[int, dict[str, str]] = field(default_factory=dict)
    unrepeated: set[int] = field(default_factory=set)

    def of_kind(self, kind: str) -> list[BatchSheet]:
        """The sheets of one kind."""
        return [sheet for sheet in self.sheets if sheet.mapping.kind == kind]

    def begin(self) -> None:
        """Make the tables that shaping fills."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE refused_rows (src BIGINT, row_no BIGINT, field VARCHAR, code VARCHAR)"
        )
        for sheet in self.sheets:
            self.connection.execute(
                f"INSERT INTO refused_rows SELECT {sheet.src}, row_no, _field, _code FROM {self.parquet(sheet)} WHERE _code IS NOT NULL"
            )

    def refuse(self, sql: str) -> int:
        """Send rows (src, row_no, field, code) to quarantine, those not yet there; returns how many."""
        before = run(self.connection, "SELECT count(*) FROM refused_rows")[0][0]
        self.connection.execute(
            f"INSERT INTO refused_rows SELECT DISTINCT ON (src, row_no) * FROM ({sql}) AS n ANTI JOIN refused_rows AS r USING (src, row_no)"
        )
        return int(run(self.connection, "SELECT count(*) FROM refused_rows")[0][0] - before)

    def parquet(self, sheet: BatchSheet) -> str:
        """SQL that reads the typed rows of a sheet."""
        return sheet.typed.rows

    def rows(self, kind: str) -> str | None:
        """SQL of the good rows of a kind: every field of it, ``src``, ``row_no``, ``known_at``, ``_person``; None where there is no sheet of it."""
        listed = [self.sheet_rows(sheet) for sheet in self.of_kind(kind)]
        return " UNION ALL ".join(listed) if listed else None

    def sheet_rows(self, sheet: BatchSheet) -> str:
        fields = all_kinds()[sheet.mapping.kind][0].fields
        mapped = sheet.mapping.columns
        shown = ", ".join(
            f"t.{quote_name(f.name)}"
            if f.name in mapped
            else f"CAST({_constant(sheet, f)} AS {_type(f)}) AS {quote_name(f.name)}"
            for f in fields
        )
        exported = f"TIMESTAMPTZ {quote_text(sheet.exported_at)}"
        known = f"coalesce(t.updated_at, {exported})" if "updated_at" in mapped else exported
        own = origin = quote_text(sheet.mapping.options.origin)
        ref = self.ref(sheet, "t")
        if sheet.mapping.options.origin != EVERYWHERE and mapped.keys() & {"phone", "email"} and ":" in ref:
            # A phone or an address is the same person's in every system.
            origin = f"CASE WHEN starts_with({ref}, 'phone:') OR starts_with({ref}, 'email:') THEN {quote_text(EVERYWHERE)} ELSE {own} END"
        join = ""
        if self.of_kind("customers") and "customer_id" in mapped and "link_id" not in mapped and self._has_links():
            join, ref = " LEFT JOIN links AS k ON k.link_id = t.customer_id", "coalesce(k.customer_id, t.customer_id)"
        parent = f", person({own}, t.parent) AS _parent" if "parent" in mapped else ", CAST(NULL AS BIGINT) AS _parent"
        return (
            f"SELECT {shown}, {known} AS known_at, CAST({sheet.src} AS BIGINT) AS src, t.row_no, {origin} AS _origin, {ref} AS _ref, "
            f"person({origin}, {ref}) AS _person{parent} FROM {self.parquet(sheet)} AS t{join} "
            f"WHERE t._code IS NULL"
        )

    def ref(self, sheet: BatchSheet, alias: str) -> str:
        """SQL of what tells customers apart: their id where the sheet has one, else phone, e-mail or name."""
        mapped = sheet.mapping.columns
        ways = [f"'{way}:' || {alias}.{way}" for way in ("phone", "email") if way in mapped]
        if "customer_id" in mapped and (sheet.mapping.kind not in _BY_PHONE_TOO or not ways):
            return f"{alias}.customer_id"
        if "customer_id" in mapped:
            return f"coalesce({alias}.customer_id, {', '.join(ways)})"
        ways += [f"'name:' || {alias}.customer_name"] if "customer_name" in mapped else []
        return f"coalesce({', '.join(ways)})" if ways else "CAST(NULL AS VARCHAR)"

    def _has_links(self) -> bool:
        return any("link_id" in sheet.mapping.columns for sheet in self.of_kind("customers"))

    def make_links(self) -> None:
        """The table ``links`` (link_id, customer_id): by which other id an export names its customers."""
        listed = [
            f"SELECT link_id, customer_id FROM {self.parquet(sheet)} WHERE _code IS NULL AND link_id IS NOT NULL"
            for sheet in self.of_kind("customers")
            if {"link_id", "customer_id"} <= set(sheet.mapping.columns)
        ]
        if listed:
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE links AS SELECT link_id, max(customer_id) AS customer_id FROM ({' UNION ALL '.join(listed)}) GROUP BY 1"
            )

    def count(self, sql: str) -> int:
        """The first number of a query."""
        return int(run(self.connection, sql)[0][0] or 0)


def _constant(sheet: BatchSheet, described: Field) -> str:
    """SQL of what the whole sheet shares where no column holds it, else null."""
    shared = sheet.mapping.constants.get(described.name)
    return "NULL" if shared is None else quote_text(shared)


def _type(described: Field) -> str:
    return SQL_TYPES.get(described.reads, "VARCHAR")

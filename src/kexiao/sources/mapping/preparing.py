"""A file's staged sheets → typed sheets: find or propose the mapping of each, then read its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from kexiao.engine.duck import Connection, quote_text, run
from kexiao.errors import Ambiguous, InputRejected, Place
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.likeness import nearest
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import SheetMapping, header_signature
from kexiao.sources.mapping.questions import propose_questions
from kexiao.sources.mapping.recognise import ColumnLook, missing_needs, recognise, refuse_missing
from kexiao.sources.mapping.typed import Surroundings, TypedSheet, read_cells
from kexiao.text import Text

SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Recognised:
    """A staged sheet with its mapping; None where nothing in it is known and other sheets hold the data."""

    file: str
    sheet: StagedSheet
    mapping: SheetMapping | None
    new: bool


def recognise_file(
    connection: Connection,
    file: str,
    sheets: Sequence[StagedSheet],
    mappings: Path,
    given: Sequence[SheetMapping],
) -> list[Recognised]:
    """The mapping of each sheet: the one given with the call, else the saved one for its header, else a proposal; none for one that is left out.

    Errors: ``InputRejected`` where no sheet of the file is known.
    """
    found: list[Recognised] = []
    problem: InputRejected | None = None
    left = saved.left_out(mappings)
    for sheet in sheets:
        place = Place(file=file, sheet=sheet.sheet or None)
        own = next((m for m in given if m.header == sheet.header), None) or next(
            (m for m in given if set(m.columns.values()) <= set(sheet.header)), None
        )
        if own is None and header_signature(sheet.header) in left:
            found.append(Recognised(file, sheet, None, new=False))
            continue
        if own is None:
            _refuse_half_fitting(given, sheet, place)
        kept = replace(own, header=sheet.header) if own else saved.find(mappings, sheet.header)
        if kept is not None:
            found.append(Recognised(file, sheet, kept, new=own is not None))
            continue
        known = saved.ready(sheet.header)
        if known is not None:
            found.append(Recognised(file, sheet, propose_questions(connection, sheet, known), new=True))
            continue
        try:
            proposed = recognise(sheet.header, look(connection, sheet), place)
            proposed = _as_before(propose_questions(connection, sheet, proposed), mappings)
            found.append(Recognised(file, sheet, proposed, new=True))
        except InputRejected as refused:
            problem = refused
            found.append(Recognised(file, sheet, None, new=False))
    if problem and not any(one.mapping for one in found):
        raise problem
    return found


def _refuse_half_fitting(given: Sequence[SheetMapping], sheet: StagedSheet, place: Place) -> None:
    """Stop where the user's own mapping is plainly meant for this sheet and a column of it is missing or renamed."""
    for mapping in given:
        gone = [column for column in mapping.columns.values() if column not in sheet.header]
        if mapping.saved is None or not gone or len(gone) * 2 > len(mapping.columns):
            continue
        free = [column for column in sheet.header if column not in mapping.columns.values()]
        near = nearest([gone[0]], free)
        raise InputRejected(
            Text(
                zh="映射文件“{mapping}”要的列“{gone}”不在文件里。",
                en="The mapping file “{mapping}” reads column “{gone}”, which the file does not have.",
            ).fill(mapping=mapping.saved, gone="”、“".join(gone)),
            why=_NEAREST.fill(near=near) if near else None,
            next_step=Text(
                zh="若列改了名，请在映射文件中改为新列名后重试。",
                en="If it was renamed, write its new name in the mapping file and try again.",
            ),
            place=place,
        )


_NEAREST = Text(zh="最接近的列：“{near}”。", en="The nearest column: “{near}”.")


def _as_before(proposed: SheetMapping, mappings: Path) -> SheetMapping:
    """The proposal with what an earlier file of nearly the same header was read by: its columns, options, words and questions.

    Only columns that the earlier file did not have are read as proposed.
    """
    before = saved.earlier(mappings, proposed.header)
    if before is None or before.kind != proposed.kind:
        return proposed
    columns, questions = dict(before.columns), dict(before.questions)
    for name, column in proposed.columns.items():
        if column in before.header:
            continue
        if name in proposed.questions:
            own = next(free for number in count(1) if (free := f"q{number}") not in columns)
            columns[own], questions[own] = column, proposed.questions[name]
        elif name not in columns and name not in before.constants:
            columns[name] = column
    reasons = {name: before.reasons.get(name, proposed.reasons.get(name, _SAVED)) for name in columns}
    return replace(before, header=proposed.header, columns=columns, questions=questions, reasons=reasons, saved=None)


_SAVED = Text(zh="映射文件", en="mapping file")


def refuse_incomplete(recognised: Sequence[Recognised], *, lines_stored: bool) -> list[Recognised]:
    """Stop at a sheet that lacks what its kind needs. Orders may lack amounts where their lines come with them or are stored.

    A sheet that lacks something beside complete ones of the same file is left out.
    """
    lines = lines_stored or any(one.mapping and one.mapping.kind == "order_lines" for one in recognised)
    kept = []
    for one in recognised:
        lacking = missing_needs(one.mapping) if one.mapping else []
        if one.mapping and one.mapping.kind == "orders" and lines:
            lacking = [group for group in lacking if "amount" not in {field.name for field in group}]
        if one.mapping and lacking:
            others = [
                o
                for o in recognised
                if o.file == one.file and o is not one and o.mapping and not missing_needs(o.mapping)
            ]
            if not others:
                raise refuse_missing(one.mapping, lacking, Place(file=one.file, sheet=one.sheet.sheet or None))
            one = replace(one, mapping=None)  # noqa: PLW2901
        kept.append(one)
    return kept


def look(connection: Connection, sheet: StagedSheet) -> dict[str, ColumnLook]:
    """What the first cells of each column look like."""
    tests = []
    for number in range(len(sheet.header)):
        cell = f"trim(c{number})"
        filled = f"nullif(count(nullif({cell}, '')), 0)"
        for pattern in (
            "[0-9]{4}[-/年.][0-9]{1,2}[-/月.][0-9]{1,2}.*|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}.*",
            "(\\+?86[- ]?)?1[3-9][0-9]{9}",
            "[-¥￥$(]?[0-9][0-9,]*(\\.[0-9]+)?[元)%折]?",
            "0?\\.[0-9]+|0|1|0\\.0+|1\\.0+|[0-9.]+[%折]",
        ):
            tests.append(f"count(*) FILTER (regexp_full_match({cell}, '{pattern}')) / {filled}")
        tests.append(f"{filled} / count(*)")
    if not tests or not sheet.rows:
        return {}
    shares = [
        float(share or 0)
        for share in run(
            connection,
            f"SELECT {', '.join(tests)} FROM (SELECT * FROM {sheet.cells} LIMIT {SAMPLE})",
        )[0]
    ]
    return {
        column: ColumnLook(
            filled=shares[at + 4], dates=shares[at], phones=shares[at + 1], numbers=shares[at + 2], rates=shares[at + 3]
        )
        for at, column in zip(range(0, len(shares), 5), sheet.header, strict=True)
    }


def drift(mapping: SheetMapping, file: str, mappings: Path) -> list[Text]:
    """What is different from the last sheet of this kind with another header: fields now read from other columns, and fields gone."""
    earlier = [
        one
        for one in saved.others_of_kind(mappings, mapping.kind, mapping.signature)
        if one.options.origin == mapping.options.origin
    ]
    if not earlier:
        return []
    last = earlier[-1]
    label = {field.name: field.label for field in all_kinds()[mapping.kind][0].fields}
    told = [
        Text(
            zh="“{file}”的“{field}”取自“{now}”列，之前的文件取自“{then}”列，请确认含义相同。",
            en="In “{file}” “{field}” is read from column “{now}”; earlier files had “{then}”. Make sure they mean the same.",
        ).fill(file=file, field=label[name], now=mapping.columns[name], then=column)
        for name, column in last.columns.items()
        if name in label
        and name in mapping.columns
        and mapping.columns[name] != column
        and last.columns.keys() & {"amount", "order_id"}
    ]
    gone = [
        _gone(label[name], column, mapping)
        for name, column in last.columns.items()
        if name in label and name not in mapping.columns
    ]
    if gone:
        told.append(
            Text(
                zh="“{file}”缺少之前文件有的列：{gone}。", en="“{file}” lacks columns that earlier files had: {gone}."
            ).fill(file=file, gone=Text(zh="、".join(g.zh for g in gone), en=", ".join(g.en for g in gone)))
        )
    return told


def _gone(label: Text, column: str, mapping: SheetMapping) -> Text:
    """A field that no column gives any more, with the column that its old one may be called now."""
    near = nearest([column], mapping.unused)
    if near is None:
        return label
    return Text(
        zh="{label}（原“{then}”列；是不是改名为“{now}”了？）", en="{label} (was “{then}”; is it “{now}” now?)"
    ).fill(label=label, then=column, now=near)


def type_sheet(connection: Connection, one: Recognised, mappings: Path, around: Surroundings, out: Path) -> TypedSheet:
    """Read the cells of a recognised sheet. What cannot be decided leaves the mapping behind for a person to complete."""
    assert one.mapping is not None
    place = Place(file=one.file, sheet=one.sheet.sheet or None)
    sheet = _without_prefix(connection, one.sheet, one.mapping) if one.mapping.options.id_prefix else one.sheet
    try:
        typed = read_cells(connection, sheet, one.mapping, around, out, place)
    except Ambiguous:
        saved.save(mappings, one.mapping)
        raise
    if typed.currency not in (None, around.currency) and one.mapping.kind not in _OF_ORDERS:
        raise _foreign(str(typed.currency), around.currency, place)
    return typed


_OF_ORDERS = ("orders", "order_lines", "refunds")
"""Kinds whose amounts are converted by the day's rate of their order; the others have no currency of their own."""


def _foreign(currency: str, own: str, place: Place) -> Ambiguous:
    return Ambiguous(
        Text(
            zh="金额是 {currency}，而本位币是 {own}，不能直接相加。",
            en="The amounts are in {currency}, the books in {own}; they cannot be added as they are.",
        ).fill(currency=currency, own=own),
        next_step=Text(zh="请换算成 {own} 后再导入。", en="Convert them into {own} and load them again.").fill(own=own),
        place=place,
    )


def _without_prefix(connection: Connection, sheet: StagedSheet, mapping: SheetMapping) -> StagedSheet:
    """The sheet with its ids as the source itself has them, without what only this export writes before each."""
    kind, prefix = mapping.sheet_kind, quote_text(mapping.options.id_prefix)
    keys = {column for name, column in mapping.columns.items() if (f := kind.field_named(name)) and f.reads == "key"}
    cut = ", ".join(
        f"CASE WHEN starts_with(c{at}, {prefix}) THEN substr(c{at}, length({prefix}) + 1) ELSE c{at} END AS c{at}"
        for at, column in enumerate(sheet.header)
        if column in keys
    )
    target = sheet.parquet.with_suffix(".ids.parquet")
    run(
        connection,
        f"COPY (SELECT * REPLACE ({cut}) FROM {sheet.cells}) TO {quote_text(str(target))} (FORMAT parquet)",
    )
    return replace(sheet, parquet=target, first_row=None)

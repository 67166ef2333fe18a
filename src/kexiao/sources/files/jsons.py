"""JSON files as tables: arrays of objects, wherever they stand in an answer of an interface; one object alone is one row.

Objects inside a record are flattened one level (``owner.name``); lists of lines (``items``, 明细) become a sheet of their own in which each line has the
id of its record. Numbers stay as they are written, so that no long id loses a digit.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kexiao.errors import InputRejected
from kexiao.sources.files import invisible
from kexiao.sources.files.encoding import as_utf8
from kexiao.sources.files.header import clean_name, unique_names
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.writing import RowWriter
from kexiao.text import Text

DEEPEST = 4
BETWEEN = "┋"
_CODES = ("errorcode", "errcode", "error_code", "code", "status", "error", "ret")
_MESSAGES = ("message", "msg", "errmsg", "errormessage", "error_message", "errordescription", "error_description")
_FINE = frozenset({"0", "200", "success", "ok", "true", ""})

Record = Mapping[str, Any]


def stage_json(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """A sheet for each array of objects, named by the way to it (``response.data.dataList``).

    Errors: ``InputRejected`` where the JSON is broken, is the error answer of an interface, or holds no records.
    """
    file = as_utf8(path, Path(f"{prefix}utf8.json"))
    found = _parse(file.path)
    _refuse_error(found)
    tables = list(_tables(found, ""))
    if not tables and isinstance(found, dict) and any(not isinstance(value, (dict, list)) for value in found.values()):
        tables = [("", [found])]
    if not tables:
        raise InputRejected(
            Text(zh="这个 JSON 里没有记录。", en="There are no records in this JSON."),
            next_step=Text(
                zh="请确认是对象的数组，如 [{…}, {…}]，或重新导出为 CSV、xlsx。",
                en="It should be an array of objects such as [{…}, {…}]; or export it as CSV or xlsx.",
            ),
        )
    unfolded = [sheet for name, records in tables for sheet in _unfolded(name, records)]
    return [
        _stage(name, records, Path(f"{prefix}sheet{number}.parquet"), limits, file.warnings if number == 0 else ())
        for number, (name, records) in enumerate(unfolded)
    ]


def _parse(path: Path) -> Any:
    """The content, numbers as the text they are; lines of objects as one array."""
    reader = json.JSONDecoder(
        parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_without_twins, strict=False
    )
    text = path.read_text(encoding="utf-8-sig").strip()
    try:
        return reader.decode(text)
    except json.JSONDecodeError as problem:
        lines = text.splitlines()
        if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
            raise _broken(problem.lineno) from None
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records += [reader.decode(line)] if line.strip() else []
        except json.JSONDecodeError:
            raise _broken(number) from None
    return records


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise InputRejected(
            Text(zh="JSON 的一条记录里有两个“{name}”。", en="A record of the JSON has two fields “{name}”.").fill(
                name=twice[:80]
            ),
            next_step=Text(zh="请重新导出。", en="Export it again."),
        )
    return found


def _broken(line: int) -> InputRejected:
    return InputRejected(
        Text(
            zh="JSON 不完整或有语法错误（第 {n} 行）。", en="The JSON is incomplete or has a mistake (line {n})."
        ).fill(n=line),
        next_step=Text(zh="请重新导出。", en="Export it again."),
    )


def _refuse_error(found: Any) -> None:
    """Refuse the answer of an interface that says it failed, saved in place of data."""
    if not isinstance(found, dict):
        return
    folded = {key.casefold(): value for key, value in found.items()}
    code = next((folded[key] for key in _CODES if isinstance(folded.get(key), (str, bool))), None)
    message = next((folded[key] for key in _MESSAGES if isinstance(folded.get(key), str)), None)
    if code is None or message is None or str(code).casefold() in _FINE:
        return
    raise InputRejected(
        Text(
            zh="这是接口返回的错误信息（JSON，{code}：{message}），不是数据。",
            en="This is the error answer of an interface (JSON, {code}: {message}), not data.",
        ).fill(code=str(code)[:20], message=message[:80]),
        next_step=Text(zh="请检查授权后重新导出。", en="Check the authorisation and export it again."),
    )


def _tables(found: Any, name: str, depth: int = 0) -> Iterator[tuple[str, list[Record]]]:
    """Every array of objects with the way to it; what lies inside records belongs to them."""
    if isinstance(found, list):
        if found and all(isinstance(one, dict) for one in found):
            yield name, found
    elif isinstance(found, dict) and depth < DEEPEST:
        for key, value in found.items():
            yield from _tables(value, f"{name}.{key}" if name else key, depth + 1)


_LINES = re.compile(r"(items?|lines|details?|products|goods|skus?|orders|trades|明细|商品|行)$", re.IGNORECASE)
_ID = re.compile(r"(id|no|number|code|号|编号|编码)$", re.IGNORECASE)
_BARE_ID = re.compile(r"_?(id|no|number|code|编号|编码)", re.IGNORECASE)


def _unfolded(name: str, records: list[Record]) -> Iterator[tuple[str, list[Record]]]:
    """The records without their lists of lines, then each list as a table of its own; a list whose records have no id stays where it is."""
    lists = [key for key in dict.fromkeys(key for record in records for key in record) if _are_lines(records, key)]
    known = _id_of(records, lists)
    if known is None or not lists:
        yield name, records
        return
    heads: list[Record] = [{key: value for key, value in record.items() if key not in lists} for record in records]
    yield name, heads
    heading = _id_heading(name, known)
    for key in lists:
        lines: list[Record] = [
            {heading: record[known], **{f"{key}.{k}" if k == heading else k: v for k, v in line.items()}}
            for record in records
            for line in record.get(key) or ()
        ]
        yield f"{name}.{key}" if name else key, lines


def _are_lines(records: Sequence[Record], key: str) -> bool:
    """Whether a field holds lines by its name and, wherever it is filled, a list of objects."""
    filled = [record[key] for record in records if record.get(key)]
    return bool(_LINES.search(key) and filled) and all(
        isinstance(value, list) and all(isinstance(one, dict) for one in value) for value in filled
    )


def _id_of(records: Sequence[Record], lists: Sequence[str]) -> str | None:
    """The field that tells the records with lists apart: an order's number rather than a bare id, rather than another id."""
    owners = [record for record in records if any(record.get(key) for key in lists)]
    names = [key for key in (owners[0] if owners else {}) if _ID.search(key)]
    told = [
        key
        for key in names
        if all(isinstance(record.get(key), str) and record[key] for record in owners)
        and len({record[key] for record in owners}) == len(owners)
    ]
    ranked = sorted(
        told, key=lambda key: (not re.search("order|订单", key, re.IGNORECASE), not _BARE_ID.fullmatch(key))
    )
    return ranked[0] if ranked else None


def _id_heading(name: str, key: str) -> str:
    """What a line calls the id of its record: a bare ``id`` of ``orders`` is its ``order_id``."""
    owner = re.sub(r"s$", "", name.rpartition(".")[2])
    return f"{owner}_{key.lstrip('_')}" if owner and _BARE_ID.fullmatch(key) else key


def _stage(name: str, records: Sequence[Record], target: Path, limits: Limits, warnings: Sequence[Text]) -> StagedSheet:
    nested: Counter[str] = Counter()
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(key for key, _ in _cells(record, Counter())))
    if not names or len(names) > limits.columns:
        raise InputRejected(
            Text(zh="JSON 记录的字段数不对（{n}）。", en="The records of the JSON have {n} fields.").fill(n=len(names)),
            next_step=Text(zh="请只保留需要的字段。", en="Keep only the fields that are needed."),
        )
    lists = {key for record in records for key, value in record.items() if _is_nested(value)}
    header = unique_names([clean_name(key) + (_LIST if key in lists else "") for key in names])
    signs: Counter[str] = Counter()
    with RowWriter(target, len(header)) as writer:
        for number, record in enumerate(records, 1):
            found = dict(_cells(record, nested))
            row = [found.get(key) for key in names]
            invisible.count(row, header, signs)
            writer.add(number, row)
    told = [*warnings, *invisible.warnings(signs), *(_NESTED.fill(c=key, n=times) for key, times in nested.items())]
    return StagedSheet(name, header, target, writer.count, warnings=tuple(told))


_LIST = "（列表）"
"""Stands behind the name of a column of lists, so that no field takes it for its own."""


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value)


_NESTED = Text(
    zh="“{c}”里还有一层列表（{n} 条记录），没有展开，按原文保留。",
    en="“{c}” holds lists of its own ({n} records); they were not unfolded and stay as text.",
)


def _cells(record: Record, nested: Counter[str]) -> Iterator[tuple[str, str | None]]:
    """The fields of a record as text; those of an object inside it under both names."""
    for key, value in record.items():
        if isinstance(value, dict):
            for inner, deeper in value.items():
                yield f"{key}.{inner}", _text(f"{key}.{inner}", deeper, nested)
        else:
            yield key, _text(key, value, nested)


def _text(key: str, value: Any, nested: Counter[str]) -> str | None:
    if value in (None, "", [], {}):
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(one, (dict, list)) for one in value):
        return BETWEEN.join(str(one) for one in value if one is not None)
    nested[key] += 1
    return json.dumps(value, ensure_ascii=False)

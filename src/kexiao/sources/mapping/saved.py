"""Mappings as TOML files in the workspace's folder ``mappings``, which people can read and edit."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kexiao.engine.posix import write_durably
from kexiao.errors import InputRejected, Place
from kexiao.sources.mapping.fields import CHOSEN_UNITS
from kexiao.sources.mapping.likeness import nearest
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import Options, SheetMapping, header_signature
from kexiao.sources.mapping.questions import is_spec
from kexiao.text import Text

_HEAD = """\
# 列映射：每行“字段 = 列名”。改好后，下次导入同样表头的文件就按它读取。
# Column mapping: "field = column". Edit it; the next file with these columns is read this way.
"""
_OPTION_HINTS = """\
# date_order = "dmy"                 # 日期次序 dmy、mdy、ymd · order of day and month
# month_day = "first"                # 只有月份时记在哪一天 · the day of a month without a day: first, last
# currency = "CNY"                   # 金额的币种 · currency of all amounts
# order_key = "order_id+customer"    # 订单号不唯一时 · where ids repeat: order_id, order_id+customer, order_id+day
# amount_of = "line"                 # 金额属于明细行还是整单 · whether amounts are the line's or the order's: line, order
# discount_rate = "off"              # 0.8 表示减八成 off，还是付八成 pay · whether 0.8 means 80 % off or pay 80 %
# fill_down = true                   # 订单信息只在第一行 · order data stand on an order's first row only
# time_zone = "UTC"                  # 没写时区的时间是哪里的 · the clock of times without an offset, such as UTC or Asia/Shanghai
# freight_in_amount = true           # 金额含运费 · amounts include the freight
# origin = "file"                    # 编号来自哪个系统 · the system that the ids come from
"""


_QUESTIONS = """\
# 每道题怎么算：csat 1-5 满意度、nps 0-10 净推荐、ces 1-7 费力度、other 1-5 其他打分、answer 文字或选项、skip 不导入；选项从 1 数起时写 nps 0-10 from 1
# What each question is: csat 1-5, nps 0-10, ces 1-7, other 1-5 (scores with their scale), answer (words), skip; nps 0-10 from 1 where options are counted from 1
[questions]"""
_UNITS = """\
# 金额列的单位（表头没写或写错时）· the unit of amounts, where the heading names none or a wrong one: 分、角、元、千元、万元、百万元、亿元
[units]"""
_BAD_UNIT = Text(
    zh="[units] 中的 {field} = “{unit}” 应是读了列的金额字段，单位为 {all} 之一",
    en="{field} = “{unit}” under [units] must be a field of amounts that has a column, its unit one of {all}",
)
_BAD_ZONE = Text(
    zh="time_zone “{zone}” 不是时区名，例如 UTC、Asia/Shanghai",
    en="time_zone “{zone}” is no time zone; say UTC or Asia/Shanghai",
)
_CONSTANTS = """\
# 整张表共有的值（没有列）· what the whole sheet shares and no column holds
[constants]"""
_BAD_CONSTANT = Text(
    zh="[constants] 中的 {field} 应是这类表的文字字段，且没有列",
    en="{field} under [constants] must be a field of words that has no column",
)
_NO_COLUMN = Text(
    zh="文件里没有列“{column}”（最接近的：{near}）", en="the file has no column “{column}” (nearest: {near})"
)
_BAD_QUESTION = Text(
    zh="[questions] 中 {field} = “{spec}” 看不懂；应为 csat 1-5、nps 0-10、ces 1-7、other 1-5、answer 或 skip，且 {field} 写在 [columns] 中",
    en="{field} = “{spec}” under [questions] is not known; say csat 1-5, nps 0-10, ces 1-7, other 1-5, answer or skip, and name {field} under [columns]",
)

_ALLOWED: dict[str, tuple[object, ...]] = {
    "date_order": ("dmy", "mdy", "ymd"),
    "order_key": ("order_id", "order_id+customer", "order_id+day"),
    "amount_of": ("line", "order"),
    "discount_rate": ("off", "pay"),
    "month_day": ("first", "last"),
    "fill_down": (True, False),
    "freight_in_amount": (True, False),
}


OPTIONS = tuple(asdict(Options()))
"""The names of the options that a mapping may set."""


def path_for(folder: Path, mapping: SheetMapping) -> Path:
    """Where the mapping of a layout lies."""
    return folder / f"{mapping.kind}-{mapping.signature}.toml"


def find(folder: Path, header: tuple[str, ...]) -> SheetMapping | None:
    """The saved mapping for a header, if there is one."""
    for path in sorted(folder.glob(f"*-{header_signature(header)}.toml")):
        return read(path, header)
    return None


def ready(header: tuple[str, ...]) -> SheetMapping | None:
    """The mapping that comes with Kexiao for the export of a known system, where the header has every column that tells it."""
    for path in sorted(resources.files("kexiao.sources").joinpath("mappings").iterdir(), key=lambda found: found.name):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        if set(document["header"]) <= set(header):
            there = {field: column for field, named in document["columns"].items() if (column := _first(named, header))}
            return from_dict({**document, "columns": there}, header, Place(file=path.name))
    return None


def _first(named: str | list[str], header: tuple[str, ...]) -> str | None:
    """The column of a field: the first that is there, where an export calls it now one way, now another."""
    return next((column for column in ([named] if isinstance(named, str) else named) if column in header), None)


def earlier(folder: Path, header: tuple[str, ...]) -> SheetMapping | None:
    """The newest saved mapping all of whose columns are in this header too: the same export with a column more or less.

    What people confirmed or changed in it goes on to count, whatever the headings would suggest.
    """
    paths = sorted(folder.glob("*.toml"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in paths:
        try:
            found = read(path, None)
        except InputRejected:
            continue
        shared = len(set(found.header) & set(header))
        if (
            found.columns
            and set(found.columns.values()) <= set(header)
            and shared * 2 > len(set(found.header) | set(header))
        ):
            return found
    return None


LEFT_OUT = "left_out.toml"
_LEFT_OUT_HEAD = """\
# 不导入的表：表头如下的工作表会跳过。要重新导入，删去那一段。
# Sheets that are not loaded: those with these headers are skipped. Delete a part to have its sheets loaded again.
"""


def left_out(folder: Path) -> dict[str, tuple[str, ...]]:
    """The headers, by signature, of sheets that a person chose not to load."""
    path = folder / LEFT_OUT
    if not path.exists():
        return {}
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get("sheets", [])
        headers = [tuple(map(str, one["header"])) for one in listed]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, KeyError, TypeError, AttributeError) as problem:
        raise _wrong(Text.same(str(problem)), Place(file=path.name)) from None
    return {header_signature(header): header for header in headers}


def leave_out(folder: Path, header: tuple[str, ...], *, out: bool = True) -> None:
    """Keep that sheets with this header are not to be loaded, or that they are again."""
    listed, signature = left_out(folder), header_signature(header)
    if out == (signature in listed):
        return
    listed = {**listed, signature: header} if out else {one: kept for one, kept in listed.items() if one != signature}
    parts = [f"[[sheets]]\nheader = [{', '.join(map(_quoted, kept))}]\n" for kept in listed.values()]
    write_durably(folder / LEFT_OUT, "\n".join([_LEFT_OUT_HEAD, *parts]).encode())


def others_of_kind(folder: Path, kind: str, signature: str) -> list[SheetMapping]:
    """Saved mappings of the same kind with other headers, the newest last."""
    paths = [path for path in folder.glob(f"{kind}-*.toml") if not path.stem.endswith(signature)]
    return [read(path, None) for path in sorted(paths, key=lambda path: path.stat().st_mtime)]


def save(folder: Path, mapping: SheetMapping) -> Path:
    """Write a mapping; the file is left as it is where it says the same."""
    path = path_for(folder, mapping)
    content = as_toml(mapping).encode()
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)
    return path


def as_toml(mapping: SheetMapping) -> str:
    """The file's text."""
    lines = [
        _HEAD,
        f"kind = {_quoted(mapping.kind)}",
        f"header = [{', '.join(map(_quoted, mapping.header))}]",
        "",
        "[columns]",
    ]
    lines += [f"{field} = {_quoted(column)}" for field, column in mapping.columns.items()]
    if mapping.unused:
        lines.append(f"# 未用的列 · not used: {', '.join(map(_quoted, mapping.unused[:40]))}")
    lines += ["", "[options]"]
    defaults = asdict(Options())
    lines += [
        f"{name} = {str(value).lower() if isinstance(value, bool) else _quoted(str(value))}"
        for name, value in asdict(mapping.options).items()
        if value != defaults[name]
    ]
    lines.append(_OPTION_HINTS)
    if mapping.constants:
        lines += [_CONSTANTS, *(f"{field} = {_quoted(value)}" for field, value in mapping.constants.items()), ""]
    if mapping.questions:
        lines += [_QUESTIONS, *(f"{field} = {_quoted(spec)}" for field, spec in mapping.questions.items()), ""]
    if mapping.units:
        lines += [_UNITS, *(f"{field} = {_quoted(unit)}" for field, unit in mapping.units.items()), ""]
    for field, words in mapping.choices.items():
        lines += [f"[choices.{field}]", *(f"{_quoted(word)} = {_quoted(value)}" for word, value in words.items()), ""]
    return "\n".join(lines).rstrip() + "\n"


def read(path: Path, header: tuple[str, ...] | None) -> SheetMapping:
    """Read a mapping file; for ``header``, where given.

    Errors: ``InputRejected`` for TOML that cannot be read, unknown kinds, fields, options, or columns that the header lacks.
    """
    place = Place(file=path.name)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        raise _wrong(Text.same(str(problem)), place) from None
    return from_dict(document, header, place)


def from_dict(document: Mapping[str, Any], header: tuple[str, ...] | None, place: Place) -> SheetMapping:
    """A mapping from its parts, checked."""
    kind = str(document.get("kind", ""))
    if kind not in all_kinds():
        raise _wrong(
            Text(zh="kind 应为 {all} 之一", en="kind must be one of {all}").fill(all=", ".join(all_kinds())), place
        )
    columns = {str(field): str(column) for field, column in dict(document.get("columns", {})).items()}
    listed = header or tuple(str(column) for column in document.get("header", columns.values()))
    questions = {str(field): str(spec) for field, spec in dict(document.get("questions", {})).items()}
    for field, spec in questions.items():
        if field not in columns or not is_spec(spec):
            raise _wrong(_BAD_QUESTION.fill(field=field, spec=spec), place)
    for field, column in columns.items():
        if all_kinds()[kind][0].field_named(field) is None and field not in questions:
            known = ", ".join(one.name for one in all_kinds()[kind][0].fields)
            raise _wrong(
                Text(zh="没有字段 {field}；可用：{known}", en="there is no field {field}; there are: {known}").fill(
                    field=field, known=known
                ),
                place,
            )
        if column not in listed:
            raise _wrong(_NO_COLUMN.fill(column=column, near=nearest([column], listed) or "—"), place)
    constants = {str(field): str(value) for field, value in dict(document.get("constants", {})).items()}
    for field in constants:
        shared = all_kinds()[kind][0].field_named(field)
        if shared is None or shared.reads not in ("text", "key") or shared.personal or field in columns:
            raise _wrong(_BAD_CONSTANT.fill(field=field), place)
    units = _units_of(document, kind, columns, place)
    given = dict(document.get("options", {}))
    _check_options(given, place)
    choices = {
        str(field): {str(w): str(v) for w, v in dict(words).items()}
        for field, words in dict(document.get("choices", {})).items()
    }
    found = SheetMapping(
        kind,
        listed,
        columns,
        Options(**given),
        choices,
        saved=place.file,
        questions=questions,
        constants=constants,
        units=units,
    )
    return replace(found, reasons={field: Text(zh="映射文件", en="mapping file") for field in columns})


def _units_of(document: Mapping[str, Any], kind: str, columns: Mapping[str, str], place: Place) -> dict[str, str]:
    units = {str(field): str(unit) for field, unit in dict(document.get("units", {})).items()}
    for field, unit in units.items():
        counted = all_kinds()[kind][0].field_named(field)
        if counted is None or counted.reads != "money" or field not in columns or unit not in CHOSEN_UNITS:
            raise _wrong(_BAD_UNIT.fill(field=field, unit=unit, all=", ".join(CHOSEN_UNITS)), place)
    return units


def _check_options(given: Mapping[str, Any], place: Place) -> None:
    unknown = set(given) - set(asdict(Options()))
    if unknown:
        raise _wrong(
            Text(zh="没有选项 {names}", en="there is no option {names}").fill(names=", ".join(sorted(unknown))), place
        )
    for name, allowed in _ALLOWED.items():
        if name in given and given[name] not in allowed:
            said = ", ".join(map(str, allowed))
            raise _wrong(
                Text(zh="{name} 应为 {said}", en="{name} must be one of {said}").fill(name=name, said=said), place
            )
    if given.get("time_zone") is not None and not _is_zone(str(given["time_zone"])):
        raise _wrong(_BAD_ZONE.fill(zone=str(given["time_zone"])), place)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def as_dict(mapping: SheetMapping) -> dict[str, Any]:
    """The mapping as plain data, for the record of a load."""
    defaults = asdict(Options())
    return {
        "kind": mapping.kind,
        "header": list(mapping.header),
        "columns": dict(mapping.columns),
        "options": {name: value for name, value in asdict(mapping.options).items() if value != defaults[name]},
        "choices": {field: dict(words) for field, words in mapping.choices.items()},
        **({"questions": dict(mapping.questions)} if mapping.questions else {}),
        **({"constants": dict(mapping.constants)} if mapping.constants else {}),
        **({"units": dict(mapping.units)} if mapping.units else {}),
    }


def _quoted(text: str) -> str:
    # TOML's basic strings and JSON's are the same for printable text; the rest is escaped as \uXXXX by both.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _wrong(why: Text, place: Place) -> InputRejected:
    return InputRejected(
        Text(zh="映射文件有误：{why}。", en="The mapping file is wrong: {why}.").fill(why=why),
        next_step=Text(
            zh="改正后重试，或删除该文件让程序重新识别。",
            en="Correct it, or delete it to have the columns recognised anew.",
        ),
        place=place,
    )

"""Source files: ``sources/NAME.toml`` in the workspace says where a system is, what is read from it, and which column is which field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kexiao.engine.folder import Folder
from kexiao.errors import KexiaoError, Place, WrongUse
from kexiao.sources.connecting.connector import Key, SourcePlan, System, Thing, all_systems
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.making import all_kinds
from kexiao.text import Text

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_SECRET = re.compile(r"(?<!no_)(secret|password|passwd|token|permanent_code|app_key|appkey|push_key)$", re.IGNORECASE)

_TEXT, _TABLE, _NUMBER = (str,), (dict,), (int, float)
THING_KEYS = {
    "kind": Key(_TEXT, Text(zh="这是什么表", en="what the records are"), required=True),
    "columns": Key(_TABLE, Text(zh="字段 = 来源的列", en="field = column of the source"), required=True),
    "options": Key(_TABLE, Text(zh="映射选项", en="options of the mapping")),
    "choices": Key(_TABLE, Text(zh="选项值对照", en="words for choices")),
    "units": Key(_TABLE, Text(zh="金额列的单位", en="units of amounts")),
    "renamed": Key(_TABLE, Text(zh="来源改了名的列：新名 = 旧名", en="columns renamed at the source: new = old")),
    "id": Key(_TEXT, Text(zh="区分记录的列", en="the column that tells records apart")),
    "missing": Key(
        _TEXT,
        Text(zh="完整读取后找不到的记录怎么办", en="what becomes of records that a complete reading misses"),
        choices=("tell", "keep", "withdraw"),
    ),
    "missing_share": Key(_NUMBER, Text(zh="超过此比例消失则停下", en="stop where a greater share has vanished")),
    "reread_days": Key(_NUMBER, Text(zh="每隔几天完整读取一次", en="days between complete readings")),
}


def folder_of(folder: Folder) -> Path:
    """Where the source files lie."""
    return folder.root / "sources"


def source_names(folder: Folder) -> list[str]:
    """The names of all sources of a workspace."""
    return sorted(path.stem for path in folder_of(folder).glob("*.toml") if NAME.fullmatch(path.stem))


def read_source(folder: Folder, name: str) -> SourcePlan:
    """One source file. Errors: ``WrongUse`` for a name that is not there and for whatever is wrong in the file, naming it."""
    path = folder_of(folder) / f"{name}.toml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise WrongUse(
            Text(zh="没有名为“{name}”的来源。", en="There is no source named “{name}”.").fill(name=name),
            next_step=Text(
                zh="现有：{all}。新建：把 kexiao collect --example {system} 的输出存为 sources/{name}.toml 再修改。",
                en="There are: {all}. To make one, save the output of kexiao collect --example {system} as sources/{name}.toml and edit it.",
            ).fill(all=", ".join(source_names(folder)) or "—", name=name, system="zoho"),
        )
    place = Place(file=f"sources/{path.name}")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        raise wrong(Text.same(str(problem)), place) from None
    return plan_of(name, document, place)


def plan_of(name: str, document: Mapping[str, Any], place: Place) -> SourcePlan:
    """A source from the parts of its file, checked."""
    systems = all_systems()
    system = systems.get(str(document.get("system", "")))
    if system is None:
        raise wrong(
            Text(zh="system 应为 {all} 之一", en="system must be one of {all}").fill(all=", ".join(sorted(systems))),
            place,
        )
    given = {key: value for key, value in document.items() if key not in ("system", "objects")}
    _check(given, system.source_keys, "", place)
    objects = document.get("objects")
    if not isinstance(objects, dict) or not objects:
        raise wrong(Text(zh="没有 [objects.名称]", en="there is no [objects.NAME]"), place)
    things = tuple(_thing(name, system, key, value, place) for key, value in objects.items())
    return SourcePlan(name, place.file or name, system.name, given, things)


def _thing(source: str, system: System, name: str, given: object, place: Place) -> Thing:
    where = f"[objects.{name}]"
    if not NAME.fullmatch(name) or not isinstance(given, dict):
        raise wrong(Text(zh="{w} 的名称有误", en="the name of {w} is wrong").fill(w=where), place)
    _check(given, {**THING_KEYS, **system.thing_keys}, where, place)
    columns = {str(field): str(column) for field, column in given["columns"].items()}
    if "updated_at" in columns:
        raise wrong(
            Text(
                zh="{w} 不必映射 updated_at：连接的来源以最后读到的为准",
                en="{w} needs no updated_at: of a connected source, what was read last counts",
            ).fill(w=where),
            place,
        )
    options = {"origin": source, **given.get("options", {})}
    said = {name: given.get(name, {}) for name in ("choices", "units")}
    mapping = {"kind": given["kind"], "columns": columns, "options": options, **said}
    if given["kind"] == "withdrawals":
        raise wrong(Text(zh="{w} 的 kind 有误", en="the kind of {w} is wrong").fill(w=where), place)
    if given["kind"] in all_kinds():
        saved.from_dict(mapping, tuple(columns.values()), place)
    else:
        saved.from_dict({"kind": given["kind"]}, (), place)
    more = {key: given[key] for key in ("missing", "missing_share", "reread_days") if key in given}
    own = {key: value for key, value in given.items() if key in system.thing_keys}
    renamed = {str(new): str(old) for new, old in given.get("renamed", {}).items()}
    return Thing(name, mapping, given.get("id") or system.default_id, renamed, settings=own, **more)


def _check(given: Mapping[str, object], keys: Mapping[str, Key], where: str, place: Place) -> None:
    """Every setting is known, of its type and allowed; none of them is a secret."""
    for name, value in given.items():
        if _SECRET.search(name):
            raise wrong(
                Text(
                    zh="密钥不能写在文件里：请改为 {name}_env，写环境变量的名字",
                    en="secrets don't belong in this file: use {name}_env with the name of an environment variable",
                ).fill(name=name),
                place,
            )
        key = keys.get(name)
        if key is None:
            known = ", ".join(sorted(keys))
            raise wrong(
                Text(zh="{w} 没有设置 {name}；可用：{known}", en="{w} has no setting {name}; there are: {known}").fill(
                    w=where, name=name, known=known
                ),
                place,
            )
        if not isinstance(value, key.types) or (isinstance(value, bool) and bool not in key.types):
            raise wrong(
                Text(zh="{w} {name} 的类型有误", en="{w} {name} is of the wrong type").fill(w=where, name=name), place
            )
        if key.choices and value not in key.choices:
            raise wrong(
                Text(zh="{w} {name} 应为 {all} 之一", en="{w} {name} must be one of {all}").fill(
                    w=where, name=name, all=", ".join(key.choices)
                ),
                place,
            )
    for name, key in keys.items():
        if key.required and name not in given:
            raise wrong(
                Text(zh="{w} 缺少 {name}（{what}）", en="{w} lacks {name} ({what})").fill(
                    w=where, name=name, what=key.meaning
                ),
                place,
            )


def wrong(why: Text, place: Place) -> KexiaoError:
    """The error for a source file that cannot be used."""
    return WrongUse(
        Text(zh="来源文件有误：{why}。", en="The source file is wrong: {why}.").fill(why=why),
        next_step=Text(
            zh="改正后重试；写法见 docs/sources.zh.md。", en="Correct it and try again; see docs/sources.en.md."
        ),
        place=place,
    )

"""Answers that a survey system pushes: taken in one by one, kept before they are acknowledged, and loaded together as files are.

A push is on disk before its sender is told so, and stays there until a load that holds it is committed; one that is sent again changes nothing.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kexiao.cycle.collect import collect
from kexiao.cycle.source_states import noting, pushed_folder
from kexiao.engine.folder import Folder
from kexiao.engine.posix import exclusive, storage_errors, write_durably
from kexiao.errors import Place
from kexiao.sources.connecting.connector import SourcePlan, Thing
from kexiao.sources.connecting.described import NAME, folder_of, read_source, wrong
from kexiao.sources.egress.secrets import from_environment
from kexiao.sources.inbox import workplace
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.questions import is_spec
from kexiao.sources.mapping.unusual import Held
from kexiao.sources.wenjuanxing.pushed import DEFAULT_DAYS, SENT, WHO, PushRefused, read_push
from kexiao.sources.wenjuanxing.reading import NUMBER, RESPONSE, SURVEY
from kexiao.text import Text

AT_ONCE = 20_000
_QUESTION = re.compile(r"q[0-9]{1,4}(_[0-9]{1,4})?")
_OURS = (RESPONSE, SURVEY, SENT, NUMBER, *WHO)


def receive_push(folder: Folder, source: str, body: bytes, *, now: datetime | None = None) -> str | None:
    """Take in one pushed answer; returns the name of the object that it is for, None where no source of this name takes pushes.

    Errors: ``PushRefused``; ``WrongUse`` where the source file or its key is not in order; ``StorageError``.
    """
    if not NAME.fullmatch(source) or not (folder_of(folder) / f"{source}.toml").is_file():
        return None
    plan = read_source(folder, source)
    if plan.system != "wenjuanxing" or "push_key_env" not in plan.settings:
        return None
    key = from_environment(str(plan.settings["push_key_env"]), plan.file)
    at = now or datetime.now(UTC)
    answer = read_push(body, key, at, float(plan.settings.get("push_days", DEFAULT_DAYS)))
    thing = next((one for one in plan.things if str(one.settings["survey"]) == answer[SURVEY]), None)
    if thing is None:
        raise PushRefused("unknown_survey")
    place = pushed_folder(folder, source, thing.name)
    with storage_errors(place):
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o700)
    said = {"received": at.isoformat(), "answer": answer}
    write_durably(place / f"{answer[NUMBER]}.json", json.dumps(said, ensure_ascii=False).encode())
    return thing.name


def load_pushes(folder: Folder, source: str, *, accept_change: bool | str = False) -> int:
    """Load what waits of a source, each object as one load; returns how many answers there were.

    ``accept_change``: amounts quite unlike before are meant, of every object or of the one that is named. Errors: ``Held`` (the answers wait), those of ``collect`` and of source files.
    """
    plan = read_source(folder, source)
    with noting(folder, source), exclusive(folder.data / "_sources" / source / "_lock"):
        return sum(_load(folder, plan, thing, accept_change in (True, thing.name)) for thing in plan.things)


def _load(folder: Folder, plan: SourcePlan, thing: Thing, accept_change: bool) -> int:
    paths = sorted(pushed_folder(folder, plan.name, thing.name).glob("*.json"))[:AT_ONCE]
    contents = {path: path.read_bytes() for path in paths}
    if not contents:
        return 0
    said = [json.loads(content) for content in contents.values()]
    answers = [one["answer"] for one in said]
    columns = list(dict.fromkeys(name for answer in answers for name in answer))
    with workplace(folder) as work:
        file = work / f"{plan.name}.{thing.name}.push.json"
        file.write_text(
            json.dumps([{c: a.get(c) for c in columns} for a in answers], ensure_ascii=False), encoding="utf-8"
        )
        mapping = work / "mapping.toml"
        mapping.write_text(saved.as_toml(_mapping(plan, thing, columns)), encoding="utf-8")
        exported = max(datetime.fromisoformat(one["received"]) for one in said)
        try:
            # Answers come by the handful, which is never unusual; amounts in another unit are, whoever sends them.
            collect(
                folder,
                [file],
                mapping=mapping,
                exported_at=exported,
                who=f"push:{plan.name}",
                accept_change=accept_change,
            )
        except Held as held:
            place = Place(file=plan.file, sheet=thing.name)
            raise Held(held.what, next_step=_HELD, place=place) from None
    for path, content in contents.items():
        _forget(path, content)
    return len(contents)


def _forget(path: Path, content: bytes) -> None:
    """Remove a loaded answer, unless it was sent anew with other content meanwhile."""
    if path.read_bytes() == content:
        path.unlink()


def _mapping(plan: SourcePlan, thing: Thing, columns: list[str]) -> Any:
    """How pushed answers are read: what the object says of its downloads where the push has the same, and ``[objects.X.push]`` for the questions."""
    fields = {f.name for f in all_kinds()[thing.mapping["kind"]][0].fields}
    read = {
        field: column for field, column in thing.mapping["columns"].items() if column in _OURS and column in columns
    }
    usual = {field: column for field, column in _USUAL.items() if field in fields and column in columns}
    read = {**usual, **read}
    who = next((name for name in WHO if name in columns), None)
    if who and "customer_id" in fields and "customer_id" not in read:
        read["customer_id"] = who
    questions = {}
    named: dict[str, Any] = dict(thing.settings.get("push", {}))
    for name in (column for column in columns if _QUESTION.fullmatch(column)):
        spec = str(named.get(name, "answer")).replace("comment", "answer")
        if spec in fields:
            read[spec] = name
        elif is_spec(spec):
            read[name], questions[name] = name, spec
        else:
            raise wrong(
                Text(
                    zh="[objects.{t}.push] 的 {q} 应为 nps 0-10 这样的题型、answer、skip 或一个字段",
                    en="{q} under [objects.{t}.push] must be what it asks (such as nps 0-10), answer, skip, or a field",
                ).fill(t=thing.name, q=name),
                Place(file=plan.file),
            )
    document = {**thing.mapping, "columns": read, "questions": questions}
    return saved.from_dict(document, tuple(columns), Place(file=plan.file))


_HELD = Text(
    zh="答卷已保留，等人确认：在网页的“数据来源”页核对后照常导入。",
    en="The answers are kept and wait for a person: look at the page of sources, and load them there if they are right.",
)
_USUAL = {"response_id": RESPONSE, "survey": SURVEY, "responded_at": SENT}

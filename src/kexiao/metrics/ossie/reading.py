"""Metrics out of an Ossie document: our own come back whole, those of other systems as drafts that name what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from kexiao.errors import InputRejected, Place
from kexiao.metrics.ossie.writing import DIALECT, VENDOR, VERSION
from kexiao.metrics.themes import built_in_metrics
from kexiao.text import Text

_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True, slots=True)
class Found:
    """One metric of a document: ``toml`` is our own definition where it carries one; else ``draft`` is the beginning of one,
    and neither is there for a name that no file should have."""

    name: str
    toml: str | None
    draft: str | None
    ours: bool


def metrics_in(given: Any, file: str) -> tuple[Found, ...]:
    """The metrics of a document as YAML gives it.

    Errors: ``InputRejected`` for what is no Ossie document.
    """
    if not isinstance(given, dict) or not isinstance(given.get("semantic_model"), list):
        _refuse(file, Text(zh="最上层没有 semantic_model 列表。", en="there is no list semantic_model at the top."))
    if not isinstance(given.get("version"), str) or not given["version"].startswith("0."):
        _refuse(file, Text(zh="version 应为 {v} 这样的版本。", en="version must be one such as {v}.").fill(v=VERSION))
    found: dict[str, Found] = {}
    for model in given["semantic_model"]:
        if not isinstance(model, dict):
            _refuse(file, Text(zh="semantic_model 里应是一组组键值。", en="semantic_model must hold tables."))
        for one in (*_listed(model, file), *_aside(model)):
            found.setdefault(one.name, one)
    return tuple(found.values())


def _refuse(file: str, why: Text) -> NoReturn:
    raise InputRejected(
        Text(zh="这不是 Apache Ossie 语义模型：{w}", en="This is no semantic model of Apache Ossie: {w}").fill(w=why),
        next_step=Text(
            zh="可用 kexiao metrics export 写一份来对照。", en="Write one with kexiao metrics export to compare."
        ),
        place=Place(file=file),
    )


def _listed(model: Mapping[str, Any], file: str) -> Iterator[Found]:
    metrics = model.get("metrics") or []
    if not isinstance(metrics, list):
        _refuse(file, Text(zh="metrics 应是列表。", en="metrics must be a list."))
    for number, metric in enumerate(metrics, 1):
        if not isinstance(metric, dict) or not isinstance(metric.get("name"), str):
            _refuse(file, Text(zh="第 {n} 个指标没有 name。", en="metric {n} has no name.").fill(n=number))
        yield _found(metric["name"], _ours(metric), metric)


def _found(name: str, told: Mapping[str, Any] | None, metric: Mapping[str, Any]) -> Found:
    toml = told.get("toml") if told else None
    if not _NAME.fullmatch(name):
        return Found(name, None, None, False)
    if isinstance(toml, str):
        return Found(name, toml, None, True)
    if told is not None and name in built_in_metrics():
        return Found(name, None, None, True)
    return Found(name, None, _draft(name, metric), False)


def _ours(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What our extension says of a metric or a model; None without one, or where it is no JSON object."""
    extensions = part.get("custom_extensions")
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and extension.get("vendor_name") == VENDOR:
            try:
                told = json.loads(extension.get("data", ""))
            except (TypeError, ValueError, RecursionError):
                return None
            return told if isinstance(told, dict) else None
    return None


def _aside(model: Mapping[str, Any]) -> Iterator[Found]:
    """Metrics that the format could not express and our extension carries."""
    told = (_ours(model) or {}).get("not_expressible")
    for name, one in (told if isinstance(told, dict) else {}).items():
        if isinstance(one, dict):
            yield _found(name, one, {})


def _draft(name: str, metric: Mapping[str, Any]) -> str:
    """The beginning of a definition, to be finished by hand."""
    said = metric.get("description")
    about = [f"# {line}" for line in (said if isinstance(said, str) else "").splitlines()[:20]]
    written = [f"# {line}" for line in _expression(metric).splitlines()[:20]]
    lines = [
        "# 草稿：补全后把文件名改成 .toml · A draft: finish it, then rename it to .toml",
        *about,
        "# 原来的公式 · the formula as it was given:",
        *(written or ["# —"]),
        f'name = "{name}"',
        'label = { zh = "", en = "" }',
        'why = { zh = "", en = "" }',
        'unit = ""',
        'better = ""',
        '# 词见 kexiao metrics words · words: kexiao metrics words',
        'formula = ""',
    ]  # fmt: skip
    return "\n".join(line.replace("\x00", "") for line in lines) + "\n"


def _expression(metric: Mapping[str, Any]) -> str:
    """The ANSI expression, or the first there is."""
    expression = metric.get("expression")
    dialects = expression.get("dialects") if isinstance(expression, dict) else None
    written = [one for one in dialects or () if isinstance(one, dict)] if isinstance(dialects, list) else []
    written.sort(key=lambda one: one.get("dialect") != DIALECT)
    return str(written[0].get("expression", "")) if written else ""

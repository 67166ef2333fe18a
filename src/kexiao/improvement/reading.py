"""Reading and writing initiatives (``initiatives/*.toml``), strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from kexiao.engine.posix import exclusive, write_durably
from kexiao.engine.strict import Entries, read_entries
from kexiao.errors import WrongUse, unknown_name
from kexiao.facts.availability import dimensions_of
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.improvement.initiatives import Initiative, Scope, Status
from kexiao.improvement.playbook import PLAYBOOK
from kexiao.metrics.catalogue import all_metrics
from kexiao.text import Text

FOLDER = "initiatives"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_STATUSES: tuple[Status, ...] = ("planned", "running", "done", "cancelled")


def read_initiatives(root: Path) -> tuple[Initiative, ...]:
    """Every initiative of a workspace by start and id. Errors: ``InputRejected`` with file and key; two of one id are refused."""
    found: dict[str, Initiative] = {}
    for path in sorted((root / FOLDER).glob("*.toml")):
        entries, _ = read_entries(path)
        initiative = _initiative(entries)
        if initiative.id in found:
            entries.refuse("id", Text(zh="另一个文件里已有这个 id。", en="another file has this id already."))
        found[initiative.id] = initiative
    return tuple(sorted(found.values(), key=lambda plan: (plan.start, plan.id)))


def initiative_named(initiatives: tuple[Initiative, ...], name: str) -> Initiative:
    """One initiative by id. Errors: ``WrongUse`` with the nearest names."""
    for initiative in initiatives:
        if initiative.id == name:
            return initiative
    if not initiatives:
        raise WrongUse(
            Text(zh="工作区里还没有改进举措。", en="There is no initiative in the workspace yet."),
            next_step=Text(
                zh="用 kexiao improve --plan 新建，或写到 initiatives/。",
                en="Make one with kexiao improve --plan, or write it in initiatives/.",
            ),
        )
    raise unknown_name(Text(zh="举措", en="initiative"), name, [plan.id for plan in initiatives])


def _initiative(entries: Entries) -> Initiative:
    name = entries.words("id")
    if not _ID.fullmatch(name):
        entries.refuse("id", Text(zh="只用小写字母、数字、- 和 _。", en="use small letters, digits, - and _ only."))
    metric = entries.words("metric")
    if metric not in all_metrics():
        missing = unknown_name(Text(zh="指标", en="metric"), metric, list(all_metrics()))
        entries.refuse("metric", missing.what, step=missing.next_step)
    start, deadline = entries.day("start"), entries.day("deadline")
    if deadline < start:
        entries.refuse("deadline", Text(zh="早于开始日期。", en="it is before the start."))
    remedy = entries.words("remedy", None)
    if remedy is not None and remedy not in PLAYBOOK:
        missing = unknown_name(Text(zh="措施", en="remedy"), remedy, list(PLAYBOOK))
        entries.refuse("remedy", missing.what, step=missing.next_step)
    initiative = Initiative(
        id=name,
        name=entries.both("name"),
        owner=entries.words("owner"),
        metric=metric,
        start=start,
        deadline=deadline,
        scope=_scope(entries, "scope", metric) or {},
        campaign=entries.words("campaign", None),
        comparison=_comparison(entries, metric),
        expected=entries.number("expected"),
        expected_unit=entries.choice("expected_unit", ("relative", "absolute"), "relative"),
        status=cast(Status, entries.choice("status", _STATUSES, "planned")),
        finding=entries.words("finding", None),
        remedy=remedy,
        note=entries.both("note", None),
        file=entries.file,
    )
    entries.finish()
    _check(entries, initiative)
    return initiative


def _check(entries: Entries, initiative: Initiative) -> None:
    better = all_metrics()[initiative.metric].better
    if initiative.expected == 0:
        entries.refuse("expected", Text(zh="不能为 0。", en="it must not be 0."))
    if (better == "higher" and initiative.expected < 0) or (better == "lower" and initiative.expected > 0):
        side = Text(zh="升高", en="higher") if better == "higher" else Text(zh="降低", en="lower")
        entries.refuse(
            "expected",
            Text(zh="方向反了：这个指标{s}才好。", en="the direction is wrong: for this metric {s} is better.").fill(
                s=side
            ),
        )
    if initiative.campaign and (initiative.scope or initiative.comparison):
        entries.refuse(
            "campaign",
            Text(
                zh="活动以对照组比较，不能再写 scope 或 comparison。",
                en="a campaign is compared with its hold-out; leave scope and comparison out.",
            ),
        )
    if initiative.comparison and not initiative.scope:
        entries.refuse(
            "comparison", Text(zh="没有 scope 就没有比较对象。", en="without a scope there is nothing to compare.")
        )
    if isinstance(initiative.comparison, Mapping):
        _check_apart(entries, initiative.scope, initiative.comparison)


def _check_apart(entries: Entries, scope: Scope, comparison: Scope) -> None:
    if set(scope) != set(comparison):
        entries.refuse("comparison", Text(zh="维度应与 scope 相同。", en="its dimensions must be those of the scope."))
    if all(set(scope[name]) & set(comparison[name]) for name in scope):
        entries.refuse("comparison", Text(zh="与 scope 有重叠。", en="it overlaps with the scope."))


def _comparison(entries: Entries, metric: str) -> Any:
    if not entries.has("comparison"):
        entries.words("comparison", None)
        return None
    if entries.is_text("comparison"):
        return entries.choice("comparison", ("auto",))
    return _scope(entries, "comparison", metric)


def _scope(entries: Entries, key: str, metric: str) -> Scope | None:
    """Dimension → values; a single value may stand without brackets."""
    inside = entries.inside(key)
    if inside is None:
        return None
    possible = dimensions_of(all_metrics()[metric].formula)
    found: dict[str, tuple[str, ...]] = {}
    for name, value in inside.rest().items():
        if name not in possible:
            entries.refuse(
                f"{key}.{name}",
                Text(zh="这个指标不能按它细分。", en="the metric cannot be broken down by it."),
                step=Text(zh="可用：{ok}。", en="Possible: {ok}.").fill(
                    ok=", ".join(d for d in DIMENSION_LABELS if d in possible) or "—"
                ),
            )
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            entries.refuse(f"{key}.{name}", Text(zh="应为文字或文字列表。", en="it must be a text or a list of texts."))
        found[name] = tuple(dict.fromkeys(values))
    if not found:
        entries.refuse(key, Text(zh="不能为空。", en="it must not be empty."))
    return found


def write_initiative(root: Path, initiative: Initiative) -> Path:
    """Write a new initiative as ``initiatives/<id>.toml``. Errors: ``WrongUse`` where that file is there already."""
    path = root / FOLDER / f"{initiative.id}.toml"
    with exclusive(root / FOLDER / ".lock"):
        if path.exists():
            raise WrongUse(
                Text(zh="举措“{id}”已存在。", en="There is an initiative “{id}” already.").fill(id=initiative.id),
                next_step=Text(zh="改用另一个 id，或编辑 {f}。", en="Choose another id, or edit {f}.").fill(
                    f=f"{FOLDER}/{path.name}"
                ),
            )
        write_durably(path, _toml(initiative).encode())
    return path


def _toml(initiative: Initiative) -> str:
    entries: dict[str, Any] = {
        "id": initiative.id,
        "name": {"zh": initiative.name.zh, "en": initiative.name.en},
        "owner": initiative.owner,
        "metric": initiative.metric,
        "start": initiative.start,
        "deadline": initiative.deadline,
        "scope": dict(initiative.scope) or None,
        "campaign": initiative.campaign,
        "comparison": initiative.comparison,
        "expected": initiative.expected,
        "expected_unit": initiative.expected_unit,
        "status": initiative.status,
        "finding": initiative.finding,
        "remedy": initiative.remedy,
        "note": {"zh": initiative.note.zh, "en": initiative.note.en} if initiative.note else None,
    }
    return "\n".join(f"{name} = {_value(value)}" for name, value in entries.items() if value is not None) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(part)}" for name, part in value.items()) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, float, int)) else value.isoformat()

"""Quality 数据质量: how many rows keep the rules, how many required values are there, how late the newest row is, by table, source and load.

The metrics are those of ``kexiao.metrics.data_quality``. They rest on the tables of loads and on whatever is stored, not on periods of business, so they
are computed here and shown in the same fields as every other number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kexiao.engine.duck import Connection, connect, quote_name, run
from kexiao.engine.folder import SETTINGS_FILE, Folder
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import InputRejected, Place, WrongUse
from kexiao.facts.metric import MetricValue
from kexiao.metrics.data_quality import QUALITY_METRICS
from kexiao.sources.inbox import workplace
from kexiao.sources.mapping.unusual import source_name
from kexiao.tables.catalogue import all_tables, table_named
from kexiao.tables.description import Table
from kexiao.tables.rules import Rule, rules_of
from kexiao.text import Text

NAMES = tuple(QUALITY_METRICS)
_GROUPS = ("who", "trade", "contact", "voice")
# The table in which the rows of a kind of sheet are found, where it has another name.
_TABLE_OF_KIND = {"surveys": "survey_responses", "payments": "orders"}
_SPANS = {
    "hour": 1, "hours": 1, "小时": 1, "day": 24, "days": 24, "天": 24, "日": 24, "week": 168, "weeks": 168, "周": 168,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """Below (lateness: above) which a scorecard cannot be closed, from ``[quality]`` in the settings; None: no limit."""

    accuracy: float | None = 0.9
    completeness: float | None = 0.9
    late_hours: float | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule over the newest snapshot: rows looked at, rows that break it."""

    rule: Rule
    rows: int
    broken: int

    def words(self) -> Text:
        """What is broken, as people say it."""
        kind = Text(zh="错误", en="Error") if self.rule.severity == "error" else Text(zh="提醒", en="Warning")
        words = Text(zh="{s}：{t}：{w}，{n} 行不符（共 {a} 行）", en="{s}: {t}: {w}; {n} of {a} rows break it")
        label = table_named(self.rule.table).label
        return words.fill(s=kind, t=label, w=self.rule.words(), n=f"{self.broken:,}", a=f"{self.rows:,}")


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of the data's quality at a snapshot.

    ``tables``: the three metrics a table; ``sources``: the same a table and source; ``loads``: accuracy a file of a load, oldest first (the trend).
    """

    snapshot: str
    tables: tuple[MetricValue, ...]
    sources: tuple[MetricValue, ...]
    loads: tuple[MetricValue, ...]
    rules: tuple[RuleResult, ...]
    limits: Limits

    def of(self, metric: str, table: str) -> MetricValue | None:
        """One table's value."""
        return next((v for v in self.tables if v.metric == metric and v.dimensions["table"] == table), None)


def limits_from(settings: Mapping[str, Any]) -> Limits:
    """The limits in the settings. Errors: ``InputRejected`` for a name or number that cannot be used.

    >>> limits_from({"quality": {"accuracy": 0.98, "late_hours": 48}})
    Limits(accuracy=0.98, completeness=0.9, late_hours=48)
    """
    given = settings.get("quality", {})
    for name, value in given.items():
        known = name in Limits.__dataclass_fields__
        if not known or isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise _wrong("quality", name, Text(zh="accuracy、completeness（0–1）、late_hours（小时）", en="accuracy, completeness (0–1), late_hours"))  # fmt: skip
        if name != "late_hours" and value > 1:
            raise _wrong("quality", name, Text(zh="0 到 1 之间的数", en="a number from 0 to 1"))
    return Limits(**given)


def schedule_from(settings: Mapping[str, Any]) -> dict[str, float]:
    """How old the newest row of a table may be, in hours, from ``[freshness]``: ``orders = "1 day"``.

    >>> schedule_from({"freshness": {"orders": "1 day", "spend": "2 weeks"}})
    {'orders': 24.0, 'spend': 336.0}
    """
    found = {}
    for name, value in settings.get("freshness", {}).items():
        parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S+)\s*", str(value))
        if parts is None or parts[2] not in _SPANS or name not in all_tables() or not _newest_sql(table_named(name)):
            dated = ", ".join(n for n, t in all_tables().items() if t.group in _GROUPS and _newest_sql(t))
            raise _wrong("freshness", name, Text(zh="如 orders = \"1 day\"，表可为 {all}", en='for example orders = "1 day"; tables: {all}').fill(all=dated))  # fmt: skip
        found[name] = float(parts[1]) * _SPANS[parts[2]]
    return found


def _wrong(part: str, name: str, known: Text) -> InputRejected:
    return InputRejected(
        Text(zh="[{p}] 的 {n} 无法使用。", en="{n} of [{p}] cannot be used.").fill(p=part, n=name),
        next_step=Text(zh="可写：{k}。", en="It takes: {k}.").fill(k=known),
        place=Place(file=SETTINGS_FILE),
    )


@dataclass
class _Part:
    """What is known of some rows of a table: counts, and the newest moment (UTC) in them."""

    rows: int = 0
    failing: int = 0
    filled: int = 0
    refused: int = 0
    missing: int = 0
    newest: datetime | None = None

    def add(self, other: _Part) -> None:
        """Take other rows in."""
        for name in ("rows", "failing", "filled", "refused", "missing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        moments = [moment for moment in (self.newest, other.newest) if moment is not None]
        self.newest = max(moments, default=None)


@dataclass(frozen=True, slots=True)
class _LoadedFile:
    load: int
    day: date
    name: str
    sheets: tuple[tuple[str, frozenset[str]], ...]
    read: int
    skipped: int
    quarantined: int

    @property
    def tables(self) -> set[str]:
        """The tables that its sheets are of."""
        return {table for table, _ in self.sheets}

    def table_with(self, column: str | None) -> str | None:
        """The table of the sheet that has a column, as far as that can be told."""
        having = [table for table, header in self.sheets if column in header]
        return next(iter(having or [table for table, _ in self.sheets]), None)


@dataclass
class _Measuring:
    """What the measuring of one snapshot shares."""

    folder: Folder
    store: Store
    snapshot: Snapshot
    connection: Connection
    now: datetime
    zone: ZoneInfo
    rules: tuple[Rule, ...]
    files: list[_LoadedFile] = field(default_factory=list)
    refused: dict[tuple[int, str, str | None], tuple[int, int]] = field(default_factory=dict)


def quality(folder: Folder, *, as_of: str | None = None, now: datetime | None = None) -> Quality:
    """Measure every table that loads write. ``now`` is the moment against which lateness counts.

    Errors: ``InputRejected`` for settings or rules that cannot be used.
    """
    limits, schedule = limits_from(folder.settings), schedule_from(folder.settings)
    store = Store(folder.data)
    snapshot = store.as_of(as_of)
    moment = now or datetime.now(UTC)
    rules = rules_of(folder.root, folder.currency)
    with workplace(folder) as work:
        connection = connect(work / "spill")
        try:
            m = _Measuring(folder, store, snapshot, connection, moment, ZoneInfo(folder.timezone), rules)
            m.files = _files(m)
            m.refused = _refused(m)
            tables: list[MetricValue] = []
            sources: list[MetricValue] = []
            results: list[RuleResult] = []
            for name, table in all_tables().items():
                version = snapshot.tables.get(name)
                if table.group in _GROUPS and table.versioned and version is not None and version.rows:
                    own, by_source, broken = _table(m, table, schedule.get(name))
                    tables += own
                    sources += by_source
                    results += broken
        finally:
            connection.close()
    return Quality(snapshot.name, tuple(tables), tuple(sources), tuple(_trend(m)), tuple(results), limits)


def quality_values(
    folder: Folder,
    names: Sequence[str],
    *,
    by: Sequence[str] = (),
    as_of: str | None = None,
    now: datetime | None = None,
) -> list[MetricValue]:
    """Metrics of quality by name, one value a table; ``by`` source one a table and source. Errors: ``WrongUse`` for another dimension, those of ``quality``."""
    if other := [name for name in by if name not in ("table", "source")]:
        raise WrongUse(
            Text(zh="数据质量不能按 {d} 细分。", en="Data quality cannot be broken down by {d}.").fill(
                d=", ".join(other)
            ),
            next_step=Text(zh="可用的维度：table、source。", en="Possible dimensions: table, source."),
        )
    found = quality(folder, as_of=as_of, now=now)
    values = found.sources if "source" in by else found.tables
    return [value for name in dict.fromkeys(names) for value in values if value.metric == name]


def _files(m: _Measuring) -> list[_LoadedFile]:
    sql = m.store.table_query(m.snapshot, "loads", table_named("loads").stored_columns)
    found = []
    for load, at, name, mapping, read, skipped, quarantined in run(
        m.connection,
        f"SELECT load_id, epoch(loaded_at), file_name, mapping, rows_read, rows_skipped, rows_quarantined FROM ({sql}) ORDER BY load_id, file_name",
    ):
        sheets = tuple(
            (_TABLE_OF_KIND.get(str(sheet.get("kind")), str(sheet.get("kind"))), frozenset(sheet.get("header", ())))
            for sheet in json.loads(mapping or "{}").get("sheets", [])
        )
        day = datetime.fromtimestamp(float(at), m.zone).date()
        found.append(
            _LoadedFile(int(load), day, name, sheets, int(read or 0), int(skipped or 0), int(quarantined or 0))
        )
    return found


def _refused(m: _Measuring) -> dict[tuple[int, str, str | None], tuple[int, int]]:
    """(load, file, table) → rows in quarantine, and how many of them for a missing value."""
    sql = m.store.table_query(m.snapshot, "quarantined", table_named("quarantined").stored_columns)
    files = {(file.load, file.name): file for file in m.files}
    found: dict[tuple[int, str, str | None], tuple[int, int]] = {}
    for load, name, column, rows, missing in run(
        m.connection,
        f"SELECT load_id, file_name, \"column\", count(*), count(*) FILTER (code IN ('missing', 'no_person')) FROM ({sql}) GROUP BY ALL",
    ):
        file = files.get((int(load), str(name)))
        key = (int(load), str(name), file.table_with(column) if file else None)
        before = found.get(key, (0, 0))
        found[key] = (before[0] + int(rows), before[1] + int(missing))
    return found


def _table(
    m: _Measuring, table: Table, allowed: float | None
) -> tuple[list[MetricValue], list[MetricValue], list[RuleResult]]:
    own = [rule for rule in m.rules if rule.table == table.name]
    required = _required(table, own)
    parts, broken = _scan(m, table, own, required)
    by_source = _by_source(m, table, parts)
    whole = _Part()
    for part in by_source.values():
        whole.add(part)
    results = [RuleResult(rule, whole.rows, count) for rule, count in zip(own, broken, strict=True)]
    dims = {"table": table.name}
    values = _values(m, table, whole, len(required), allowed, dims)
    each = [
        value
        for source, part in sorted(by_source.items())
        for value in _values(m, table, part, len(required), allowed, {**dims, "source": source})
    ]
    return values, each, results


def _required(table: Table, rules: Sequence[Rule]) -> list[str]:
    """Columns that must have a value: those described so, and those of rules that say so."""
    named = [rule.column for rule in rules if rule.condition == "filled" and rule.severity == "error"]
    return list(dict.fromkeys([*(column.name for column in table.columns if column.required), *named]))


def _newest_sql(table: Table) -> str | None:
    """SQL for the newest moment of a table: its instant, else its date; None where it has none."""
    if table.date_column is None:
        return None
    instant = table.by_name[table.date_column].derived_from
    return f"epoch(max({quote_name(instant)}))" if instant else f"CAST(max({quote_name(table.date_column)}) AS VARCHAR)"


def _scan(
    m: _Measuring, table: Table, rules: Sequence[Rule], required: Sequence[str]
) -> tuple[dict[int, _Part], list[int]]:
    """One pass over a table: what is known of its rows by the load that wrote them, and how many rows break each rule."""
    errors = [rule.broken() for rule in rules if rule.severity == "error" and rule.condition != "filled"]
    asked = [
        "coalesce(load_id, 0)",
        "count(*)",
        f"count(*) FILTER ({' OR '.join(errors) or 'false'})",
        " + ".join(f"count({quote_name(name)})" for name in required) or "0",
        _newest_sql(table) or "NULL",
        *(f"count(*) FILTER ({rule.broken()})" for rule in rules),
    ]
    sql = m.store.table_query(m.snapshot, table.name, table.stored_columns)
    parts, broken = {}, [0] * len(rules)
    for load, rows, failing, filled, newest, *counts in run(
        m.connection, f"SELECT {', '.join(asked)} FROM ({sql}) GROUP BY 1 ORDER BY 1"
    ):
        parts[int(load)] = _Part(int(rows), int(failing), int(filled), newest=_moment(newest, m.zone))
        broken = [one + int(count) for one, count in zip(broken, counts, strict=True)]
    return parts, broken


def _moment(newest: Any, zone: ZoneInfo) -> datetime | None:
    """An instant, or the end of a day in the business time zone."""
    if newest is None:
        return None
    if isinstance(newest, str):
        return datetime.combine(date.fromisoformat(newest) + timedelta(days=1), time.min, zone).astimezone(UTC)
    return datetime.fromtimestamp(float(newest), UTC)


def _by_source(m: _Measuring, table: Table, parts: Mapping[int, _Part]) -> dict[str, _Part]:
    """The rows by where they came from, with those that were refused in the newest load of each file."""
    named: dict[int, str] = {}
    latest: dict[str, _LoadedFile] = {}
    for file in m.files:
        if table.name in file.tables:
            latest[file.name] = file
    for load in parts:
        files = [file for file in m.files if file.load == load and table.name in file.tables]
        files = files or [file for file in m.files if file.load == load]
        names = sorted({source_name(file.name) for file in files})
        named[load] = " + ".join(names) or "—"
    found: dict[str, _Part] = {}
    for load, part in parts.items():
        found.setdefault(named[load], _Part()).add(part)
    for file in latest.values():
        count, missing = m.refused.get((file.load, file.name, table.name), (0, 0))
        if count:
            source = named.get(file.load, source_name(file.name))
            found.setdefault(source, _Part()).add(_Part(refused=count, missing=missing))
    return found


def _values(
    m: _Measuring, table: Table, part: _Part, required: int, allowed: float | None, dims: Mapping[str, str]
) -> list[MetricValue]:
    rows = part.rows + part.refused
    needed = rows * required
    present = part.filled + part.refused * required - part.missing
    accuracy = _value(m, NAMES[0], dims, part.rows - part.failing, rows, rows, _NO_ROWS)
    complete = _value(m, NAMES[1], dims, present, needed, needed, _NONE_REQUIRED)
    return [accuracy, complete, _late(m, table, part, allowed, dims)]


_NO_ROWS = Text(zh="没有数据行", en="there are no rows")
_NONE_REQUIRED = Text(zh="没有必填的列", en="no column is required")
_NO_DATE = Text(zh="这张表没有日期", en="this table has no date")


def _late(m: _Measuring, table: Table, part: _Part, allowed: float | None, dims: Mapping[str, str]) -> MetricValue:
    if _newest_sql(table) is None or part.newest is None:
        return _value(m, NAMES[2], dims, None, None, part.rows, _NO_DATE)
    if allowed is None:
        words = Text(
            zh='没有约定更新周期，可在 kexiao.toml 的 [freshness] 写 {t} = "1 day"',
            en='no schedule is set; write {t} = "1 day" under [freshness] in kexiao.toml',
        )
        return _value(m, NAMES[2], dims, None, None, part.rows, words.fill(t=table.name))
    age = (m.now - part.newest).total_seconds() / 3600
    found = _value(m, NAMES[2], dims, None, None, part.rows, None, value=round(max(0.0, age - allowed), 2))
    newest = part.newest.astimezone(m.zone).isoformat(timespec="minutes")
    return replace(found, settings={"allowed_hours": allowed, "newest": newest})


def _value(
    m: _Measuring,
    name: str,
    dims: Mapping[str, Any],
    numerator: int | None,
    denominator: int | None,
    n: int,
    reason: Text | None,
    *,
    value: float | None = None,
    period: str | None = None,
) -> MetricValue:
    if value is None and numerator is not None and denominator:
        value, reason = numerator / denominator, None
    return MetricValue(
        metric=name, period=period or m.now.astimezone(m.zone).date().isoformat(), dimensions=dict(dims), value=value, unit=QUALITY_METRICS[name].unit,
        numerator=numerator, denominator=denominator, n=n, interval_low=None, interval_high=None, complete=True, immature=None,
        variant=None, settings={}, reason=None if value is not None else reason, snapshot=m.snapshot.name,
    )  # fmt: skip


def _trend(m: _Measuring) -> Iterable[MetricValue]:
    """Accuracy of each file as it was loaded: rows not refused ÷ rows that were to be loaded."""
    for file in m.files:
        meant = file.read - file.skipped
        dims = {"source": source_name(file.name), "file": file.name, "load": file.load}
        yield _value(m, NAMES[0], dims, meant - file.quarantined, meant, meant, _NO_ROWS, period=file.day.isoformat())

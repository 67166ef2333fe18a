"""Rules of quality beside the table descriptions, and a company's own in the workspace: ``rules/*.toml``.

A rule says what a value of one column must be, in words of a closed vocabulary; a value that is not there passes every rule but ``filled``.

    [[rule]]
    table = "order_lines"
    column = "quantity"
    condition = "at_most"
    value = 1000
    severity = "error"        # error: counts against accuracy (filled: completeness); warning: is only told
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from kexiao.engine.duck import quote_name, quote_text
from kexiao.engine.posix import storage_errors
from kexiao.errors import InputRejected, KexiaoError, Place, unknown_name
from kexiao.tables.catalogue import table_named
from kexiao.tables.description import Column, Table
from kexiao.text import Text

Severity = Literal["error", "warning"]
FOLDER = "rules"
_NUMBERS = ("integer", "number", "money", "rate")
_WORDS = ("key", "text", "choice")
_KEYS = {"table", "column", "condition", "value", "unit", "severity", "zh", "en"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One word of the vocabulary: SQL for a value that breaks the rule ({c} the column, {v} the value), the kinds of column it fits, what it says."""

    broken: str
    value: Literal["none", "one", "list", "column", "pattern"]
    kinds: tuple[str, ...]
    words: Text


CONDITIONS: dict[str, Condition] = {
    "filled": Condition("{c} IS NULL", "none", (), Text(zh="不能为空", en="must be filled")),
    "at_least": Condition("{c} < {v}", "one", (*_NUMBERS, "date"), Text(zh="不小于 {v}", en="at least {v}")),
    "at_most": Condition("{c} > {v}", "one", (*_NUMBERS, "date"), Text(zh="不大于 {v}", en="at most {v}")),
    "above": Condition("{c} <= {v}", "one", _NUMBERS, Text(zh="大于 {v}", en="above {v}")),
    "below": Condition("{c} >= {v}", "one", _NUMBERS, Text(zh="小于 {v}", en="below {v}")),
    "one_of": Condition("{c} NOT IN {v}", "list", (*_WORDS, *_NUMBERS), Text(zh="只能是 {v}", en="one of {v}")),
    "none_of": Condition("{c} IN {v}", "list", (*_WORDS, *_NUMBERS), Text(zh="不能是 {v}", en="none of {v}")),
    "at_least_column": Condition("{c} < {v}", "column", (*_NUMBERS, "date", "instant"), Text(zh="不小于“{v}”列", en="at least {v}")),
    "at_most_column": Condition("{c} > {v}", "column", (*_NUMBERS, "date", "instant"), Text(zh="不大于“{v}”列", en="at most {v}")),
    "matches": Condition("NOT regexp_full_match({c}, {v})", "pattern", _WORDS, Text(zh="符合格式 {v}", en="of the form {v}")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over one column of a canonical table. ``own``: from the workspace, else it comes with the table."""

    table: str
    column: str
    condition: str
    value: Any = None
    severity: Severity = "error"
    label: Text | None = None
    own: bool = False

    def words(self) -> Text:
        """The rule as people say it."""
        if self.label is not None:
            return self.label
        column = table_named(self.table).by_name[self.column]
        shown = ", ".join(map(str, self.value)) if isinstance(self.value, list) else self.value
        if CONDITIONS[self.condition].value == "column":
            other = table_named(self.table).by_name[str(self.value)].label
            said = CONDITIONS[self.condition].words.fill(v=other)
        else:
            said = CONDITIONS[self.condition].words.fill(v=shown)
        return Text(zh="{c}{s}", en="{c}: {s}").fill(c=column.label, s=said)

    def broken(self) -> str:
        """SQL that is true for a row that breaks the rule, and false for every other."""
        condition = CONDITIONS[self.condition]
        column = table_named(self.table).by_name[self.column]
        return f"coalesce({condition.broken.format(c=quote_name(self.column), v=_sql(condition, column, self.value))}, false)"


def _sql(condition: Condition, column: Column, value: Any) -> str:
    if condition.value == "column":
        return quote_name(str(value))
    if condition.value == "list":
        return "(" + ", ".join(_literal(column, one) for one in value) + ")"
    if condition.value == "pattern":
        return quote_text(str(value))
    return "" if condition.value == "none" else _literal(column, value)


def _literal(column: Column, value: Any) -> str:
    if column.kind == "date":
        return f"DATE '{value}'"
    return str(Decimal(str(value))) if column.kind in _NUMBERS else quote_text(str(value))


# What comes with the tables. ``filled`` as a warning: the value may be missing by right, and it is told how often.
BUILT_IN: tuple[Rule, ...] = (
    Rule("orders", "customer_id", "filled", severity="warning"),
    Rule("orders", "channel", "filled", severity="warning"),
    Rule("order_lines", "product_id", "filled", severity="warning"),
    Rule("order_lines", "cost", "filled", severity="warning"),
    Rule("refunds", "amount", "above", 0),
    Rule("refunds", "order_id", "filled", severity="warning"),
    Rule("spend", "amount", "at_least", 0),
    Rule("spend", "channel", "filled", severity="warning"),
    Rule("leads", "channel", "filled", severity="warning"),
    Rule("survey_responses", "score", "at_least_column", "scale_low"),
    Rule("survey_responses", "score", "at_most_column", "scale_high"),
    Rule("survey_responses", "customer_id", "filled", severity="warning"),
    Rule("complaints", "resolved_at", "at_least_column", "opened_at"),
    Rule("complaints", "customer_id", "filled", severity="warning"),
    Rule("campaigns", "end_on", "at_least_column", "start_on"),
    Rule("complaints", "reopened_at", "at_least_column", "opened_at"),
    Rule("opportunities", "closed_at", "at_least_column", "opened_at"),
    Rule("opportunities", "amount", "filled", severity="warning"),
    Rule("targets", "to_on", "at_least_column", "from_on"),
    Rule("external_figures", "to_on", "at_least_column", "from_on"),
    Rule("survey_invitations", "answered_at", "at_least_column", "sent_at"),
    Rule("messages", "opened_at", "at_least_column", "sent_at"),
    Rule("offers", "accepted_at", "at_least_column", "offered_at"),
    Rule("referrals", "customer_id", "filled", severity="warning"),
    Rule("subscriptions", "to_on", "at_least_column", "from_on"),
    Rule("subscriptions", "ended_on", "at_least_column", "from_on"),
    Rule("subscriptions", "customer_id", "filled", severity="warning"),
    Rule("products", "price", "at_least", 0),
    Rule("products", "cost", "at_most_column", "price", severity="warning"),
)


def rules_of(root: Path, currency: str) -> tuple[Rule, ...]:
    """The built-in rules and those of a workspace. Errors: ``InputRejected`` for a rule that cannot be meant, with file, number and next step."""
    own: list[Rule] = []
    for path in sorted((root / FOLDER).glob("*.toml")):
        try:
            with storage_errors(path):
                document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise _wrong(path, Text.same(str(problem))) from None
        given = document.get("rule", [])
        if not isinstance(given, list) or set(document) - {"rule"}:
            raise _wrong(path, Text(zh="每条规则写作 [[rule]]", en="each rule is written as [[rule]]"))
        own += [_read(path, number, one, currency) for number, one in enumerate(given, 1)]
    return (*BUILT_IN, *own)


def _read(path: Path, number: int, given: Mapping[str, Any], currency: str) -> Rule:
    where = Text(zh="第 {n} 条", en="rule {n}").fill(n=number)
    unknown = sorted(set(given) - _KEYS)
    lacking = [name for name in ("table", "column", "condition") if not isinstance(given.get(name), str)]
    if unknown or lacking:
        words = Text(zh="{w}：不认识 {u}，缺少 {l}", en="{w}: {u} is not known, {l} is missing")
        raise _wrong(path, words.fill(w=where, u=", ".join(unknown) or "—", l=", ".join(lacking) or "—"))
    try:
        table = table_named(given["table"])
        if given["column"] not in table.by_name:
            raise unknown_name(Text(zh="列", en="column"), given["column"], list(table.by_name))
        if given["condition"] not in CONDITIONS:
            raise unknown_name(Text(zh="条件", en="condition"), given["condition"], list(CONDITIONS))
    except KexiaoError as problem:
        said = Text(zh=problem.message("zh"), en=problem.message("en"))
        raise _wrong(path, Text(zh="{w}：{s}", en="{w}: {s}").fill(w=where, s=said)) from None
    fault = _fault(table, table.by_name[given["column"]], given, currency)
    if fault is not None:
        raise _wrong(path, Text(zh="{w}：{f}", en="{w}: {f}").fill(w=where, f=fault))
    label = Text(zh=given["zh"], en=given["en"]) if given.get("zh") and given.get("en") else None
    return Rule(table.name, given["column"], given["condition"], given.get("value"), given.get("severity", "error"), label, True)  # fmt: skip


def _fault(table: Table, column: Column, given: Mapping[str, Any], currency: str) -> Text | None:
    """Why a rule cannot be meant: its column, its value or its unit; None where it can."""
    condition = CONDITIONS[given["condition"]]
    value = given.get("value")
    if table.group in ("personal", "results") or column.privacy == "personal":
        return Text(zh="这张表不设质量规则", en="this table takes no rules of quality")
    if given.get("severity", "error") not in get_args(Severity):
        return Text(zh="severity 只能是 error 或 warning", en="severity is error or warning")
    if condition.kinds and column.kind not in condition.kinds:
        return Text(zh="“{c}”列不能用条件 {k}", en="{k} does not fit the column {c}").fill(
            c=column.name, k=given["condition"]
        )
    unit = given.get("unit")
    expected = currency if column.kind == "money" else column.unit
    if unit is not None and unit != expected:
        words = Text(zh="“{c}”列的单位是 {e}，不是 {u}", en="{c} is in {e}, not in {u}")
        return words.fill(c=column.name, e=expected or "—", u=unit)
    return None if _fits(condition, table, column, value) else Text(
        zh="value 不合“{c}”列", en="value does not fit the column {c}"
    ).fill(c=column.name)  # fmt: skip


def _fits(condition: Condition, table: Table, column: Column, value: Any) -> bool:
    if condition.value == "none":
        return value is None
    if condition.value == "column":
        other = table.by_name.get(str(value))
        return other is not None and other.kind == column.kind and other.unit == column.unit
    if condition.value == "list":
        return isinstance(value, list) and bool(value) and all(_fits_one(column, one) for one in value)
    if condition.value == "pattern":
        try:
            re.compile(str(value))
        except re.error:
            return False
        return isinstance(value, str) and not re.search(r"\(\?|\\[1-9]", value)
    return _fits_one(column, value)


def _fits_one(column: Column, value: Any) -> bool:
    if column.kind in _NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
    if column.kind == "date":
        return isinstance(value, date)
    return isinstance(value, str)


def _wrong(path: Path, why: Text) -> InputRejected:
    return InputRejected(
        Text(zh="规则有误：{w}。", en="A rule is wrong: {w}.").fill(w=why),
        next_step=Text(
            zh="改正后重试；条件有：{all}。", en="Correct it and try again; the conditions are: {all}."
        ).fill(all=", ".join(CONDITIONS)),
        place=Place(file=f"{FOLDER}/{path.name}"),
    )

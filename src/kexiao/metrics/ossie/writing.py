"""The catalogue as an Ossie document: datasets are the facts, metrics their sums, counts and ratios; the rest stands in our extension, and is listed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kexiao.facts.formula import ATOMS, Dated, Formula, Sum, in_force, walk, words
from kexiao.facts.metric import Metric
from kexiao.facts.subjects import Fact
from kexiao.metrics.ossie.expressions import expression_of
from kexiao.text import Text

VERSION, DIALECT, VENDOR = "0.2.0.dev0", "ANSI_SQL", "KEXIAO"
SOURCE = "kexiao.facts."
UNSAID: tuple[Text, ...] = (
    Text(zh="名称和用途只有一种语言（另一种在扩展里）", en="names and reasons stand in one language (the other is in the extension)"),
    Text(zh="单位与好坏方向（在扩展里）", en="the unit and which way is better (in the extension)"),
    Text(zh="定义从哪天起有效：只写最新一版（以前的在扩展里）", en="from which day a definition holds: only the newest stands there (earlier ones in the extension)"),
    Text(zh="区间与抽样单位、样本太少的标记", en="intervals, their sampling unit, and marks such as a small sample"),
    Text(zh="口径：哪些订单算数、退款记在哪天、活跃窗口", en="the policy: which orders count, when a refund is booked, the activity window"),
    Text(zh="各数据集先各自汇总再相除：跨数据集连接会重复计数", en="each dataset is summed alone before they meet: a join across datasets would count rows twice"),
    Text(zh="缺数据时的原因、未满期的另计", en="why a value is missing, and subjects whose window is not over"),
)  # fmt: skip
"""What the format has no place for, whatever the metric."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A metric that the format cannot express, and why."""

    name: str
    label: Text
    reason: Text


def document(metrics: Mapping[str, Metric], texts: Mapping[str, str]) -> tuple[dict[str, Any], tuple[LeftOut, ...]]:
    """The catalogue as plain types for YAML, and the metrics that have no expression in it.

    ``texts``: the TOML of the company's own metrics by name; it is carried along whole, so that reading it back loses nothing.
    """
    said: list[dict[str, Any]] = []
    left_out: list[LeftOut] = []
    used: list[Formula] = []
    for name, metric in metrics.items():
        formula = _newest(metric.formula)
        expression = expression_of(formula)
        if isinstance(expression, Text):
            left_out.append(LeftOut(name, metric.label, expression))
            continue
        said.append(_metric(name, metric, expression, texts.get(name)))
        used.append(formula)
    aside = {one.name: {"reason": one.reason.en, **_told(metrics[one.name], texts.get(one.name))} for one in left_out}
    model = {
        "name": "kexiao",
        "description": "Metrics of customer and marketing performance, over facts under the company's policy.",
        "ai_context": {"instructions": "Sum each dataset alone before dividing; never join datasets row by row."},
        "datasets": _datasets(used),
        "metrics": said,
        "custom_extensions": [_extension({"unsaid": [text.en for text in UNSAID], "not_expressible": aside})],
    }
    return {"version": VERSION, "dialects": [DIALECT], "vendors": [VENDOR], "semantic_model": [model]}, tuple(left_out)


def _newest(formula: Formula) -> Formula:
    return in_force(formula, date.max) or formula


def _metric(name: str, metric: Metric, expression: str, toml: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "expression": _expression(expression),
        "description": f"{metric.label.en}. {metric.why.en}",
        "ai_context": {"synonyms": [metric.label.en, metric.label.zh]},
        "custom_extensions": [_extension(_told(metric, toml))],
    }


def _told(metric: Metric, toml: str | None) -> dict[str, Any]:
    """What our extension says of a metric: all that the format does not."""

    def both(text: Text) -> dict[str, str]:
        return {"zh": text.zh, "en": text.en}

    told: dict[str, Any] = {
        "label": both(metric.label), "why": both(metric.why), "unit": metric.unit, "better": metric.better,
        "formula": both(words(metric.formula)), "source": both(metric.source),
    }  # fmt: skip
    if isinstance(metric.formula, Dated):
        told["from"] = metric.formula.versions[-1][0].isoformat()
    return {**told, **({"toml": toml} if toml is not None else {})}


def _expression(expression: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": DIALECT, "expression": expression}]}


def _extension(data: Mapping[str, Any]) -> dict[str, str]:
    return {"vendor_name": VENDOR, "data": json.dumps(data, ensure_ascii=False, sort_keys=True)}


def _datasets(formulas: Iterable[Formula]) -> list[dict[str, Any]]:
    """Every fact that is read, with its day, its dimensions and the columns that are added up or named in a condition."""
    atoms = [part for formula in formulas for part in walk(formula) if isinstance(part, ATOMS)]
    columns: dict[str, set[str]] = {}
    for atom in atoms:
        own = columns.setdefault(atom.fact.name, set())
        own |= {where.column for where in atom.where} | ({atom.column} if isinstance(atom, Sum) else set())
    facts = {atom.fact.name: atom.fact for atom in atoms}
    return [_dataset(fact, columns[name]) for name, fact in facts.items()]


def _dataset(fact: Fact, columns: set[str]) -> dict[str, Any]:
    dims = set() if fact.of_customers else set(fact.dimensions.values())
    names = list(
        dict.fromkeys([fact.day, fact.entity, *([fact.customer] if fact.customer else []), *sorted(dims | columns)])
    )
    return {
        "name": fact.name,
        "source": f"{SOURCE}{fact.name}",
        "description": fact.label.en,
        "fields": [
            {
                "name": column,
                "expression": _expression(column),
                **({"dimension": {"is_time": column == fact.day}} if column == fact.day or column in dims else {}),
            }
            for column in names
        ],
    }  # fmt: skip

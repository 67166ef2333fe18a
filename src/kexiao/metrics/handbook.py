"""The metric handbook 指标手册, written from the catalogue's own blocks: the worked examples in it are the tests."""

from __future__ import annotations

from kexiao.facts.dressing import NO_INTERVAL
from kexiao.facts.formula import words
from kexiao.facts.metric import Example, Metric
from kexiao.metrics.data_quality import QUALITY_METRICS
from kexiao.metrics.shop import SHOP, WINDOW
from kexiao.metrics.themes import OWN, THEMES, built_in_metrics, built_in_theme
from kexiao.text import Language, Text, in_language

_TITLE = Text(zh="指标手册", en="Metric handbook")
_LEAD = Text(
    zh="每个指标的含义、公式、其他公式与算例。由指标目录自动生成，请勿手改；算例就是测试。",
    en="What each metric means, its formula, other published ones, a worked example. Generated from the catalogue; do not edit. The examples are tests.",
)
_BETTER = {
    "higher": Text(zh="越高越好", en="higher is better"),
    "lower": Text(zh="越低越好", en="lower is better"),
    "neither": Text(zh="无所谓高低", en="neither way is better"),
}


def handbook(language: Language) -> str:
    """The whole handbook as Markdown in one language.

    >>> "## Retention" in handbook("en")
    True
    """
    with in_language(language):
        parts = [f"# {_TITLE()}", _LEAD(), _shop()]
        shown: dict[str, str] = {}
        for theme, label in THEMES.items():
            if theme != OWN:
                parts.append(f"## {label()}")
            found = built_in_metrics().items()
            parts += [_metric(name, metric, shown) for name, metric in found if built_in_theme(name) == theme]
        parts += [_of_the_data(), _without_interval()]
        return "\n\n".join(parts) + "\n"


def _shop() -> str:
    title = Text(
        zh="## 算例用的小店\n\n看 2025 年 3 月，活跃窗口 {w} 天。",
        en="## The small shop of the examples\n\nMarch 2025 is looked at, with an active window of {w} days.",
    ).fill(w=WINDOW)()
    return "\n\n".join([title, *(_drawn(name, drawn) for name, drawn in SHOP.items())])


def _drawn(name: str, drawn: str) -> str:
    lines = [line.strip() for line in drawn.strip().splitlines()]
    return f"`{name}`\n\n```\n" + "\n".join(lines) + "\n```"


def _of_the_data() -> str:
    title = Text(
        zh="## 数据质量\n\n说的是现在的数据，一张表一个数，不分期间；`kexiao check` 和 `kexiao measure` 都能看。",
        en="## Quality of the data\n\nOf the data as they are now, one number a table whatever the period; `kexiao check` and `kexiao measure` both show them.",
    )
    parts = [title()]
    for name, metric in QUALITY_METRICS.items():
        said = Text(zh="单位：`{u}`；{b}。", en="Unit: `{u}`; {b}.").fill(u=metric.unit, b=_BETTER[metric.better])
        formula = Text(zh="公式：{f}", en="Formula: {f}").fill(f=metric.formula)
        parts.append("\n\n".join([f"### {metric.label()} `{name}`", metric.why(), formula(), said()]))
    return "\n\n".join(parts)


def _without_interval() -> str:
    title = Text(
        zh="## 为什么有的数没有区间\n\n每个数要么带 95 % 区间，要么在 `settings.no_interval` 里说明原因：",
        en="## Why some numbers have no interval\n\nEvery number has a 95 % interval, or says in `settings.no_interval` why not:",
    )
    return "\n\n".join([title(), "\n".join(f"- `{code}`: {why()}" for code, why in NO_INTERVAL.items())])


def _metric(name: str, metric: Metric, shown: dict[str, str]) -> str:
    lines = [
        f"### {metric.label()} `{name}`",
        metric.why(),
        Text(zh="公式：{f}", en="Formula: {f}").fill(f=words(metric.formula))(),
        Text(zh="单位：`{u}`；{b}。来源：{s}。", en="Unit: `{u}`; {b}. Source: {s}.").fill(
            u=metric.unit, b=_BETTER[metric.better], s=metric.source
        )(),
        *([_example(name, metric.example, shown)] if metric.example else []),
    ]
    lines += [_variant(code, metric) for code in metric.variants]
    return "\n\n".join(lines)


def _variant(code: str, metric: Metric) -> str:
    variant = metric.variants[code]
    answers = [example for example in metric.more_examples if example.variant == code]
    shown = _answer(answers[0]) if answers else "—"
    return Text(
        zh="- 另一种公式 `{c}`：{l} = {f}；{w}算例：{a}", en="- Also printed as `{c}`: {l} = {f}. {w} Example: {a}"
    ).fill(c=code, l=variant.label, f=words(variant.formula), w=variant.caution, a=shown)()


def _example(name: str, example: Example, shown: dict[str, str]) -> str:
    """The answer, and the tables that are not the shop's; those that a metric above has drawn are only named. ``shown``: tables → where they stand."""
    own = [table for table, drawn in example.tables.items() if SHOP.get(table) != drawn]
    said = Text(zh="算例（{p}）：**{a}**", en="Example ({p}): **{a}**").fill(p=example.period, a=_answer(example))()
    drawn = [_drawn(table, example.tables[table]) for table in own]
    if len(drawn) > 1 and (before := shown.setdefault("\n\n".join(drawn), name)) != name:
        drawn = [Text(zh="数据同 `{n}`。", en="Data as for `{n}`.").fill(n=before)()]
    return "\n\n".join([said, *drawn])


def _answer(example: Example) -> str:
    return "—" if example.answer is None else f"{example.answer:.6g}"

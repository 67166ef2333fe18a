"""``kexiao metrics``: the catalogue, and the words of which a company's own metrics are made."""

from __future__ import annotations

from typing import Annotated

from kexiao.cli.options import argument, session
from kexiao.text import Text

HELP = Text(
    zh="指标目录：list 列出 · words 自定义公式可用的词",
    en="The catalogue of metrics: list them, or the words of formulas of your own",
)
ACTIONS = ("list", "words")


def metrics(
    action: Annotated[str, argument(zh="list 或 words", en="list or words")] = "list",
) -> None:
    """List the catalogue with the company's own metrics, or the words of formulas."""
    from kexiao.errors import unknown_name

    if action not in ACTIONS:
        raise unknown_name(Text(zh="操作", en="action"), action, list(ACTIONS))
    folder = session().folder()
    if action == "words":
        _words()
        return
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.catalogue import listed
    from kexiao.report.numbers import unit_name

    columns = [
        Shown("name", Text(zh="名称", en="Name")),
        Shown("label", Text(zh="指标", en="Metric")),
        Shown("theme", Text(zh="主题", en="Theme")),
        Shown("unit", Text(zh="单位", en="Unit")),
        Shown("formula", Text(zh="公式", en="Formula")),
        Shown("file", Text(zh="出处", en="Where it stands")),
    ]
    own = Text(zh="客效", en="Kexiao")()
    show(
        columns,
        [[m.name, m.label(), m.theme(), unit_name(m.unit)(), m.formula(), m.file or own] for m in listed(folder)],
    )


def _words() -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.catalogue import formula_words

    columns = [
        Shown("name", Text(zh="词", en="Word")),
        Shown("label", Text(zh="含义", en="Meaning")),
        Shown("kind", Text(zh="数的是", en="Counts")),
        Shown("conditions", Text(zh="可加的条件", en="Possible conditions")),
    ]
    show(columns, [[w.name, w.label(), w.kind(), ", ".join(w.conditions)] for w in formula_words()])

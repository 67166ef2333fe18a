"""``kexiao metrics``: the catalogue, and the words of which a company's own metrics are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.engine.folder import Folder

HELP = Text(
    zh="指标目录：list 列出 · words 自定义公式可用的词 · export、import 与其他工具交换（Apache Ossie）",
    en="The catalogue of metrics: list, words of formulas of your own, export and import (Apache Ossie)",
)
ACTIONS = ("list", "words", "export", "import")


def metrics(
    action: Annotated[str, argument(zh="list、words、export、import", en="list, words, export or import")] = "list",
    file: Annotated[Path | None, argument(zh="YAML 文件", en="the YAML file")] = None,
) -> None:
    """List the catalogue with the company's own metrics, or the words of formulas; write it or read it as YAML."""
    from kexiao.errors import WrongUse, unknown_name

    if action not in ACTIONS:
        raise unknown_name(Text(zh="操作", en="action"), action, list(ACTIONS))
    folder = session().folder()
    if action == "words":
        _words()
        return
    if action in ("export", "import"):
        if file is None:
            raise WrongUse(
                Text(zh="没有写文件名。", en="No file was named."),
                next_step=Text(zh="例如：kexiao metrics {a} catalogue.yaml", en="For example: kexiao metrics {a} catalogue.yaml").fill(a=action),
            )  # fmt: skip
        (_export if action == "export" else _import)(folder, file)
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


def _export(folder: Folder, file: Path) -> None:
    from kexiao.cycle.catalogue import export
    from kexiao.metrics.ossie.writing import UNSAID

    said, left_out = export(folder, file)
    print(Text(zh="{n} 个指标写入 {f}。", en="{n} metrics written to {f}.").fill(n=said, f=file)())
    if left_out:
        print(
            Text(zh="Ossie 无法表达的指标（{n} 个）：", en="Metrics that Ossie cannot express ({n}):").fill(
                n=len(left_out)
            )()
        )
    for one in left_out:
        print(Text(zh="  {n} {l}：{r}", en="  {n} ({l}): {r}").fill(n=one.name, l=one.label, r=one.reason)())
    print(Text(zh="Ossie 没有地方写的内容：", en="What Ossie has no place for:")())
    for words in UNSAID:
        print(f"  {words()}")


_BECAME = {
    "new": Text(zh="导入为 {f}", en="taken into {f}"),
    "same": Text(zh="已有，相同", en="there already, the same"),
    "kept": Text(zh="已有另一个定义，保留原来的", en="another definition stands already and was kept"),
    "ours": Text(zh="程序自带", en="comes with the program"),
    "draft": Text(
        zh="来自其他系统，草稿在 {f}：补上中英文名称、用途、单位、方向与公式，再改名为 .toml",
        en="of another system, a draft is in {f}: add names and reason in both languages, unit, direction and formula, then rename it to .toml",
    ),
    "drafted": Text(zh="草稿已在 {f}，没有改动", en="its draft is in {f} already and was not changed"),
    "unnamed": Text(zh="名称不能用：只可用小写字母、数字、_", en="its name cannot be used: small letters, digits and _ only"),
}  # fmt: skip


def _import(folder: Folder, file: Path) -> None:
    from kexiao.cli.output import printable
    from kexiao.cycle.catalogue import take_in

    taken = take_in(folder, file)
    shown = [one for one in taken if one.became != "ours"]
    for one in shown:
        print(printable(f"{one.name}: {_BECAME[one.became].fill(f=one.file)()}"))
    ours = len(taken) - len(shown)
    if ours:
        print(Text(zh="{n} 个指标程序自带。", en="{n} metrics come with the program.").fill(n=ours)())

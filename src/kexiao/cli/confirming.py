"""The talk about a mapping: what each column is taken for and why, then yes, a change, or no."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kexiao.errors import Ambiguous, KexiaoError, WrongUse
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.collect import LoadReport, Proposal
    from kexiao.engine.folder import Folder
    from kexiao.sources.mapping.plan import SheetMapping

LARGEST = 64 * 1024**2
"""Files beyond this are not read twice unless a preview is asked for."""


def confirm(folder: Folder, files: Sequence[Path], *, mapping: Path | None, all_sheets: bool) -> bool:
    """Show how each sheet would be read and let a person confirm or change it; what was changed is saved. False: do not load.

    ``all_sheets``: known layouts too, not only those that nobody has confirmed yet.
    """
    from kexiao.cycle.collect import propose
    from kexiao.sources.mapping import saved

    for proposal in propose(folder, files, mapping=mapping):
        if proposal.mapping is None or (proposal.mapping.saved and not all_sheets):
            continue
        settled = _settle(proposal, proposal.mapping)
        if settled is None:
            return False
        saved.save(folder.root / "mappings", settled)
    return True


def load_asking(folder: Folder, files: Sequence[Path], load: Callable[[], LoadReport]) -> LoadReport:
    """Load; where the data can be read in two ways, ask, keep the answer in the mapping file, and load again."""
    while True:
        try:
            return load()
        except Ambiguous as problem:
            if not _answered(folder, files, problem):
                raise


def show_proposal(proposal: Proposal, plan: SheetMapping) -> None:
    """One sheet as it would be read: fields, columns, reasons and first cells, then what no field takes and what is missing."""
    from kexiao.cli.output import Shown, printable, show
    from kexiao.sources.mapping.telling import remarks

    print(printable(f"{proposal.file} {proposal.sheet}".strip()) + " → " + str(plan.sheet_kind.label))
    show(
        [
            Shown("field", Text(zh="字段", en="Field")),
            Shown("name", Text(zh="代号", en="Name")),
            Shown("column", Text(zh="列", en="Column")),
            Shown("reason", Text(zh="理由", en="Because")),
            Shown("example", Text(zh="前几行", en="First cells")),
        ],
        [_line(proposal, plan, name, column) for name, column in plan.columns.items()],
    )
    for words in remarks(plan):
        print(words())


def _line(proposal: Proposal, plan: SheetMapping, name: str, column: str) -> tuple[str, ...]:
    from kexiao.sources.mapping.telling import reason_of

    found = plan.sheet_kind.field_named(name)
    at = plan.header.index(column)
    cells = [str(row[at]) for row in proposal.preview if row[at]][:2]
    label = str(found.label) if found and name not in plan.questions else str(Text(zh="题目", en="question"))
    return label, name, column, str(reason_of(plan, name)), " / ".join(cells)


def _settle(proposal: Proposal, plan: SheetMapping) -> SheetMapping | None:
    """Ask until the mapping is confirmed; None where the person gives up."""
    from kexiao.sources.mapping.editing import edited

    show_proposal(proposal, plan)
    while True:
        said = _ask(
            Text(
                zh="回车 = 按此导入；字段=列名 = 修改（如 金额=实收）；q = 放弃：",
                en="Enter = load like this; field=column = change (such as amount=Total); q = give up: ",
            )
        )
        if said is None or said.casefold() in ("q", "quit", "放弃"):
            print(Text(zh="没有导入。", en="Nothing was loaded.")())
            return None
        if not said:
            return plan
        try:
            plan = edited(plan, said)
        except WrongUse as problem:
            _complain(problem)
            continue
        show_proposal(proposal, plan)


def _answered(folder: Folder, files: Sequence[Path], problem: Ambiguous) -> bool:
    """Put the question of an ambiguous sheet to the person; whether an answer was kept."""
    from kexiao.cycle.collect import propose
    from kexiao.sources.mapping import saved
    from kexiao.sources.mapping.editing import edited

    place = problem.place
    _complain(problem)
    proposals = [
        one
        for one in propose(folder, files)
        if one.mapping and place and one.file == place.file and one.sheet == (place.sheet or one.sheet)
    ]
    if not proposals or proposals[0].mapping is None:
        return False
    plan = proposals[0].mapping
    while True:
        said = _ask(
            Text(
                zh="现在就写明（如 date_order=dmy、status:成交=completed；回车 = 放弃）：",
                en="Say it now (such as date_order=dmy, status:Won=completed; Enter = give up): ",
            )
        )
        if not said:
            return False
        try:
            saved.save(folder.root / "mappings", edited(plan, said))
        except WrongUse as slip:
            _complain(slip)
            continue
        return True


def _ask(words: Text) -> str | None:
    """One line from the person; None at the end of input."""
    print(words(), end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


def _complain(problem: KexiaoError) -> None:
    from kexiao.cli.output import printable

    print(printable(problem.message()), file=sys.stderr)

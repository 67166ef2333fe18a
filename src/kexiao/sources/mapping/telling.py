"""How a proposed mapping is told to a person: what no column is read for, what the whole sheet shares, what is missing, and whether to ask at all."""

from __future__ import annotations

from pathlib import Path

from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import drift
from kexiao.sources.mapping.recognise import guessed, missing_needs
from kexiao.text import Text

MOST_NAMED = 30


def remarks(plan: SheetMapping) -> list[Text]:
    """What is not among the fields: columns that are not read, values of the whole sheet, and what its kind needs and lacks."""
    said = []
    if plan.unused:
        said.append(
            Text(zh="不读的列：{columns}", en="Columns not read: {columns}").fill(
                columns=Text(zh="、".join(plan.unused[:MOST_NAMED]), en=", ".join(plan.unused[:MOST_NAMED]))
            )
        )
    for name, value in plan.constants.items():
        said.append(
            Text(zh="整张表：{name} = {value}", en="The whole sheet: {name} = {value}").fill(name=name, value=value)
        )
    return said + missing(plan)


def missing(plan: SheetMapping) -> list[Text]:
    """What a sheet of this kind needs and this one lacks."""
    return [
        Text(zh="还缺：{what}", en="Missing: {what}").fill(
            what=Text(zh=" 或 ".join(f.label.zh for f in group), en=" or ".join(f.label.en for f in group))
        )
        for group in missing_needs(plan)
    ]


def reason_of(plan: SheetMapping, name: str) -> Text:
    """Why a field reads its column; of a question of a survey first what it asks."""
    why, spec = plan.reasons.get(name), plan.questions.get(name)
    if spec is None:
        return why or Text.same("—")
    return Text(zh=f"{spec} · {why.zh}", en=f"{spec} · {why.en}") if why else Text.same(spec)


def doubts(plan: SheetMapping, file: str, mappings: Path) -> list[Text]:
    """What a person should look at before the sheet is loaded: guesses, questions, columns renamed or gone since the last file, and needs unmet.

    Nothing for a layout that somebody confirmed, or that is known by its headings alone.
    """
    if plan.saved:
        return []
    # Orders may come without amounts where their lines bring them; loading knows.
    lacking = [
        group
        for group in missing_needs(plan)
        if plan.kind != "orders" or "amount" not in {field.name for field in group}
    ]
    return [*drift(plan, file, mappings), *guessed(plan), *(missing(plan) if lacking else [])]

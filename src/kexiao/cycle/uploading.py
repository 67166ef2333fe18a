"""Files that wait for a person to confirm how they are read: kept, proposed, changed, previewed, then loaded or thrown away.

An upload is a folder under ``data/_tmp``: the files, their sheets as text cells, and ``proposal.json`` with the mapping of each sheet so far. It may
be left and taken up again for a day; loading goes through ``collect``, and what was confirmed is saved with the mappings of the workspace.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kexiao.engine.duck import connect
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.errors import Ambiguous, InputRejected, Place, WrongUse
from kexiao.sources.files.reading import printable, read_file
from kexiao.sources.files.staged import StagedSheet, sheet_from_json, sheet_to_json
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.editing import edited
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import look, recognise_file
from kexiao.sources.mapping.questions import propose_questions
from kexiao.sources.mapping.recognise import recognise_as
from kexiao.sources.mapping.telling import doubts
from kexiao.sources.mapping.typed import choice_words
from kexiao.text import Text

KEPT_SECONDS = 24 * 3600
LARGEST = 64 * 1024**2
"""Files beyond this are not read twice unless somebody asks to see how they would be."""
_TOKEN = re.compile(r"[0-9a-f]{32}")
_PROPOSAL = "proposal.json"
_NOT_CHOSEN = frozenset({"withdrawals"})
Tell = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of an upload: its file, its text cells, the mapping so far (None: not known yet), whether it is left out, and what to ask or tell."""

    file: str
    staged: StagedSheet
    mapping: SheetMapping | None
    left_out: bool = False
    doubts: tuple[Text, ...] = ()
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """Files that wait: the token that names them, who brought them, when (seconds since 1970), whether unusual amounts are meant, their sheets."""

    token: str
    root: Path
    who: str
    at: float
    meant: bool
    sheets: tuple[Sheet, ...] = ()
    question: Text | None = None

    @property
    def files(self) -> list[Path]:
        """The files as they came, in their order."""
        return sorted(
            (path for path in self.root.glob("files/*/*") if path.is_file()), key=lambda p: int(p.parent.name)
        )

    @property
    def names(self) -> str:
        """What the files are called."""
        return ", ".join(printable(path.name) for path in self.files)

    @property
    def asks(self) -> bool:
        """Whether a person must look before anything is loaded."""
        known = {sheet.file for sheet in self.sheets if sheet.mapping}
        return any(
            not sheet.left_out and (sheet.doubts or (sheet.mapping is None and sheet.file not in known))
            for sheet in self.sheets
        )


def receive(
    folder: Folder, files: Iterable[tuple[str, Iterable[bytes], float | None]], *, who: str, meant: bool = False
) -> Upload:
    """Keep files (name, content in pieces, when it was last changed in seconds since 1970) as a new upload; those that nobody took up for a day go.

    Each lies in a folder of its own, under its bare name and with its own time, which says how new its rows are; without one they are as new as now.
    """
    sweep(folder)
    token = uuid.uuid4().hex
    root = _root(folder, token)
    with storage_errors(root):
        root.mkdir(parents=True)
        root.chmod(0o700)
        for number, (name, pieces, changed) in enumerate(files):
            path = root / "files" / str(number) / Path(name).name
            path.parent.mkdir(parents=True)
            with path.open("wb") as target:
                for piece in pieces:
                    target.write(piece)
            if changed is not None and 0 < changed < time.time():
                os.utime(path, (changed, changed))
    return Upload(token, root, who, time.time(), meant)


def propose_upload(folder: Folder, upload: Upload, *, on_progress: Tell | None = None) -> Upload:
    """Read every file and propose how each sheet is read; kept, so that it is done once. Errors: those of reading a file."""
    tell = on_progress or (lambda _: None)
    found: list[Sheet] = []
    connection = connect(upload.root / "spill")
    for number, path in enumerate(upload.files):
        tell(Text(zh="读取 {file}…", en="Reading {file}…").fill(file=printable(path.name)))
        for staged in read_file(path, upload.root / f"staged{number}", original_name=path.name):
            found.append(_proposed(connection, folder, printable(path.name), staged))
    connection.close()
    return keep(replace(upload, sheets=tuple(found)))


def _proposed(connection: Any, folder: Folder, file: str, staged: StagedSheet) -> Sheet:
    mappings = folder.root / "mappings"
    try:
        one = recognise_file(connection, file, [staged], mappings, [])[0]
    except (InputRejected, Ambiguous) as problem:
        return Sheet(file, staged, None, problem=_words(problem))
    if one.mapping is None:
        return Sheet(file, staged, None, left_out=True)
    return Sheet(file, staged, one.mapping, doubts=tuple(doubts(one.mapping, file, mappings)))


def _words(problem: InputRejected | Ambiguous) -> Text:
    return Text(zh=problem.message("zh"), en=problem.message("en"))


def kinds() -> dict[str, Text]:
    """The kinds of sheet that a person can choose, in words."""
    return {name: kind.label for name, (kind, _) in all_kinds().items() if name not in _NOT_CHOSEN}


def change_kind(sheet: Sheet, kind: str) -> Sheet:
    """The sheet as one of another kind, proposed anew; ``""`` leaves it out. Errors: ``WrongUse`` for a kind that is not there."""
    if not kind:
        return replace(sheet, left_out=True, problem=None)
    if kind not in kinds():
        raise WrongUse(
            Text(zh="没有这种表。", en="There is no such kind of sheet."),
            next_step=Text(zh="请从列表中选择。", en="Choose one from the list."),
        )
    if sheet.mapping is not None and sheet.mapping.kind == kind:
        return replace(sheet, left_out=False)
    connection = connect(sheet.staged.parquet.parent / "spill")
    try:
        looks = look(connection, sheet.staged)
        plan = recognise_as(kind, sheet.staged.header, looks, Place(file=sheet.file, sheet=sheet.staged.sheet or None))
        plan = propose_questions(connection, sheet.staged, plan)
    finally:
        connection.close()
    return replace(sheet, mapping=plan, left_out=False, doubts=(), problem=None)


def change(sheet: Sheet, instructions: Sequence[str]) -> Sheet:
    """The sheet after instructions as ``editing.edited`` takes them. Errors: ``WrongUse``, naming the one that is not understood."""
    plan = sheet.mapping
    for said in instructions:
        if plan is not None:
            plan = edited(plan, said)
    return replace(sheet, mapping=plan)


def say_words(sheet: Sheet, field: str, words: Mapping[str, str]) -> Sheet:
    """The sheet with words of a choice and the values that they stand for; those that are known to stand for them already say nothing new."""
    plan = sheet.mapping
    described = plan.sheet_kind.field_named(field) if plan else None
    if plan is None or described is None:
        return sheet
    known = choice_words(described, plan.choices.get(field, {}))
    fresh = {
        word: value
        for word, value in words.items()
        if value in described.choices and known.get(word_key(word)) != value
    }
    if not fresh:
        return sheet
    choices = {**plan.choices, field: {**plan.choices.get(field, {}), **fresh}}
    return replace(sheet, mapping=replace(plan, choices=choices, saved=None))


def word_key(word: str) -> str:
    """A word of a choice as it is compared: without case, spaces and punctuation."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def keep(upload: Upload) -> Upload:
    """Write the proposal as it is now."""
    said = {
        "who": upload.who,
        "at": upload.at,
        "meant": upload.meant,
        "question": _pair(upload.question),
        "sheets": [_sheet_as_dict(sheet) for sheet in upload.sheets],
    }
    write_durably(upload.root / _PROPOSAL, json.dumps(said, ensure_ascii=False).encode())
    return upload


def _sheet_as_dict(sheet: Sheet) -> dict[str, Any]:
    plan = sheet.mapping
    return {
        "file": sheet.file,
        "folder": sheet.staged.parquet.parent.name,
        "staged": sheet_to_json(sheet.staged),
        "mapping": saved.as_dict(plan) if plan else None,
        "saved": plan.saved if plan else None,
        "reasons": {name: _pair(why) for name, why in plan.reasons.items()} if plan else {},
        "left_out": sheet.left_out,
        "doubts": [_pair(words) for words in sheet.doubts],
        "problem": _pair(sheet.problem),
    }


def _pair(words: Text | None) -> list[str] | None:
    return None if words is None else [words.zh, words.en]


def _text(pair: Sequence[str] | None) -> Text | None:
    return None if pair is None else Text(zh=pair[0], en=pair[1])


def read_upload(folder: Folder, token: str) -> Upload | None:
    """A waiting upload by its token; None where there is none (any more)."""
    if not _TOKEN.fullmatch(token):
        return None
    root = _root(folder, token)
    try:
        said = json.loads((root / _PROPOSAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    sheets = tuple(_sheet_of(one, root) for one in said["sheets"])
    return Upload(token, root, said["who"], said["at"], said["meant"], sheets, _text(said["question"]))


def _sheet_of(said: Mapping[str, Any], root: Path) -> Sheet:
    staged = sheet_from_json(said["staged"], root / said["folder"])
    plan = None
    if said["mapping"]:
        plan = saved.from_dict(said["mapping"], staged.header, Place(file=said["file"]))
        reasons = {name: Text(zh=zh, en=en) for name, (zh, en) in said["reasons"].items()}
        plan = replace(plan, saved=said["saved"], reasons=reasons)
    doubted = tuple(Text(zh=zh, en=en) for zh, en in said["doubts"])
    return Sheet(said["file"], staged, plan, said["left_out"], doubted, _text(said["problem"]))


def waiting(folder: Folder) -> list[Upload]:
    """Every upload that waits for somebody, the newest first."""
    found = [read_upload(folder, path.name.removeprefix("upload-")) for path in (folder.data / "_tmp").glob("upload-*")]
    return sorted((one for one in found if one), key=lambda one: -one.at)


def settle(folder: Folder, upload: Upload) -> list[Path]:
    """Save what was confirmed with the mappings of the workspace; returns the files that are to be loaded.

    Errors: ``WrongUse`` where a sheet is neither known nor left out, or where nothing is left to load.
    """
    mappings = folder.root / "mappings"
    known = {sheet.file for sheet in upload.sheets if sheet.mapping and not sheet.left_out}
    for sheet in upload.sheets:
        if sheet.mapping is None and not sheet.left_out and sheet.file not in known:
            raise WrongUse(
                Text(zh="还不知道“{file}”是什么表。", en="It is not yet said what “{file}” is.").fill(file=sheet.file),
                next_step=Text(zh="请选择表的种类，或选“不导入”。", en="Choose a kind of sheet, or leave it out."),
            )
    for sheet in upload.sheets:
        saved.leave_out(mappings, sheet.staged.header, out=sheet.left_out)
        if sheet.mapping is not None and not sheet.left_out:
            saved.save(mappings, sheet.mapping)
    files = [path for path in upload.files if printable(path.name) in known]
    if not files:
        raise WrongUse(
            Text(zh="所有的表都选了“不导入”。", en="Every sheet is left out."),
            next_step=Text(zh="请至少保留一张表，或放弃这次上传。", en="Keep at least one, or throw the upload away."),
        )
    return files


def drop(upload: Upload) -> None:
    """Throw an upload away."""
    shutil.rmtree(upload.root, ignore_errors=True)


def sweep(folder: Folder) -> None:
    """Uploads older than a day go, whatever became of them."""
    for path in (folder.data / "_tmp").glob("upload-*"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _root(folder: Folder, token: str) -> Path:
    return folder.data / "_tmp" / f"upload-{token}"

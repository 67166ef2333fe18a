"""Review: did each initiative work? The verdicts are kept in the workspace, where pages and the next plan read them."""

from __future__ import annotations

import json
from pathlib import Path

from kexiao.effect.judging import judge
from kexiao.effect.verdicts import Verdict
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, write_durably
from kexiao.facts.source import open_facts
from kexiao.improvement.reading import initiative_named, read_initiatives
from kexiao.metrics.catalogue import in_its_catalogue

FOLDER = "verdicts"


@in_its_catalogue
def review(folder: Folder, initiative: str | None = None, as_of: str | None = None) -> tuple[Verdict, ...]:
    """The verdict on one initiative, or on all of them, in the order in which they began.

    Verdicts over the newest data are written to ``verdicts/<id>.json``; those ``as_of`` an older snapshot are only shown.
    Errors: ``InputRejected`` for an initiative that cannot be read, ``WrongUse`` for an unknown one.
    """
    known = read_initiatives(folder.root)
    asked = known if initiative is None else (initiative_named(known, initiative),)
    if not asked:
        return ()
    source = open_facts(folder, as_of=as_of)
    verdicts = tuple(judge(source, plan) for plan in asked)
    if as_of is None:
        for verdict in verdicts:
            _keep(folder.root, verdict)
    return verdicts


def kept_verdicts(root: Path) -> tuple[Verdict, ...]:
    """The verdicts of the last review, by id of the initiative."""
    found = []
    for path in sorted((root / FOLDER).glob("*.json")):
        with storage_errors(path):
            found.append(Verdict.from_record(json.loads(path.read_bytes())))
    return tuple(found)


def _keep(root: Path, verdict: Verdict) -> None:
    content = json.dumps(verdict.record(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    write_durably(root / FOLDER / f"{verdict.initiative}.json", content.encode())

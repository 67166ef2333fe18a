"""A workspace of the made-up company with its decisions, drawn and collected once for the tests of assess, improve and review."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kexiao.cycle.collect import collect
from kexiao.demo.company import draw
from kexiao.demo.decisions import write_decisions
from kexiao.engine.folder import Folder, create_folder, open_folder
from kexiao.text import in_language


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    """Speak Chinese for one test; a command run by an earlier one leaves its language behind."""
    with in_language("zh"):
        yield


def alike(one: Any, other: Any) -> bool:
    """Equal but for the last digits of floating-point sums, whose order differs from run to run."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


@dataclass(frozen=True)
class Decided:
    """The workspace and what is true of it."""

    folder: Folder
    truth: dict[str, Any]


def decided_company(place: Path, customers: int) -> Decided:
    """Draw, collect and write the decisions."""
    company = draw(place / "files", customers=customers)
    folder = create_folder(place / "workspace", company="山岚茶业")
    report = collect(folder, list(company.files))
    assert report.rows_loaded > 0
    truth = json.loads((place / "files" / "truth.json").read_text(encoding="utf-8"))
    write_decisions(folder.root, truth)
    return Decided(folder, truth)


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    """8,000 customers; shared by all tests, so nobody may change it."""
    return decided_company(tmp_path_factory.mktemp("decided"), 8_000)


@pytest.fixture
def copied(decided: Decided, tmp_path: Path) -> Callable[[], Folder]:
    """A copy of the workspace for a test that writes."""

    def made() -> Folder:
        shutil.copytree(decided.folder.root, tmp_path / "copy")
        return open_folder(tmp_path / "copy")

    return made

"""The audit log notices every change made outside the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from kexiao.engine.audit import record, verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n in range(4):
        record(tmp_path, "load", rows=n)
    return tmp_path


def test_an_untouched_log_verifies(folder: Path) -> None:
    assert verify(folder) == []


@pytest.mark.parametrize("number", range(4))
def test_a_changed_line_is_noticed(folder: Path, number: int) -> None:
    path = folder / "audit" / "log.jsonl"
    lines = path.read_text().splitlines()
    lines[number] = lines[number].replace('"rows": ', '"rows": 9')
    path.write_text("\n".join(lines) + "\n")
    assert verify(folder)


@pytest.mark.parametrize("number", range(4))
def test_a_removed_line_is_noticed_the_newest_too(folder: Path, number: int) -> None:
    path = folder / "audit" / "log.jsonl"
    lines = path.read_text().splitlines()
    del lines[number]
    path.write_text("\n".join(lines) + "\n")
    assert verify(folder)

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


@pytest.mark.parametrize("cut", [0, 1, 20, None])
def test_a_crash_while_a_line_is_appended_is_no_tampering_and_is_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cut: int | None
) -> None:
    import kexiao.engine.audit as module

    done = module._set_anchor
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):

        def die_when_finished(place: Path, anchor: module._Anchor) -> None:
            if anchor.pending is None:
                raise RuntimeError("killed")
            done(place, anchor)

        patched.setattr(module, "_set_anchor", die_when_finished)
        record(folder, "load", rows=99)
    path = folder / "audit" / "log.jsonl"
    whole = path.read_bytes()
    before = b"".join(whole.splitlines(keepends=True)[:4])
    path.write_bytes(whole if cut is None else whole[: len(before) + cut])
    assert verify(folder) == []
    record(folder, "load", rows=100)
    assert verify(folder) == []
    assert path.read_bytes().startswith(before)

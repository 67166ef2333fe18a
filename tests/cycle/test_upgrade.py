"""A workspace of an older format becomes one of today's, with the same data, a backup before, and its owner's words kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from collecting import LATER, Company

from kexiao.cli.main import main
from kexiao.cycle import upgrade as module
from kexiao.cycle.backup import restore
from kexiao.cycle.upgrade import upgrade
from kexiao.engine import audit
from kexiao.engine.folder import FORMAT, open_folder
from kexiao.engine.store import Store

SHEET = "订单号 | 下单时间 | 客户编号 | 实付金额\nA{n} | 2025-01-0{n} 09:00:00 | C{n} | 10.00"


def as_of_format(root: Path, number: int) -> Path:
    """The workspace as the first versions wrote it: no checksum in snapshots, no size in the anchor, and at 0 no format and fewer folders."""
    settings = (root / "kexiao.toml").read_text()
    line = f"format = {FORMAT}\n"
    assert line in settings
    (root / "kexiao.toml").write_text(settings.replace(line, f"format = {number}  # mine\n" if number else ""))
    for path in (root / "data" / "_snapshots").glob("s*.json"):
        document = json.loads(path.read_text())
        del document["checksum"], document["audit"]
        path.write_text(json.dumps(document))
    anchor = root / "audit" / "anchor.json"
    found = json.loads(anchor.read_text())
    anchor.write_text(json.dumps({"n": found["n"], "hash": found["hash"]}))
    if number == 0:
        shutil.rmtree(root / "initiatives")
        shutil.rmtree(root / "scorecards")
    return root


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.load(SHEET.format(n=1))
    made.load(SHEET.format(n=2), at=LATER, name="2.csv")
    return made


@pytest.mark.parametrize("number", [0, 1])
def test_it_reaches_todays_format_with_the_same_rows(
    company: Company, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    root, rows = company.folder.root, company.rows("orders")
    as_of_format(root, number)
    assert main(["check", "--store", "-w", str(root)]) == 0
    assert "kexiao upgrade" in capsys.readouterr().out
    assert main(["upgrade", "-w", str(root), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["before"], told["after"], len(told["changes"])) == (number, FORMAT, FORMAT - number)
    assert open_folder(root).settings["format"] == FORMAT
    assert company.rows("orders") == rows
    for path in (root / "data" / "_snapshots").glob("s*.json"):
        assert len(json.loads(path.read_text())["checksum"]) == 64
    assert (root / "initiatives").is_dir() and audit.verify(root) == []
    assert ("# mine" in (root / "kexiao.toml").read_text()) == bool(number)
    assert main(["check", "-w", str(root)]) == 0
    assert main(["upgrade", "-w", str(root)]) == 0
    company.load(SHEET.format(n=3), name="3.csv")
    assert len(company.rows("orders")) == 3


def test_the_backup_made_before_holds_the_old_format(company: Company, tmp_path: Path) -> None:
    as_of_format(company.folder.root, 0)
    done = upgrade(open_folder(company.folder.root))
    assert done.backup is not None
    restore(done.backup, tmp_path / "old")
    assert "format" not in open_folder(tmp_path / "old").settings
    assert "checksum" not in json.loads(Store(tmp_path / "old" / "data").path(1).read_text())


def test_killed_in_the_middle_it_is_finished_by_the_next_run(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    root = as_of_format(company.folder.root, 0)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):

        def die(*_: object) -> None:
            raise RuntimeError("killed")

        patched.setattr(module.audit, "mend_anchor", die)
        upgrade(open_folder(root))
    assert open_folder(root).settings["format"] == 1
    assert upgrade(open_folder(root)).before == 1
    assert main(["check", "-w", str(root)]) == 0


def test_a_newer_workspace_is_refused_with_the_next_step(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    root = company.folder.root
    settings = root / "kexiao.toml"
    settings.write_text(settings.read_text().replace(f"format = {FORMAT}", f"format = {FORMAT + 1}"))
    assert main(["upgrade", "-w", str(root), "--lang", "en"]) == 3
    told = capsys.readouterr().err
    assert "newer version" in told and "Upgrade the program" in told
    assert not (root / "backups").exists()

"""Whatever is changed, cut, removed or added in a workspace behind the program's back is noticed and named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from collecting import LATER, Company

from kexiao.cli.main import main
from kexiao.cycle.verify import verify_store
from kexiao.engine import audit
from kexiao.engine.folder import open_folder
from kexiao.engine.store import Store

ORDERS = """
    订单号 | 下单时间            | 客户编号 | 客户姓名 | 手机号      | 渠道 | 实付金额
    A1     | 2025-01-06 09:00:00 | C1       | 王芳     | 13812345678 | 天猫 | 90.00
    A2     | 2025-01-07 23:30:00 | C2       | 李强     | 13912345678 | 门店 | 50.00
    A3     | 不是日期            | C3       | 赵敏     | 13712345678 | 门店 | 70.00
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = Company(tmp_path_factory.mktemp("whole"))
    company.load(ORDERS)
    company.load(ORDERS.replace("A1 ", "B1 ").replace("90.00", "91.00"), at=LATER, name="more.csv")
    with sqlite3.connect(company.folder.root / "app.sqlite3") as records:
        records.execute("CREATE TABLE note (words TEXT)")
        records.executemany("INSERT INTO note VALUES (?)", [("x" * 500,) for _ in range(50)])
    return company.folder.root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "w")
    return tmp_path / "w"


def problems(root: Path) -> list[str]:
    return [problem.where for problem in verify_store(open_folder(root)).problems]


def test_an_untouched_workspace_is_whole(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = verify_store(open_folder(root))
    assert (found.problems, found.notes, found.snapshots) == ((), (), 2)
    assert main(["check", "-w", str(root)]) == 0
    capsys.readouterr()
    assert main(["check", "--store", "-w", str(root), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["problems"], told["snapshot"]) == (True, [], "s000002")


def kept_files(root: Path) -> list[Path]:
    """Every file whose content is under some checksum."""
    patterns = ("data/*/part-*.parquet", "data/_snapshots/s*.json", "audit/*.json*", "inbox/*")
    return sorted(path for pattern in patterns for path in root.glob(pattern) if path.is_file())


@pytest.mark.parametrize("how", ["flip the middle", "cut the end", "add a byte", "remove"])
def test_every_kept_file_is_guarded(root: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = kept_files(root)
    assert len(files) > 10
    for path in files:
        content = path.read_bytes()
        changed = bytearray(content)
        if how == "flip the middle":
            changed[len(changed) // 2] ^= 1
        elif how == "cut the end":
            changed = changed[: len(changed) // 2]
        elif how == "add a byte":
            changed += b" "
        if how == "remove" and path.parent.name in ("inbox", "_snapshots") and "s000001" not in path.name:
            # Without its newest snapshot the store is what it was before; the audit log alone knows better.
            continue
        if how == "add a byte" and path.suffix == ".json":
            # White space behind JSON says nothing.
            continue
        path.unlink() if how == "remove" else path.write_bytes(bytes(changed))
        capsys.readouterr()
        assert main(["check", "--store", "-w", str(root)]) == 9, path
        told = capsys.readouterr()
        assert path.name in told.out + told.err or path.parent.name == "audit"
        assert "Traceback" not in told.err
        path.write_bytes(content)
    assert problems(root) == []


def test_newest_log_lines_cut_off_together_with_their_anchor_are_missed_by_the_snapshots(root: Path) -> None:
    log, anchor = root / "audit" / "log.jsonl", root / "audit" / "anchor.json"
    lines = log.read_text().splitlines(keepends=True)[:1]
    log.write_text("".join(lines))
    anchor.write_text(json.dumps({"n": 1, "hash": audit.hashes(root)[0], "size": log.stat().st_size, "pending": None}))
    assert audit.verify(root) == [], "the log and its anchor agree"
    assert problems(root) == ["audit/log.jsonl"]


def test_a_log_written_anew_from_its_start_is_known_by_a_head_written_down_elsewhere(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", "--store", "-w", str(root), "--format", "json"]
    capsys.readouterr()
    assert main(arguments) == 0
    head = json.loads(capsys.readouterr().out)["audit"]
    audit.record(root, "something later")
    assert main([*arguments, "--anchor", head]) == 0
    # Somebody writes the log, its anchor and the heads in the snapshots anew.
    from dataclasses import replace

    from kexiao.engine.store import write_snapshot

    shutil.rmtree(root / "audit")
    audit.record(root, "collect", load=1)
    for number in (1, 2):
        write_snapshot(Store(root / "data").path(number), replace(Store(root / "data").read(number), audit=None))
    assert main(arguments) == 0
    assert main([*arguments, "--anchor", head]) == 9
    assert main([*arguments, "--anchor", "many:lines"]) == 2


def test_a_snapshot_changed_with_its_checksum_disagrees_with_the_others(root: Path) -> None:
    from kexiao.engine.store import write_snapshot

    store = Store(root / "data")
    first = store.read(1)
    other = store.read(2)
    from dataclasses import replace

    files = first.tables["orders"].files
    changed = replace(first.tables["orders"], files=(replace(files[0], rows=files[0].rows + 1),))
    write_snapshot(store.path(1), replace(first, tables={**first.tables, "orders": changed}))
    shared = {part.path for part in other.files()} & {files[0].path}
    assert bool(problems(root)) == bool(shared) and shared


@pytest.mark.parametrize(
    ("where", "damage"),
    [
        ("data/contacts/contacts.parquet", lambda path: path.write_bytes(path.read_bytes()[:-9])),
        ("app.sqlite3", lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)),
        (".key", lambda path: path.unlink()),
        ("closes/card-2024-r1.json", lambda path: (path.parent.mkdir(exist_ok=True), path.write_text("{}"))),
    ],
)
def test_what_lies_beside_the_snapshots_is_looked_at_too(
    root: Path, where: str, damage: Callable[[Path], object]
) -> None:
    damage(root / where)
    assert where in problems(root)


def test_a_delta_log_that_lists_other_files_is_named(root: Path) -> None:
    shutil.rmtree(root / "data" / "orders" / "_delta_log")
    assert problems(root) == ["data/orders/_delta_log"]


def test_leftovers_of_a_killed_load_are_a_note_and_no_damage(root: Path) -> None:
    (root / "data" / "_writing").touch()
    (root / "data" / "orders" / "part-dead.parquet").write_bytes(b"half")
    found = verify_store(open_folder(root))
    assert found.problems == () and "1" in str(found.notes[0])


def test_half_the_refused_cells_of_a_load_that_never_came_to_be_are_no_damage_and_go_with_the_next(root: Path) -> None:
    (root / "data" / "_writing").touch()
    (root / "quarantine" / "3.parquet").write_bytes(b"PAR1 half")
    half = root / "inbox" / ".abc.csv.99999999.tmp"
    half.write_bytes(b"half of a file")
    assert problems(root) == []
    assert main(["compact", "-w", str(root)]) == 0
    assert not half.exists() and not (root / "quarantine" / "3.parquet").exists()
    (root / "quarantine" / "1.parquet").write_bytes(b"PAR1 half")
    assert problems(root) == ["quarantine/1.parquet"]


def test_a_missing_key_is_told_and_never_made_anew(root: Path) -> None:
    (root / ".key").unlink()
    (root.parent / "o.csv").write_text("订单号,下单时间,客户编号,实付金额\nZ1,2025-03-01,C1,5.00\n")
    assert main(["collect", str(root.parent / "o.csv"), "-w", str(root)]) == 9
    assert not (root / ".key").exists() and Store(root / "data").numbers() == [1, 2]

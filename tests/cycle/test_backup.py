"""A backup holds the workspace as it was at one moment, and comes back whole or not at all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import zipfile
from pathlib import Path

import pytest
from collecting import LATER, Company

from kexiao.cli.main import main
from kexiao.cycle import backup as module
from kexiao.cycle.backup import backup, restore
from kexiao.engine import audit
from kexiao.engine.archive import MANIFEST
from kexiao.engine.folder import open_folder
from kexiao.engine.store import Store
from kexiao.errors import InputRejected, IntegrityFailed, KexiaoError, StorageError, WrongUse

ORDERS = """
    订单号 | 下单时间            | 客户编号 | 客户姓名 | 手机号      | 渠道 | 实付金额
    A1     | 2025-01-06 09:00:00 | C1       | 王芳     | 13812345678 | 天猫 | 90.00
    A2     | 2025-01-07 23:30:00 | C2       | 李强     | 13912345678 | 门店 | 50.00
    A3     | 不是日期            | C3       | 赵敏     | 13712345678 | 门店 | 70.00
"""
MORE = """
    订单号 | 下单时间            | 客户编号 | 客户姓名 | 手机号      | 渠道 | 实付金额
    B1     | 2025-02-06 09:00:00 | C1       | 王芳     | 13812345678 | 天猫 | 10.00
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.load(ORDERS)
    made.load(MORE, at=LATER, name="more.csv")
    (made.folder.root / "closes" / "kept.json").parent.mkdir(exist_ok=True)
    kept = b'{"snapshot": "s000001"}'
    (made.folder.root / "closes" / "kept.json").write_bytes(kept)
    audit.record(made.folder.root, "close", file="kept.json", sha256=hashlib.sha256(kept).hexdigest())
    with sqlite3.connect(made.folder.root / "app.sqlite3") as records:
        records.execute("CREATE TABLE note (words TEXT)")
        records.execute("INSERT INTO note VALUES ('季度会')")
    return made


def content(root: Path) -> dict[str, str]:
    """Every file that must come back, by its checksum."""
    found = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        passing = name.startswith(("data/_tmp", "data/_facts", "data/_lock", "backups/", "audit/", "app.sqlite3"))
        if path.is_file() and not passing and path.name != ".lock":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def measured(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    arguments = ["measure", "net_sales", "new_customers", "--period", "2025", "--grain", "month", "--by", "channel"]
    assert main([*arguments, "-w", str(root), "--format", "json"]) == 0
    return capsys.readouterr().out


def test_it_brings_back_every_file_byte_for_byte_and_the_same_numbers(
    company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = backup(company.folder, tmp_path / "b.zip")
    restored = restore(report.file, tmp_path / "back")
    assert restored.snapshot == report.snapshot == "s000002"
    assert content(tmp_path / "back") == content(company.folder.root)
    assert {".key", "kexiao.toml", "closes/kept.json", "data/contacts/contacts.parquet"} <= set(
        content(tmp_path / "back")
    )
    assert any(name.startswith("quarantine/") for name in content(tmp_path / "back"))
    assert measured(tmp_path / "back", capsys) == measured(company.folder.root, capsys)
    with sqlite3.connect(tmp_path / "back" / "app.sqlite3") as records:
        assert records.execute("SELECT words FROM note").fetchall() == [("季度会",)]
    for root in (company.folder.root, tmp_path / "back"):
        assert audit.verify(root) == []
        assert main(["check", "-w", str(root)]) == 0


def test_a_restored_workspace_goes_on_where_it_was(company: Company, tmp_path: Path) -> None:
    restore(backup(company.folder).file, tmp_path / "x" / "w")
    again = Company(tmp_path / "x")
    assert again.load(ORDERS).load_id is None
    assert {row[0] for row in again.rows("orders", "customer_id")} == {
        row[0] for row in company.rows("orders", "customer_id")
    }


def test_backups_inside_the_workspace_are_not_packed_into_the_next(company: Company) -> None:
    first = backup(company.folder)
    assert first.file.parent == company.folder.root.resolve() / "backups"
    second = backup(company.folder, company.folder.root / "mine.zip")
    with zipfile.ZipFile(second.file) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".zip")]


def test_a_load_during_the_backup_is_not_half_in_it(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = module.write_archive

    def slowly(*arguments: object) -> str:
        # Another process loads, and takes files away that this moment needs, between fixing the moment and packing it.
        loading = threading.Thread(target=company.load, args=(MORE.replace("B1", "B2"),), kwargs={"name": "late.csv"})
        loading.start()
        loading.join()
        for path in company.folder.data.glob("orders/part-*.parquet"):
            path.unlink()
        return true(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_archive", slowly)
    report = backup(company.folder, tmp_path / "b.zip")
    assert Store(company.folder.data).current().name == "s000003"
    restored = restore(report.file, tmp_path / "back")
    assert restored.snapshot == "s000002"
    store = Store(tmp_path / "back" / "data")
    assert [store.verify(store.read(number)) for number in store.numbers()] == [[], []]
    assert audit.verify(tmp_path / "back") == []


def test_any_changed_byte_is_noticed_and_nothing_is_unpacked(company: Company, tmp_path: Path) -> None:
    file = backup(company.folder, tmp_path / "b.zip").file
    whole = file.read_bytes()
    places = [0, 10, len(whole) // 3, len(whole) // 2, len(whole) - 100, len(whole) - 1]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 0x20
        file.write_bytes(bytes(changed))
        with pytest.raises(IntegrityFailed):
            restore(file, tmp_path / "back")
        assert not (tmp_path / "back").exists()
    for cut in (0, 1, 63, 64, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:cut])
        assert main(["restore", str(file), str(tmp_path / "back")]) == 9
    assert not list(tmp_path.glob(".back*"))


def sealed(path: Path, names: dict[str, bytes], about: dict[str, object] | None = None) -> Path:
    """An archive with a right seal and whatever names somebody chose."""
    files = [
        {"path": name, "size": len(c), "sha256": hashlib.sha256(c).hexdigest(), "mode": 0o644, "changed_ns": 0}
        for name, c in names.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, some in names.items():
            archive.writestr(name, some)
        archive.writestr(MANIFEST, json.dumps({"format": 1, **(about or {}), "files": files}))
        archive.comment = b"0" * 64
    whole = path.read_bytes()[:-64]
    path.write_bytes(whole + hashlib.sha256(whole).hexdigest().encode())
    return path


@pytest.mark.parametrize("name", ["../evil", "/evil", "data/../../evil", "..", "a/../../../evil"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    file = sealed(tmp_path / "b.zip", {name: b"x", "kexiao.toml": b"format = 1\n"})
    with pytest.raises(IntegrityFailed):
        restore(file, tmp_path / "deep" / "back")
    assert not list(tmp_path.rglob("*evil*"))


def test_a_well_made_archive_without_a_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KexiaoError):
        restore(sealed(tmp_path / "b.zip", {"readme.txt": b"x"}), tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_backup_of_a_newer_version_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="升级"):
        restore(sealed(tmp_path / "b.zip", {"kexiao.toml": b"format = 999\n"}, {"format": 999}), tmp_path / "back")


def test_a_folder_with_things_in_it_is_left_alone(company: Company, tmp_path: Path) -> None:
    file = backup(company.folder, tmp_path / "b.zip").file
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("mine")
    with pytest.raises(WrongUse):
        restore(file, tmp_path / "mine")
    assert (tmp_path / "mine" / "x").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert restore(file, tmp_path / "empty").files > 10
    with pytest.raises(WrongUse):
        backup(company.folder, file)


def test_damaged_data_are_named_instead_of_backed_up(company: Company, tmp_path: Path) -> None:
    path = next(iter((company.folder.data / "orders").glob("part-*.parquet")))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityFailed) as caught:
        backup(company.folder, tmp_path / "b.zip")
    assert path.name in caught.value.message("zh")
    path.unlink()
    with pytest.raises(IntegrityFailed):
        backup(company.folder, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*.tmp"))


def test_a_full_disk_leaves_no_half_archive(company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from kexiao.engine import archive

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(archive, "_add", full)
    with pytest.raises(StorageError):
        backup(company.folder, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*b.zip*")) and not list(tmp_path.glob(".b.zip*"))


def test_what_was_erased_since_is_applied_before_the_folder_has_its_name(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def note(restored: object, living: Path | None) -> None:
        asked.append((living, (tmp_path / "back").exists()))

    monkeypatch.setattr(module, "after_restore", note)
    restore(backup(company.folder).file, tmp_path / "back", living=company.folder.root)
    assert asked == [(company.folder.root, False)]


def test_the_archive_is_readable_by_its_owner_alone(company: Company) -> None:
    assert backup(company.folder).file.stat().st_mode & 0o777 == 0o600
    assert open_folder(company.folder.root).key()

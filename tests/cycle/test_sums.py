"""Contacts and refused rows lie outside the snapshots and are under checksums of their own; raw files that no load took are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from collecting import LATER, Company

from kexiao.cli.main import main
from kexiao.cycle.collect import undo
from kexiao.cycle.privacy import erase
from kexiao.cycle.verify import verify_store
from kexiao.errors import KexiaoError

ORDERS = """
    订单号 | 下单时间         | 客户编号 | 客户姓名 | 手机号      | 实付金额
    A1     | 2025-01-06 09:00 | C1       | 王芳     | 13812345678 | 90.00
    A2     | 不是日期         | C2       | 李强     | 13912345678 | 50.00
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.load(ORDERS)
    return made


def damaged(company: Company) -> list[str]:
    return [problem.where for problem in verify_store(company.folder).problems]


def _rot(path: Path) -> None:
    """One bit flips on the disk: neither size nor time changes."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("place", ["data/contacts/contacts.parquet", "quarantine/1.parquet"])
def test_a_bit_that_flipped_in_personal_data_is_noticed(company: Company, place: str) -> None:
    assert damaged(company) == []
    _rot(company.folder.root / place)
    assert place in damaged(company)
    assert place in damaged(company), "a check must not take the damage for the truth"
    assert main(["check", "--store", "-w", str(company.folder.root)]) == 9


def test_what_the_program_writes_is_no_damage(company: Company) -> None:
    company.load(ORDERS.replace("13812345678", "13812345679"), at=LATER)
    assert damaged(company) == []
    company.load(ORDERS.replace("A1", "A3").replace("90.00", "80.00"), at=LATER, name="more.csv")
    undo(company.folder, 2)
    assert damaged(company) == []
    erase(company.folder, "C1")
    assert damaged(company) == []


def test_files_that_no_load_took_are_told_without_naming_what_is_in_them(company: Company) -> None:
    assert verify_store(company.folder).notes == ()
    with pytest.raises(KexiaoError):
        company.load(
            "订单号 | 下单时间 | 客户编号 | 手机号 | 实付金额\nA9 | 03/04/2025 | C9 | 13912345678 | 1", name="王芳.csv"
        )
    (note,) = [told for told in verify_store(company.folder).notes if "inbox" in told.en]
    assert "有 1 个原文件不属于任何完成的导入" in note.zh and "王芳" not in note.zh
    (loose,) = [path for path in company.folder.inbox.glob("*") if path.name[:12] in note.zh]
    loose.unlink()
    assert not any("inbox" in told.en for told in verify_store(company.folder).notes)

"""The child that reads a file may be started ahead of its file; then it waits, and ends with whoever started it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kexiao.sources.files import reading
from kexiao.sources.files.reading import get_ready, read_file

CSV = "订单号,金额\nA1,10\nA2,20\n"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_child_that_waits_reads_the_first_file_and_the_next_has_its_own(orders: Path, tmp_path: Path) -> None:
    get_ready()
    waiting = reading._ready[0].process
    first = read_file(orders, tmp_path / "one", original_name="orders.csv")
    assert waiting.poll() == 0
    second = read_file(orders, tmp_path / "two", original_name="orders.csv")
    assert [sheet.rows for sheet in (*first, *second)] == [2, 2]
    assert first[0].header == second[0].header == ("订单号", "金额")


def test_a_child_that_died_while_it_waited_is_told_as_a_file_that_cannot_be_read(orders: Path, tmp_path: Path) -> None:
    get_ready()
    reading._ready[0].process.kill()
    reading._ready[0].process.wait()
    with pytest.raises(reading.KexiaoError):
        read_file(orders, tmp_path / "one", original_name="orders.csv")


def test_a_child_that_nobody_needs_ends_with_its_parent(tmp_path: Path) -> None:
    program = "from kexiao.sources.files import reading; reading.get_ready(); print(reading._ready[0].process.pid)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    process = Path("/proc") / told.stdout.strip()
    for _ in range(100):
        if not process.exists() or "\nState:\tZ" in (process / "status").read_text():
            return
        time.sleep(0.1)
    pytest.fail("the child still runs")

"""Two processes that write to one workspace: the second waits, says so, and goes on when the first ends, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kexiao.cli.main import main
from kexiao.engine.store import Store

ORDERS = "订单号,下单时间,客户编号,金额\nA1,2025-01-06 09:00:00,C1,12.30\nA2,2025-01-07 10:00:00,C2,7.00\n"
HOLDER = """
import sys, time
from pathlib import Path
from kexiao.engine.store import Store
with Store(Path(sys.argv[1]) / "data").writing("test"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return tmp_path / "w"


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("end", ["ends", "is killed"])
def test_the_second_waits_for_the_first_and_says_for_whom(workspace: Path, end: str) -> None:
    first = process("-c", HOLDER, str(workspace))
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    second = process(
        "-m",
        "kexiao.cli.main",
        "collect",
        str(workspace.parent / "orders.csv"),
        "-w",
        str(workspace),
        "--format",
        "json",
    )
    assert second.stderr is not None
    told = second.stderr.readline()
    assert f"{first.pid}" in told and "等待" in told
    time.sleep(0.3)
    assert second.poll() is None and Store(workspace / "data").numbers() == []
    if end == "is killed":
        first.send_signal(signal.SIGKILL)
    first.communicate("go\n" if end == "ends" else None, timeout=60)
    out, rest = second.communicate(timeout=60)
    assert second.returncode == 0, rest
    assert '"rows_loaded": 2' in out
    assert Store(workspace / "data").numbers() == [1]


def test_two_loads_at_once_are_both_in_whichever_came_first(workspace: Path) -> None:
    (workspace.parent / "more.csv").write_text(ORDERS.replace("A1", "B1").replace("A2", "B2"), encoding="utf-8")
    both = [
        process("-m", "kexiao.cli.main", "collect", str(workspace.parent / name), "-w", str(workspace))
        for name in ("orders.csv", "more.csv")
    ]
    for one in both:
        _, told = one.communicate(timeout=120)
        assert one.returncode == 0, told
    store = Store(workspace / "data")
    assert store.numbers()[:2] == [1, 2] and store.current().tables["orders"].rows == 4

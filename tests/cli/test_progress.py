"""How far a load is, on a terminal and to whoever asks."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from kexiao.cli.progress import drawn
from kexiao.cycle.collect import collect
from kexiao.engine.folder import create_folder


def orders(path: Path, rows: int) -> Path:
    lines = (f"A{n},2025-01-{n % 28 + 1:02d} 10:00:00,C{n % 9973},{n % 900}.50" for n in range(rows))
    path.write_text("订单号,下单时间,客户编号,金额\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def on_a_terminal(*command: str) -> str:
    """What a person sees: standard error of the program, which stands on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kexiao.cli.main", *command], stdout=subprocess.DEVNULL, stderr=theirs, stdin=theirs
    ) as program:
        os.close(theirs)
        seen = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:
                break
            if not block:
                break
            seen += block
    os.close(ours)
    assert program.returncode == 0, seen
    return seen.decode()


def test_the_share_of_a_load_grows_to_its_end(tmp_path: Path) -> None:
    told: list[float] = []
    collect(create_folder(tmp_path / "w"), [orders(tmp_path / "orders.csv", 400)], on_share=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0 and len(told) >= 4


def test_a_person_sees_a_bar_that_is_gone_at_the_end(tmp_path: Path) -> None:
    create_folder(tmp_path / "w")
    seen = on_a_terminal(
        "collect", str(orders(tmp_path / "o.csv", 200)), "-w", str(tmp_path / "w"), "--no-input", "--lang", "zh"
    )
    assert "▕" in seen and "%" in seen and "读取 o.csv" in seen
    assert seen.endswith("\r\x1b[K")


def test_a_program_that_reads_json_sees_no_bar(tmp_path: Path) -> None:
    create_folder(tmp_path / "w")
    options = ("-w", str(tmp_path / "w"), "--no-input", "--format", "json")
    assert on_a_terminal("collect", str(orders(tmp_path / "o.csv", 200)), *options) == ""


def test_the_bar_keeps_to_one_line_of_the_terminal() -> None:
    line = drawn(0.5, "读取 一个名字很长的文件.csv…", 50)
    assert sum(1 + (ord(letter) > 0x2E7F) for letter in line) < 50
    assert line.count("█") == 12

"""The program as people and programs call it: options, formats, messages, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kexiao.cli.main import commands, main
from kexiao.cli.output import plain_cell, printable
from kexiao.text import LANGUAGES

ORDERS = "订单号,下单时间,客户编号,姓名,手机号,金额,渠道\nA1,2025-01-06 09:00:00,C1,王芳,13812345678,12.30,天猫\nA2,2025-01-07 10:00:00,C2,=1+1,13912345678,7.00,门店\n"


def kexiao(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kexiao.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **more,
    )  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    capsys.readouterr()
    return tmp_path / "w"


def last_json(words: str) -> dict[str, object]:
    return json.loads(words.strip().splitlines()[-1])  # type: ignore[no-any-return]


def test_a_load_ends_with_one_line_of_json_that_adds_up(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["collect", str(workspace.parent / "orders.csv"), "-w", str(workspace), "--format", "json", "--no-input"])
        == 0
    )
    report = last_json(capsys.readouterr().out)
    assert {name: report[name] for name in report if name.startswith("rows_")} == {
        "rows_read": 2,
        "rows_loaded": 2,
        "rows_quarantined": 0,
        "rows_duplicate": 0,
        "rows_skipped": 0,
    }
    assert (report["warnings"], report["errors"]) == ([], [])


def test_the_flat_dump_joins_orders_with_contacts_and_is_logged(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["collect", str(workspace.parent / "orders.csv"), "-w", str(workspace), "--format", "json"])
    capsys.readouterr()
    assert main(["dump", "orders", "-w", str(workspace), "--flat"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {
        "order_id": "A1",
        "name": "王芳",
        "phone": "13812345678",
        "birthday": None,
        "order_time": "2025-01-06 09:00:00",
        "amount_fen": 1230,
        "qty": None,
        "channel": "天猫",
    }
    assert "read_personal" in (workspace / "audit" / "log.jsonl").read_text(encoding="utf-8")


def test_a_partly_loaded_file_ends_with_4_and_names_row_and_column(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.parent / "bad.csv"
    path.write_text(ORDERS + "A3,2025-01-08,C3,李,13700000000,#N/A,天猫\n", encoding="utf-8")
    assert main(["collect", str(path), "-w", str(workspace), "--format", "json"]) == 4
    (error,) = last_json(capsys.readouterr().out)["errors"]  # type: ignore[misc]
    assert (error["row"], error["column"], error["code"]) == (4, "金额", "missing")


def test_a_file_of_which_nothing_can_be_loaded_ends_with_3_and_leaves_no_trace_in_the_data(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.parent / "bad.csv"
    path.write_text("订单号,下单时间,客户编号,金额\nA1,2025-01-06,C1,TRUE\n", encoding="utf-8")
    assert main(["collect", str(path), "-w", str(workspace), "--format", "json"]) == 3
    assert last_json(capsys.readouterr().out)["rows_quarantined"] == 1
    assert not list((workspace / "data").glob("*/part-*.parquet"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["collect", "{none}"], 2),
        (["collect"], 2),
        (["collect", "{file}", "--exported-at", "gestern"], 2),
        (["collect", "{file}", "--format", "yaml"], 2),
        (["collect", "{file}", "--nonsense"], 2),
        (["collect", "--undo", "7"], 2),
        (["dump", "ordres"], 2),
        (["dump", "spend", "--flat"], 2),
        (["nonsense"], 2),
        (["collect", "{noamount}"], 3),
        (["collect", "{file}", "--mapping", "{file}"], 3),
        (["collect", "{ambiguous}"], 5),
    ],
)
def test_each_error_has_its_code_and_one_message_in_both_languages(
    workspace: Path, capsys: pytest.CaptureFixture[str], language: str, arguments: list[str], code: int
) -> None:
    folder = workspace.parent
    (folder / "noamount.csv").write_text("订单号,下单时间,客户编号\nA1,2025-01-06,C1\n", encoding="utf-8")
    (folder / "ambiguous.csv").write_text("订单号,下单时间,客户编号,金额\nA1,03/04/2025,C1,1\n", encoding="utf-8")
    places = {
        "file": folder / "orders.csv",
        "none": folder / "none.csv",
        "noamount": folder / "noamount.csv",
        "ambiguous": folder / "ambiguous.csv",
    }
    filled = [word.format(**places) for word in arguments]
    extra = [] if arguments == ["nonsense"] else ["-w", str(workspace)]
    assert main([*filled, *extra, "--lang", language]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert len(said.err.strip().splitlines()) == 1
    assert (
        any("\u4e00" <= letter <= "\u9fff" for letter in said.err) == (language == "zh")
        or "{file}" in arguments[1:2]
        or "noamount" in arguments[-1]
        or "ambiguous" in arguments[-1]
    )


def test_outside_a_workspace_the_way_to_make_one_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-w", str(tmp_path), "--lang", "en"]) == 2
    assert "kexiao init" in capsys.readouterr().err


def test_a_damaged_file_fails_the_check_with_9(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["collect", str(workspace.parent / "orders.csv"), "-w", str(workspace)])
    assert main(["check", "-w", str(workspace)]) == 0
    part = next((workspace / "data" / "orders").glob("part-*.parquet"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(bytes(content))
    assert main(["check", "--store", "-w", str(workspace), "--format", "json"]) == 9
    assert part.name in capsys.readouterr().out


def test_the_mapping_is_shown_with_reasons(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["collect", str(workspace.parent / "orders.csv"), "--show-mapping", "-w", str(workspace), "--lang", "en"])
        == 0
    )
    said = capsys.readouterr().out
    assert 'order_id = "订单号"' in said
    assert "named “订单号”" in said


def test_an_unforeseen_failure_is_one_line_without_personal_data(
    monkeypatch: pytest.MonkeyPatch, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import kexiao.cycle.collect as cycle

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("王芳 13812345678")

    monkeypatch.setattr(cycle, "collect", fail)
    monkeypatch.delenv("KEXIAO_DEBUG", raising=False)
    assert main(["collect", str(workspace.parent / "orders.csv"), "-w", str(workspace), "--lang", "en"]) == 1
    said = capsys.readouterr().err
    assert "bug" in said
    assert "RuntimeError" in said
    assert "王芳" not in said


def test_every_command_says_what_it_does_in_both_languages() -> None:
    for name, (function, about) in commands().items():
        assert about.zh, name
        assert about.en, name
        assert callable(function)
    assert {"init", "collect", "dump", "check"} <= set(commands())


def test_help_is_quick(tmp_path: Path) -> None:
    took = []
    for _ in range(5):
        start = time.perf_counter()
        assert kexiao("--help").returncode == 0
        took.append(time.perf_counter() - start)
    # The promise is 0.3 s on a quiet machine; a busy one gets the same again.
    assert min(took) < 0.6


def test_help_loads_neither_the_engine_nor_rich() -> None:
    code = "import sys\nfrom kexiao.cli.main import application\napplication('zh')\nprint([m for m in ('duckdb', 'numpy', 'rich', 'sqlglot', 'django') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_reader_that_has_seen_enough_is_no_error(workspace: Path) -> None:
    rows = "".join(f"B{i},2025-01-06,C{i},甲,,1,天猫\n" for i in range(20_000))
    big = workspace.parent / "big.csv"
    big.write_text(ORDERS + rows, encoding="utf-8")
    assert kexiao("collect", big, "-w", workspace).returncode == 0
    command = f"{sys.executable} -m kexiao.cli.main dump orders -w '{workspace}' | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupted_run_ends_with_130_and_changes_nothing(workspace: Path) -> None:
    rows = "".join(f"B{i},2025-01-06,C{i},甲,,1,天猫\n" for i in range(200_000))
    big = workspace.parent / "big.csv"
    big.write_text(ORDERS + rows, encoding="utf-8")
    started = subprocess.Popen(
        [sys.executable, "-m", "kexiao.cli.main", "collect", str(big), "-w", str(workspace), "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    # Its folder stands where the file begins to be read.
    while started.poll() is None and not list((workspace / "data").glob("_tmp/load-*/f0")):
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "Traceback" not in said
    assert not list((workspace / "data" / "_snapshots").glob("s*.json"))


def test_cells_that_a_spreadsheet_would_run_are_text_and_control_characters_are_shown() -> None:
    assert [plain_cell(v) for v in ("=1+1", "@SUM(1)", "-2+3", "茶", None, -5)] == [
        "'=1+1",
        "'@SUM(1)",
        "'-2+3",
        "茶",
        "",
        "-5",
    ]
    assert printable("a\x1b[2J\u202eb") == "a␛[2J�b"

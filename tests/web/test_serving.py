"""``kexiao serve`` and ``kexiao demo`` as programs: passwords shown once, clean ends, work kept."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from web_company import company, empty

from kexiao.cli.main import main

KEXIAO = [sys.executable, "-c", "from kexiao.cli.main import run; run()"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    empty()
    assert main(["init", str(tmp_path / "w")]) == 0
    return tmp_path / "w"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_server_tells_its_address_and_ends_cleanly(fresh: Path, ending: signal.Signals) -> None:
    port = free_port()
    command = [*KEXIAO, "serve", "-w", str(fresh), "--port", str(port), "--lang", "en"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert f"http://127.0.0.1:{port}/" in server.stdout.readline()
        assert re.fullmatch(r"user admin, password \S{12}\n", server.stdout.readline())
        server.send_signal(ending)
        assert server.wait(timeout=20) == 0
        assert server.stderr is not None and "Traceback" not in server.stderr.read()
    finally:
        server.kill()
        server.wait()


def test_a_taken_port_is_told(fresh: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*KEXIAO, "serve", "-w", str(fresh), "--port", str(port), "--lang", "en"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 6 and "Choose another port" in done.stderr


def test_a_person_is_made_with_a_role_and_a_password_shown_once(fresh: Path) -> None:
    done = subprocess.run(
        [*KEXIAO, "serve", "-w", str(fresh), "--create-user", "lily", "--role", "manager", "--lang", "en"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert re.search(r"user lily \(manager\), password \S{12}; it is shown this once\.", done.stdout)
    assert (fresh / "app.sqlite3").stat().st_mode & 0o077 == 0


def test_where_there_is_no_workspace_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty()
    assert main(["serve", "-w", str(tmp_path / "nowhere"), "--lang", "en"]) == 2
    assert "There is no Kexiao workspace here." in capsys.readouterr().err


def test_a_second_demo_in_the_same_folder_keeps_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    place = company()
    before = sorted(path.name for path in (place / "data" / "_snapshots").iterdir())
    capsys.readouterr()
    started = time.monotonic()
    assert main(["demo", str(place), "--no-serve", "--lang", "en"]) == 0
    assert time.monotonic() - started < 5
    assert sorted(path.name for path in (place / "data" / "_snapshots").iterdir()) == before
    assert "Drawing" not in capsys.readouterr().out
    assert main(["demo", str(place), "--customers", "999", "--no-serve", "--lang", "en"]) == 2
    assert "holds a demo with 800 customers already" in capsys.readouterr().err


def test_the_demo_goes_through_the_whole_cycle() -> None:
    place = company()
    for made in ("scorecards", "initiatives", "closes", "verdicts"):
        assert list((place / made).iterdir()), made

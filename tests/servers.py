"""Servers that tests start for themselves, on 127.0.0.1 alone, and end with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def demoted(account: str) -> dict[str, Any]:
    """For Popen: database servers refuse to run as root."""
    if os.getuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def waited_for(connect: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What a call gives once it succeeds."""
    until = time.monotonic() + seconds
    while True:
        try:
            return connect()
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def absent(what: str) -> None:
    """Skip what a machine lacks; continuous integration must have it."""
    if os.environ.get("KEXIAO_CI"):
        pytest.fail(f"{what} is not installed, and continuous integration installs it")
    pytest.skip(f"{what} is not installed here")


@contextmanager
def postgres_running() -> Iterator[int]:
    """The port of a new, empty PostgreSQL with the user ``owner``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        absent("a PostgreSQL server")
    root = Path(tempfile.mkdtemp(prefix="kexiao-pg-"))
    who = demoted("postgres")
    if who:
        shutil.chown(root, who["user"], who["group"])
    made = subprocess.run(
        [found[-1] / "initdb", "-D", root / "data", "-A", "trust", "-U", "owner", "-E", "UTF8", "--no-sync", "--locale=C"],
        capture_output=True, check=False, cwd="/", **who,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    port = free_port()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={root}", "-c", "fsync=off"]
    server = subprocess.Popen(
        [found[-1] / "postgres", "-D", root / "data", "-p", str(port), *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who,
    )  # fmt: skip
    try:
        yield port
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(root, ignore_errors=True)

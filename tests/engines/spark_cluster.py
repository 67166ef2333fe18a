"""A real Spark 4 cluster on this machine: a standalone master, two workers and a Connect server, processes of the test session."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from servers import absent, free_port

ROOT = Path(__file__).resolve().parents[2]
MEMORY = {"master": "256m", "worker": "256m", "server": "900m", "executor": "512m", "of_worker": "640m"}
QUIET = (
    "spark.ui.enabled=false",
    "spark.driver.host=127.0.0.1",
    "spark.driver.bindAddress=127.0.0.1",
    "spark.sql.shuffle.partitions=2",
    "spark.default.parallelism=2",
    f"spark.executor.memory={MEMORY['executor']}",
    "spark.connect.grpc.binding.address=127.0.0.1",
)


def spark_home() -> Path:
    """Where the whole of Spark lies (``make spark`` brings it from PyPI); the test is skipped where it does not."""
    named = os.environ.get("KEXIAO_SPARK_HOME")
    found = [Path(named)] if named else sorted(ROOT.glob(".venv-spark/lib/python*/site-packages/pyspark"))
    if not found or not (found[0] / "bin" / "spark-class").is_file():
        absent("Spark 4 (make spark)")
    if shutil.which("java") is None:
        absent("Java 17")
    return found[0]


@contextmanager
def cluster_running() -> Iterator[str]:
    """The address of a Connect server in front of two workers, one core each."""
    home, root, master, server = spark_home(), Path(tempfile.mkdtemp(prefix="kexiao-spark-")), free_port(), free_port()
    url, started = f"spark://127.0.0.1:{master}", []
    try:
        started.append(
            _start(
                home,
                root,
                "master",
                [*_CLASS, "master.Master", "--host", "127.0.0.1", "--port", str(master), "--webui-port", "0"],
            )
        )
        _wait_for(master, started, root)
        for number in (1, 2):
            asked = [
                "worker.Worker",
                "--host",
                "127.0.0.1",
                "--webui-port",
                "0",
                "-c",
                "1",
                "-m",
                MEMORY["of_worker"],
                "-d",
                str(root / f"work{number}"),
                url,
            ]
            started.append(_start(home, root, "worker", [*_CLASS, *asked], number))
        started.append(_start(home, root, "server", _connect_server(url, server)))
        _wait_for(server, started, root)
        yield f"sc://127.0.0.1:{server}"
    finally:
        for process in reversed(started):
            _end(process)
        shutil.rmtree(root, ignore_errors=True)


_CLASS = ("spark-class", "org.apache.spark.deploy.")


def _connect_server(url: str, port: int) -> list[str]:
    settings = [part for one in (*QUIET, f"spark.connect.grpc.binding.port={port}") for part in ("--conf", one)]
    return [
        "spark-submit",
        "--master",
        url,
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        *settings,
        "spark-internal",
    ]


def _start(home: Path, root: Path, name: str, command: Sequence[str], number: int = 0) -> subprocess.Popen[bytes]:
    program, *rest = command
    if program == "spark-class":
        rest = [rest[0] + rest[1], *rest[2:]]
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "JAVA_HOME", "LANG") if key in os.environ}
    own = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(root),
        "SPARK_DAEMON_MEMORY": MEMORY[name],
        "SPARK_CONNECT_MODE": "0",
    }
    with (root / f"{name}{number or ''}.log").open("wb") as log:
        return subprocess.Popen(
            [str(home / "bin" / program), *rest],
            cwd=root,
            env={**kept, **own},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_for(port: int, started: Sequence[subprocess.Popen[bytes]], root: Path, seconds: float = 300.0) -> None:
    """Until something listens; a process that ended meanwhile is told with the end of its log."""
    import socket

    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            ended = [process for process in started if process.poll() is not None]
            if ended or time.monotonic() > until:
                logs = {path.name: path.read_text(errors="replace")[-1500:] for path in root.glob("*.log")}
                raise AssertionError(f"Spark did not start: {logs}") from None
            time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with those that it started; workers end their executors."""
    for sign, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        if sign is signal.SIGKILL:
            return

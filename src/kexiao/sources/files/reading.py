"""Read one file in a child process and give its sheets, or one clear error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, NamedTuple

import kexiao
from kexiao import errors
from kexiao.engine.posix import storage_errors
from kexiao.errors import InputRejected, KexiaoError, LimitExceeded, Place
from kexiao.sources.files.staged import SHARE, Limits, StagedSheet, sheet_from_json, text_from_json
from kexiao.text import Text

TASK = "task.json"
ANSWER = "answer.json"
DEFAULT_LIMITS = Limits()
_START = "import sys; sys.path.append(sys.argv[1]); from kexiao.sources.files.child import main; sys.exit(main())"


class _Child(NamedTuple):
    """A child that waits for its folder, and the file of its last words."""

    process: subprocess.Popen[bytes]
    complaint: IO[bytes]


_KILLED = {signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGABRT}


def read_file(
    path: Path,
    work: Path,
    *,
    original_name: str,
    limits: Limits = DEFAULT_LIMITS,
    on_share: Callable[[float], None] | None = None,
) -> list[StagedSheet]:
    """The sheets of a file as text cells, written as Parquet into ``work``.

    ``path`` should bear a name made from the content; ``original_name`` is what the user called the file and is used in
    messages and as a hint only. ``work`` is a folder of this one reading: it must not hold the results of another. ``on_share`` is told
    how much of a large text file is read, from 0 to 1.

    Errors: ``InputRejected`` for what is not a table or is broken, ``Ambiguous`` where the user must choose,
    ``LimitExceeded`` for what costs too much, ``StorageError`` for a full disk.

    >>> sheets = read_file(Path("inbox/1f2e.csv"), Path("work"), original_name="订单.csv")  # doctest: +SKIP
    >>> sheets[0].header  # doctest: +SKIP
    ('订单号', '金额')
    """
    name = printable(original_name)
    with storage_errors(work):
        work.mkdir(parents=True, exist_ok=True)
        (work / ANSWER).unlink(missing_ok=True)
        same = same_reading(path, original_name, limits)
        task = {"path": str(path.resolve()), "name": original_name, "limits": asdict(limits), "same": same}
        (work / TASK).write_text(json.dumps(task), encoding="utf-8")
    code, complaint = _run_child(work, limits, name, on_share)
    answer = _answer(work)
    if answer is None:
        raise _died(code, complaint, name)
    if "error" in answer:
        raise _error(answer["error"], name)
    return [sheet_from_json(described, work) for described in answer["sheets"]]


def finished_reading(work: Path) -> list[StagedSheet] | None:
    """The sheets that an earlier reading left in ``work``; None where it did not come to its end."""
    answer = _answer(work)
    return (
        [sheet_from_json(described, work) for described in answer["sheets"]] if answer and "sheets" in answer else None
    )


def same_reading(path: Path, original_name: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, str]:
    """What must be equal for two readings to give the same cells: the file (its path names its content), how it is read, the program; and that the
    machine ran on in between, since cells that it still had in memory would be lost otherwise."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {
        "file": path.name,
        "name": original_name,
        "limits": json.dumps(asdict(limits), sort_keys=True),
        "program": kexiao.__version__,
        "boot": boot.read_text(encoding="ascii").strip() if boot.exists() else uuid.uuid4().hex,
    }


def printable(name: str) -> str:
    """A file name fit for a message: no control or direction characters, not too long.

    >>> printable("a\\u202egpj.csv")
    'agpj.csv'
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if unicodedata.category(c)[0] != "C")
    return kept if len(kept) <= 80 else kept[:60] + "…" + kept[-15:]


_ready: list[_Child] = []


def get_ready() -> None:
    """Start the child that the first reading needs, while this process still loads what it needs itself; one that is never used ends with this process."""
    # Where it cannot start, the reading itself will find out and tell.
    with suppress(OSError):
        _ready.append(_start())


def _start() -> _Child:
    """A child that waits to be told its folder; its last words go into a file that only this process has."""
    root = Path(kexiao.__file__).resolve().parents[1]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    complaint = tempfile.TemporaryFile()  # noqa: SIM115 (whoever runs the child closes it)
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", _START, str(root)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=complaint,
        start_new_session=False,
    )
    return _Child(child, complaint)


def _run_child(
    work: Path, limits: Limits, name: str, on_share: Callable[[float], None] | None = None
) -> tuple[int, str]:
    """Run the child to its end; its exit status and the last words on its standard error."""
    with storage_errors(work):
        process, complaint = _ready.pop() if _ready else _start()
    with complaint:
        assert process.stdin is not None
        # A child that is gone already is found out when its answer is missing.
        with suppress(BrokenPipeError):
            process.stdin.write(os.fsencode(work.resolve()) + b"\0")
            process.stdin.close()
        try:
            code = _ended(process, limits.wall_seconds, work / SHARE, on_share)
        except subprocess.TimeoutExpired:
            raise _too_slow(name) from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        complaint.seek(0, os.SEEK_END)
        complaint.seek(max(0, complaint.tell() - 2000))
        return code, complaint.read().decode("utf-8", "replace")


def _ended(child: subprocess.Popen[bytes], seconds: float, told: Path, on_share: Callable[[float], None] | None) -> int:
    """Wait for the child, passing on how far it says it is. Errors: ``TimeoutExpired``."""
    if on_share is None:
        return child.wait(timeout=seconds)
    last = time.monotonic() + seconds
    while True:
        try:
            return child.wait(timeout=min(0.3, max(0.0, last - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= last:
                raise
            with suppress(OSError, ValueError):
                on_share(float(told.read_text(encoding="ascii")))


def _answer(work: Path) -> dict[str, Any] | None:
    try:
        answer = json.loads((work / ANSWER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _error(described: dict[str, Any], name: str) -> KexiaoError:
    """The error that the child described."""
    kind: type[KexiaoError] = getattr(errors, described["kind"])
    why = described["why"]
    place = dict(described["place"])
    member = place.pop("file", None)
    return kind(
        text_from_json(described["what"]),
        next_step=text_from_json(described["next_step"]),
        why=None if why is None else text_from_json(why),
        place=Place(file=f"{name} / {member}" if member else name, **place),
    )


def _too_slow(name: str) -> LimitExceeded:
    return LimitExceeded(
        Text(zh="读取用时过长，已停止。", en="Reading took too long and was stopped."),
        next_step=Text(zh="请把文件拆小后重试。", en="Split the file and try again."),
        place=Place(file=name),
    )


def is_about_memory(complaint: str) -> bool:
    """Whether the last words of a program or library tell that memory ran out."""
    signs = ("memoryerror", "memory allocation", "allocate memory", "out of memory", "capacity overflow", "map segment")
    return any(sign in complaint.lower() for sign in signs)


def _died(code: int, complaint: str, name: str) -> KexiaoError:
    """The error for a child that ended without an answer."""
    if is_about_memory(complaint) or (code < 0 and -code in _KILLED):
        return LimitExceeded(
            Text(
                zh="读取这个文件所需的内存或时间超过上限。",
                en="Reading this file needs more memory or time than is allowed.",
            ),
            next_step=Text(
                zh="请检查文件是否损坏，或拆小后重试。", en="Check that the file is not damaged, or split it."
            ),
            place=Place(file=name),
        )
    return InputRejected(
        Text(zh="文件已损坏，无法读取。", en="The file is damaged and cannot be read."),
        next_step=Text(zh="请重新导出后再试。", en="Export it again and retry."),
        place=Place(file=name),
    )

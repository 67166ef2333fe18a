"""The child process that opens one file: is told its folder, reads ``task.json`` there, leaves Parquet files and ``answer.json``."""

from __future__ import annotations

import errno
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from kexiao.engine.posix import limit_this_process, memory_ran_out, storage_error
from kexiao.errors import InputRejected, KexiaoError, LimitExceeded
from kexiao.sources.files.detect import stage
from kexiao.sources.files.reading import ANSWER, TASK, is_about_memory
from kexiao.sources.files.staged import Limits, sheet_to_json, text_to_json
from kexiao.text import Text

INPUT = "input"


def main() -> int:
    """Wait for the name of a folder (bytes up to a NUL), read the task in it and leave the answer; 0 also where the answer is an error."""
    # Most files need it, and the parent is not ready yet.
    import_module("kexiao.sources.files.text")
    told = sys.stdin.buffer.read()
    if not told.endswith(b"\0"):
        # Whoever started this has ended without needing it.
        return 0
    folder = os.fsdecode(told[:-1])
    os.chdir(folder)
    os.environ["TMPDIR"] = folder
    task = json.loads(Path(TASK).read_text(encoding="utf-8"))
    limits = Limits(**task["limits"])
    limit_this_process(memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds, file_bytes=limits.file_bytes)
    source = Path(INPUT)
    # The user's path may hold what DuckDB takes for a pattern; a link with a plain name beside us never does.
    source.unlink(missing_ok=True)
    source.symlink_to(task["path"])
    _leave(_read(source, task["name"], limits))
    return 0


_OF_THE_DISK = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENOENT
}  # fmt: skip
"""What the disk says; a damaged archive makes the system complain too, of places that no file has."""

_WORDS_OF_THE_DISK = {
    "No space left": errno.ENOSPC,
    "Disk quota": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Input/output error": errno.EIO,
}
"""The same out of the mouth of DuckDB, which gives no number."""


def _read(source: Path, name: str, limits: Limits) -> dict[str, Any]:
    try:
        return {"sheets": [sheet_to_json(sheet) for sheet in stage(source, limits, name=name)]}
    except KexiaoError as problem:
        return {"error": describe(problem)}
    except MemoryError:
        return {"error": describe(_out_of_memory())}
    except Exception as problem:  # any failure of a parser means one thing to the user: this file cannot be read
        if isinstance(problem, OSError) and problem.errno in _OF_THE_DISK:
            return {"error": describe(storage_error(problem, Path(name)))}
        for words, number in _WORDS_OF_THE_DISK.items():
            if words in str(problem):
                return {"error": describe(storage_error(OSError(number, words), Path(name)))}
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        # What fails for want of memory seldom says so: a thread that cannot start, a library that cannot be loaded.
        if is_about_memory(str(problem)) or memory_ran_out():
            return {"error": describe(_out_of_memory())}
        return {"error": describe(_damaged())}


def describe(problem: KexiaoError) -> dict[str, Any]:
    """An error as the parent reads it, who adds the file's name; ``file`` here is a member of an archive."""
    place = problem.place
    known = (
        {} if place is None else {"file": place.file, "sheet": place.sheet, "row": place.row, "column": place.column}
    )
    return {
        "kind": type(problem).__name__,
        "what": text_to_json(problem.what),
        "why": text_to_json(problem.why),
        "next_step": text_to_json(problem.next_step),
        "place": known,
    }


def _leave(answer: dict[str, Any]) -> None:
    temporary = Path(ANSWER + ".tmp")
    temporary.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8", errors="replace")
    os.replace(temporary, ANSWER)


def _out_of_memory() -> LimitExceeded:
    return LimitExceeded(
        Text(zh="读取这个文件所需的内存超过上限。", en="Reading this file needs more memory than is allowed."),
        next_step=Text(zh="请把文件拆小后重试。", en="Split the file and try again."),
    )


def _damaged() -> InputRejected:
    return InputRejected(
        Text(zh="文件已损坏，无法读取。", en="The file is damaged and cannot be read."),
        next_step=Text(zh="请重新导出后再试。", en="Export it again and retry."),
    )

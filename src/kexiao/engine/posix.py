"""What only POSIX systems have: locks, durable writes, resource limits. Everything else in Kexiao is portable."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kexiao.errors import StorageError
from kexiao.text import Text


@contextmanager
def exclusive(path: Path, *, wait_seconds: float = 600.0, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file ``path`` alone; a second holder waits, is told so once through ``on_wait``, and gives up in the end.

    The system frees the lock when a process dies, however it dies.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    with handle:
        _acquire(handle.fileno(), wait_seconds, on_wait)
        # Only for those who wait to read; a disk too full for it is no reason to stop.
        with suppress(OSError):
            os.pwrite(handle.fileno(), f"{os.getpid():<20}".encode(), 0)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def holder(path: Path) -> int | None:
    """The process that holds the lock file, as it wrote itself down; None where that cannot be told."""
    with suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None


def is_alive(number: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _acquire(descriptor: int, wait_seconds: float, on_wait: Callable[[], None] | None) -> None:
    give_up_at = time.monotonic() + wait_seconds
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if on_wait and not told:
                on_wait()
                told = True
            if time.monotonic() > give_up_at:
                raise StorageError(
                    Text(zh="工作区正被另一个进程写入。", en="Another process is writing to this workspace."),
                    next_step=Text(zh="等它结束后重试。", en="Wait until it has finished and try again."),
                ) from None
            time.sleep(0.05)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's disk errors into one clear storage error that names the file."""
    try:
        yield
    except OSError as problem:
        raise storage_error(problem, path) from problem


def storage_error(problem: OSError, path: Path) -> StorageError:
    """The storage error for one system error."""
    known = {
        errno.ENOSPC: Text(zh="磁盘空间已满。", en="No space is left on the disk."),
        errno.EDQUOT: Text(zh="磁盘配额已用完。", en="The disk quota is used up."),
        errno.EFBIG: Text(zh="文件超过系统允许的大小。", en="The file would exceed the size limit of the system."),
        errno.EACCES: Text(zh="没有权限。", en="Permission is missing."),
        errno.EPERM: Text(zh="没有权限。", en="Permission is missing."),
        errno.EROFS: Text(zh="磁盘为只读。", en="The disk is read-only."),
        errno.EMFILE: Text(zh="打开的文件太多。", en="Too many open files."),
        errno.ENOENT: Text(zh="文件不存在。", en="The file is not there."),
    }
    why = known.get(problem.errno or 0, Text(zh="磁盘读写出错（I/O）。", en="The disk gave an I/O error."))
    return StorageError(
        Text(zh="无法读写“{name}”。", en="Cannot read or write “{name}”.").fill(name=path.name),
        why=why,
        next_step=Text(
            zh="已有数据没有改变；解决后重试同一命令。",
            en="Stored data are unchanged; mend this and run the same command again.",
        ),
    )


def sync(path: Path) -> None:
    """Force a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Write a whole file so that after a crash it is either there entirely or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.rename(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def limit_this_process(*, memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Cap the running process; for the short-lived children that open files from outside."""
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_CORE, 0)


def memory_ran_out() -> bool:
    """Whether this process came within a tenth of its cap of memory: then a failure of whatever kind is most likely due to that."""
    cap, _ = resource.getrlimit(resource.RLIMIT_AS)
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return False
    peak = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmPeak")), 0)
    return cap != resource.RLIM_INFINITY and peak > 0.9 * cap


def _limit(kind: int, most: int) -> None:
    """Set a limit, or keep the tighter one that the system sets already."""
    _, hard = resource.getrlimit(kind)
    capped = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (capped, hard if kind == resource.RLIMIT_CPU else capped))

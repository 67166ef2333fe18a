"""Start Python commands as forks of one process that has imported everything already: the same command, without a second of imports.

    python warm_start.py --serve SOCKET                # the process that forks; ends when it is terminated
    python -I -S warm_start.py SOCKET kexiao ARGUMENT… # runs ``kexiao ARGUMENT…`` in a fork, gives its exit code
    python -I -S warm_start.py SOCKET check ARGUMENT…  # runs ``faults.check(ARGUMENT…)`` in a fork

Honest for killing: each command is a process of its own, made after the request, which ends as a fresh Python ends. Where the one who asked is killed,
the fork and its children are killed before the next request is heard. The injector (LD_PRELOAD) sits in the forking process and reads its
environment at the first call it watches; this process makes no such call (no bytecode, no files, sockets through sendmsg), so each fork
begins with the injector untouched, and with the ``FI_…`` settings of its own request. Were that not so, nothing would ever be killed.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress

PASSED_ON = ("FI_", "KILL9_", "KEXIAO_")
KILLED, GONE = 137, 255


def ask(place: str, arguments: list[str]) -> int:
    """Have the command run; its output goes where ours goes."""
    settings = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(place)
        message = json.dumps({"arguments": arguments, "settings": settings, "folder": os.getcwd()})
        socket.send_fds(line, [message.encode()], [1, 2])
        answer = line.recv(1)
    return answer[0] if answer else GONE


def serve(place: str) -> int:
    """Hear one request after the other; returns only in the forks, with the exit code of their command."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(place)
        door.listen(8)
        while True:
            line, _ = door.accept()
            with line:
                message, streams, _, _ = socket.recv_fds(line, 65536, 2)
                if not message:  # killed before it asked
                    continue
                learned, tells = os.pipe()
                child = os.fork()
                if child == 0:
                    os.close(learned)
                    door.detach(), line.detach()
                    return _as_asked(json.loads(message), streams, tells)
                for stream in (*streams, tells):
                    os.close(stream)
                code = _watch(child, line)
                _learn(learned)
                if code is not None:
                    with suppress(BrokenPipeError):
                        line.sendmsg([bytes([code])])


def _as_asked(asked: dict[str, object], streams: list[int], tells: int) -> int:
    """In the fork: run the command; then tell which modules it imported beyond those that were there."""
    os.setsid()
    for target, stream in zip((1, 2), streams, strict=True):
        os.dup2(stream, target)
        os.close(stream)
    # A stream remembers whether it is a file or a pipe.
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.update(asked["settings"])  # type: ignore[call-overload]
    os.chdir(str(asked["folder"]))
    known = set(sys.modules)
    program, *arguments = asked["arguments"]  # type: ignore[misc]
    if program == "kexiao":
        from kexiao.cli.main import main

        code = main(arguments)
    else:
        from pathlib import Path

        import faults

        family, *places = arguments
        code = faults.check(family, *map(Path, places))
    names = "\n".join(sorted(set(sys.modules) - known))
    os.write(tells, names.encode()[:60000])
    os.close(tells)
    return code


def _watch(child: int, line: socket.socket) -> int | None:
    """The exit code of a fork; None where the one who asked is gone, and with it the fork."""
    import select
    import signal

    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, line], [], [])
    os.close(ended)
    if ended not in ready:
        # All of it, as a killed shell's process group takes the reader of a file along; a fork a moment old has no group yet.
        os.kill(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _learn(learned: int) -> None:
    """Import what a fork had to import, so that the next ones need not. A fork that was killed told nothing."""
    import importlib

    with os.fdopen(learned, "rb") as told:
        names = told.read().decode().split()
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # a module that only exists under another name, or in a fork
            continue


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        sys.exit(serve(sys.argv[2]))
    sys.exit(ask(sys.argv[1], sys.argv[2:]))

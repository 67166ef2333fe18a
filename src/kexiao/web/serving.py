"""Start the app over one workspace: its database, its first person, and the server on this machine."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from kexiao.engine.folder import open_folder
from kexiao.errors import SourceUnavailable, WrongUse
from kexiao.text import Text

THREADS = 6
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """A person made just now, with the password that is shown this once."""

    name: str
    password: str


def prepare(workspace: Path, *, host: str = "127.0.0.1") -> None:
    """Set Django up over a workspace and bring its database to the newest form. Errors: ``WrongUse`` where there is no workspace."""
    open_folder(workspace)
    _refuse_without_assets()
    os.environ["KEXIAO_WORKSPACE"] = str(workspace.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "kexiao.web.settings"
    if host not in LOOPBACK:
        # Whoever opens the server to others names it as they like: the names of this machine are not ours to know.
        os.environ.setdefault("KEXIAO_HOSTS", "*")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    (workspace / "app.sqlite3").chmod(0o600)
    _end_interrupted_jobs()


def _refuse_without_assets() -> None:
    """Pages need ECharts and htmx, which are brought in when the program is built."""
    from kexiao.report.charts.svg import VENDOR

    missing = [name for name in ("echarts.min.js", "htmx.min.js") if not (VENDOR / name).is_file()]
    if missing:
        raise WrongUse(
            Text(zh="缺少网页文件：{m}。", en="Files of the pages are missing: {m}.").fill(m=", ".join(missing)),
            next_step=Text(zh="请在源码目录运行 make assets。", en="Run make assets in the source folder."),
        )


def _end_interrupted_jobs() -> None:
    """Work that a stopped server left behind will not go on."""
    from kexiao.web.records.models import Job

    Job.objects.filter(state="running").update(
        state="failed",
        step_zh="服务器重启，工作中断；请再试一次。",
        step_en="The server restarted and the work stopped; try again.",
    )


def role_names() -> list[str]:
    """The roles that a person can have."""
    from kexiao.web.roles import ROLES

    return list(ROLES)


def create_person(name: str, role: str = "admin", password: str | None = None) -> FirstPerson:
    """Make someone who may sign in, or give them a new password and role; without a password one is drawn."""
    from kexiao.web.records.models import Person

    chosen = password or secrets.token_urlsafe(9)
    person, _ = Person.objects.get_or_create(username=name)
    person.role = role
    person.set_password(chosen)
    person.save()
    return FirstPerson(name, chosen)


def first_person() -> FirstPerson | None:
    """An administrator with a drawn password, where nobody can sign in yet."""
    from kexiao.web.records.models import Person

    return None if Person.objects.exists() else create_person("admin")


def serve(host: str, port: int, *, on_ready: Callable[[], None] | None = None) -> None:
    """Answer until Ctrl-C or SIGTERM. One process with several threads, since results are remembered in memory.

    ``on_ready`` is called once the first page can be asked for. Errors: ``SourceUnavailable`` where the port is taken.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    _refuse_taken_port(host, port)
    os.environ["KEXIAO_WARM"] = "1"
    server = Server(
        "kexiao.web.app:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=5,
    )
    if on_ready is not None:
        # The thread speaks the language of this one.
        told = copy_context()
        Thread(target=told.run, args=(_call_when_ready, host, port, on_ready), daemon=True).start()
    server.serve()


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SourceUnavailable(
                Text(zh="{host}:{port} 已被占用或不可用。", en="{host}:{port} is taken or not to be had.").fill(
                    host=host, port=port
                ),
                next_step=Text(
                    zh="换一个端口，例如 --port {n}。", en="Choose another port, for example --port {n}."
                ).fill(n=port + 1),
            ) from None


def _call_when_ready(host: str, port: int, on_ready: Callable[[], None]) -> None:
    """Wait for the server to accept connections, for a minute at most."""
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    for _ in range(600):
        try:
            socket.create_connection((shown, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            on_ready()
            return

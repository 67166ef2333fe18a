"""``kexiao serve``: the web app over a workspace, on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from kexiao.cli.options import option, session
from kexiao.errors import WrongUse, unknown_name
from kexiao.text import Text

HELP = Text(
    zh="打开网页：总览、指标、评估、改进、数据", en="Open the web app: overview, metrics, assessment, plans, data"
)


def serve(
    port: Annotated[int, option("--port", zh="端口", en="port")] = 8000,
    host: Annotated[
        str,
        option("--host", zh="监听地址；默认只有本机能访问", en="address to listen on; by default this machine only"),
    ] = "127.0.0.1",
    create_user: Annotated[
        str,
        option(
            "--create-user", zh="新建用户（或重置其密码）后结束", en="make a user (or renew their password) and end"
        ),
    ] = "",
    role: Annotated[
        str, option("--role", zh="该用户的角色 admin、manager、viewer", en="the user's role: admin, manager, viewer")
    ] = "",
) -> None:
    """Serve until Ctrl-C or SIGTERM; where nobody can sign in yet, make an administrator and print the password once."""
    if not 1 <= port <= 65535:
        raise WrongUse(
            Text(zh="端口 {n} 不存在。", en="There is no port {n}.").fill(n=port),
            next_step=Text(zh="请用 1 到 65535，例如 8000。", en="Take one from 1 to 65535, such as 8000."),
        )
    serving = _serving()
    workspace = session().workspace
    if create_user:
        _create(workspace, create_user, role)
        return
    serving.prepare(workspace, host=host)
    first = serving.first_person()
    if host not in serving.LOOPBACK:
        _say(
            Text(
                zh="注意：同一网络中的其他机器也能打开这个地址。",
                en="Mind: other machines of the network can open this address.",
            )
        )
    serving.serve(host, port, on_ready=lambda: tell_address(host, port, first))


def serve_workspace(workspace: Path, port: int, person: tuple[str, str], *, open_browser: bool) -> None:
    """Serve a workspace with one person who may sign in (name, password), and open the browser once the page answers."""
    serving = _serving()
    serving.prepare(workspace)
    made = serving.create_person(person[0], "admin", person[1])

    def ready() -> None:
        tell_address("127.0.0.1", port, made)
        if open_browser:
            import webbrowser

            webbrowser.open(f"http://127.0.0.1:{port}/")

    serving.serve("127.0.0.1", port, on_ready=ready)


def tell_address(host: str, port: int, person: Any) -> None:
    """Print where the app is and, where a password was just drawn, who may sign in."""
    shown = f"[{host}]" if ":" in host else host
    _say(
        Text(
            zh="客效已打开：http://{h}:{p}/  （Ctrl-C 结束）", en="Kexiao is open: http://{h}:{p}/  (Ctrl-C ends it)"
        ).fill(h=shown, p=port)
    )
    if person is not None:
        _say(Text(zh="用户 {n}，密码 {w}", en="user {n}, password {w}").fill(n=person.name, w=person.password))


def _create(workspace: Path, name: str, role: str) -> None:
    serving = _serving()
    serving.prepare(workspace)
    roles = serving.role_names()
    if role and role not in roles:
        raise unknown_name(Text(zh="角色", en="role"), role, roles)
    made = serving.create_person(name, role or "viewer")
    words = Text(
        zh="用户 {n}（{r}），密码 {w}；密码只显示这一次。", en="user {n} ({r}), password {w}; it is shown this once."
    )
    _say(words.fill(n=made.name, r=role or "viewer", w=made.password))


def _serving() -> Any:
    from importlib.util import find_spec

    if find_spec("django") is None or find_spec("granian") is None:
        raise WrongUse(
            Text(zh="网页需要的组件没有安装。", en="What the web app needs is not installed."),
            next_step=Text(zh="请运行：pip install 'kexiao[web]'", en="Run: pip install 'kexiao[web]'"),
        )
    from kexiao.web import serving

    return serving


def _say(words: Text) -> None:
    print(words(), flush=True, file=sys.stdout)

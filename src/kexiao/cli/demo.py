"""``kexiao demo``: the made-up company, computed from its files to its verdicts, and opened in the browser."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from kexiao.cli.options import argument, option, session
from kexiao.errors import WrongUse
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.engine.folder import Folder

HELP = Text(zh="演示：算好一家虚构的公司并打开", en="The made-up company, computed and opened")
USUAL_CUSTOMERS = 50_000
_STATE = "demo.json"
_FILES = "company"
Step = tuple[str, Text, Callable[[], None]]


def demo(
    directory: Annotated[Path, argument(zh="演示工作区的文件夹", en="folder of the demo's workspace")] = Path("demo"),
    customers: Annotated[
        int, option("--customers", zh="客户数，50 到 5,000,000", en="number of customers, 50 to 5,000,000")
    ] = 0,
    serve: Annotated[bool, option("--serve/--no-serve", zh="算完后打开网页", en="open the web app afterwards")] = True,
    port: Annotated[int, option("--port", zh="端口", en="port")] = 8000,
) -> None:
    """Draw, collect, model, assess, close and review; what an earlier run in the same folder did is kept."""
    started = time.monotonic()
    made = _Demo(directory, customers)
    made.run()
    took = time.monotonic() - started
    if session().format == "json":
        from kexiao.cli.output import write_json

        write_json({"workspace": str(directory), "customers": made.customers, "seconds": round(took, 1)})
    else:
        _say(Text(zh="全部算好，用时 {t:.0f} 秒：{d}", en="All computed in {t:.0f} s: {d}").fill(t=took, d=directory))
    if serve:
        import secrets

        from kexiao.cli.serve import serve_workspace

        person = ("demo", secrets.token_urlsafe(9))
        serve_workspace(directory, port, person, open_browser=_has_screen())
    else:
        _say(Text(zh="打开：kexiao serve -w {d}", en="Open it with: kexiao serve -w {d}").fill(d=directory))


class _Demo:
    """The demo's steps in one folder; each is done once and remembered in ``demo.json``."""

    def __init__(self, directory: Path, customers: int) -> None:
        self.directory, self.files = directory, directory / _FILES
        state = _read(directory / _STATE)
        there = int(state.get("customers", 0))
        if there and customers and there != customers:
            raise WrongUse(
                Text(zh="{d} 里已有 {n} 位客户的演示。", en="{d} holds a demo with {n} customers already.").fill(
                    d=directory, n=there
                ),
                next_step=Text(
                    zh="换一个文件夹，或去掉 --customers。", en="Take another folder, or leave out --customers."
                ),
            )
        self.customers = there or customers or USUAL_CUSTOMERS
        self.done: list[str] = list(state.get("done", []))
        self.truth: dict[str, Any] = {}

    def run(self) -> None:
        steps = self._steps()
        for number, (name, words, act) in enumerate(steps, 1):
            if name in self.done:
                continue
            with _timed(number, len(steps), words):
                act()
            self._remember(name)

    def _steps(self) -> list[Step]:
        return [
            (
                "draw",
                Text(zh="画出 {n} 位客户的三年", en="Drawing three years of {n} customers").fill(
                    n=f"{self.customers:,}"
                ),
                self._draw,
            ),
            ("collect", Text(zh="导入它的全部文件", en="Loading all of its files"), self._collect),
            (
                "decide",
                Text(zh="写下评分卡、目标和改进项目", en="Writing scorecards, targets and initiatives"),
                self._decide,
            ),
            ("segments", Text(zh="客户分群与价值分层", en="Segments and value tiers"), lambda: self._model("segments")),
            ("clv", Text(zh="客户终身价值", en="Customer lifetime value"), lambda: self._model("clv")),
            ("close", Text(zh="关闭已过去的季度", en="Closing the quarters gone by"), self._close),
            ("review", Text(zh="复盘改进项目", en="Reviewing the initiatives"), self._review),
        ]

    def _remember(self, name: str) -> None:
        from kexiao.engine.posix import write_durably

        self.done.append(name)
        write_durably(self.directory / _STATE, json.dumps({"customers": self.customers, "done": self.done}).encode())

    def _folder(self) -> Folder:
        from kexiao.demo.setting import COMPANY
        from kexiao.engine.folder import create_folder

        return create_folder(self.directory, company=COMPANY)

    def _draw(self) -> None:
        from kexiao.demo.company import draw

        self._folder()
        draw(self.files, self.customers)

    def _collect(self) -> None:
        from kexiao.cycle.collect import collect

        names = _read(self.files / "truth.json")["files"]
        collect(self._folder(), [self.files / name for name in names])

    def _decide(self) -> None:
        from kexiao.demo.decisions import write_decisions

        write_decisions(self._folder().root, _read(self.files / "truth.json"))

    def _model(self, name: str) -> None:
        from kexiao.cycle.model import run_model

        run_model(self._folder(), name)

    def _close(self) -> None:
        """Close every scorecard's periods but the last, which is left for the user."""
        from kexiao.assessment.closing import closed_assessment
        from kexiao.cycle.assess import assess

        folder = self._folder()
        for card in _read(self.files / "truth.json")["decisions"]["scorecards"]:
            for period in sorted(card.get("periods", QUARTERS_TO_CLOSE))[:-1]:
                if closed_assessment(folder.root, card["id"], period) is None:
                    assess(folder, card["id"], period, close=True)

    def _review(self) -> None:
        from kexiao.cycle.review import review

        review(self._folder())


QUARTERS_TO_CLOSE = ("2025Q3", "2025Q4")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


@contextmanager
def _timed(number: int, count: int, words: Text) -> Iterator[None]:
    """Say what is being done, and how long it took; a wheel turns on a terminal."""
    from rich.console import Console

    console = Console(highlight=False, file=sys.stderr if session().format == "json" else sys.stdout)
    started = time.monotonic()
    with console.status(f"{number}/{count} {words()} …"):
        yield
    console.print(f"{number}/{count} {words()}  {time.monotonic() - started:.1f} s")


def _has_screen() -> bool:
    """Whether a browser can be shown here."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(words: Text) -> None:
    print(words(), flush=True, file=sys.stderr if session().format == "json" else sys.stdout)

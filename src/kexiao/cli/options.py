"""What every command shares: its options in two languages, and the session they set up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from kexiao.text import Language, Text

if TYPE_CHECKING:
    from kexiao.engine.folder import Folder

Format = Literal["table", "json", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Session:
    """How this run of the program was called: workspace folder, language, output format, whether it may ask."""

    workspace: Path = Path(".")
    language: Language = "zh"
    format: Format = "table"
    no_input: bool = False

    def folder(self) -> Folder:
        """The workspace, opened, its own metrics in force for the rest of the command. Errors: ``WrongUse`` where there is none."""
        from kexiao.engine.folder import open_folder
        from kexiao.metrics.catalogue import use_metrics_of

        folder = open_folder(self.workspace)
        use_metrics_of(folder.root)
        return folder

    @property
    def may_ask(self) -> bool:
        """Whether a question can be put to a person: a terminal on both sides and no --no-input."""
        return not self.no_input and sys.stdin.isatty() and sys.stderr.isatty()


_current = Session()


def session() -> Session:
    """The session of the running command."""
    return _current


def begin(started: Session) -> None:
    """Make a session the current one."""
    global _current  # noqa: PLW0603 -- one process runs one command
    _current = started


class _InBoth(str):
    """A help text that keeps both languages until the program knows which one to speak."""

    words: Text

    @staticmethod
    def of(words: Text) -> _InBoth:
        made = _InBoth(words.en)
        made.words = words
        return made


def argument(*, zh: str, en: str, **more: Any) -> Any:
    """A positional argument with its help in both languages; for use inside ``Annotated``."""
    return typer.Argument(help=_InBoth.of(Text(zh=zh, en=en)), **more)


def option(*names: str, zh: str, en: str, **more: Any) -> Any:
    """An option with its help in both languages; for use inside ``Annotated``."""
    return typer.Option(*names, help=_InBoth.of(Text(zh=zh, en=en)), **more)


def speak(parameter: Any, language: Language) -> Any:
    """A copy of a typer parameter whose help is in one language."""
    from copy import copy

    spoken = copy(parameter)
    if isinstance(spoken.help, _InBoth):
        spoken.help = spoken.help.words(language)
    return spoken


Command = Callable[..., int | None]

"""The program ``kexiao``: finds the commands, sets up the session, and turns every error into one message and its exit code."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Sequence
from contextvars import copy_context
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

import typer

import kexiao.cli as package
from kexiao.cli.options import Command, Session, argument, begin, option, speak
from kexiao.errors import INTERRUPTED, KexiaoError, WrongUse
from kexiao.text import LANGUAGES, Language, Text, set_language

_ABOUT = Text(
    zh="客效：客户与市场绩效管理。收集 → 计算 → 评估 → 改进 → 复盘，数据都在本机。",
    en="Kexiao: customer and marketing performance management. Collect, measure, assess, improve, review; all on this machine.",
)
_FORMATS = ("table", "json", "csv", "parquet")
_COMMON: dict[str, tuple[Any, Any]] = {
    "workspace": (
        Annotated[Path, option("-w", "--workspace", zh="工作区文件夹", en="the workspace folder")],
        Path("."),
    ),
    "lang": (Annotated[str, option("--lang", zh="语言 zh 或 en", en="language, zh or en")], ""),
    "format": (
        Annotated[
            str, option("--format", zh="输出格式 table、json、csv、parquet", en="output: table, json, csv, parquet")
        ],
        "table",
    ),
    "no_input": (Annotated[bool, option("--no-input", zh="从不提问", en="never ask")], False),
}


class _ReaderGone(Exception):
    """Nobody reads our output any more; typer would take a BrokenPipeError for a failure."""


def run() -> NoReturn:
    """Entry point of the installed program."""
    _, *arguments = sys.argv
    if arguments[:1] == ["collect"] and any(map(os.path.isfile, arguments)):
        from kexiao.sources.files.reading import get_ready

        # What opens the files starts while this process still finds out what it is to do.
        get_ready()
    sys.exit(main(arguments))


def main(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; never a traceback, unless KEXIAO_DEBUG=1."""
    language = _language(arguments)
    set_language(language)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        # A context of its own: a workspace that this command opens is open for nobody else in the process.
        code = copy_context().run(_run, arguments, language)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _interrupted()
    except (BrokenPipeError, _ReaderGone):
        # The reader has seen enough. Python would complain again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KexiaoError as problem:
        _tell(problem)
        return problem.exit_code
    except Exception as problem:
        # DuckDB tells of Ctrl-C during a query in its own way.
        stopped = isinstance(problem, RuntimeError) and "interrupt" in str(problem).lower()
        return _interrupted() if stopped else _bug(problem)


def _run(arguments: Sequence[str], language: Language) -> int:
    try:
        result = application(language)(
            _without_language(arguments) or ["--help"], prog_name="kexiao", standalone_mode=False
        )
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as problem:
        raise WrongUse(
            Text(zh="命令写法有误：{why}。", en="The command is not right: {why}.").fill(
                why=problem.format_message().rstrip(".")
            ),
            next_step=Text(zh="用法见 {help}。", en="See {help}.").fill(help=_help_of(arguments)),
        ) from None
    if result == INTERRUPTED:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def application(language: Language) -> typer.Typer:
    """The program with every command of this folder, its help in one language."""
    program = typer.Typer(
        help=_ABOUT(language),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    program.callback(invoke_without_command=True)(_root)
    for name, (command, about) in commands().items():
        program.command(name, help=about(language))(_with_common_options(command, language))
    return program


def commands() -> dict[str, tuple[Command, Text]]:
    """Every command by name: its function and what it does."""
    found: dict[str, tuple[Command, Text]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        function = getattr(module, info.name, None) or getattr(module, f"{info.name}_", None)
        about = getattr(module, "HELP", None)
        if callable(function) and isinstance(about, Text):
            found[info.name.replace("_", "-")] = (function, about)
    return found


def _root(version: Annotated[bool, typer.Option("--version", help="版本 · version")] = False) -> None:
    if version:
        from kexiao import __version__

        typer.echo(f"kexiao {__version__}")
        raise typer.Exit(0)


def _with_common_options(command: Command, language: Language) -> Command:
    """The command with -w, --lang, --format and --no-input added, which it reads from the session."""
    hints = get_type_hints(command, include_extras=True)
    own = {
        name: parameter.replace(annotation=_spoken(hints[name], language), kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(command).parameters.items()
    }
    common = {
        name: inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_spoken(hint, language)
        )
        for name, (hint, default) in _COMMON.items()
        if name not in own
    }

    @wraps(command)
    def started(**values: Any) -> int | None:
        shared = {name: values.pop(name) for name in common}
        shared |= {name: values[name] for name in _COMMON if name in own}
        begin(_session(shared, language))
        try:
            return command(**values)
        except BrokenPipeError as closed:
            raise _ReaderGone from closed

    parameters = {**own, **common}
    started.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    started.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    return started


def _spoken(hint: Any, language: Language) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    kind, *details = get_args(hint)
    return Annotated[kind, *(speak(d, language) if hasattr(d, "help") else d for d in details)]


def _session(shared: dict[str, Any], language: Language) -> Session:
    if shared["format"] not in _FORMATS:
        raise WrongUse(
            Text(zh="不认识输出格式“{name}”。", en="There is no output format “{name}”.").fill(name=shared["format"]),
            next_step=Text(zh="可用：{all}。", en="There are: {all}.").fill(all=", ".join(_FORMATS)),
        )
    return Session(Path(shared["workspace"]), language, shared["format"], bool(shared["no_input"]))


def _language(arguments: Sequence[str]) -> Language:
    """--lang, wherever it stands; else the system's language; else Chinese."""
    listed = list(arguments)
    asked = ""
    for position, word in enumerate(listed):
        if word == "--lang" and position + 1 < len(listed):
            asked = listed[position + 1]
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    system = os.environ.get("KEXIAO_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if (asked or system).lower().startswith("en") else "zh"


def _without_language(arguments: Sequence[str]) -> list[str]:
    """The command line without --lang, which may stand before the command as well as behind it. Errors: ``WrongUse`` for an unknown language."""
    listed = list(arguments)
    kept: list[str] = []
    while listed:
        word = listed.pop(0)
        if word == "--":
            return [*kept, word, *listed]
        if word == "--lang" and listed:
            word = f"--lang={listed.pop(0)}"
        if not word.startswith("--lang="):
            kept.append(word)
        elif (asked := word.removeprefix("--lang=")) not in LANGUAGES:
            raise WrongUse(
                Text(zh="不认识语言“{name}”。", en="There is no language “{name}”.").fill(name=asked),
                next_step=Text(zh="可用：zh、en。", en="There are: zh, en."),
            )
    return kept


def _help_of(arguments: Sequence[str]) -> str:
    known = commands()
    named = next((word for word in arguments if word in known), None)
    return f"kexiao {named} --help" if named else "kexiao --help"


def _say(words: Text) -> None:
    print(words(), file=sys.stderr)


def _tell(problem: KexiaoError) -> None:
    from kexiao.cli.output import printable

    print(printable(problem.message()), file=sys.stderr)


def _interrupted() -> int:
    _say(Text(zh="已中断；已有数据没有改变。", en="Interrupted; stored data are unchanged."))
    return INTERRUPTED


def _bug(problem: Exception) -> int:
    if os.environ.get("KEXIAO_DEBUG") == "1":
        raise problem
    frames = inspect.getinnerframes(problem.__traceback__) if problem.__traceback__ else []
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    # The exception's own words may hold a customer's data, so only its kind and place are told.
    _say(
        Text(
            zh="程序出错（{kind}，{place}），这是缺陷；设 KEXIAO_DEBUG=1 重试可得到详情，请反馈。",
            en="The program failed ({kind}, {place}), which is a bug; run again with KEXIAO_DEBUG=1 for details and report it.",
        ).fill(kind=type(problem).__name__, place=place)
    )
    return 1


__all__ = ["application", "argument", "commands", "main", "option", "run"]


if __name__ == "__main__":
    run()

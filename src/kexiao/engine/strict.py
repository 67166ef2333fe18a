"""Reading what people write in TOML, strictly: an unknown key, a missing language or a wrong kind is refused with file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from kexiao.engine.posix import storage_errors
from kexiao.errors import InputRejected, Place
from kexiao.text import Text

_MISSING = object()


class Entries:
    """One TOML table whose keys are taken one by one; ``finish`` refuses what is left over."""

    def __init__(self, table: Mapping[str, Any], file: str, at: str = "") -> None:
        self._left = dict(table)
        self._asked: set[str] = set()
        self.file = file
        self.at = at

    def refuse(self, key: str | None, why: Text, *, step: Text | None = None) -> NoReturn:
        """Refuse the file because of one key."""
        where = ".".join(part for part in (self.at, key) if part)
        named = Text(zh="{key}：{why}", en="{key}: {why}").fill(key=where, why=why) if where else why
        raise InputRejected(
            named,
            next_step=step or Text(zh="改正后重试。", en="Correct it and try again."),
            place=Place(file=self.file),
        )

    def _take(self, key: str, default: Any, kinds: tuple[type, ...], kind: Text) -> Any:
        self._asked.add(key)
        value = self._left.pop(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                self.refuse(key, Text(zh="缺少这一项。", en="this entry is missing."))
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.refuse(key, Text(zh="应为{kind}。", en="it must be {kind}.").fill(kind=kind))
        return value

    def words(self, key: str, default: Any = _MISSING) -> Any:
        """A string."""
        value = self._take(key, default, (str,), Text(zh="文字", en="a text"))
        if value == "":
            self.refuse(key, Text(zh="不能为空。", en="it must not be empty."))
        return value

    def number(self, key: str, default: Any = _MISSING) -> Any:
        """A finite number."""
        value = self._take(key, default, (int, float), Text(zh="数字", en="a number"))
        if isinstance(value, float) and not abs(value) < float("inf"):
            self.refuse(key, Text(zh="应为数字。", en="it must be a number."))
        return float(value) if isinstance(value, (int, float)) else value

    def day(self, key: str, default: Any = _MISSING) -> Any:
        """A date, as TOML writes it or in quotation marks."""
        value = self._take(key, default, (date, str), Text(zh="日期，如 2025-07-01", en="a date like 2025-07-01"))
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                self.refuse(key, Text(zh="应为日期，如 2025-07-01。", en="it must be a date like 2025-07-01."))
        return value.date() if isinstance(value, datetime) else value

    def both(self, key: str, default: Any = _MISSING) -> Any:
        """A text in both languages: ``{ zh = "…", en = "…" }``."""
        value = self._take(key, default, (dict,), Text(zh='{ zh = "…", en = "…" }', en='{ zh = "…", en = "…" }'))
        if not isinstance(value, dict):
            return value
        inner = Entries(value, self.file, f"{self.at}.{key}" if self.at else key)
        text = Text(zh=inner.words("zh"), en=inner.words("en"))
        inner.finish()
        return text

    def choice(self, key: str, allowed: Sequence[str], default: Any = _MISSING) -> Any:
        """One of the allowed words."""
        value = self.words(key, default)
        if value is not default and value not in allowed:
            self.refuse(
                key,
                Text(zh="只能是 {a}。", en="it must be one of {a}.").fill(a=", ".join(allowed)),
                step=_near(value, allowed),
            )
        return value

    def listed(self, key: str, default: Any = _MISSING) -> Any:
        """A list of texts, none twice."""
        value = self._take(key, default, (list,), Text(zh="列表", en="a list"))
        if value is default:
            return default
        if not value or not all(isinstance(item, str) and item for item in value) or len(set(value)) < len(value):
            self.refuse(key, Text(zh="应为不重复的文字列表。", en="it must be a list of texts, none of them twice."))
        return tuple(value)

    def inside(self, key: str) -> Entries | None:
        """A table inside this one; None where it is left out."""
        value = self._take(key, None, (dict,), Text(zh="一组键值", en="a table"))
        return None if value is None else Entries(value, self.file, f"{self.at}.{key}" if self.at else key)

    def each(self, key: str) -> list[Entries]:
        """The tables of a list ``[[key]]``; empty where it is left out."""
        value = self._take(key, [], (list,), Text(zh="列表", en="a list"))
        if not all(isinstance(item, dict) for item in value):
            self.refuse(key, Text(zh="应写成 [[{k}]]。", en="it must be written as [[{k}]].").fill(k=key))
        at = f"{self.at}.{key}" if self.at else key
        return [Entries(item, self.file, f"{at}[{number}]") for number, item in enumerate(value, 1)]

    def rest(self) -> dict[str, Any]:
        """All that is left, for tables whose keys are free; they count as taken."""
        left, self._left = self._left, {}
        return left

    def names(self) -> list[str]:
        """The keys that are not yet taken."""
        return list(self._left)

    def has(self, key: str) -> bool:
        """Whether a key is there and not yet taken."""
        return key in self._left

    def is_text(self, key: str) -> bool:
        """Whether a key that is not yet taken holds a text."""
        return isinstance(self._left.get(key), str)

    def finish(self) -> None:
        """Refuse the first key that nobody asked for."""
        for key in self._left:
            self.refuse(
                key, Text(zh="没有这一项。", en="there is no such entry."), step=_near(key, sorted(self._asked))
            )


def _near(word: str, known: Sequence[str]) -> Text:
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    if near:
        return Text(zh="你是不是想用：{n}？", en="Did you mean: {n}?").fill(n=", ".join(near))
    return Text(zh="可用的有：{n}。", en="There are: {n}.").fill(n=", ".join(known) or "—")


def read_entries(path: Path) -> tuple[Entries, str]:
    """A TOML file as entries, and its text. Errors: ``InputRejected`` for what is no TOML, ``StorageError`` for what cannot be read."""
    with storage_errors(path):
        content = path.read_bytes()
    return entries_of(content, path.name)


def entries_of(content: bytes, file: str) -> tuple[Entries, str]:
    """TOML text as entries, and the text itself."""
    try:
        text = content.decode("utf-8-sig")
        return Entries(tomllib.loads(text), file), text
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputRejected(
            Text(zh="无法按 TOML 读取：{why}。", en="This is no TOML: {why}.").fill(why=problem),
            next_step=Text(
                zh="改正后重试（文件须为 UTF-8）。", en="Correct it and try again (the file must be UTF-8)."
            ),
            place=Place(file=file),
        ) from None

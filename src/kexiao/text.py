"""Words in two languages, kept together where they are used.

>>> hello = Text(zh="{n} 位客户", en="{n} customers")
>>> hello.fill(n=3)("en")
'3 customers'
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_current: ContextVar[Language] = ContextVar("kexiao_language", default="zh")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Chinese and English; an empty side is an error."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        if not self.zh or not self.en:
            raise ValueError(f"A text needs both languages: zh={self.zh!r}, en={self.en!r}")

    def __call__(self, language: Language | None = None) -> str:
        """The text in one language; without an argument, in the current one."""
        return self.zh if (language or _current.get()) == "zh" else self.en

    def __str__(self) -> str:
        return self()

    def fill(self, **values: object) -> Text:
        """The text with its ``{names}`` filled; a value that is a Text is filled in each language."""

        def side(template: str, language: Language) -> str:
            shown = {name: value(language) if isinstance(value, Text) else value for name, value in values.items()}
            return template.format(**shown)

        return Text(zh=side(self.zh, "zh"), en=side(self.en, "en"))

    @staticmethod
    def same(words: str) -> Text:
        """A text that reads the same in both languages (a name, a code, a file)."""
        return Text(zh=words, en=words)


def current_language() -> Language:
    """The language in force for this thread or request; Chinese unless set."""
    return _current.get()


def set_language(language: Language) -> None:
    """Set the language for this thread or request."""
    _current.set(language)


@contextmanager
def in_language(language: Language) -> Iterator[None]:
    """Speak one language inside the block.

    >>> with in_language("en"):
    ...     str(Text(zh="订单", en="orders"))
    'orders'
    """
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)

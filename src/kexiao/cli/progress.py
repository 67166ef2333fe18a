"""How commands tell how far they are, on standard error and only where a person looks at it: a line a step, or one bar with the share that is done."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kexiao.cli.options import session
from kexiao.text import Text

_CELLS = 24
_ERASE = "\r\x1b[K"


def step(words: Text) -> None:
    """Tell of one step."""
    if _watched():
        print(words(), file=sys.stderr)


def waiting(words: Text) -> None:
    """That another process is writing is told to programs too: they would else take it for a hang."""
    print(words(), file=sys.stderr, flush=True)


class Bar:
    """A bar that stays in its line: ``step`` names what is being done, ``share`` moves it (0 to 1, never back)."""

    def __init__(self) -> None:
        self._words = ""
        self._share = 0.0
        self._drawn = False

    def step(self, words: Text) -> None:
        """Say what is being done."""
        self._words = words()
        self._draw()

    def share(self, done: float) -> None:
        """Say how much is done."""
        if done > self._share + 0.004:
            self._share = min(done, 1.0)
            self._draw()

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._drawn:
            print(_ERASE, end="", file=sys.stderr, flush=True)
            self._drawn = False

    def _draw(self) -> None:
        if _watched():
            print(_ERASE + drawn(self._share, self._words, _columns()), end="", file=sys.stderr, flush=True)
            self._drawn = True


@contextmanager
def bar() -> Iterator[Bar]:
    """A bar that is gone when the work ends, well or not."""
    shown = Bar()
    try:
        yield shown
    finally:
        shown.clear()


def drawn(share: float, words: str, columns: int) -> str:
    """The bar as text, cut to the columns of the terminal (a Chinese character takes two).

    >>> drawn(0.25, "读取 orders.csv…", 60)
    '▕██████                  ▏  25 % 读取 orders.csv…'
    """
    full = int(share * _CELLS)
    head = f"▕{'█' * full}{' ' * (_CELLS - full)}▏ {int(share * 100):3d} % "
    room = columns - len(head) - 1
    while words and sum(1 + (ord(letter) > 0x2E7F) for letter in words) > room:
        words = words[:-1]
    return head + words


def _watched() -> bool:
    return sys.stderr.isatty() and session().format == "table"


def _columns() -> int:
    return shutil.get_terminal_size().columns

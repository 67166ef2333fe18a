"""Secrets: read from the environment, never written, never shown."""

from __future__ import annotations

import os

from kexiao.errors import Place, WrongUse
from kexiao.text import Text


class Secret:
    """A value that must not be seen: it shows as dots, and only ``reveal`` gives it.

    >>> str(Secret("hunter2")), repr(Secret("hunter2"))
    ('•••', '•••')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "•••"

    __str__ = __repr__


def from_environment(name: str, file: str) -> Secret:
    """The secret in an environment variable. Errors: ``WrongUse`` where it is not set; ``file`` is where the variable is named."""
    value = os.environ.get(name, "")
    if not value:
        raise WrongUse(
            Text(zh="环境变量 {name} 没有设置。", en="The environment variable {name} is not set.").fill(name=name),
            next_step=Text(
                zh="密钥只从环境变量读取：请设置后重试。",
                en="Secrets are read from the environment only: set it and try again.",
            ),
            place=Place(file=file),
        )
    return Secret(value)

"""What one request, and all waiting together, may cost."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kexiao.errors import InputRejected, Place
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, of silence, and for one answer as a whole; bytes of one answer, unpacked; tries of one request; seconds of
    waiting between two good answers; the first and the longest wait before a new try."""

    connect_seconds: float = 10.0
    silent_seconds: float = 30.0
    answer_seconds: float = 120.0
    answer_bytes: int = 64 * 1024**2
    tries: int = 6
    waiting_seconds: float = 180.0
    first_wait: float = 0.5
    longest_wait: float = 30.0


def limits_of(settings: Mapping[str, object]) -> Limits:
    """The limits with what the settings ``[egress]`` say. Errors: ``InputRejected`` for unknown names and for what is no number above 0."""
    known = {field.name for field in fields(Limits)}
    for name, value in settings.items():
        good = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if name not in known or not good:
            raise InputRejected(
                Text(zh="[egress] 中的 {name} 有误。", en="{name} under [egress] is wrong.").fill(name=name),
                next_step=Text(
                    zh="可用：private，以及大于 0 的 {known}。", en="There are: private, and above 0: {known}."
                ).fill(known=", ".join(sorted(known))),
                place=Place(file="kexiao.toml"),
            )
    whole = {name: int(str(settings[name])) for name in ("answer_bytes", "tries") if name in settings}
    return Limits(**{**{n: float(str(v)) for n, v in settings.items()}, **whole})  # type: ignore[arg-type]


class Backoff:
    """How long to wait before each new try: twice as long each time, with jitter, until the budget of waiting is spent.

    A good answer gives the budget back, so a long read is not punished for an early hiccup.
    """

    def __init__(self, limits: Limits, sleep: Callable[[float], None] = time.sleep, seed: int | None = None) -> None:
        self._limits, self._sleep, self._random = limits, sleep, random.Random(seed)
        self._spent = 0.0

    def succeeded(self) -> None:
        """An answer came: the budget is whole again."""
        self._spent = 0.0

    def wait(self, attempt: int, asked: float | None) -> bool:
        """Wait before try number ``attempt`` + 1 (from 1), as long as the server ``asked`` where it did; False if the budget would not do."""
        grown = min(self._limits.longest_wait, self._limits.first_wait * 2.0 ** (attempt - 1))
        seconds = grown * self._random.uniform(0.5, 1.0)
        if asked is not None:
            seconds = max(asked, 0.0) + self._random.uniform(0.0, 0.1)
        if attempt >= self._limits.tries or self._spent + seconds > self._limits.waiting_seconds:
            return False
        self._spent += seconds
        self._sleep(seconds)
        return True


class Pace:
    """At most so many calls in so many seconds; the next one waits its turn."""

    def __init__(
        self,
        calls: int,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls, self._seconds, self._sleep, self._clock = calls, seconds, sleep, clock
        self._times: deque[float] = deque(maxlen=calls)

    def take(self) -> None:
        """Wait until a call is allowed, and count it."""
        if len(self._times) == self._calls:
            left = self._times[0] + self._seconds - self._clock()
            if left > 0:
                self._sleep(left)
        self._times.append(self._clock())


def asked_wait(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or a date; None where it says nothing.

    >>> asked_wait("7"), asked_wait(None), asked_wait("soon")
    (7.0, None, None)
    """
    if not header:
        return None
    try:
        return float(header)
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

"""How often something may happen: so many times in so many seconds, by address."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock

MOST_ADDRESSES = 1000


class Pace:
    """At most ``times`` in ``seconds`` for each address; the longest silent addresses are forgotten first."""

    def __init__(self, times: int, seconds: float) -> None:
        self.times, self.seconds = times, seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, address: str) -> bool:
        """Whether it may happen now; if so it counts."""
        now = time.monotonic()
        with self._lock:
            seen = self._seen.setdefault(address, deque())
            self._seen.move_to_end(address)
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            while seen and seen[0] <= now - self.seconds:
                seen.popleft()
            if len(seen) >= self.times:
                return False
            seen.append(now)
            return True

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._seen.clear()

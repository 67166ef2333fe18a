"""How much of several pieces of work is done, each weighing what it weighs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock


class Shares:
    """Pieces of work with weights; ``on_share`` is told the whole, from 0 to 1, whenever a piece moved. Pieces may be told of from several threads.

    >>> seen = []
    >>> work = Shares([3, 1], seen.append)
    >>> work.tell(0, 0.5); work.tell(1, 1.0)
    >>> seen
    [0.375, 0.625]
    """

    def __init__(self, weights: Sequence[float], on_share: Callable[[float], None]) -> None:
        self._weights = weights
        self._done = [0.0] * len(weights)
        self._on_share = on_share
        self._lock = Lock()

    def tell(self, piece: int, done: float) -> None:
        """Say how much of one piece is done."""
        with self._lock:
            self._done[piece] = done
            total = sum(self._weights) or 1.0
            self._on_share(sum(w * d for w, d in zip(self._weights, self._done, strict=True)) / total)

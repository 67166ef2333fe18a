"""Which column a slip or a new name may stand for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from kexiao.sources.mapping.fields import normal

_LIKE = 0.5


def nearest(wanted: Iterable[str], columns: Sequence[str]) -> str | None:
    """The column whose name is most like one of the wanted names; None where none is alike.

    >>> nearest(["实付金额"], ["订单号", "实付额", "备注"]), nearest(["amount"], ["note"])
    ('实付额', None)
    """
    names = [normal(name) for name in wanted]
    rated = [
        (max((difflib.SequenceMatcher(None, normal(column), name).ratio() for name in names), default=0.0), column)
        for column in columns
    ]
    best = max(rated, default=(0.0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] >= _LIKE else None

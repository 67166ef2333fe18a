"""How passes of their own break their rows down and filter them: the same pieces of SQL, and the same cells, in every pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kexiao.facts.units import OF_CUSTOMER, UNKNOWN, Cell, equals


@dataclass(frozen=True, slots=True)
class Grouping:
    """Pieces of SQL for dimensions and filters, each empty where there is none.

    ``selected``: ``, c.channel AS d0, …`` after the columns of the inner query; ``names``: ``, d0, …`` after those of the outer one;
    ``filters``: `` AND c.region = '…'`` after its conditions.
    """

    selected: str
    names: str
    filters: str

    @property
    def grouped(self) -> str:
        """``GROUP BY d0, …`` for an outer query that has nothing else to group by."""
        return f"GROUP BY {self.names[2:]}" if self.names else ""


def grouping(
    dimensions: Sequence[str], where: Sequence[tuple[str, str]] = (), columns: Mapping[str, str] | None = OF_CUSTOMER
) -> Grouping:
    """The pieces for these dimensions and filters; ``columns`` says which column each reads: those of the customer ``c`` unless told
    otherwise; None: the column of its own name.

    >>> pieces = grouping(["channel"], [("region", "it's")])
    >>> pieces.selected, pieces.names, pieces.filters, pieces.grouped
    (', c.channel AS d0', ', d0', " AND c.region = 'it''s'", 'GROUP BY d0')
    """
    read = {name: name for name in (*dimensions, *dict(where))} if columns is None else columns
    return Grouping(
        "".join(f", {read[name]} AS d{number}" for number, name in enumerate(dimensions)),
        "".join(f", d{number}" for number in range(len(dimensions))),
        "".join(f" AND {equals(read[name], value)}" for name, value in where),
    )


def cell_of(number: object, values: Iterable[object]) -> Cell:
    """The cell of a period's number and the values of the dimensions; a missing value is the group "unknown".

    >>> cell_of(2, ["web", None])
    (2, 'web', 'unknown')
    """
    return int(str(number)), *(UNKNOWN if value is None else value for value in values)

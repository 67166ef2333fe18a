"""A mapping: what a sheet is and which column is which field; proposed by ``recognise``, kept by ``saved``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from kexiao.sources.mapping.fields import Field, SheetKind, normal, unit_of, worth_of
from kexiao.sources.mapping.making import all_kinds
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Options:
    """What the cells alone may not tell, so that a person can: None leaves it to the data.

    ``date_order``: dmy, mdy or ymd. ``month_day``: the day that a month without a day stands for, first or last. ``currency``: of all amounts. ``order_key``: ``order_id``, or with the customer or the day where ids repeat.
    ``fill_down``: an order's data stand on its first row only. ``freight_in_amount``: what was paid includes the freight, which is taken off.
    ``time_zone``: the clock by which times without an offset were written (default: the company's).
    ``id_prefix``: what stands before every id in this export and nowhere else (Zoho writes zcrm_) and is taken off.
    ``amount_of``: whether the amount of a line-level sheet is the line's or its order's. ``origin``: the system that the ids come from.
    """

    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    currency: str | None = None
    order_key: Literal["order_id", "order_id+customer", "order_id+day"] | None = None
    amount_of: Literal["line", "order"] | None = None
    discount_rate: Literal["off", "pay"] | None = None
    month_day: Literal["first", "last"] | None = None
    origin: str = "file"
    fill_down: bool = False
    freight_in_amount: bool = False
    id_prefix: str = ""
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class SheetMapping:
    """How one layout of sheet is read: its kind, column of each field, options, and words for choices.

    ``reasons`` say for each field why its column was taken; ``saved`` is the file that the mapping came from. ``questions`` say of the
    fields q1, q2… of a survey what each asks, as told in ``questions.question``. ``constants`` are values that the whole sheet shares and no
    column holds, such as the channel of an advertising platform's export. ``units`` say of columns of amounts what their figures count (万元, 分),
    whatever the heading says.
    """

    kind: str
    header: tuple[str, ...]
    columns: Mapping[str, str]
    options: Options = Options()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reasons: Mapping[str, Text] = field(default_factory=dict)
    saved: str | None = None
    questions: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def unit(self, name: str) -> Decimal:
        """What one in the column of a field is worth: as a person said, else as its heading says, else 1."""
        return worth_of(self.units[name]) if name in self.units else unit_of(self.columns[name])

    @property
    def sheet_kind(self) -> SheetKind:
        """The description of its kind, with the questions of this sheet as fields."""
        kind = all_kinds()[self.kind][0]
        asked = [_field_of(name, self.columns[name], spec) for name, spec in self.questions.items() if spec != "skip"]
        return replace(kind, fields=(*kind.fields, *asked)) if asked else kind

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that no field takes."""
        taken = set(self.columns.values())
        return tuple(column for column in self.header if column not in taken)

    @property
    def signature(self) -> str:
        """Short digest of the header, whatever the order of its columns."""
        return header_signature(self.header)


def _field_of(name: str, column: str, spec: str) -> Field:
    label = Text.same(column)
    return Field(name, "free_text", label, ()) if spec == "answer" else Field(name, "score", label, (), strict=True)


def header_signature(header: Sequence[str]) -> str:
    """Short digest of a header, whatever the order, case and spacing of its columns."""
    words = "\x1f".join(sorted(normal(column) or column for column in header))
    return hashlib.sha256(words.encode()).hexdigest()[:10]

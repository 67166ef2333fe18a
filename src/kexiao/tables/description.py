"""How a canonical table is described: once, in words and types, for loading, checks, the data dictionary and privacy alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kexiao.text import Text

Kind = Literal["key", "customer", "text", "choice", "integer", "number", "money", "rate", "date", "instant", "yes_no"]
Privacy = Literal["none", "pseudonym", "employee", "personal"]

SQL_TYPES: dict[Kind, str] = {
    "key": "VARCHAR",
    "customer": "BIGINT",
    "text": "VARCHAR",
    "choice": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "money": "DECIMAL(18,2)",
    "rate": "DOUBLE",
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
    "yes_no": "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, meaning in both languages, unit and constraints.

    ``choices`` are the only values allowed; ``forward`` marks a status that moves along ``choices`` in their order only; ``derived_from`` names the
    instant whose date in the business time zone this column is.
    """

    name: str
    kind: Kind
    label: Text
    meaning: Text
    unit: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    forward: bool = False
    derived_from: str | None = None
    privacy: Privacy = "none"

    @property
    def sql_type(self) -> str:
        """The DuckDB type that holds the column."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Table:
    """A canonical table 规范表: what one row is, its key, its columns."""

    name: str
    label: Text
    one_row: Text
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    group: Literal["who", "personal", "trade", "contact", "voice", "outside", "decisions", "results"] = "trade"
    versioned: bool = True
    date_column: str | None = None
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        for name in (*self.key, *((self.date_column,) if self.date_column else ())):
            if name not in self.by_name:
                raise ValueError(f"Table {self.name} has no column {name}")

    @property
    def stored_columns(self) -> tuple[tuple[str, str], ...]:
        """(name, DuckDB type) of every stored column, last those of the load: when the row was known to be so, and which load wrote it."""
        own = tuple((column.name, column.sql_type) for column in self.columns)
        of_load = (("known_at", "TIMESTAMPTZ"), ("load_id", "BIGINT"))
        return own + tuple(pair for pair in of_load if pair[0] not in self.by_name)


def instant(name: str, label: Text, meaning: Text, *, required: bool = False) -> tuple[Column, Column]:
    """An instant ``<name>_at`` (UTC) and beside it ``<name>_on``, its date in the business time zone."""
    at = Column(f"{name}_at", "instant", label, meaning, required=required)
    day = Column(
        f"{name}_on",
        "date",
        Text(zh=f"{label.zh}（日期）", en=f"{label.en} (date)"),
        Text(zh=f"{label.zh}在业务时区的日期。", en=f"The date of “{label.en}” in the business time zone."),
        required=required,
        derived_from=f"{name}_at",
    )
    return at, day


CUSTOMER = Column(
    "customer_id",
    "customer",
    Text(zh="客户", en="Customer"),
    Text(
        zh="系统内部的客户编号，由来源编号加密生成。",
        en="Our own number of the customer, a keyed hash of the source's.",
    ),
    privacy="pseudonym",
)
CHANNEL = Column(
    "channel",
    "text",
    Text(zh="渠道", en="Channel"),
    Text(zh="成交或接触发生的渠道。", en="The channel where it happened."),
)
CAMPAIGN = Column(
    "campaign",
    "text",
    Text(zh="活动", en="Campaign"),
    Text(zh="带来这一行的市场活动编号。", en="The campaign that brought this row."),
)
REGION = Column("region", "text", Text(zh="大区", en="Region"), Text(zh="所属大区。", en="The sales region."))
TEAM = Column(
    "team", "text", Text(zh="团队 / 门店", en="Team or store"), Text(zh="所属团队或门店。", en="The team or store.")
)
SALESPERSON = Column(
    "salesperson",
    "text",
    Text(zh="销售员", en="Salesperson"),
    Text(zh="负责成交的员工编号。", en="The staff number of the seller."),
    privacy="employee",
)

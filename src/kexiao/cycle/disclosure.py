"""Everything we hold about a person, for the person to read (PIPL article 45): as data, and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from kexiao.cycle.customers import Opened, profile
from kexiao.cycle.privacy import person_of
from kexiao.cycle.timeline import Event, timeline
from kexiao.engine import audit
from kexiao.engine.duck import quote_name, run
from kexiao.tables.catalogue import all_tables
from kexiao.tables.contacts import contacts
from kexiao.text import Text, current_language


@dataclass(frozen=True, slots=True)
class Holding:
    """One table of what we hold: its name, words, columns (name, label) and the person's rows as text."""

    table: str
    label: Text
    columns: tuple[tuple[str, Text], ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """All of it: when it was drawn up (UTC, ISO), the company, the customer's numbers, the person's data by source, and every row that is about them."""

    made_at: str
    company: str
    customers: tuple[int, ...]
    contacts: tuple[Mapping[str, Any], ...]
    holdings: tuple[Holding, ...]
    events: tuple[Event, ...]

    def as_json(self) -> dict[str, Any]:
        """As one JSON object; numbers of customers as text, since JSON readers round them."""
        return {
            "made_at": self.made_at,
            "company": self.company,
            "customers": [str(number) for number in self.customers],
            "contacts": [{**one, "customer_id": str(one["customer_id"])} for one in self.contacts],
            "tables": {
                held.table: [dict(zip((name for name, _ in held.columns), row, strict=True)) for row in held.rows]
                for held in self.holdings
            },
        }


def disclose(at: Opened, given: str, *, who: str | None = None) -> Disclosure:
    """Everything about the person that ``given`` names, under all their numbers; the reading is logged.

    Errors: ``WrongUse``, ``Ambiguous``.
    """
    person, _ = person_of(at, given)
    numbers = sorted(person.customers)
    survivor = at.forest.survivor(numbers[0])
    found = [
        one
        for number in sorted({at.forest.survivor(n) for n in numbers})
        for one in profile(at, number, reveal=True, who=who).contacts
    ]
    audit.record(at.folder.root, "privacy_export", who=who, customer=str(survivor))
    return Disclosure(
        datetime.now(UTC).isoformat(timespec="seconds"),
        str(at.folder.settings.get("company") or ""),
        tuple(numbers),
        tuple({k: v for k, v in asdict(one).items() if v is not None} for one in found),
        tuple(_holdings(at, numbers)),
        tuple(timeline(at, numbers)),
    )


def _holdings(at: Opened, numbers: Sequence[int]) -> list[Holding]:
    """Each table in which a column names one of the person's numbers."""
    found = []
    listed = ", ".join(map(str, numbers))
    for table in all_tables().values():
        naming = [column.name for column in table.columns if column.kind == "customer"]
        if not naming or not table.versioned or table.name not in at.snapshot.tables:
            continue
        shown = ", ".join(f"CAST({quote_name(column.name)} AS VARCHAR)" for column in table.columns)
        where = " OR ".join(f"{name} IN ({listed})" for name in naming)
        rows = run(at.connection, f"SELECT {shown} FROM ({at.table(table.name)}) WHERE {where} ORDER BY ALL")
        if rows:
            columns = tuple((column.name, column.label) for column in table.columns)
            found.append(Holding(table.name, table.label, columns, tuple(tuple(row) for row in rows)))
    if "order_lines" in at.snapshot.tables and "orders" in at.snapshot.tables:
        found += _lines(at, listed)
    return found


def _lines(at: Opened, listed: str) -> list[Holding]:
    table = all_tables()["order_lines"]
    shown = ", ".join(f"CAST(l.{quote_name(column.name)} AS VARCHAR)" for column in table.columns)
    own = f"SELECT order_id FROM ({at.table('orders')}) WHERE customer_id IN ({listed})"
    rows = run(
        at.connection,
        f"SELECT {shown} FROM ({at.table('order_lines')}) AS l SEMI JOIN ({own}) AS o USING (order_id) ORDER BY ALL",
    )
    columns = tuple((column.name, column.label) for column in table.columns)
    return [Holding(table.name, table.label, columns, tuple(tuple(row) for row in rows))] if rows else []


_STYLE = (
    "body{font:16px/1.6 Inter,'PingFang SC','Noto Sans SC','Microsoft YaHei',sans-serif;color:#1f2933;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "font-variant-numeric:tabular-nums}h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:#52606d}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #e4e7eb;vertical-align:top}th{font-weight:600}div{overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body{background:#14181d;color:#e4e7eb}p{color:#9aa5b1}th,td{border-color:#323f4b}}"
)


def as_page(found: Disclosure) -> str:
    """The same as one HTML page without anything from outside, in the current language."""
    title = Text(zh="我们保存的关于你的全部信息", en="Everything we hold about you")
    lead = Text(
        zh="{c}，{d}（UTC）生成。依据《个人信息保护法》第四十五条，你有权查阅、复制；也可以要求更正、删除，或撤回同意。",
        en="{c}, drawn up {d} (UTC). Under article 45 of the Personal Information Protection Law you may read and copy it; you may also ask for corrections or erasure, or withdraw consent.",
    ).fill(c=found.company or "—", d=found.made_at[:16].replace("T", " "))
    labels = {column.name: column.label for column in contacts.columns}
    parts = [f"<h1>{escape(title())}</h1><p>{escape(lead())}</p>"]
    who = [
        (labels[name](), str(value))
        for one in found.contacts
        for name, value in one.items()
        if name in labels and name != "customer_id"
    ]
    parts.append(_table(Text(zh="你是谁", en="Who you are")(), [], who))
    colon = Text(zh="：", en=": ")()
    history = [
        (event.at or "—", event.label(), " · ".join(f"{label}{colon}{value}" for label, value in event.in_words()))
        for event in found.events
    ]
    heads = [Text(zh="时间", en="When")(), Text(zh="类型", en="What")(), Text(zh="内容", en="Details")()]
    parts.append(_table(Text(zh="发生过什么", en="What happened")(), heads, history))
    for held in found.holdings:
        parts.append(
            _table(held.label(), [label() for _, label in held.columns], [[v or "—" for v in row] for row in held.rows])
        )
    language = "zh-CN" if current_language() == "zh" else "en"
    return f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title())}</title><style>{_STYLE}</style><body>{"".join(parts)}</body></html>\n'


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = f"<thead><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in heads)}</tr></thead>" if heads else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><div><table>{head}<tbody>{body}</tbody></table></div>"


__all__ = ["Disclosure", "Holding", "as_page", "disclose"]

"""HTML built from Python: everything that is not ``Html`` already is escaped, so no name from the data can become markup.

>>> tag("p", "a < b", tag("b", "c"), cls="note")
'<p class="note">a &lt; b<b>c</b></p>'
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = {"br", "hr", "input", "meta", "link"}


class Html(str):
    """Text that is HTML as it stands; a plain ``str`` is never taken for it."""

    __slots__ = ()


def join(*children: object) -> Html:
    """Children one after the other: strings escaped, ``None`` left out, lists opened."""
    return Html("".join(_piece(child) for child in children))


def tag(name: str, /, *children: object, cls: str = "", **attributes: str | int | bool | None) -> Html:
    """An element. ``for_`` and ``aria_label`` are written as HTML has them; an attribute that is True stands alone, False and None are left out."""
    written = f' class="{escape(cls)}"' if cls else ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        written += f" {label}" if value is True else f' {label}="{escape(str(value))}"'
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def details(summary: object, *children: object, cls: str = "", open_: bool = False) -> Html:
    """Something folded below its summary."""
    return tag("details", tag("summary", summary), *children, cls=cls, open=open_)


def table(
    headers: Iterable[object], rows: Iterable[Iterable[object]], *, cls: str = "", words: Iterable[int] = ()
) -> Html:
    """A table that scrolls inside itself; the first column names the row, figures stand at the right but in the columns ``words``."""
    left = {0, *words}
    heads = list(headers)
    head = tag("tr", [tag("th", cell, cls="" if i in left else "num", scope="col") for i, cell in enumerate(heads)])
    body = [
        tag(
            "tr",
            [
                tag("th", cell, scope="row") if i == 0 else tag("td", cell, cls="" if i in left else "num")
                for i, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), cls=f"scroll {cls}".strip(), tabindex="0")


def _piece(child: object) -> str:
    if child is None or child is False:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, (list, tuple)):
        return join(*child)
    return escape(str(child))

"""Charts, icons and files in templates. A chart is the very option that reports draw; ``kx.js`` hands it to ECharts in the browser."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe

from kexiao.report.charts import Chart, table_html
from kexiao.text import Text

register = template.Library()


@cache
def _digest(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(f"{name} is missing from the static files; make assets brings the vendor's")
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file with the digest of its content, so that a browser may keep it."""
    return f"{static(name)}?v={_digest(name)}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing beside a word; it says nothing that the word does not."""
    return format_html(
        '<svg class="kx-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        asset("icons.svg"),
        name,
    )


@register.simple_tag
def chart(drawn: Chart, level: int = 3) -> SafeString:
    """A chart with its finding, subtitle, notes and table twin."""
    note = format_html('<p class="kx-note">{}</p>', drawn.note) if drawn.note else ""
    twin = Text(zh="查看数据表", en="Show the table")()
    return format_html(
        '<figure class="kx-figure"><figcaption><h{0}>{1}</h{0}><span>{2}</span></figcaption>{3}{4}'
        '<details><summary>{5}</summary><div class="kx-scroll" tabindex="0" role="group" aria-label="{1}">{6}</div></details></figure>',
        level,
        drawn.title,
        drawn.subtitle,
        _canvas(drawn),
        note,
        twin,
        mark_safe(table_html(drawn)),
    )


@register.simple_tag
def sparkline(drawn: Chart, label: str) -> SafeString:
    """The small line of a card."""
    return format_html('<div class="kx-spark">{}</div>', _canvas(drawn, label))


def _canvas(drawn: Chart, label: str = "") -> SafeString:
    return format_html(
        '<div class="kx-chart" role="img" aria-label="{}" data-height="{}">{}</div>',
        label or drawn.title,
        drawn.height,
        json_script(drawn.option),
    )


@register.simple_tag
def addresses(**named: object) -> str:
    """Values as the query of an address."""
    return urlencode(named)

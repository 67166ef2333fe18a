"""Numbers in templates: value, interval, change and marks, written by ``report.numbers`` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from kexiao.cycle.overview import Difference, difference
from kexiao.facts.dressing import why_no_interval
from kexiao.facts.marks import Mark, marks_beside, marks_of
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import parse
from kexiao.report.numbers import Shown, show, show_change, show_exact, show_signed, shown, unit_name
from kexiao.text import Text

register = template.Library()

_UNITS_IN_WORDS = {"customers", "orders", "score", "nps", "per_100_customers", "orders/customer", "items/order"}
_JUDGED = {
    "better": Text(zh="向好", en="better"),
    "worse": Text(zh="变差", en="worse"),
    "unsure": Text(zh="可能只是波动", en="may be chance"),
}


def write(value: MetricValue) -> Shown:
    """A metric value as text."""
    return shown(
        value.value,
        value.unit,
        low=value.interval_low,
        high=value.interval_high,
        reason=value.reason,
        currency=value.settings.get("currency", "CNY"),
    )


@register.simple_tag
def value(measured: MetricValue, unit: bool = False) -> SafeString:
    """The number and its interval, with ``unit`` in a small word between them; a missing number is a dash that tells why."""
    worded = unit and measured.unit in _UNITS_IN_WORDS
    return with_interval(write(measured), unit_name(measured.unit)() if worded else "")


def with_interval(text: Shown, unit: str = "") -> SafeString:
    """A written number as HTML: exact figure on hover, reason where it is missing."""
    if text.reason or text.text == "—":
        reason = text.reason or Text(zh="没有数据", en="No data")()
        return format_html(
            '<span class="kx-missing" tabindex="0" data-tip="{}">—<span class="kx-hidden">{}</span></span>',
            reason,
            reason,
        )
    number = format_html('<span class="kx-number" title="{}">{}</span>', text.exact, text.text)
    if unit:
        number = format_html('{} <small class="kx-unit">{}</small>', number, unit)
    if not text.interval:
        return number
    words = Text(zh="95 % 区间", en="95 % interval")()
    return format_html('{} <span class="kx-interval" title="{}">({})</span>', number, words, text.interval)


@register.simple_tag
def number(amount: Number | None, unit: str, currency: str = "CNY") -> SafeString:
    """A plain number of a unit."""
    return with_interval(
        Shown(show(amount, unit, currency=currency), exact=show_exact(amount, unit, currency=currency))
    )


@register.simple_tag
def change(
    now: MetricValue, before: MetricValue | None, better: str, basis: object, moved: Difference | None = None
) -> SafeString:
    """How a value moved, coloured by whether that is good; a word stands beside the colour, "may be chance" where it may be."""
    if before is None or now.value is None or before.value is None:
        return format_html('<span class="kx-change kx-none">{}</span>', Text(zh="无法比较", en="Not comparable")())
    moved = moved or difference(now, before, parse(before.period))
    text = show_change(
        now.value,
        before.value,
        now.unit,
        basis=Text.same(str(basis)),
        better=better,  # type: ignore[arg-type]
        low=moved.low,
        high=moved.high,
        currency=now.settings.get("currency", "CNY"),
    )
    word = _JUDGED.get(text.judgement)
    judged = format_html(' <span class="kx-word">{}</span>', word()) if word else ""
    return format_html(
        '<span class="kx-change kx-{}"><span class="kx-hidden">{}</span>{}{}</span>',
        text.judgement,
        text.word,
        text.text,
        judged,
    )


@register.simple_tag
def marks(measured: MetricValue) -> SafeString:
    """What to know before trusting the number: short history, unfinished period, small sample."""
    return _shown_marks(marks_beside(measured))


@register.simple_tag
def no_interval(measured: MetricValue) -> str:
    """Why a number stands without an interval; nothing where it has one, or where there is no number."""
    if measured.value is None or measured.interval_low is not None:
        return ""
    return Text(zh="没有区间：{why}。", en="No interval: {why}.").fill(why=why_no_interval(measured))()


def _shown_marks(listed: Sequence[Mark]) -> SafeString:
    return format_html_join(
        "",
        '<span class="kx-mark" tabindex="0" data-tip="{}">{}</span>',
        [(capfirst(mark.why()), capfirst(mark.label())) for mark in listed],
    )


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """A mapping's value for a key."""
    return mapping.get(key)


@register.filter
def thousands(count: int | None) -> str:
    """A count with separators."""
    return show(count, "count")


@register.filter(name="shown")
def shown_as(amount: Number | None, unit: str) -> str:
    """A plain number of a unit as text."""
    return show(amount, unit)


@register.filter
def metric_of(indicator: str) -> str:
    """The metric of an indicator, which may name a variant."""
    return indicator.partition(":")[0]


@register.simple_tag
def indicator_value(one: Any, currency: str = "CNY") -> SafeString:
    """The value of a scorecard's indicator with its interval."""
    return with_interval(
        shown(one.value, one.unit, low=one.interval_low, high=one.interval_high, reason=one.reason, currency=currency)
    )


@register.simple_tag
def mark_codes(codes: Sequence[str]) -> SafeString:
    """Marks from their codes."""
    return _shown_marks(marks_of(codes))


@register.filter
def plain(amount: Number | None) -> str:
    """A mean without a unit of its own, to four significant digits."""
    return "—" if amount is None else f"{float(amount):,.4g}"


@register.filter
def signed(amount: Number | None, unit: str) -> str:
    """A difference of a unit with its sign."""
    return show_signed(amount, unit)


@register.filter
def separated(amount: Number) -> str:
    """A figure as it stands, with separators."""
    return f"{amount:,}".replace("-", "−")

"""What every chart shares: its data, its option, its table twin, axes and labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from kexiao.report.charts.theme import GREY, INK, PAPER
from kexiao.report.charts.widths import text_width
from kexiao.report.numbers import MISSING, AxisScale, Number, axis_scale, show, show_column, shown, unit_words
from kexiao.text import Language, Text

Option = dict[str, Any]
Words = Text | str
# How the id of series begins that only catch the pointer; a still picture leaves them out.
HOVER = "hover"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series: ``at`` is the label on the axis (a period); an unfinished period is not ``complete``."""

    at: str
    value: Number | None
    low: Number | None = None
    high: Number | None = None
    complete: bool = True
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Named values over the same axis; ``colour`` keeps a channel's colour the same on every page."""

    name: Words
    points: Sequence[Point]
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a point of the axis, shown as a numbered mark."""

    at: str
    what: Words


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to draw.

    ``option`` is plain JSON for ECharts and holds no title: page and report set ``title`` (the finding) and ``subtitle`` (what is plotted, the
    unit) as text above it, ``note`` below. ``headers`` and ``rows`` are the table twin. ``height`` is in pixels.
    """

    option: Option
    title: str
    subtitle: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    height: int = 300
    note: str = ""


def literal(text: str) -> str:
    """Text as ECharts prints it: a brace would start a placeholder or a style, so a joiner of no width follows it."""
    return text.replace("{", "{\u2060")


def figure_html(chart: Chart, svg: str, *, language: Language | None = None) -> str:
    """The chart as a ``<figure>``: finding, subtitle, picture, notes, and the table twin folded below."""
    note = f'<p class="kx-note">{escape(chart.note)}</p>' if chart.note else ""
    summary = Text(zh="查看数据表", en="Show the table")(language)
    return (
        f'<figure class="kx-figure"><figcaption><strong>{escape(chart.title)}</strong>'
        f"<span>{escape(chart.subtitle)}</span></figcaption>{svg}{note}"
        f"<details><summary>{escape(summary)}</summary>{table_html(chart)}</details></figure>"
    )


def table_html(chart: Chart) -> str:
    """The table twin as HTML: the first column names the row, the others hold figures."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in chart.headers)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in chart.rows
    )
    return f'<table class="kx-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


@dataclass(frozen=True, slots=True)
class Extent:
    """A value axis in its own scale: from ``low`` to ``high`` in equal steps, and how its ticks read."""

    scale: AxisScale
    low: float
    high: float
    step: float

    def option(self, **more: Any) -> Option:
        """The ECharts axis."""
        label = {"formatter": self.scale.formatter}
        axis = {"type": "value", "min": self.low, "max": self.high, "interval": self.step, "axisLabel": label}
        return {**axis, **more}

    def label_width(self) -> float:
        """The room that the widest tick label takes, in pixels."""
        count = round((self.high - self.low) / self.step)
        ticks = [f"{round(self.low + place * self.step, 9):,.10g}" for place in range(count + 1)]
        return max(text_width(self.scale.formatter.replace("{value}", tick)) for tick in ticks)


@dataclass(frozen=True, slots=True)
class Writing:
    """How a chart writes its numbers and words: unit, currency, language."""

    unit: str
    currency: str = "CNY"
    language: Language | None = None

    def show(self, value: Number | None, *, places: int | None = None) -> str:
        return show(value, self.unit, currency=self.currency, language=self.language, places=places)

    def column(self, values: Sequence[Number | None], *, signed: bool = False) -> list[str]:
        return show_column(values, self.unit, currency=self.currency, language=self.language, signed=signed)

    def words(self, text: Words) -> str:
        """A text in this language; a plain string (a name from the data) as it is."""
        return text(self.language) if isinstance(text, Text) else text

    def unit_words(self) -> str:
        return unit_words(self.unit, currency=self.currency)(self.language)

    def subtitle(self, given: Words | None) -> str:
        """The given subtitle, or the unit."""
        return self.words(given or Text(zh="单位：{u}", en="Unit: {u}").fill(u=self.unit_words()))

    def of_differences(self) -> Writing:
        """The same for differences: those of ratios are points."""
        return Writing("percent_points" if self.unit == "ratio" else self.unit, self.currency, self.language)


def extent_of(values: Iterable[Number | None], how: Writing, *, from_zero: bool) -> Extent:
    """An axis that holds all values, with round ends; bars need it to start from zero."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    scale = axis_scale(how.unit, max(map(abs, known), default=0), currency=how.currency, language=how.language)
    low, high = min(known, default=0.0) * scale.factor, max(known, default=0.0) * scale.factor
    # A series that comes down near to zero is best seen from zero, bars or not.
    if from_zero or 0 <= low < high * 0.3:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0) or float(low == 0)
    step = _round_step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Extent(scale, round(first * step, 9), round(max(last, first + 1) * step, 9), step)


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten: the one with which about five steps cover the span."""
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda one: abs(math.log(span / one / 5)))
    return float(f"{step:.10g}")


def frame(**parts: Any) -> Option:
    """The beginning of every option: no animation, tooltips as drawn text (never HTML), what the parts add."""
    return {"animation": False, "tooltip": {"trigger": "item", "renderMode": "richText", "confine": True}, **parts}


def category_axis(labels: Sequence[str], **more: Any) -> Option:
    return {"type": "category", "data": list(labels), **more}


def tip(text: str) -> Option:
    """A data item's tooltip."""
    return {"tooltip": {"formatter": literal(text)}}


def value_tip(label: str, point: Point, how: Writing) -> str:
    """What a pointer over a value reads: label, value, interval or the reason why it is missing."""
    known = shown(
        point.value,
        how.unit,
        low=point.low,
        high=point.high,
        reason=point.reason,
        currency=how.currency,
        language=how.language,
    )
    return f"{label}\n{known.line}" + (f" {known.reason}" if known.reason else "")


def target_line(value: float, label: str, *, vertical: bool = False) -> Option:
    """A thin dark line at the target with its words; ``vertical`` where values run along the x axis."""
    return {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "lineStyle": {"color": INK, "width": 1, "type": "solid"},
        "label": {
            # Rows run from the top, so there the line starts at the top.
            "position": "start" if vertical else "insideStartTop",
            "formatter": literal(label),
            "color": INK,
            "fontSize": 11,
            **({} if vertical else {"backgroundColor": PAPER, "padding": [1, 3]}),
        },
        "data": [{("xAxis" if vertical else "yAxis"): value}],
    }


def event_lines(events: Sequence[Event]) -> Option:
    """Numbered vertical marks; the numbers are explained in the chart's note."""
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": GREY, "width": 1, "type": [2, 3]},
        "label": {"position": "end", "color": GREY, "fontSize": 13},
        "data": [{"xAxis": event.at, "label": {"formatter": number_mark(place)}} for place, event in enumerate(events)],
    }


def events_note(events: Sequence[Event], how: Writing) -> str:
    gap = how.words(Text(zh="；", en="; "))
    return gap.join(f"{number_mark(place)} {event.at} {how.words(event.what)}" for place, event in enumerate(events))


def number_mark(place: int) -> str:
    """①, ②, … and plain numbers after twenty."""
    return chr(0x2460 + place) if place < 20 else f"({place + 1})"


def interval_column(points: Sequence[Point], how: Writing) -> tuple[list[str], list[str]]:
    """Two columns of a table twin: values at one scale, and their intervals or the reasons for gaps."""
    bounds = []
    for point in points:
        if point.value is None and point.reason:
            bounds.append(point.reason(how.language))
        elif point.low is None or point.high is None:
            bounds.append("")
        else:
            bounds.append(f"{how.show(point.low)} – {how.show(point.high)}")
    return how.column([point.value for point in points]), bounds


def no_data(title: str, subtitle: str, how: Writing) -> Chart:
    """What stands where there is nothing to draw."""
    nothing = how.words(Text(zh="没有可以绘制的数据", en="Nothing to draw yet"))
    style = {"text": nothing, "fill": GREY, "fontSize": 13}
    graphic = {"type": "text", "left": "center", "top": "middle", "style": style}
    return Chart({"animation": False, "graphic": [graphic]}, title, subtitle, (MISSING,), (), 120)

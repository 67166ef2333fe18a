"""The look of every chart, in one place: colours, type and the ECharts theme, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Single quotes: the text ends up inside an attribute.
FONT = "Inter, 'PingFang SC', 'Noto Sans SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"

PAPER = "#ffffff"
INK = "#1f2933"
GREY = "#616e7c"
FAINT = "#dfe3e8"
ACCENT = "#2b5c8a"
# Three meanings, used for nothing else.
BETTER = "#2f6f5e"
WORSE = "#b4532a"
UNSURE = "#a3adb8"

# Okabe & Ito (2008), "Color Universal Design". Blue leads, since most charts have one series and orange would shout; yellow, hard to see
# on white, comes last.
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#f0e442")
# The same hues as text: dark enough for 4.5:1 on white.
SERIES_TEXT = ("#0072b2", "#8a5f00", "#00704f", "#9b4678", "#1e6f9f", "#a84800", "#616161", "#6b6500")
# Cells of a heat map, from nearly nothing to the most.
HEAT = ("#f2f6fa", "#cfdfec", "#9dbfd9", "#5f95bd", "#2b5c8a")

# Each light colour in dark mode; text reaches 4.5:1 on the dark paper.
DARK = {
    PAPER: "#171c22",
    INK: "#e6eaee",
    GREY: "#9fabb7",
    FAINT: "#333d47",
    ACCENT: "#84b5e0",
    BETTER: "#74c2aa",
    WORSE: "#e8956c",
    UNSURE: "#75818d",
    **dict(
        zip(
            SERIES,
            ("#4aa5dc", "#e6a92e", "#2fb890", "#d994b8", "#7cc4ef", "#e8843d", "#a3a3a3", "#f0e442"),
            strict=True,
        )
    ),
    **dict(
        zip(SERIES_TEXT[1:], ("#e6a92e", "#2fb890", "#d994b8", "#7cc4ef", "#e8843d", "#a3a3a3", "#f0e442"), strict=True)
    ),
    **dict(zip(HEAT[:4], ("#1e262e", "#24384a", "#2d506e", "#417399"), strict=True)),
}


def theme(*, dark: bool = False) -> dict[str, Any]:
    """The ECharts theme as plain JSON, for ``echarts.registerTheme("kexiao", …)``."""
    axis = {
        "axisLine": {"show": False, "lineStyle": {"color": FAINT}},
        "axisTick": {"show": False},
        "axisLabel": {"color": GREY, "fontSize": 12, "margin": 10},
        "splitLine": {"lineStyle": {"color": FAINT, "width": 1}},
        "nameTextStyle": {"color": GREY, "fontSize": 12},
    }
    light = {
        "color": list(SERIES),
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "color": INK, "fontSize": 12},
        "categoryAxis": {
            **axis,
            "axisLine": {"show": True, "lineStyle": {"color": FAINT}},
            "splitLine": {"show": False},
        },
        "valueAxis": axis,
        "line": {"lineStyle": {"width": 2}, "symbol": "circle", "smooth": False},
        "bar": {"itemStyle": {"borderRadius": 1}},
        "legend": {"textStyle": {"color": INK, "fontSize": 12}, "itemWidth": 10, "itemHeight": 10},
        "tooltip": {"backgroundColor": PAPER, "borderColor": FAINT, "textStyle": {"color": INK, "fontSize": 12}},
    }
    return in_dark(light) if dark else light


def in_dark(option: Any) -> Any:
    """The same option or theme in dark colours; the input is not changed.

    >>> in_dark({"color": ["#1f2933"]})
    {'color': ['#e6eaee']}
    """
    if isinstance(option, dict):
        return {key: in_dark(value) for key, value in option.items()}
    if isinstance(option, (list, tuple)):
        return [in_dark(value) for value in option]
    return DARK.get(option, option) if isinstance(option, str) else option


def colours_for(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, the same wherever the same set of names is given (all channels of a company, say).

    >>> colours_for(["store", "online"]) == colours_for(["online", "store"])
    True
    """
    return {name: SERIES[place % len(SERIES)] for place, name in enumerate(sorted(set(names)))}


def text_colour(colour: str) -> str:
    """The tone of a series colour that is legible as text."""
    return dict(zip(SERIES, SERIES_TEXT, strict=True)).get(colour, colour)

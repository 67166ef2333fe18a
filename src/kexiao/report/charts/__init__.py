"""Charts: values in, an ECharts option out, with its table twin; drawn live on pages and as SVG in reports.

``theme`` holds the look, ``chart`` what every chart shares, ``lines``, ``bars``, ``changes``, ``cohorts`` and ``points`` the kinds, ``svg`` draws on the
server. Builders compute nothing: they get finished values with their intervals.
"""

from __future__ import annotations

from kexiao.report.charts.bars import Bar, bar_chart, stacked_columns
from kexiao.report.charts.changes import Part, SplitRow, split_chart, waterfall_chart
from kexiao.report.charts.chart import Chart, Event, Point, Series, figure_html, table_html
from kexiao.report.charts.cohorts import Cohort, cohort_chart
from kexiao.report.charts.lines import line_chart, sparkline
from kexiao.report.charts.points import Dot, funnel_chart, lorenz_chart, scatter_chart
from kexiao.report.charts.svg import render_svg
from kexiao.report.charts.theme import colours_for, in_dark, theme

__all__ = [
    "Bar",
    "Chart",
    "Cohort",
    "Dot",
    "Event",
    "Part",
    "Point",
    "Series",
    "SplitRow",
    "bar_chart",
    "cohort_chart",
    "colours_for",
    "figure_html",
    "funnel_chart",
    "in_dark",
    "line_chart",
    "lorenz_chart",
    "render_svg",
    "scatter_chart",
    "sparkline",
    "split_chart",
    "stacked_columns",
    "table_html",
    "theme",
    "waterfall_chart",
]

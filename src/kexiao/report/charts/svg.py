"""ECharts options drawn as SVG without a browser: ECharts' own renderer inside V8.

The same option gives the same bytes, in any process and any order: what ECharts numbers as it goes is put under a name made from the option.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
from html import escape
from pathlib import Path
from threading import Lock
from typing import Any

from kexiao.errors import SourceUnavailable
from kexiao.report.charts.chart import HOVER, Option
from kexiao.report.charts.theme import in_dark, theme
from kexiao.report.charts.widths import EMS, MEASURE_JS
from kexiao.text import Text

VENDOR = Path(__file__).resolve().parents[1] / "vendor"

_DRAW_JS = """
echarts.setPlatformAPI({ measureText: function (text, font) { return { width: kexiaoWidth(text, font) }; } });
echarts.registerTheme("kexiao", THEME.light);
echarts.registerTheme("kexiao-dark", THEME.dark);
function kexiaoDraw(option, width, height, theme) {
  var chart = echarts.init(null, theme, { renderer: "svg", ssr: true, width: width, height: height });
  try {
    chart.setOption(JSON.parse(option));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
"""
# What serves the pointer only: hover styles, their classes, ECharts' notes to itself.
_POINTER_ONLY = re.compile(
    r'<style ?><!\[CDATA\[.*?\]\]>\s*</style>|(?: class="zr\d+-cls-\d+")|(?: ecmeta_\w+="[^"]*")', re.DOTALL
)
_POINTER_EVENTS = re.compile(r' pointer-events="visible"')
_NUMBERED = re.compile(r'(="(?:url\()?#?)zr\d+-')
_one_at_a_time = Lock()
_contexts: dict[int, Any] = {}
# A chart takes some milliseconds; what takes this long will never end.
TIME_LIMIT = 30


def render_svg(option: Option, width: int, height: int, *, label: str = "", dark: bool = False) -> str:
    """The option drawn as an ``<svg>`` of so many pixels; ``label`` is what a screen reader says.

    Raises SourceUnavailable if ECharts or V8 is not installed.
    """
    still = {
        **option,
        "series": [series for series in option.get("series", []) if not str(series.get("id")).startswith(HOVER)],
    }
    text = json.dumps(in_dark(still) if dark else still, ensure_ascii=False, sort_keys=True, allow_nan=False)
    with _one_at_a_time:
        name = "kexiao-dark" if dark else "kexiao"
        drawn = str(_context().call("kexiaoDraw", text, width, height, name, timeout_sec=TIME_LIMIT))
    digest = hashlib.sha256(f"{width}x{height}{dark}{text}".encode()).hexdigest()[:10]
    return _settle(drawn, f"kx{digest}-", width, height, label)


def _settle(drawn: str, prefix: str, width: int, height: int, label: str) -> str:
    """ECharts' text without what differs from run to run, with a label and figures of one width."""
    drawn = _POINTER_EVENTS.sub("", _POINTER_ONLY.sub("", drawn))
    drawn = _NUMBERED.sub(rf"\g<1>{prefix}", drawn)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(label)}" '
        'style="max-width:100%;height:auto;font-variant-numeric:tabular-nums">'
    )
    return head + drawn[drawn.index(">") + 1 :].strip()


def _context() -> Any:
    """One V8 with ECharts loaded (a quarter of a second), kept for the life of the process; a forked process gets its own."""
    here = os.getpid()
    if here not in _contexts:
        _contexts[here] = _start()
        # Left to the interpreter's own end, V8 sometimes waits for ever for a thread that is already gone.
        atexit.register(_contexts[here].close)
    return _contexts[here]


def _start() -> Any:
    try:
        from py_mini_racer import MiniRacer

        source = (VENDOR / "echarts.min.js").read_text(encoding="utf-8")
    except (ImportError, FileNotFoundError) as problem:
        raise _missing() from problem
    context = MiniRacer()
    context.eval(source)
    themes = json.dumps({"light": theme(), "dark": theme(dark=True)})
    context.eval(f"var EMS = {json.dumps(EMS)}; var THEME = {themes};{MEASURE_JS}{_DRAW_JS}")
    return context


def _missing() -> SourceUnavailable:
    return SourceUnavailable(
        Text(
            zh="无法绘制图表：缺少 ECharts 或其运行环境。",
            en="Charts cannot be drawn: ECharts or its engine is missing.",
        ),
        next_step=Text(
            zh="请运行 make assets，并安装 kexiao[reports]。", en="Run make assets and install kexiao[reports]."
        ),
    )

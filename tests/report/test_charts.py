"""Charts: what they show, that they add up, that they come out the same and safe, in both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from chromium import open_chromium

from kexiao.report.charts import (
    Bar,
    Chart,
    Cohort,
    Dot,
    Event,
    Part,
    Point,
    Series,
    SplitRow,
    bar_chart,
    cohort_chart,
    colours_for,
    figure_html,
    funnel_chart,
    in_dark,
    line_chart,
    lorenz_chart,
    render_svg,
    scatter_chart,
    sparkline,
    split_chart,
    stacked_columns,
    theme,
    waterfall_chart,
)
from kexiao.report.charts.svg import VENDOR
from kexiao.report.charts.theme import DARK, FAINT, HEAT, PAPER, SERIES, SERIES_TEXT, UNSURE
from kexiao.report.charts.widths import text_width
from kexiao.text import Text

pytest.importorskip("py_mini_racer")
if not (VENDOR / "versions.json").exists():
    pytest.skip("the page assets are not here: run make assets", allow_module_level=True)

NASTY = '<script>alert("x")</script> {b} {red|z} & \' 客户'
PERIODS = [f"2025-{month:02d}" for month in range(1, 7)]


def retention(language="zh", **more):
    values = [0.66, 0.67, None, 0.69, 0.70, 0.71]
    points = [
        Point(at, value, value and value - 0.02, value and value + 0.02, complete=at != "2025-06")
        for at, value in zip(PERIODS, values, strict=True)
    ]
    title = Text(zh="留存率上升", en="Retention rose")
    name = Text(zh="留存率", en="Retention")
    return line_chart([Series(name, points)], "ratio", title=title, target=0.7, language=language, **more)


def every_chart(name="门店", language="zh"):
    """One chart of each kind with a name from the data in it."""
    points = [Point(at, 100 + place) for place, at in enumerate(PERIODS)]
    title = Text(zh="标题", en="Title")
    told = {"title": title, "language": language}
    return [
        retention(language, events=[Event("2025-02", name)], as_of="2025-06-20"),
        line_chart([Series(name, points), Series("B", points)], "orders", **told),
        bar_chart([Bar(name, 5, 4, 6, "unsure"), Bar("B", None, reason=title)], "orders", target=4, **told),
        waterfall_chart([Part(name, 3, True), Part("B", -1, False)], 10, 12, "money", **told),
        split_chart([SplitRow(name, [1, 2]), SplitRow("B", [-1, 0])], [name, "Rate"], 10, 12, "money", **told),
        stacked_columns([Series(name, points), Series("B", points)], "customers", **told),
        cohort_chart([Cohort(name, 10, [1, 0.5, 0.25]), Cohort("B", 12, [1, 0.4])], **told),
        lorenz_chart([(0, 0), (0.2, 0.6), (1, 1)], **told),
        scatter_chart([Dot(name, 1, 2, 5), Dot("B", 2, 3, 9)], name, "money", "y", "times", y_target=1, **told),
        funnel_chart([Dot(name, 1000, 0.9), Dot("B", 20, 0.5)], 0.5, "ratio", **told),
        sparkline(points, "orders", target=103, language=language),
    ]


def texts_of(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("}text")]


def drawn(chart: Chart, **more) -> str:
    return render_svg(chart.option, 720, chart.height, **more)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_chart_is_plain_json_and_draws_as_well_formed_svg(language):
    for chart in every_chart(language=language):
        assert json.loads(json.dumps(chart.option, allow_nan=False)) == chart.option
        assert ElementTree.fromstring(drawn(chart)).tag == "{http://www.w3.org/2000/svg}svg"


def test_every_chart_has_a_table_twin_with_a_cell_for_each_header():
    for chart in every_chart():
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.headers)}


def test_text_from_the_data_can_never_become_markup():
    for chart in every_chart(name=NASTY):
        svg = drawn(chart, label=NASTY)
        assert "<script" not in svg
        assert not re.search(r"\son\w+\s*=", svg)
        assert "<script" not in figure_html(chart, svg)
        assert chart.option["tooltip"]["renderMode"] == "richText"


def test_text_from_the_data_is_shown_as_it_is_and_not_as_a_placeholder():
    svg = drawn(stacked_columns([Series(NASTY, [Point("2025", 1)])], "orders", title="t"))
    assert NASTY in [text.replace("\u2060", "") for text in texts_of(svg)]


def test_the_same_option_gives_the_same_bytes_in_any_order_and_process():
    charts = every_chart()
    first = [drawn(chart) for chart in charts]
    again = [drawn(chart) for chart in reversed(charts)][::-1]
    assert again == first
    code = (
        "import json,sys;from kexiao.report.charts import render_svg;o=json.load(sys.stdin);"
        "sys.stdout.buffer.write(render_svg(o,720,300).encode())"
    )
    option = charts[0].option
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(option).encode(), capture_output=True, timeout=60, check=True
    )
    assert elsewhere.stdout.decode() == render_svg(option, 720, 300)


def test_threads_may_draw_at_once():
    chart = retention()
    one, many = drawn(chart), []
    threads = [threading.Thread(target=lambda: many.append(drawn(chart))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert many == [one] * 4


def test_two_charts_on_one_page_share_no_id():
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn(chart))) for chart in every_chart()]
    assert sum(map(len, ids)) == len(set().union(*ids)) > 0


def test_an_unfinished_period_is_dashed_and_says_so():
    chart = retention(as_of="2025-06-20")
    dashed = [one for one in chart.option["series"] if one.get("lineStyle", {}).get("type") == [4, 4]]
    assert [one["data"] for one in dashed] == [[None, None, None, None, 70.0, 71.0]]
    assert "截至 2025-06-20" in chart.note
    finished = next(one for one in chart.option["series"] if one.get("lineStyle", {}).get("width") == 2)
    assert [item["value"] for item in finished["data"]] == [66.0, 67.0, None, 69.0, 70.0, None]


def test_the_band_of_an_interval_lies_between_its_bounds():
    low, height = [one["data"] for one in retention().option["series"] if "band" in one.get("stack", "")]
    assert low[:2] == [64.0, 65.0]
    assert height[:2] == [4.0, 4.0]
    assert (low[2], height[2]) == (None, None)
    assert low[-1] is None, "an unfinished period has no interval that means anything"


def test_bars_start_at_zero_even_when_all_values_are_large():
    for chart in (
        bar_chart([Bar("a", 980), Bar("b", 1000)], "orders", title="t"),
        stacked_columns([Series("a", [Point("1", 980), Point("2", 1000)])], "orders", title="t"),
    ):
        axes = [chart.option["xAxis"], chart.option["yAxis"]]
        assert [axis["min"] for axis in axes if axis["type"] == "value"] == [0.0]


def test_axes_hold_every_value_between_round_ends():
    for values in ([0.123, 0.987], [-5, -1], [1e9, 3e9], [0, 0], [7, 7], [-0.3, 0.4]):
        chart = line_chart([Series("a", [Point(str(i), v) for i, v in enumerate(values)])], "times", title="t")
        axis = chart.option["yAxis"]
        assert axis["min"] <= min(values) <= max(values) <= axis["max"]
        assert 2 <= round((axis["max"] - axis["min"]) / axis["interval"]) <= 9


def test_a_judgement_is_told_by_a_word_and_not_by_colour_alone():
    bars = [Bar("a", 3, 2, 4, "unsure"), Bar("b", 5, judgement="better"), Bar("c", 1, judgement="worse")]
    said = texts_of(drawn(bar_chart(bars, "orders", title="t", language="zh")))
    assert {"3 尚不能判断", "5 较好", "1 较差"} <= set(said)
    assert "decal" in bar_chart(bars, "orders", title="t").option["series"][0]["data"][0]["itemStyle"]


def test_a_missing_bar_says_why():
    bars = [Bar("a", 3), Bar("b", None, reason=Text(zh="样本不足", en="too few"))]
    assert "— too few" in texts_of(drawn(bar_chart(bars, "orders", title="t", language="en")))


def test_the_bars_of_a_waterfall_join_and_end_at_the_whole_change():
    parts = [Part("volume", Decimal("-30.10")), Part("mix", Decimal("4.35")), Part("rate", Decimal("120.75"))]
    chart = waterfall_chart(parts, Decimal("1000"), Decimal("1095"), "money", title="t")
    edges = [item["value"][:2] for item in chart.option["series"][0]["data"]]
    assert [begin for begin, _ in edges[1:-1]] == [end for _, end in edges[:-2]]
    assert edges[-1] == [0.0, 95.0] and edges[-2][1] == 95.0
    assert chart.rows[-1][1] == "+¥95.00"


def test_parts_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up"):
        waterfall_chart([Part("a", 1), Part("b", 2)], 10, 14, "money", title="t")
    with pytest.raises(ValueError, match="add up"):
        split_chart([SplitRow("a", [1, 2])], ["x", "y"], 0, 2.9, "money", title="t")
    # 0.1 + 0.2 is not 0.3 in binary; the parts are right all the same.
    waterfall_chart([Part("a", 0.1), Part("b", 0.2)], 0, 0.1 + 0.2, "ratio", title="t")


def test_the_parts_of_a_ratio_are_points():
    chart = waterfall_chart(
        [Part("mix", -0.005), Part("rate", -0.016)], 0.705, 0.684, "ratio", title="t", language="en"
    )
    assert [row[1] for row in chart.rows] == ["−0.5 pp", "−1.6 pp", "−2.1 pp"]
    assert chart.subtitle == "70.5 % → 68.4 %"


def test_immature_cells_of_a_cohort_stay_empty():
    chart = cohort_chart([Cohort("2025-01", 10, [1, 0.5, 0.25]), Cohort("2025-02", 12, [1, 0.4, None])], title="t")
    cells = [tuple(item["value"][:2]) for item in chart.option["series"][0]["data"]]
    assert cells == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)]
    assert chart.rows[1] == ("2025-02", "12", "100.0 %", "40.0 %", "")


def test_a_hundred_per_cent_at_age_zero_does_not_set_the_colours():
    chart = cohort_chart([Cohort("a", 10, [1, 0.2, 0.1])], title="t")
    assert [item["value"][2] for item in chart.option["series"][0]["data"]] == [0, 1.0, 0.5]


def test_the_share_of_the_top_fifth_is_read_off_the_curve():
    # Between (0.1, 0.4) and (0.3, 0.6) the curve passes (0.2, 0.5).
    chart = lorenz_chart([(0, 0), (0.1, 0.4), (0.3, 0.6), (1, 1)], title="t", language="en")
    assert "The top 20 % hold 50.0 %" in texts_of(drawn(chart))
    assert ("20 %", "50.0 %") in chart.rows


def test_only_what_chance_cannot_explain_is_named_in_a_funnel():
    # p = 0.5, n = 400: one standard error is 0.025, so the outer limits are 0.5 ± 3.09 × 0.025 = 0.42–0.58.
    dots = [Dot("inside", 400, 0.57), Dot("high", 400, 0.58), Dot("low", 400, 0.42)]
    chart = funnel_chart(dots, 0.5, "ratio", title="t", language="en")
    labels = {
        item["label"]["formatter"].split()[0]: item["label"]["show"] for item in chart.option["series"][-1]["data"]
    }
    assert labels == {"inside": False, "high": True, "low": True}
    assert [row[3] for row in chart.rows] == ["within chance", "above", "below"]


def test_the_area_of_a_bubble_is_its_size():
    chart = scatter_chart([Dot("a", 1, 1, 100), Dot("b", 2, 2, 25)], "x", "count", "y", "count", title="t")
    big, small = (item["symbolSize"] for item in chart.option["series"][0]["data"])
    assert (big / small) ** 2 == pytest.approx(100 / 25)


def test_nothing_to_draw_is_said_in_words():
    for chart in (
        line_chart([], "ratio", title="t", language="zh"),
        bar_chart([], "ratio", title="t", language="zh"),
        cohort_chart([], title="t", language="zh"),
        scatter_chart([], "x", "count", "y", "count", title="t", language="zh"),
    ):
        assert texts_of(drawn(chart)) == ["没有可以绘制的数据"]


def test_a_channel_keeps_its_colour_whatever_the_order():
    assert colours_for(["门店", "天猫", "抖音"]) == colours_for(["抖音", "门店", "天猫"])
    assert len(set(colours_for("abcdefgh").values())) == 8


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, definition of contrast ratio."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_is_legible_in_both_modes():
    not_text = {PAPER, FAINT, UNSURE, *SERIES[1:], *HEAT}
    for colour, dark in DARK.items():
        if colour not in not_text or colour in SERIES_TEXT:
            assert contrast(colour, PAPER) >= 4.5, colour
            assert contrast(dark, DARK[PAPER]) >= 4.5, dark


def test_dark_mode_leaves_no_light_colour_behind():
    for chart in every_chart():
        assert DARK[SERIES[0]] not in json.dumps(chart.option)
        for light in ("#1f2933", "#0072b2", "#ffffff"):
            assert light not in json.dumps(in_dark(chart.option))
    assert "#ffffff" not in json.dumps(theme(dark=True))


@pytest.mark.browser
def test_text_is_given_the_room_that_a_browser_needs_for_it():
    samples = [
        "客户留存率 2025 年 Q1",
        "Retention rate 68.4 % (66.9–69.8)",
        "¥1,234.56 万",
        "直营门店（华东）",
        "WeChat Mini-program",
    ]
    script = """texts => texts.map(text => { const c = document.createElement('canvas').getContext('2d');
        c.font = '12px Inter, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", sans-serif'; return c.measureText(text).width })"""
    with open_chromium() as browser:
        measured = browser.new_page().evaluate(script, samples)
    for text, width in zip(samples, measured, strict=True):
        assert width - 0.5 <= text_width(text, 12) <= width * 1.35 + 4, text


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_live_chart_and_the_still_one_say_the_same(language):
    charts = every_chart(language=language)
    code = (VENDOR / "echarts.min.js").read_text(encoding="utf-8")
    with open_chromium() as browser:
        page = browser.new_page()
        problems: list[str] = []
        page.on(
            "console", lambda message: problems.append(message.text) if message.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_content("<div id=a style='width:720px'></div>")
        page.add_script_tag(content=code)
        for chart in charts:
            said = page.evaluate(
                """([option, theme, height]) => { const box = document.getElementById('a'); box.style.height = height + 'px';
                    echarts.registerTheme('kexiao', theme);
                    const chart = echarts.init(box, 'kexiao', {renderer: 'svg'}); chart.setOption(option);
                    const out = [...box.querySelectorAll('text')].map(t => t.textContent); chart.dispose(); return out }""",
                [chart.option, theme(), chart.height],
            )
            still = texts_of(drawn(chart))
            # Tick labels may be left out where text measures a little wider; what is said stays the same.
            assert set(still) <= set(said) or set(said) <= set(still), chart.title
        assert problems == []

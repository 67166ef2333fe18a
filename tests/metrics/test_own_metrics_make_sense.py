"""Formulas of any kind: each is refused with an error, or computed; what is computed keeps what its unit promises."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.cycle.explain import explain, rows
from kexiao.cycle.measure import measure_facts
from kexiao.errors import KexiaoError
from kexiao.facts.metric import MetricValue
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import source_of
from kexiao.metrics.catalogue import metric_named, metrics_as_stored
from kexiao.metrics.own.formula import RATE_UNITS
from kexiao.metrics.own.parts import vocabulary
from kexiao.metrics.own.units import UNITS, apart, atoms_in, inside, kind_of
from kexiao.metrics.shop import SHOP, WINDOW

DOCS = Path(__file__).resolve().parents[2] / "docs"
WORDS = st.sampled_from(sorted(vocabulary()))
# Units are drawn so that many formulas pass the check of units and reach the engine.
FORMULAS = st.recursive(
    WORDS | st.sampled_from(["mine", "100", "1000", "0", "average_order_value", "nobody"]),
    lambda inner: st.tuples(inner, st.sampled_from([" + ", " - ", " * ", " / "]), inner).map(lambda p: f"({''.join(p)})"),
    max_leaves=4,
)  # fmt: skip
CONDITIONS = st.dictionaries(
    st.sampled_from(["channel", "category", "net", "status", "customer", "purpose", "score", "nowhere"]),
    st.sampled_from(["web", "media", ["web", "store"], {"not": "web"}, {"known": True}, {"at_least": 50}, {"at_most": 70}, 5, [], {}, {"x": 1}]),
    max_size=2,
)  # fmt: skip
PARTS = st.fixed_dictionaries(
    {"of": WORDS, "label": st.just({"zh": "我的", "en": "mine"})},
    optional={"where": CONDITIONS, "at_least": st.sampled_from([1, 2, 0, 1.5]), "counted": st.sampled_from(["days", "orders", "x"])},
)  # fmt: skip


@cache
def shop() -> FactSource:
    return source_of(SHOP, window=WINDOW)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def written(formula: str, unit: str, part: dict[str, Any]) -> str:
    """A whole file."""
    entries = {
        "name": "ours", "label": {"zh": "甲", "en": "A"}, "why": {"zh": "因为", "en": "because"}, "unit": unit,
        "better": "higher", "formula": formula, "parts": {"mine": part},
    }  # fmt: skip
    return "\n".join(f"{key} = {_toml(value)}" for key, value in entries.items())


def answered(text: str) -> MetricValue | KexiaoError:
    """The value in March 2025, by channel too, its explanation and its rows; or the error that refuses the file."""
    with metrics_as_stored({"ours.toml": text}):
        try:
            metric_named("ours")
        except KexiaoError as refused:
            return refused
        whole = measure_facts(shop(), ["ours"], period="2025-03").values[0]
        opened = explain(shop(), "ours", "2025-03")
        assert opened.formula("zh") and opened.formula("en") and opened.value.value == whole.value
        rows(shop(), "ours", "2025-03")
        return whole


def _check(text: str) -> MetricValue | None:
    found = answered(text)
    if isinstance(found, KexiaoError):
        assert "metrics/ours.toml" in found.message("en") and found.message("zh") != found.message("en")
        assert found.exit_code == 3 and found.next_step("zh")
        return None
    assert found.value is not None or found.reason is not None
    if found.value is not None and found.interval_low is not None and found.interval_high is not None:
        assert found.interval_low - 0.005 <= float(found.value) <= found.interval_high + 0.005
    return found


@given(FORMULAS, PARTS)
@settings(max_examples=100)
def test_any_formula_is_refused_with_an_error_or_computed_in_the_unit_that_it_has(
    formula: str, part: dict[str, Any]
) -> None:
    accepted = [unit for unit in UNITS if _reads(written(formula, unit, part))]
    # A formula has one unit, but for what may be called a count as well, and for a share, which may be told in times.
    assert accepted in ([], ["orders", "count"], ["count", "orders"]) or len(set(accepted) - {"times"}) <= 1
    for unit in accepted or UNITS[:1]:
        _check(written(formula, unit, part))


def _reads(text: str) -> bool:
    with metrics_as_stored({"ours.toml": text}):
        try:
            metric_named("ours")
        except KexiaoError:
            return False
    return True


@st.composite
def _alike(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A numerator and a denominator that count the same kind of thing, the numerator perhaps a part of the denominator."""
    bottom = draw(WORDS)
    kind = kind_of(vocabulary()[bottom])
    tops = [name for name, formula in vocabulary().items() if kind_of(formula) == kind and name != bottom]
    part = draw(PARTS)
    return draw(st.sampled_from(["mine", *tops])), bottom, {**part, "of": bottom}


@given(_alike())
@settings(max_examples=200)
def test_a_share_of_things_never_exceeds_one(drawn: tuple[str, str, dict[str, Any]]) -> None:
    top, bottom, part = drawn
    found = _check(written(f"{top} / {bottom}", "ratio", part))
    if found is not None and found.value is not None and kind_of(vocabulary()[bottom]) != "money":
        assert 0 <= float(found.value) <= 1 and float(found.numerator or 0) <= float(found.denominator or 0)


@given(st.text(max_size=40) | st.text(alphabet="()+-*/ abn_0159", max_size=40))
@settings(max_examples=200)
def test_no_text_as_a_formula_ends_in_a_traceback(text: str) -> None:
    _check(written(text, "money", {"of": "orders", "label": {"zh": "我的", "en": "mine"}}))


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_file_ends_in_a_traceback(content: bytes) -> None:
    with metrics_as_stored({"ours.toml": content.decode("utf-8", "replace")}):
        try:
            metric_named("ours")
        except KexiaoError as refused:
            assert "metrics/ours.toml" in refused.message("zh")


def test_what_is_inside_by_construction_is_never_more_and_what_is_apart_adds_up() -> None:
    """Every pair of words, over the shop and its quarters: the part counts no more than the whole."""
    source = shop()
    names = [name for name in vocabulary() if kind_of(vocabulary()[name]) != "money"]
    units = {"customers": "customers", "orders": "orders"}
    values: dict[str, float] = {}
    for name in names:
        text = written(
            name,
            units.get(kind_of(vocabulary()[name]) or "", "count"),
            {"of": "orders", "label": {"zh": "甲", "en": "A"}},
        )
        with metrics_as_stored({"ours.toml": text}):
            try:
                value = measure_facts(source, ["ours"], period="2025-03").values[0].value
            except KexiaoError:
                continue
        if value is not None:
            values[name] = float(value)
    pairs = [(a, b) for a in values for b in values if inside(vocabulary()[a], vocabulary()[b])]
    assert len(pairs) > len(values)
    for part, whole in pairs:
        assert values[part] <= values[whole], (part, whole)
    lost = [
        pair for pair in (("retained", "lost"), ("retained", "reactivated")) if apart(*(vocabulary()[n] for n in pair))
    ]
    assert len(lost) == 2 and values["retained"] + values["lost"] == values["at_start"]


def test_the_units_of_rates_are_those_that_the_guide_lists() -> None:
    for language in ("zh", "en"):
        text = (DOCS / f"own_metrics.{language}.md").read_text(encoding="utf-8")
        row = next(line for line in text.splitlines() if line.startswith("| `unit`"))
        assert set(RATE_UNITS) <= set(re.findall(r"`([^`]+)`", row))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_example_of_the_guide_gives_what_the_guide_says(language: str) -> None:
    text = (DOCS / f"own_metrics.{language}.md").read_text(encoding="utf-8")
    example, changed = re.findall(r"```toml\n(.*?)```", text, re.S)
    with metrics_as_stored({"big_order_share.toml": example}):
        values = measure_facts(shop(), ["big_order_share"], period="2025-03").values
        assert (values[0].numerator, values[0].denominator) == (1, 6) and "16.7 %" in text
        by = measure_facts(shop(), ["big_order_share"], period="2025-03", by=["channel"]).values
        assert {v.dimensions["channel"]: (v.numerator, v.denominator) for v in by} == {"store": (1, 4), "web": (0, 2)}
    start = 'name = "loyal"\nlabel = { zh = "铁粉", en = "loyal" }\nwhy = { zh = "常来", en = "often" }\nunit = "ratio"\nbetter = "higher"\n'
    three = '[parts.three_orders]\nlabel = { zh = "三次", en = "three" }\nof = "ordering_customers"\nat_least = 3\n'
    assert tomllib.loads(start + changed + three)["version"]
    with metrics_as_stored({"loyal.toml": start + changed + three}):
        values = measure_facts(shop(), ["loyal"], period="2025-03").values
        assert (values[0].numerator, values[0].denominator) == (0, 4)


def test_every_word_of_formulas_counts_something_and_has_words_in_both_languages() -> None:
    for name, formula in vocabulary().items():
        assert kind_of(formula), name
        assert all(atom.label("zh") and atom.label("en") for atom in atoms_in(formula))

"""Scorecards are read strictly: what is wrong is refused with its file and key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kexiao.assessment.reading import read_scorecards, scorecard_for, scorecard_from_text
from kexiao.errors import InputRejected, WrongUse
from kexiao.facts.periods import parse

CARD = """
id = "shops"
name = { zh = "门店", en = "Shops" }
subject = "team"
since = 2025-01-01

[[indicators]]
metric = "lead_conversion_rate"
weight = 60
floor = 0.2
target = 0.3
stretch = 0.4

[[indicators]]
metric = "refund_rate"
weight = 40
floor = 0.05
target = 0.02
scope = { channel = "门店" }
"""


def refused(text: str, targets: str | None = None) -> str:
    with pytest.raises(InputRejected) as problem:
        scorecard_from_text(text, targets, file="shops.toml")
    assert problem.value.place is not None
    assert problem.value.message("zh")
    return problem.value.message("en")


def test_a_right_card_is_read_as_written() -> None:
    card = scorecard_from_text(CARD)
    assert [(i.key, i.weight, i.better, i.scope) for i in card.indicators] == [
        ("lead_conversion_rate", 0.6, "higher", ()),
        ("refund_rate", 0.4, "lower", (("channel", "门店"),)),
    ]
    assert (card.kind, card.dimension, card.since, card.roll_up) == ("team", "team", date(2025, 1, 1), ("company",))
    assert [grade.code for grade in card.grades] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("weight = 40", "weight = 30"), "the weights add up to 90 %, not 100 %"),
        (("weight = 40", "wieght = 40"), "indicators[2].weight: this entry is missing"),
        (('subject = "team"', 'subject = "team"\ncolour = "red"'), "colour: there is no such entry"),
        (('metric = "refund_rate"', 'metric = "refund_rates"'), "Did you mean: refund_rate"),
        (('metric = "refund_rate"', 'metric = "retention_rate"'), "cannot be broken down by team"),
        (('metric = "refund_rate"', 'metric = "cohort_retention"'), "which cannot be scored"),
        (('metric = "refund_rate"', 'metric = "gross_sales:gmw"'), "There is no variant named 'gmw'"),
        (('en = "Shops"', 'en = ""'), "name.en: it must not be empty"),
        ((', en = "Shops"', ""), "name.en: this entry is missing"),
        (("floor = 0.05", "floor = 0.01"), "lower is better: it must be floor > target > stretch"),
        (("stretch = 0.4", "stretch = 0.25"), "it must be floor < target < stretch"),
        (("floor = 0.2\n", ""), "indicators[1].floor: the floor (where the score is 0) is missing"),
        (("since = 2025-01-01", 'since = "soon"'), "since: it must be a date"),
        (("weight = 60", "weight = true"), "indicators[1].weight: it must be a number"),
        (('id = "shops"', 'id = "../shops"'), "id: use small letters"),
        (('channel = "门店"', 'category = "茶"\nteam = "a"'), "scope.team: this dimension cannot be used here"),
        (('id = "shops"', "id = shops"), "This is no TOML"),
        (("[[indicators]]", '[[indicators]]\ncurve = "steep"'), "curve: it must be one of linear, capped, step"),
    ],
)
def test_a_wrong_card_is_refused_with_the_key_and_the_reason(change: tuple[str, str], said: str) -> None:
    message = refused(CARD.replace(change[0], change[1].replace("\nteam", ", team"), 1))
    assert message.startswith("shops.toml: ")
    assert said in message


def test_one_fact_under_two_names_is_refused() -> None:
    card = """
id = "base"
name = { zh = "客户", en = "Customers" }
subject = "company"
[[indicators]]
metric = "retention_rate"
weight = 50
floor = 0.5
target = 0.7
[[indicators]]
metric = "churn_rate:start_less_end_plus_new"
weight = 50
floor = 0.5
target = 0.3
"""
    assert "churn_rate and retention_rate are one fact" in refused(card)


def test_a_metric_without_a_better_side_needs_one_said() -> None:
    card = """
id = "base"
name = { zh = "客户", en = "Customers" }
subject = "company"
[[indicators]]
metric = "discount_rate"
weight = 100
floor = 0.3
target = 0.1
"""
    assert "say higher or lower" in refused(card)
    assert scorecard_from_text(card + 'better = "lower"').indicators[0].better == "lower"


def test_the_most_particular_target_holds() -> None:
    special = """
[[indicators.targets]]
subject = "一店"
target = 0.01
floor = 0.04
[[indicators.targets]]
period = "2025Q4"
target = 0.03
floor = 0.06
[[indicators.targets]]
subject = "一店"
period = "2025Q4"
target = 0.025
floor = 0.05
"""
    card = scorecard_from_text(CARD + special)
    refunds = card.indicators[1]

    def target(subject: str, period: str) -> float:
        found = refunds.target_for(subject, period)
        assert found is not None
        return found.target

    assert [target("二店", "2025Q3"), target("一店", "2025Q3"), target("二店", "2025Q4"), target("一店", "2025Q4")] == [
        0.02, 0.01, 0.03, 0.025,
    ]  # fmt: skip
    again = "[[indicators.targets]]" + special.split("[[indicators.targets]]")[1]
    assert "there are two targets for 一店" in refused(CARD + special + again)


TARGETS = """
[[targets]]
scorecard = "shops"
metric = "lead_conversion_rate"
subject = "一店"
floor = 0.3
target = 0.4
"""


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_targets_of_a_file_of_their_own_join_the_card(tmp_path: Path) -> None:
    write(tmp_path, "scorecards/shops.toml", CARD)
    write(tmp_path, "targets.toml", TARGETS)
    (card,) = read_scorecards(tmp_path)
    found = card.indicators[0].target_for("一店", "2025Q3")
    assert found is not None
    assert (found.target, card.targets_text) == (0.4, TARGETS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"shops"', '"shop"', "Did you mean: shops"),
        ("lead_conversion_rate", "orders", "the scorecard shops has no indicator orders"),
    ],
)
def test_a_target_that_belongs_nowhere_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    write(tmp_path, "scorecards/shops.toml", CARD)
    write(tmp_path, "targets.toml", TARGETS.replace(old, new))
    with pytest.raises(InputRejected) as problem:
        read_scorecards(tmp_path)
    assert said in problem.value.message("en")
    assert "targets.toml" in problem.value.message("en")


def test_a_past_period_is_judged_by_the_rules_of_its_day(tmp_path: Path) -> None:
    write(tmp_path, "scorecards/shops.toml", CARD)
    write(tmp_path, "scorecards/shops-later.toml", CARD.replace("2025-01-01", "2025-07-01").replace("0.3\n", "0.35\n"))
    cards = read_scorecards(tmp_path)
    for period, target in (("2025Q2", 0.3), ("2025Q3", 0.35), ("2026Q1", 0.35)):
        found = scorecard_for(cards, "shops", parse(period)).indicators[0].target_for("x", period)
        assert found is not None
        assert found.target == target
    with pytest.raises(WrongUse, match="自 2025-01-01 起才有效"):
        scorecard_for(cards, "shops", parse("2024Q4"))
    with pytest.raises(WrongUse, match="没有名为“shop”的评分卡"):
        scorecard_for(cards, "shop", parse("2025Q4"))


def test_two_versions_of_one_day_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "scorecards/a.toml", CARD)
    write(tmp_path, "scorecards/b.toml", CARD)
    with pytest.raises(InputRejected, match="已在另一个文件里"):
        read_scorecards(tmp_path)

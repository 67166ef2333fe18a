"""Improve on the made-up company: the planted decline, exact splits, suggestions, overdue plans."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from cycle.conftest import Decided, alike

from kexiao.cli.main import main
from kexiao.cycle.improve import improve, plan
from kexiao.cycle.measure import measure
from kexiao.cycle.review import review
from kexiao.engine.folder import Folder
from kexiao.errors import WrongUse
from kexiao.facts.periods import parse
from kexiao.facts.source import open_facts
from kexiao.improvement.initiatives import Improvement
from kexiao.improvement.reading import read_initiatives


@pytest.fixture(scope="module")
def found(decided: Decided) -> Improvement:
    return improve(decided.folder, "2025Q4", today=date(2026, 1, 15))


def test_the_channel_that_declines_is_found(decided: Decided, found: Improvement) -> None:
    channel = decided.truth["stories"]["declining_channel"]["channel"]
    declines = [one for one in found.findings if one.kind == "declining"]
    assert ("new_customers", channel) in [(one.metric, one.trend.segment) for one in declines if one.trend]
    trend = next(one.trend for one in declines if one.trend and one.metric == "new_customers")
    # To 0.3 of it in twelve months, while the others grow by 12 % a year.
    assert trend.slope_low < (0.3 / 1.12) ** (1 / 12) - 1 + 0.02
    assert trend.slope_high < -0.02
    assert all(one.trend and one.trend.segment == channel for one in declines if one.metric == "new_customers")


def test_every_split_adds_up_to_the_change_exactly(found: Improvement) -> None:
    seen = 0
    for finding in found.findings:
        for breakdown in finding.breakdowns:
            main_one = next(c for c in finding.comparisons if c.moved)
            assert main_one.change is not None
            added = sum(part.contribution for part in breakdown.contributions)
            assert added == pytest.approx(main_one.change, rel=1e-6, abs=0.011)  # money is rounded to the fen
            assert (breakdown.volume or 0) + breakdown.mix + breakdown.rate == pytest.approx(added)
            assert sum(part.share or 0 for part in breakdown.contributions) == pytest.approx(1)
            seen += 1
    assert seen > 5


def test_new_and_existing_customers_are_told_apart(decided: Decided, found: Improvement) -> None:
    source = open_facts(decided.folder)
    split = {one.metric: b for one in found.findings for b in one.breakdowns if b.dimension == "newness"}
    assert "orders" in split
    parts = {part.segment: part for part in split["orders"].contributions}
    assert parts["new"].label.zh == "新客"
    finding = next(one for one in found.findings if one.metric == "orders")
    against = next(c.against for c in finding.comparisons if c.moved)
    counted = {}
    for name in ("2025Q4", against):
        when = parse(name)
        counted[name] = source.query(f"""
            SELECT count(*) FROM sale_orders AS s JOIN customer_summary AS c ON c.customer_id = s.customer_id
            WHERE s.sold_on >= DATE '{when.start}' AND s.sold_on < DATE '{when.end}'
              AND c.acquired_on >= DATE '{when.start}' AND c.acquired_on < DATE '{when.end}'""")[0][0]
    assert parts["new"].contribution == counted["2025Q4"] - counted[against]


def test_the_values_are_those_that_measure_gives(decided: Decided, found: Improvement) -> None:
    moved = [one for one in found.findings if one.kind == "moved"]
    for finding in moved:
        value = measure(decided.folder, [finding.metric], period="2025Q4").values[0]
        assert finding.value == pytest.approx(float(value.value))  # type: ignore[arg-type]
        for comparison in finding.comparisons:
            then = measure(decided.folder, [finding.metric], period=comparison.against).values[0]
            if comparison.change is not None:
                assert comparison.change == pytest.approx(float(value.value) - float(then.value))  # type: ignore[arg-type]
    assert {c.against for one in moved for c in one.comparisons} == {"2025Q3", "2024Q4"}


def test_findings_have_the_same_ids_each_time_and_are_kept(decided: Decided, found: Improvement) -> None:
    again = improve(decided.folder, "2025Q4", today=date(2026, 1, 15))
    assert alike(again.record(), found.record())
    assert len({one.id for one in found.findings}) == len(found.findings)
    kept = json.loads((decided.folder.root / "findings" / "2025Q4.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in kept] == [one.id for one in found.findings]


def test_the_unwelcome_and_lasting_stand_first(found: Improvement) -> None:
    groups = [0 if one.good is False and not one.seasonal else 1 if one.good is False else 2 for one in found.findings]
    assert groups == sorted(groups)


def test_only_unwelcome_findings_get_suggestions_and_each_can_be_checked(found: Improvement) -> None:
    bad = {one.id for one in found.findings if one.good is False and not one.seasonal}
    assert {one.finding for one in found.suggestions} <= bad
    assert found.suggestions
    assert all(one.check.zh and one.mechanism.en for one in found.suggestions)


def test_plans_past_their_deadline_are_told(decided: Decided, found: Improvement) -> None:
    late = [plan["id"] for plan in decided.truth["decisions"]["initiatives"] if plan["truth"].get("overdue")]
    assert [one.initiative for one in found.overdue] == late
    assert found.overdue[0].days == (date(2026, 1, 15) - date(2025, 11, 30)).days
    assert "46 days overdue" in found.overdue[0].words.en


def test_without_a_period_it_is_the_last_complete_quarter(decided: Decided) -> None:
    assert improve(decided.folder).period == "2025Q4"


def test_one_period_to_compare_with_can_be_named(decided: Decided) -> None:
    found = improve(decided.folder, "2025Q4", "2024Q4")
    assert found.against == ("2024Q4",)
    assert {c.against for one in found.findings for c in one.comparisons} == {"2024Q4"}


def test_a_finding_becomes_a_plan_that_can_be_reviewed(copied: Callable[[], Folder]) -> None:
    folder = copied()
    finding = next(
        one for one in improve(folder, "2025Q4").findings if one.kind == "declining" and one.metric == "new_customers"
    )
    made = plan(
        folder,
        finding.id,
        owner="吴直播",
        deadline=date(2026, 6, 30),
        expected=0.2,
        period="2025Q4",
        start=date(2026, 2, 1),
    )
    assert made.remedy in finding.remedies
    assert (made.scope, made.comparison) == ({"channel": ("抖音直播",)}, "auto")
    assert made.id in [one.id for one in read_initiatives(folder.root)]
    assert review(folder, made.id)[0].outcome == "cannot_tell"
    with pytest.raises(WrongUse, match="已存在"):
        plan(
            folder,
            finding.id,
            owner="吴",
            deadline=date(2026, 6, 30),
            expected=0.2,
            period="2025Q4",
            start=date(2026, 2, 1),
        )


def test_past_verdicts_stand_beside_a_remedy(copied: Callable[[], Folder]) -> None:
    folder = copied()
    review(folder)
    known = {one.remedy: one.past for one in improve(folder, "2025Q4").suggestions}
    assert known.get("shift_budget", {}).get("douyin_rescue") == "cannot_tell"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--plan", "f0"], "needs --owner"),
        (["--plan", "f0", "--owner", "Wu", "--deadline", "soon", "--expected", "0.1"], "--deadline must be a date"),
        (
            ["--plan", "f0", "--owner", "Wu", "--deadline", "2026-06-30", "--expected", "much"],
            "must be a number other than 0",
        ),
        (
            ["--plan", "f0", "--owner", "Wu", "--deadline", "2026-06-30", "--expected", "10%"],
            "There is no finding named 'f0'",
        ),
        (["--period", "last"], "is no period"),
    ],
)
def test_wrong_use_is_one_clear_message(
    decided: Decided, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["improve", *words, "-w", str(decided.folder.root), "--lang", "en"]) == 2
    assert said in capsys.readouterr().err


def test_the_command_speaks_both_languages(decided: Decided, capsys: pytest.CaptureFixture[str]) -> None:
    for language, said in (("zh", "持续走低"), ("en", "fell by")):
        assert main(["improve", "--period", "2025Q4", "-w", str(decided.folder.root), "--lang", language]) == 0
        shown = capsys.readouterr().out
        assert said in shown or "走低" in shown or "falling behind" in shown

"""Assess on the made-up company: values by hand-written SQL, small bases, closing and restating."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cycle.conftest import Decided, alike

from kexiao.assessment.results import Assessment
from kexiao.cli.main import main
from kexiao.cycle.assess import assess
from kexiao.cycle.collect import collect
from kexiao.engine.audit import verify
from kexiao.engine.folder import Folder
from kexiao.errors import WrongUse
from kexiao.facts.source import open_facts

QUARTER = "o.ordered_on >= DATE '2025-07-01' AND o.ordered_on < DATE '2025-10-01'"


def test_the_numbers_of_a_card_are_those_of_hand_written_sql(decided: Decided) -> None:
    found = assess(decided.folder, "stores", "2025Q3")
    source = open_facts(decided.folder)
    rows = source.query(f"""
        SELECT o.team, sum(l.net), count(*) FROM orders AS o
        JOIN (SELECT order_id, sum(net) AS net FROM order_lines GROUP BY order_id) AS l ON l.order_id = o.order_id
        WHERE o.channel = '直营门店' AND o.status IN ('paid', 'shipped', 'completed', 'refunded') AND l.net > 0 AND {QUARTER} GROUP BY o.team""")
    paid, count = {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
    back = dict(
        source.query("""
        SELECT o.team, sum(r.amount) FROM refunds AS r JOIN orders AS o ON o.order_id = r.order_id
        WHERE o.channel = '直营门店' AND r.refunded_on >= DATE '2025-07-01' AND r.refunded_on < DATE '2025-10-01' GROUP BY o.team""")
    )
    for subject in found.subjects:
        value = next(i for i in subject.indicators if i.indicator == "average_order_value")
        expected = (float(paid[subject.name]) - float(back.get(subject.name, 0))) / count[subject.name]
        assert value.value == pytest.approx(expected, abs=0.005)
    assert len(found.subjects) == 15


def test_a_level_above_is_the_metric_there_and_no_mean_of_scores(decided: Decided) -> None:
    found = assess(decided.folder, "stores", "2025Q3")
    company = found.subject("company")
    for place, indicator in enumerate(company.indicators):
        parts = [subject.indicators[place] for subject in found.subjects]
        if indicator.indicator != "repeat_purchase_rate":  # a customer of two shops is one customer of the company
            assert indicator.numerator == pytest.approx(sum(part.numerator or 0 for part in parts))
            assert indicator.denominator == sum(part.denominator or 0 for part in parts)
    assert company.score != pytest.approx(sum(s.score or 0 for s in found.subjects) / 15, abs=0.01)


def test_a_lucky_newcomer_with_five_leads_cannot_be_told(decided: Decided) -> None:
    story = decided.truth["stories"]["lucky_salesperson"]
    found = assess(decided.folder, "sellers", story["period"])
    newcomer = found.subject(story["number"])
    assert newcomer.label("zh") == story["name"]
    rate = newcomer.indicators[0]
    assert (rate.numerator, rate.denominator) == (story["won"], story["leads"])
    assert rate.value == 0.6
    assert (newcomer.outcome, newcomer.grade) == ("cannot_tell", None)
    # Drawn to the mean of all sellers, the luck is gone; and 3 of 5 is no outlier for five leads.
    assert rate.shrunk is not None
    assert rate.group_mean is not None
    assert abs(rate.shrunk - rate.group_mean) < 0.08
    assert rate.beyond_funnel is None


def test_a_declining_channel_gets_the_lowest_grade_for_sure(decided: Decided) -> None:
    found = assess(decided.folder, "channels", "2025Q4")
    scores = {subject.name: subject.score for subject in found.subjects}
    worst = found.subject(decided.truth["stories"]["declining_channel"]["channel"])
    assert worst.score == min(score for score in scores.values() if score is not None)
    assert (worst.outcome, worst.grade) == ("graded", "D")


def test_an_indicator_still_maturing_is_not_scored(decided: Decided) -> None:
    found = assess(decided.folder, "stores", "2025Q4")
    for subject in found.subjects:
        assert subject.indicators[0].score is None
        assert subject.score is None
        assert subject.measured_weight == pytest.approx(0.65)


def later_order(folder: Folder, day: str) -> None:
    path = folder.root / "late.csv"
    path.write_text(
        f"订单号,下单时间,订单状态,客户编号,渠道,实付金额\nLATE1,{day} 10:00:00,已完成,C00000005,天猫旗舰店,500000.00\n",
        encoding="utf-8",
    )
    collect(folder, [path])


def test_a_closed_period_keeps_its_values_and_tells_what_would_differ(copied: Callable[[], Folder]) -> None:
    folder = copied()
    before = assess(folder, "company", "2025Q3", close=True)
    assert before.closed is not None
    same = assess(folder, "company", "2025Q3")
    assert same.subjects == before.subjects
    assert same.restatements == ()
    later_order(folder, "2025-08-15")
    after = assess(folder, "company", "2025Q3")
    assert after.subjects == before.subjects
    assert after.snapshot == before.snapshot
    restated = {r.indicator for r in after.restatements if r.field == "value"}
    assert "sales_growth_yoy" in restated
    assert "new_customers" not in restated
    with pytest.raises(WrongUse, match="已经关账"):
        assess(folder, "company", "2025Q3", close=True)
    again = assess(folder, "company", "2025Q3", reopen="补录一张大单")
    assert again.closed is not None
    assert (again.closed.revision, again.closed.reason) == (2, "补录一张大单")
    assert assess(folder, "company", "2025Q3").restatements == ()
    assert verify(folder.root) == []


def test_a_closed_period_is_not_touched_by_new_rules(copied: Callable[[], Folder]) -> None:
    folder = copied()
    before = assess(folder, "channels", "2025Q3", close=True)
    card = folder.root / "scorecards" / "channels.toml"
    card.write_text(card.read_text(encoding="utf-8").replace("target = 60", "target = 80"), encoding="utf-8")
    after = assess(folder, "channels", "2025Q3")
    assert after.subjects == before.subjects
    assert after.restatements == ()


def test_an_unfinished_period_cannot_be_closed(
    copied: Callable[[], Folder], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied()
    later_order(folder, "2026-02-10")
    found = assess(folder, "company", "2026Q1")
    assert not found.complete
    assert found.subjects[0].score is None
    assert main(["assess", "company", "--period", "2026Q1", "--close", "-w", str(folder.root), "--lang", "en"]) == 2
    assert "cannot be closed" in capsys.readouterr().err


def test_the_command_prints_what_the_function_gives(decided: Decided, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["-w", str(decided.folder.root)]
    assert main(["assess", "company", "--period", "2025Q3", "--format", "json", *workspace]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert alike(record, assess(decided.folder, "company", "2025Q3").record())
    assert Assessment.from_record(record).record() == record
    assert main(["assess", "sellers", "--period", "2025Q3", "--subject", "Y0085", "--lang", "zh", *workspace]) == 0
    shown = capsys.readouterr().out
    assert "顾小满" in shown
    assert "60.0 %" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compny", "--period", "2025Q3"], 2, "Did you mean: company"),
        (["company"], 2, "No period was given"),
        (["company", "--period", "2025Q5"], 2, "is no period"),
        (["company", "--period", "2024Q4"], 2, "holds from 2025-01-01 on only"),
        (["sellers", "--period", "2025Q3", "--subject", "nobody"], 2, "There is no subject named 'nobody'"),
        (["company", "--period", "2025Q3", "--reopen", "typing error"], 2, "was never closed"),
    ],
)
def test_wrong_use_is_one_clear_message(
    decided: Decided, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert main(["assess", *words, "-w", str(decided.folder.root), "--lang", "en"]) == code
    assert said in capsys.readouterr().err


def test_a_card_that_cannot_be_read_is_rejected_with_its_file(
    copied: Callable[[], Folder], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied()
    (folder.root / "scorecards" / "bad.toml").write_text('id = "bad"\nsubjekt = "team"\n', encoding="utf-8")
    assert main(["assess", "company", "--period", "2025Q3", "-w", str(folder.root), "--lang", "en"]) == 3
    assert "bad.toml" in capsys.readouterr().err


def test_every_written_file_stays_inside_the_workspace(copied: Callable[[], Folder], tmp_path: Path) -> None:
    folder = copied()
    assess(folder, "company", "2025Q3", close=True)
    assert [path.name for path in (folder.root / "closes").glob("*.json")] == ["company-2025Q3-r1.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]

"""From a finding to a plan to its verdict: what the pages show is what the cycle says."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from web_company import client, company, over

from kexiao.cycle.improve import improve
from kexiao.cycle.review import kept_verdicts
from kexiao.engine.folder import open_folder
from kexiao.improvement.reading import read_initiatives


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(company(), tmp_path / "company", ignore=shutil.ignore_patterns("app.sqlite3*", "_tmp")))


def test_the_findings_are_those_of_the_cycle_in_its_order() -> None:
    found = improve(open_folder(company()), "2025Q4").findings
    with over(company()):
        page = client("viewer").get("/improvement/findings/?period=2025Q4").content.decode()
    places = [page.find(finding.headline("en")) for finding in found]
    assert all(place > 0 for place in places)
    unwelcome = [place for place, finding in zip(places, found, strict=True) if finding.good is False]
    assert unwelcome == sorted(unwelcome)


def test_a_suggestion_becomes_a_plan_with_owner_and_deadline(copy: Path) -> None:
    quarters = [f"{year}Q{number}" for year in (2025, 2024) for number in (4, 3, 2, 1)]
    found = (improve(open_folder(copy), quarter) for quarter in quarters)
    improvement = next(one for one in found if one.suggestions)
    chosen, period = improvement.suggestions[0], improvement.period
    before = {plan.id for plan in read_initiatives(copy)}
    form = {
        "finding": chosen.finding,
        "remedy": chosen.remedy,
        "period": period,
        "owner": "周增长",
        "deadline": "2099-12-31",
        "expected": "12 %",
    }
    with over(copy):
        manager = client("manager")
        assert "Make it a plan" in manager.get(f"/improvement/findings/?period={period}").content.decode()
        assert "Make it a plan" not in client("viewer").get(f"/improvement/findings/?period={period}").content.decode()
        assert manager.post("/improvement/plan/", form).headers["Location"] == "/initiatives/"
        page = manager.get("/initiatives/").content.decode()
        assert "Written down:" in page
    made = next(plan for plan in read_initiatives(copy) if plan.id not in before)
    assert (made.owner, made.deadline.isoformat(), made.expected, made.finding) == (
        "周增长",
        "2099-12-31",
        0.12,
        chosen.finding,
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"owner": " "}, "There is no owner."),
        ({"deadline": "soon"}, "The deadline is no date."),
        ({"expected": "much"}, "The promised effect is no number."),
    ],
)
def test_a_plan_with_a_gap_is_refused_in_words(wrong: dict[str, str], words: str) -> None:
    form = {"finding": "f0", "remedy": "care", "owner": "Li", "deadline": "2099-01-01", "expected": "5"}
    with over(company()):
        answer = client("manager").post("/improvement/plan/", {**form, **wrong})
    assert answer.status_code == 400 and words in answer.content.decode()


def test_every_verdict_stands_with_its_estimate_interval_checks_and_assumption() -> None:
    words = {"worked": "worked", "did_not": "did not work", "cannot_tell": "cannot tell"}
    with over(company()):
        for verdict in kept_verdicts(company()):
            page = client("viewer").get(f"/initiatives/{verdict.initiative}/").content.decode()
            for part in (
                verdict.assumption,
                verdict.rule,
                verdict.design_label,
                *(check.words for check in verdict.checks),
            ):
                assert part("en").replace("'", "&#x27;") in page, verdict.initiative
            assert words[verdict.outcome] in page or verdict.state == "running"
            if verdict.estimate is not None and verdict.unit == "relative":
                assert f"{abs(verdict.estimate) * 100:.1f} %" in page


def test_overdue_plans_come_first_and_stand_on_the_overview() -> None:
    from datetime import date

    late = [plan for plan in read_initiatives(company()) if plan.overdue(date.today())]
    with over(company()):
        page = client("viewer").get("/initiatives/").content.decode()
        due = client("viewer").get("/overview/due/").content.decode()
    assert late and page.index("Overdue") < page.index("Ended")
    assert all(plan.name("en").replace("'", "&#x27;") in due for plan in late)


def test_a_review_runs_as_a_job_and_brings_the_verdicts_to_the_newest_data(copy: Path) -> None:
    from kexiao.web.records.models import Job

    for path in (copy / "verdicts").glob("*.json"):
        path.unlink()
    with over(copy):
        assert "not reviewed" in client("viewer").get("/initiatives/").content.decode()
        assert client("manager").post("/initiatives/review/").status_code == 302
        for _ in range(600):
            if Job.objects.latest("pk").state != "running":
                break
            time.sleep(0.1)
        assert Job.objects.latest("pk").state == "done"
        assert "not reviewed" not in client("viewer").get("/initiatives/").content.decode()
    assert len(kept_verdicts(copy)) == len(read_initiatives(copy))

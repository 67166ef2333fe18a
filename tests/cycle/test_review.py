"""Review on the made-up company: the truth is recovered, and where it cannot be, that is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cycle.conftest import Decided, alike, decided_company

from kexiao.cli.main import main
from kexiao.cycle.review import kept_verdicts, review
from kexiao.effect.verdicts import Verdict


@pytest.fixture(scope="module")
def verdicts(decided: Decided) -> dict[str, Verdict]:
    return {verdict.initiative: verdict for verdict in review(decided.folder)}


def test_every_initiative_gets_a_verdict_with_its_reasons(decided: Decided, verdicts: dict[str, Verdict]) -> None:
    assert set(verdicts) == {plan["id"] for plan in decided.truth["decisions"]["initiatives"]}
    for verdict in verdicts.values():
        assert (verdict.outcome == "cannot_tell") == (verdict.reason is not None)
        assert (verdict.estimate is None) == (verdict.interval_low is None)


@pytest.mark.parametrize("story", ["campaign_that_worked", "campaign_that_did_not"])
def test_campaigns_with_a_hold_out_are_told_as_they_were(
    decided: Decided, verdicts: dict[str, Verdict], story: str
) -> None:
    told = decided.truth["stories"][story]
    found = verdicts[told["campaign"].lower()]
    assert found.outcome == ("worked" if told["true_extra_orders_per_treated"] > 0 else "did_not")
    assert found.design == "holdout"
    assert found.treated is not None
    assert found.comparison is not None
    assert (found.treated.n, found.comparison.n) == (told["treated"], told["held_out"])
    assert found.treated.after == pytest.approx(told["orders_of_treated"] / told["treated"])
    assert found.comparison.after == pytest.approx(told["orders_of_held_out"] / told["held_out"])
    assert found.interval_low is not None
    assert found.interval_high is not None
    assert found.interval_low < told["true_extra_orders_per_treated"] < found.interval_high


@pytest.mark.parametrize("story", ["plan_that_worked", "plan_that_did_nothing"])
def test_a_small_company_is_never_told_the_contrary(decided: Decided, verdicts: dict[str, Verdict], story: str) -> None:
    told = decided.truth["stories"][story]
    wrong = "did_not" if told["true_extra_orders_per_customer"] > 0 else "worked"
    assert verdicts[told["plan"]].outcome != wrong


def test_where_everyone_took_part_or_the_data_end_too_early_nothing_is_told(verdicts: dict[str, Verdict]) -> None:
    assert (verdicts["member_day"].design, verdicts["member_day"].outcome) == ("none", "cannot_tell")
    assert (verdicts["douyin_rescue"].state, verdicts["douyin_rescue"].outcome) == ("running", "cannot_tell")


def test_verdicts_are_kept_where_pages_and_the_next_plan_read_them(
    decided: Decided, verdicts: dict[str, Verdict]
) -> None:
    kept = {verdict.initiative: verdict for verdict in kept_verdicts(decided.folder.root)}
    assert kept.keys() == verdicts.keys()
    assert all(alike(kept[name].record(), verdict.record()) for name, verdict in verdicts.items())


def test_an_older_snapshot_is_shown_and_not_kept(decided: Decided, verdicts: dict[str, Verdict]) -> None:
    kept = decided.folder.root / "verdicts" / "hd2511.json"
    stamp = kept.stat().st_mtime_ns
    review(decided.folder, "hd2511", as_of=verdicts["hd2511"].snapshot)
    assert kept.stat().st_mtime_ns == stamp


def test_the_command_opens_one_verdict_in_words(decided: Decided, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["-w", str(decided.folder.root)]
    assert main(["review", "hd2511", "--lang", "en", *workspace]) == 0
    shown = capsys.readouterr().out
    for said in ("worked: +0.", "promised +0.15", "Assumes: The arms were drawn at random", "Rule: Worked:"):
        assert said in shown
    assert main(["review", "--format", "json", *workspace]) == 0
    records = json.loads(capsys.readouterr().out)
    assert Verdict.from_record(records[0]).initiative == records[0]["initiative"]
    assert main(["review", "hd2599", "--lang", "en", *workspace]) == 2
    assert "Did you mean: hd2512, hd2511" in capsys.readouterr().err


@pytest.mark.slow
def test_at_full_size_every_planted_plan_is_told_as_it_was(tmp_path: Path) -> None:
    decided = decided_company(tmp_path, 50_000)
    found = {verdict.initiative: verdict.outcome for verdict in review(decided.folder)}
    for plan in decided.truth["decisions"]["initiatives"]:
        if "verdict" in plan["truth"]:
            assert found[plan["id"]] == plan["truth"]["verdict"], plan["id"]

"""Initiatives are read strictly, written once, and told when overdue."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kexiao.errors import InputRejected, WrongUse
from kexiao.improvement.reading import initiative_named, read_initiatives, write_initiative

PLAN = """
id = "care_east"
name = { zh = "老客关怀", en = "Care" }
owner = "王芳"
metric = "orders"
start = 2025-07-01
deadline = 2025-09-30
scope = { channel = "门店", region = ["华东"] }
comparison = { channel = "门店", region = ["华南", "华北"] }
expected = 0.1
"""


def write(root: Path, text: str, name: str = "care") -> None:
    (root / "initiatives").mkdir(exist_ok=True)
    (root / "initiatives" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_a_plan_is_read_as_written_and_written_as_read(tmp_path: Path) -> None:
    write(tmp_path, PLAN)
    (plan,) = read_initiatives(tmp_path)
    assert (plan.id, plan.scope, plan.expected_unit, plan.status) == (
        "care_east", {"channel": ("门店",), "region": ("华东",)}, "relative", "planned",
    )  # fmt: skip
    other = tmp_path / "other"
    other.mkdir()
    path = write_initiative(other, plan)
    (again,) = read_initiatives(other)
    assert path.name == "care_east.toml"
    assert {**again.record(), "file": None} == {**plan.record(), "file": None}
    with pytest.raises(WrongUse, match="已存在"):
        write_initiative(other, plan)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner", "onwer", "owner: this entry is missing"),
        ('"orders"', '"order"', "Did you mean: orders"),
        ("2025-09-30", "2025-06-30", "deadline: it is before the start"),
        ("expected = 0.1", "expected = -0.1", "the direction is wrong"),
        ("expected = 0.1", "expected = 0", "expected: it must not be 0"),
        ('region = ["华东"]', 'team2 = ["a"]', "scope.team2: the metric cannot be broken down by it"),
        ('["华南", "华北"]', '["华南", "华东"]', "comparison: it overlaps with the scope"),
        ('region = ["华南", "华北"]', 'team = ["a"]', "its dimensions must be those of the scope"),
        ("expected = 0.1", 'expected = 0.1\ncampaign = "HD01"', "a campaign is compared with its hold-out"),
        ("expected = 0.1", 'expected = 0.1\nremedy = "magic"', "There is no remedy named 'magic'"),
        (
            "expected = 0.1",
            'expected = 0.1\nstatus = "finished"',
            "it must be one of planned, running, done, cancelled",
        ),
        (
            'comparison = { channel = "门店", region = ["华南", "华北"] }',
            'comparison = "others"',
            "it must be one of auto",
        ),
    ],
)
def test_a_wrong_plan_is_refused_with_the_key_and_the_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    write(tmp_path, PLAN.replace(old, new, 1))
    with pytest.raises(InputRejected) as problem:
        read_initiatives(tmp_path)
    assert said in problem.value.message("en")
    assert "care.toml" in problem.value.message("en")


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path, PLAN)
    write(tmp_path, PLAN, "again")
    with pytest.raises(InputRejected, match="已有这个 id"):
        read_initiatives(tmp_path)


def test_a_plan_is_found_by_its_id_or_the_nearest_is_named(tmp_path: Path) -> None:
    write(tmp_path, PLAN)
    plans = read_initiatives(tmp_path)
    assert initiative_named(plans, "care_east") is plans[0]
    with pytest.raises(WrongUse, match="你是不是想用：care_east"):
        initiative_named(plans, "care_esat")
    with pytest.raises(WrongUse, match="还没有改进举措"):
        initiative_named((), "care_east")


def test_only_what_is_unfinished_past_its_deadline_is_overdue(tmp_path: Path) -> None:
    write(tmp_path, PLAN)
    (plan,) = read_initiatives(tmp_path)
    assert not plan.overdue(date(2025, 9, 30))
    assert plan.overdue(date(2025, 10, 1))
    write(tmp_path, PLAN + 'status = "done"\n')
    assert not read_initiatives(tmp_path)[0].overdue(date(2026, 10, 1))

"""Every system that can be connected: described, documented, with an example that works."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kexiao.cycle.pull import example
from kexiao.errors import Place, WrongUse
from kexiao.sources.connecting.connector import all_systems
from kexiao.sources.connecting.described import THING_KEYS, plan_of

ROOT = Path(__file__).resolve().parents[3]


def test_the_systems_are_those_that_are_promised() -> None:
    assert set(all_systems()) == {"zoho", "fxiaoke", "wenjuanxing", "rest", "postgresql", "mysql", "sqlite", "duckdb"}


@pytest.mark.parametrize("name", all_systems())
def test_its_example_is_a_source_file_without_secrets(name: str) -> None:
    text = example(name)
    if name in ("sqlite", "duckdb", "mysql"):
        text = text.replace('"postgresql"', f'"{name}"')
    if name in ("sqlite", "duckdb"):
        for setting in ("host", "port", "database", "user", "password_env"):
            text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{setting} "))
        text = text.replace("# path", "path")
    plan = plan_of("crm", tomllib.loads(text), Place(file="sources/crm.toml"))
    assert plan.system == name and plan.things


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", all_systems())
def test_every_setting_of_it_is_in_the_guide(name: str, language: str) -> None:
    guide = (ROOT / f"docs/sources.{language}.md").read_text(encoding="utf-8")
    system = all_systems()[name]
    missing = [key for key in {**system.source_keys, **system.thing_keys, **THING_KEYS} if key not in guide]
    assert not missing and name in guide
    assert system.label.zh and system.label.en


def test_an_unknown_system_is_answered_with_those_there_are() -> None:
    with pytest.raises(WrongUse, match="zoho"):
        example("salesfarce")

"""The language of the program stands wherever people write it."""

from __future__ import annotations

import pytest

from kexiao.cli.main import main


@pytest.mark.parametrize("words", [["--lang", "zh", "--help"], ["--help", "--lang=zh"], ["--lang=zh"]])
def test_help_speaks_the_language_named_before_or_behind(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert "客户与市场绩效管理" in capsys.readouterr().out


def test_a_command_hears_a_language_named_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "measure", "--help"]) == 0
    assert "Compute metrics" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--lang", "xx", "measure"], ["measure", "--lang=xx"]])
def test_an_unknown_language_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "zh、en" in capsys.readouterr().err

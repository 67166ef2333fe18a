"""The frame that everything hangs in: what a fresh clone holds, what its commands are, what its documents promise."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Written apart, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    "registry.npm" + "js",
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "mirror",
    "tuna." + "tsinghua",
    "un" + "pkg.com",
]
MACHINE_PATH = re.compile(r"(?<![\w.$~)}\]])/(?:work|root|tmp|opt|Users|home/\w+)/(?=\w)")
COMMANDS = [
    "assets",
    "bench",
    "check",
    "clean",
    "connectors",
    "demo",
    "faults",
    "fix",
    "help",
    "kills",
    "spark",
    "test",
    "test-all",
]
README_COMMANDS = ["make demo", "kexiao analyze FILES -o report.html"]


@cache
def tracked() -> list[Path]:
    """Every file that git keeps and that is still there."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is no git clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def make(*arguments: str) -> str:
    # A make that calls these tests hands its own flags down; this one is to start afresh.
    clean = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    done = subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, env=clean)
    return done.stdout


def code_blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text_of(ROOT / name), re.DOTALL)


def commands_in(name: str) -> list[str]:
    """The shell commands that a README shows, without their comments."""
    lines = [line.partition("#")[0].strip() for block in code_blocks(name, "sh") for line in block.splitlines()]
    return [line for line in lines if line]


def test_no_file_names_a_registry():
    found = [(path.name, host) for path in tracked() for host in REGISTRY_HOSTS if host in text_of(path)]
    assert found == []


def test_no_file_holds_a_path_of_somebodys_machine():
    found = [
        (str(path.relative_to(ROOT)), hit.group()) for path in tracked() if (hit := MACHINE_PATH.search(text_of(path)))
    ]
    assert found == []


def test_no_third_party_file_is_committed():
    for path in tracked():
        inside = path.relative_to(ROOT)
        assert not {"vendor", "node_modules", ".venv"} & set(inside.parts), inside
        assert not re.search(r"\.(min\.(js|css)|map|whl|woff2?|ttf|otf)$", path.name), inside
        assert path.stat().st_size < 1_500_000, inside
        if path.name not in {"LICENSE", Path(__file__).name}:
            assert not re.search(r"Copyright \(c\)|Licensed under the (MIT|BSD)|@license", text_of(path)), inside


def test_the_lock_pins_each_package_by_checksum_and_names_no_address():
    lock = text_of(ROOT / "package-lock.json")
    assert '"resolved"' not in lock and "file:" not in lock
    packages = json.loads(lock)["packages"]
    assert all(entry["integrity"].startswith("sha512-") for name, entry in packages.items() if name)
    wanted = json.loads(text_of(ROOT / "package.json"))["dependencies"]
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
    assert "omit-lockfile-registry-resolved=true" in text_of(ROOT / ".npmrc")


def test_the_asset_list_agrees_with_what_was_fetched():
    versions = ROOT / "src/kexiao/report/vendor/versions.json"
    if not versions.exists():
        pytest.skip("the page assets are not here: run make assets")
    wanted = json.loads(text_of(ROOT / "package.json"))["dependencies"]
    assert json.loads(text_of(versions)) == wanted
    fetched = {path.name for path in versions.parent.iterdir()}
    assert {"echarts.min.js", "htmx.min.js", "echarts.LICENSE.txt", "htmx.LICENSE.txt"} <= fetched
    # Nothing is fetched at run time: no style or script reaches out for a font, a map or another file.
    for path in versions.parent.glob("*.min.*"):
        assert not re.search(r"@import\s+url|url\(\s*['\"]?https?:|sourceMappingURL", text_of(path)), path.name


def test_make_help_lists_every_command_with_a_description():
    listed = dict(line.split(maxsplit=1) for line in make("help").splitlines())
    assert sorted(listed) == COMMANDS
    declared = re.search(r"^\.PHONY: (help .*)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert declared and sorted(declared[1].split()) == COMMANDS


def test_make_demo_and_make_test_do_what_they_say():
    assert "kexiao demo" in make("-n", "demo")
    planned = make("-n", "test")
    for tool in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "--doctest-modules",
        '-m "not slow"',
    ):
        assert tool in planned, tool


def test_continuous_integration_runs_both_suites_and_skips_no_browser():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    text = text_of(script)
    assert "set -euo pipefail" in text and "export KEXIAO_CI=1" in text
    assert [line for line in text.splitlines() if line.startswith("run test")] == [
        "run test || result=$?",
        "run test-all || result=$?",
    ]


def test_a_missing_browser_fails_in_continuous_integration_and_skips_elsewhere(monkeypatch):
    import chromium

    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    monkeypatch.setenv("KEXIAO_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="Chromium"):
        chromium.find_chromium()
    monkeypatch.delenv("KEXIAO_CI")
    with pytest.raises(pytest.skip.Exception, match="Chromium"):
        chromium.find_chromium()


def test_the_licence_is_the_whole_apache_licence():
    text = text_of(ROOT / "LICENSE")
    assert "Apache License" in text[:200] and "Version 2.0, January 2004" in text[:300]
    assert "END OF TERMS AND CONDITIONS" in text and "9. Accepting Warranty or Additional Liability" in text
    assert 'license = "Apache-2.0"' in text_of(ROOT / "pyproject.toml")


def test_both_readmes_show_the_same_commands_and_link_to_one_another():
    english, chinese = commands_in("README.md"), commands_in("README.zh.md")
    assert english == chinese
    assert english[:2] == README_COMMANDS
    assert code_blocks("README.md", "python") == code_blocks("README.zh.md", "python")
    assert "(README.zh.md)" in text_of(ROOT / "README.md") and "(README.md)" in text_of(ROOT / "README.zh.md")


def test_every_command_that_the_readmes_show_exists():
    shown = {
        line.split()[1]
        for line in commands_in("README.md")
        for line in line.split("&&")
        if line.strip().startswith("kexiao ")
    }
    written = {path.stem for path in (ROOT / "src/kexiao/cli").glob("*.py")}
    assert shown <= written, f"not written yet: {sorted(shown - written)}"
    assert {line.split()[1] for line in commands_in("README.md") if line.startswith("make ")} <= set(COMMANDS)


def test_links_between_documents_lead_somewhere():
    for name in ("README.md", "README.zh.md", "CONTRIBUTING.md"):
        for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^):#]+)\)", text_of(ROOT / name)):
            assert (ROOT / target).exists(), f"{name} → {target}"


def test_the_recipes_name_files_that_exist():
    named = re.findall(r"`((?:src/|tests/)[\w/.]+)`", text_of(ROOT / "CONTRIBUTING.md"))
    assert named
    for path in named:
        assert (ROOT / path).exists(), path


def test_the_metric_of_the_recipe_is_the_one_of_the_catalogue():
    (block,) = [code for code in code_blocks("CONTRIBUTING.md", "python") if "Metric(" in code]
    (shown,) = ast.parse(block).body
    written = ast.parse(text_of(ROOT / "src/kexiao/metrics/value.py")).body
    assert isinstance(shown, ast.Assign) and isinstance(shown.targets[0], ast.Name)
    name = shown.targets[0].id
    (real,) = [
        node
        for node in written
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
    ]

    def parts(node: ast.Assign) -> dict[str, str]:
        assert isinstance(node.value, ast.Call)
        return {word.arg or "": ast.unparse(word.value) for word in node.value.keywords}

    for part in ("label", "formula", "unit", "better"):
        assert parts(shown)[part] == parts(real)[part], part
    assert set(parts(shown)) <= set(parts(real))


def test_every_term_of_the_glossary_has_both_languages_a_meaning_and_a_source():
    rows = [line for line in text_of(ROOT / "GLOSSARY.md").splitlines() if line.startswith("| ") and "---" not in line]
    terms = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if not row.startswith("| English")]
    assert len(terms) > 60
    for term in terms:
        assert len(term) == 4 and all(term), term
        assert re.search(r"[a-zA-Z]", term[0])
    names = [term[0] for term in terms]
    assert len(names) == len(set(names))


def test_imports_go_one_way():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_uv_is_told_what_pip_knows(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import install

    listed = "global.index-url='https://one.example/simple'\nglobal.extra-index-url='file:///a/simple\\nfile:///b/simple'\n:env:.find-links='/c /d'\n"

    class Done:
        stdout = listed

    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: Done)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    for name in ("UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    told = install.uv_environment(Path("python"))
    assert told["UV_DEFAULT_INDEX"] == "https://one.example/simple"
    assert told["UV_INDEX"] == "file:///a/simple file:///b/simple"
    assert told["UV_FIND_LINKS"] == "/c,/d"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    # What is set for uv by hand stays.
    monkeypatch.setenv("UV_INDEX", "https://mine.example")
    assert install.uv_environment(Path("python"))["UV_INDEX"] == "https://mine.example"

"""The catalogue as an Apache Ossie document: its expressions give our numbers, and what is read back is what was written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from metrics.test_own_metrics import FILES

from kexiao.cli.main import main
from kexiao.cycle.catalogue import export, take_in
from kexiao.cycle.measure import measure_facts
from kexiao.engine.folder import Folder, create_folder
from kexiao.errors import InputRejected, KexiaoError
from kexiao.facts.worked_example import source_of
from kexiao.metrics.catalogue import all_metrics, metrics_of
from kexiao.metrics.ossie.reading import metrics_in
from kexiao.metrics.ossie.writing import document
from kexiao.metrics.shop import SHOP, WINDOW

# The keys that the published schema (core-spec/ossie-schema.json, 0.2.0.dev0) allows, and those it asks for; it allows no others.
SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "document": ({"version", "semantic_model", "dialects", "vendors"}, {"version", "semantic_model"}),
    "model": (
        {"name", "description", "ai_context", "datasets", "relationships", "metrics", "custom_extensions"},
        {"name", "datasets"},
    ),
    "dataset": (
        {"name", "source", "primary_key", "unique_keys", "description", "ai_context", "fields", "custom_extensions"},
        {"name", "source"},
    ),
    "field": (
        {"name", "expression", "dimension", "label", "description", "datatype", "ai_context", "custom_extensions"},
        {"name", "expression"},
    ),
    "metric": (
        {"name", "expression", "description", "datatype", "ai_context", "custom_extensions"},
        {"name", "expression"},
    ),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Folder:
    """An empty workspace with four metrics of its own."""
    folder = create_folder(tmp_path / "one")
    for file, text in FILES.items():
        (folder.root / "metrics" / file).write_text(text, encoding="utf-8")
    return folder


def _keys(kind: str, part: Mapping[str, Any]) -> None:
    allowed, needed = SCHEMA[kind]
    assert needed <= part.keys() <= allowed, (kind, part.keys())
    for extension in part.get("custom_extensions", ()):
        assert extension.keys() == {"vendor_name", "data"} and isinstance(json.loads(extension["data"]), dict)
    if "expression" in part:
        (only,) = part["expression"]["dialects"]
        assert only.keys() == {"dialect", "expression"} and only["dialect"] == "ANSI_SQL"


def test_it_has_the_shape_of_the_published_schema(workspace: Folder, tmp_path: Path) -> None:
    export(workspace, tmp_path / "catalogue.yaml")
    found = yaml.safe_load((tmp_path / "catalogue.yaml").read_text(encoding="utf-8"))
    _keys("document", found)
    assert found["version"] == "0.2.0.dev0"
    (model,) = found["semantic_model"]
    _keys("model", model)
    assert model["datasets"]
    for dataset in model["datasets"]:
        _keys("dataset", dataset)
        for field in dataset["fields"]:
            _keys("field", field)
        assert sum(field.get("dimension", {}).get("is_time", False) for field in dataset["fields"]) == 1
    for metric in model["metrics"]:
        _keys("metric", metric)


def test_its_expressions_give_the_numbers_that_we_give() -> None:
    """Each metric over one dataset, as any engine that reads the document would compute it in March 2025."""
    model = document(all_metrics(), {})[0]["semantic_model"][0]
    days = {
        dataset["name"]: next(f["name"] for f in dataset["fields"] if f.get("dimension", {}).get("is_time"))
        for dataset in model["datasets"]
    }
    fields = {dataset["name"]: {f["name"] for f in dataset["fields"]} for dataset in model["datasets"]}
    source = source_of(SHOP, window=WINDOW)
    compared = 0
    for metric in model["metrics"]:
        sql = metric["expression"]["dialects"][0]["expression"]
        read = set(re.findall(r"(\w+)\.(\w+)", re.sub(r"'[^']*'|\d+\.\d+", "", sql)))
        assert all(column in fields[dataset] for dataset, column in read), metric["name"]
        datasets = {dataset for dataset, _ in read}
        ours = measure_facts(source, [metric["name"]], period="2025-03").values[0]
        if len(datasets) > 1 or ours.value is None:
            continue
        (dataset,) = datasets
        inside = f"{dataset}.{days[dataset]} BETWEEN DATE '2025-03-01' AND DATE '2025-03-31'"
        found = source.connection.execute(f"SELECT {sql} FROM {dataset} WHERE {inside}").fetchall()[0][0]
        assert float(found) == pytest.approx(float(ours.value), abs=0.005), metric["name"]
        compared += 1
    assert compared >= 10


def test_every_metric_is_either_expressed_or_listed_with_its_reason() -> None:
    found, left_out = document(all_metrics(), {})
    said = {metric["name"] for metric in found["semantic_model"][0]["metrics"]}
    assert said | {one.name for one in left_out} == all_metrics().keys() and not said & {o.name for o in left_out}
    assert {"average_order_value", "net_sales", "gross_margin_rate"} <= said
    assert {"retention_rate", "interpurchase_days", "repeat_purchase_rate"} <= {one.name for one in left_out}
    assert all(one.reason("zh") != one.reason("en") for one in left_out)


def test_own_metrics_come_back_letter_for_letter_also_those_it_cannot_express(
    workspace: Folder, tmp_path: Path
) -> None:
    _, left_out = export(workspace, tmp_path / "catalogue.yaml")
    assert "loyal_share" in {one.name for one in left_out}
    other = create_folder(tmp_path / "other")
    taken = {one.name: one for one in take_in(other, tmp_path / "catalogue.yaml")}
    assert {name for name, one in taken.items() if one.became == "new"} == {
        "store_spend", "loyal_share", "tea_share", "big_share",
    }  # fmt: skip
    assert {one.became for name, one in taken.items() if name in all_metrics()} == {"ours"}
    texts = {path.read_text(encoding="utf-8") for path in (other.root / "metrics").glob("*.toml")}
    assert texts == set(FILES.values())
    with metrics_of(workspace.root):
        before = all_metrics()
    with metrics_of(other.root):
        assert all_metrics() == before
    assert {one.became for one in take_in(other, tmp_path / "catalogue.yaml")} == {"ours", "same"}


def test_nothing_that_stands_there_is_written_over(workspace: Folder, tmp_path: Path) -> None:
    export(workspace, tmp_path / "catalogue.yaml")
    mine = FILES["big.toml"].replace("500", "900")
    (workspace.root / "metrics" / "big.toml").unlink()
    (workspace.root / "metrics" / "tea_share.toml").write_text(mine, encoding="utf-8")
    (workspace.root / "metrics" / "tea.toml").unlink()
    taken = {one.name: one for one in take_in(workspace, tmp_path / "catalogue.yaml")}
    assert taken["big_share"].became == "kept"
    assert (taken["tea_share"].became, taken["tea_share"].file) == ("new", "metrics/tea_share1.toml")
    assert (workspace.root / "metrics" / "tea_share.toml").read_text(encoding="utf-8") == mine


FOREIGN = """
version: 0.2.0.dev0
semantic_model:
  - name: shop
    datasets: [{name: orders, source: sales.public.orders}]
    metrics:
      - name: total_revenue
        description: Total revenue from all orders
        expression: {dialects: [{dialect: SNOWFLAKE, expression: x}, {dialect: ANSI_SQL, expression: SUM(orders.amount)}]}
      - name: ../../evil
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.amount)}]}
"""


def test_a_metric_of_another_system_becomes_a_draft_that_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = create_folder(tmp_path / "one")
    file = tmp_path / "foreign.yaml"
    file.write_text(FOREIGN, encoding="utf-8")
    assert main(["metrics", "import", str(file), "-w", str(folder.root), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "total_revenue: of another system" in said and "names and reason in both languages" in said
    assert "its name cannot be used" in said
    draft = folder.root / "metrics" / "total_revenue.draft"
    assert "# SUM(orders.amount)" in draft.read_text(encoding="utf-8")
    assert [p.name for p in (folder.root / "metrics").iterdir() if p.name != ".lock"] == ["total_revenue.draft"]
    draft.write_text("half done", encoding="utf-8")
    assert {one.became for one in take_in(folder, file)} == {"drafted", "unnamed"}
    assert draft.read_text(encoding="utf-8") == "half done"


def test_the_command_lists_what_the_format_cannot_say(
    workspace: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, words in (("en", "customers at the period's edges"), ("zh", "期初、期末的状态")):
        arguments = ["metrics", "export", str(tmp_path / "c.yaml"), "-w", str(workspace.root), "--lang", language]
        assert main(arguments) == 0
        said = capsys.readouterr().out
        assert "retention_rate" in said and words in said


def test_a_definition_that_is_refused_leaves_the_workspace_as_it_was(workspace: Folder, tmp_path: Path) -> None:
    export(workspace, tmp_path / "catalogue.yaml")
    text = (tmp_path / "catalogue.yaml").read_text(encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text(text.replace("known_net", "known_nett"), encoding="utf-8")
    (tmp_path / "renamed.yaml").write_text(text.replace("- name: tea_share", "- name: other_share"), encoding="utf-8")
    for name in ("wrong", "renamed"):
        other = create_folder(tmp_path / f"other-{name}")
        with pytest.raises(InputRejected):
            take_in(other, tmp_path / f"{name}.yaml")
        assert not list((other.root / "metrics").glob("*.*l"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["0.2.0.dev0", "KEXIAO", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["version", "semantic_model", "metrics", "name", "expression", "dialects", "custom_extensions", "vendor_name", "data"]), inner, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(ANYTHING, ANYTHING)
def test_no_document_however_wrong_ends_in_a_traceback(models: object, metrics: object) -> None:
    for given_ in (models, {"version": "0.2", "semantic_model": [models]}, _with(metrics), _with([metrics])):
        try:
            metrics_in(given_, "x.yaml")
        except KexiaoError as refused:
            assert refused.message("zh") and "x.yaml" in refused.message("en")


def _with(metrics: object) -> dict[str, object]:
    return {"version": "0.2", "semantic_model": [{"metrics": metrics}]}


@pytest.mark.parametrize("text", ["a: [", "\t- x", "", "[" * 5000, "42", "a: !!python/object:os.system x"])
def test_what_is_no_yaml_of_this_kind_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputRejected):
        take_in(create_folder(tmp_path / "one"), file)

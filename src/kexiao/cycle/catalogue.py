"""The catalogue of a workspace: its metrics, those of the program and the company's own, and the words of which own ones are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from kexiao.engine.folder import Folder
from kexiao.engine.posix import exclusive, storage_errors, write_durably
from kexiao.errors import InputRejected, LimitExceeded, Place, WrongUse
from kexiao.facts.availability import dimensions_of
from kexiao.facts.formula import words
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import THEMES, all_metrics, definitions_of, in_its_catalogue, own_metrics, theme_of
from kexiao.metrics.ossie.reading import Found, metrics_in
from kexiao.metrics.ossie.writing import LeftOut, document
from kexiao.metrics.own.parts import possible_columns, vocabulary
from kexiao.metrics.own.reading import FOLDER, read_own, texts_in
from kexiao.metrics.own.units import KINDS, kind_of
from kexiao.metrics.themes import built_in_metrics
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Listed:
    """One metric of the catalogue: ``file`` says where a company's own stands, empty for those of the program."""

    name: str
    label: Text
    theme: Text
    unit: str
    better: str
    formula: Text
    dimensions: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word that formulas of a company's own may use: what it counts, and what a condition on it may name."""

    name: str
    label: Text
    kind: Text
    conditions: tuple[str, ...]


@in_its_catalogue
def listed(folder: Folder) -> tuple[Listed, ...]:
    """Every metric of the workspace. Errors: ``InputRejected`` for an own metric that is not as it must be."""
    own = own_metrics()
    return tuple(
        Listed(
            name, metric.label, THEMES[theme_of(name)], metric.unit, metric.better, words(metric.formula),
            tuple(d for d in DIMENSION_LABELS if d in dimensions_of(metric.formula)), own[name].file if name in own else "",
        )
        for name, metric in all_metrics().items()
    )  # fmt: skip


def formula_words() -> tuple[Word, ...]:
    """The words of formulas, in the order of the catalogue."""
    found = []
    for name, formula in vocabulary().items():
        kind = kind_of(formula) or ""
        metric = built_in_metrics().get(name)
        label = metric.label if metric else words(formula)
        found.append(Word(name, label, KINDS[kind], possible_columns(name)))
    return tuple(found)


_LARGEST = 5_000_000


@in_its_catalogue
def export(folder: Folder, file: Path) -> tuple[int, tuple[LeftOut, ...]]:
    """Write the catalogue as a semantic model of Apache Ossie; gives how many metrics it expresses, and those that it cannot.

    Errors: ``WrongUse`` without PyYAML, ``StorageError`` where the file cannot be written.
    """
    yaml = _yaml()
    texts = {name: next(iter(definitions_of([name]).values())) for name in own_metrics()}
    found, left_out = document(all_metrics(), texts)
    text = yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=120)
    with storage_errors(file):
        file.write_text(text, encoding="utf-8")
    return len(found["semantic_model"][0]["metrics"]), left_out


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one metric of an imported document: ``new``, ``same``, ``kept`` (another definition stands already), ``ours`` (it comes with the
    program), ``draft`` (to be finished by hand, in ``file``), ``drafted`` (that draft is there already) or ``unnamed`` (its name fits no file)."""

    name: str
    became: str
    file: str = ""


def take_in(folder: Folder, file: Path) -> tuple[Taken, ...]:
    """Take the metrics of an Ossie document into the workspace; nothing that stands there is changed.

    Errors: ``InputRejected`` for what is no such document, or a definition that is refused; then nothing is written.
    """
    found = metrics_in(_read_yaml(file), file.name)
    with exclusive(folder.root / FOLDER / ".lock"):
        there = dict(texts_in(folder.root))
        standing = {
            name: there[own.file.removeprefix(f"{FOLDER}/")] for name, own in read_own(tuple(there.items())).items()
        }
        drafts = {path.name for path in (folder.root / FOLDER).glob("*.draft")}
        taken = tuple(_take(one, standing, {*there, *drafts}) for one in found)
        new = {
            one.file.removeprefix(f"{FOLDER}/"): (metric.toml or metric.draft or "").encode()
            for one, metric in zip(taken, found, strict=True)
            if one.became in ("new", "draft")
        }
        _check(there, {name: content for name, content in new.items() if name.endswith(".toml")}, taken)
        for name, content in new.items():
            write_durably(folder.root / FOLDER / name, content)
    return taken


def _check(there: Mapping[str, bytes], new: Mapping[str, bytes], taken: Sequence[Taken]) -> None:
    """Every definition that would be written is read first, beside those that stand."""
    read = read_own(tuple(sorted({**there, **new}.items())))
    for one in taken:
        if one.became == "new" and (one.name not in read or read[one.name].file != one.file):
            raise InputRejected(
                Text(zh="{n} 的定义里写的是另一个名字。", en="The definition of {n} bears another name.").fill(
                    n=one.name
                ),
                next_step=Text(zh="改正 YAML 后重试。", en="Correct the YAML and try again."),
                place=Place(file=one.file),
            )


def _take(found: Found, standing: Mapping[str, bytes], files: Set[str]) -> Taken:
    """What becomes of one metric; a file that stands there is never written over."""
    if found.toml is not None and found.name in standing:
        same = standing[found.name].decode("utf-8-sig") == found.toml
        return Taken(found.name, "same" if same else "kept")
    if found.toml is not None:
        names = (f"{found.name}{number or ''}.toml" for number in count())
        return Taken(found.name, "new", f"{FOLDER}/{next(name for name in names if name not in files)}")
    if found.ours:
        return Taken(found.name, "ours")
    if found.draft is None:
        return Taken(found.name[:60], "unnamed")
    file = f"{found.name}.draft"
    return Taken(found.name, "drafted" if file in files else "draft", f"{FOLDER}/{file}")


def _read_yaml(file: Path) -> Any:
    yaml = _yaml()
    with storage_errors(file):
        if file.stat().st_size > _LARGEST:
            raise LimitExceeded(
                Text(zh="文件太大。", en="The file is too large."),
                next_step=Text(zh="语义模型不超过 5 MB。", en="A semantic model has 5 MB at most."),
                place=Place(file=file.name),
            )
        content = file.read_bytes()
    try:
        return yaml.safe_load(content.decode("utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        raise InputRejected(
            Text(zh="无法按 YAML 读取。", en="This is no YAML."),
            next_step=Text(
                zh="改正后重试（文件须为 UTF-8）。", en="Correct it and try again (the file must be UTF-8)."
            ),
            place=Place(file=file.name, row=mark.line + 1 if mark else None),
        ) from None


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise WrongUse(
            Text(zh="读写 YAML 需要 PyYAML。", en="Reading and writing YAML needs PyYAML."),
            next_step=Text(zh="请运行：pip install 'kexiao[ossie]'", en="Run: pip install 'kexiao[ossie]'"),
        ) from None
    return yaml

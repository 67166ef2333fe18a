"""SPSS files (.sav, .zsav): coded answers as their words, dates as dates, what the survey calls missing as empty."""

from __future__ import annotations

import datetime as dt
import math
import re
import shutil
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kexiao.errors import InputRejected
from kexiao.sources.files import canonical, invisible
from kexiao.sources.files.header import clean_name
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.writing import RowWriter
from kexiao.text import Text

SIGNS = (b"$FL2", b"$FL3")
CELLS_AT_ONCE = 4_000_000
LONGEST_TEXT_AT_ONCE = 256 * 1024**2
PACKED_AT_MOST = 1100
"""How many times smaller than its cells a file can be: one sign for eight bytes, and zlib on top."""

_EPOCH = dt.datetime(1582, 10, 14)
_FORMAT = re.compile(r"[A-Z]+")
_SCALE_WORDS = re.compile(
    "满意|推荐|可能|同意|赞同|容易|轻松|费力|困难|重要|喜欢|愿意|认可|(?i:satisf|likely|agree|easy|difficult|effort|important|recommend|poor|excellent)"
)
_SCALE_NAMES = re.compile("满意|推荐|打分|评分|分数|费力|省力|(?i:nps|csat|ces|satisf|recommend|rating|score|effort)")
_STARTS_WITH_ITS_NUMBER = re.compile(r"\s*(-?\d+)")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its name in the file, its heading, its format, the words for its values, whether these are steps of a scale
    that stay numbers, and the ranges of values that the survey calls missing."""

    name: str
    heading: str
    form: str
    words: Mapping[object, str]
    is_scale: bool
    missing: tuple[tuple[Any, Any], ...] = ()

    def is_missing(self, value: Any) -> bool:
        """Whether the survey calls this value missing (99 = refused)."""
        return _within(value, self.missing)


def stage_spss(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """The one table of an SPSS file.

    A coded answer becomes its word (1 → 男); steps of a scale (1 = very dissatisfied … 5) stay numbers, which is told.
    Errors: ``InputRejected`` where the file is damaged, cut off, or the extra ``spss`` is not installed.
    """
    parser = _parser()
    described = _describe(parser, path)
    encoding = _encoding(parser, path, described)
    described = _describe(parser, path, encoding) if encoding else described
    if len(described.column_names) > limits.columns:
        raise _damaged()
    claimed = _claimed_rows(path)
    _refuse_false_size(path, claimed * max(1, len(described.column_names)), claimed)
    widths = [int(width) for width in described.variable_storage_width.values()]
    copy = _without_claim(path, Path(f"{prefix}uncounted.sav"))
    chunks = _chunks(parser, copy, encoding, widths, claimed)
    staged = _stage(chunks, _variables(described), Path(f"{prefix}sheet0.parquet"))
    copy.unlink()
    return [staged]


def _parser() -> Any:
    try:
        import pyreadstat
    except ImportError:
        raise InputRejected(
            Text(zh="读取 SPSS 文件需要另装一个组件。", en="Reading SPSS files needs one more component."),
            next_step=Text(
                zh="请运行：pip install 'kexiao[spss]'；或在 SPSS 中另存为 CSV、xlsx。",
                en="Run: pip install 'kexiao[spss]'; or save the file as CSV or xlsx in SPSS.",
            ),
        ) from None
    return pyreadstat


def _describe(parser: Any, path: Path, encoding: str | None = None) -> Any:
    try:
        return parser.read_sav(path, metadataonly=True, output_format="dict", encoding=encoding, user_missing=True)[1]
    except (parser.ReadstatError, UnicodeDecodeError):
        raise _damaged() from None


def _damaged() -> InputRejected:
    return InputRejected(
        Text(zh="SPSS 文件不完整或已损坏。", en="The SPSS file is incomplete or damaged."),
        next_step=Text(
            zh="请重新导出，或在 SPSS 中另存为 CSV、xlsx。", en="Export it again, or save it as CSV or xlsx in SPSS."
        ),
    )


def _encoding(parser: Any, path: Path, described: Any) -> str | None:
    """GB18030 for old Chinese files that do not name their encoding, else None: what the file says is right."""
    if "UTF" in str(described.file_encoding).upper():
        return None
    if str(described.file_encoding).upper().replace("-", "") not in ("WINDOWS1252", "ISO88591", "USASCII", "ASCII", ""):
        return None
    sample = _sample(parser, path, described)
    try:
        text = sample.encode("cp1252").decode("gb18030")
    except UnicodeError:
        return None
    return "GB18030" if re.search("[\u4e00-\u9fff]", text) else None


def _sample(parser: Any, path: Path, described: Any) -> str:
    """Some of the text of a file: labels, words and the first cells."""
    words = [str(word) for labels in described.variable_value_labels.values() for word in labels.values()]
    shown = [str(label) for label in described.column_labels if label] + words
    try:
        cells, _ = parser.read_sav(path, output_format="dict", row_limit=200, disable_datetime_conversion=True)
    except (parser.ReadstatError, UnicodeDecodeError):
        return "".join(shown)
    shown += [cell for column in cells.values() for cell in column if isinstance(cell, str)]
    return "".join(shown)


def _refuse_false_size(path: Path, cells: int, rows: int) -> None:
    """Refuse a header that claims more rows than a file of this size can hold: a few bytes could ask for gigabytes."""
    if cells > PACKED_AT_MOST * path.stat().st_size:
        raise InputRejected(
            Text(
                zh="SPSS 文件自称有 {n} 行，但文件太小（size），装不下。",
                en="The SPSS file claims {n} rows, which its size cannot hold.",
            ).fill(n=rows),
            next_step=Text(zh="文件可能已损坏，请重新导出。", en="It may be damaged; export it again."),
        )


def _variables(described: Any) -> list[Variable]:
    """The variables under headings of their own: the label, else the name; the name beside labels that several share."""
    labels = [
        clean_name(label) or name for name, label in zip(described.column_names, described.column_labels, strict=True)
    ]
    times = Counter(labels)
    found = []
    for name, label in zip(described.column_names, labels, strict=True):
        words = described.variable_value_labels.get(name, {})
        form = _FORMAT.match(str(described.original_variable_types.get(name, "F")).upper())
        heading = label if times[label] == 1 else f"{label} [{name}]"
        missing = tuple((one["lo"], one["hi"]) for one in described.missing_ranges.get(name, ()))
        answers = {value: word for value, word in words.items() if not _within(value, missing)}
        scale = _is_scale(f"{label} {name}", answers)
        found.append(Variable(name, heading[:500], form[0] if form else "F", words, scale, missing))
    return found


def _within(value: Any, ranges: Sequence[tuple[Any, Any]]) -> bool:
    return any(type(low) is type(value) and low <= value <= high for low, high in ranges)


def _is_scale(title: str, words: Mapping[object, str]) -> bool:
    """Whether labelled values are steps of a scale, whose numbers count, and not names of groups.

    >>> _is_scale("总体满意度", {1.0: "很不满意", 5.0: "很满意"}), _is_scale("性别", {1.0: "男", 2.0: "女"})
    (True, False)
    """
    steps = {
        float(value): word for value, word in words.items() if isinstance(value, (int, float)) and 0 <= value <= 10
    }
    if not steps or any(value != int(value) for value in steps):
        return False
    own = [_STARTS_WITH_ITS_NUMBER.match(str(word)) for word in steps.values()]
    numbered = all(found and float(found[1]) == value for found, value in zip(own, steps, strict=True))
    worded = sum(bool(_SCALE_WORDS.search(str(word))) for word in steps.values())
    far_apart = max(steps) - min(steps) >= 3
    return numbered or worded * 2 >= len(steps) or (far_apart and bool(_SCALE_NAMES.search(title)))


def _claimed_rows(path: Path) -> int:
    """How many rows the header of a file claims; negative where it does not say."""
    with path.open("rb") as handle:
        head = handle.read(84)
    return int(struct.unpack("<i" if head[64:65] in (b"\2", b"\3") else ">i", head[80:84])[0])


def _without_claim(path: Path, target: Path) -> Path:
    """A copy of the file whose header does not say how many rows there are, so that the parser reads as many as there are."""
    shutil.copyfile(path, target)
    with target.open("r+b") as handle:
        handle.seek(80)
        handle.write(b"\xff\xff\xff\xff")
    return target


def _chunks(
    parser: Any, path: Path, encoding: str | None, widths: Sequence[int], claimed: int
) -> Iterator[dict[str, Sequence[Any]]]:
    """The rows in portions that fit into memory; in the end their number must be the one that the header claims."""
    at_once = max(1, min(CELLS_AT_ONCE // max(1, len(widths)), LONGEST_TEXT_AT_ONCE // max(1, sum(widths))))
    start = 0
    while True:
        try:
            cells, _ = parser.read_sav(
                path,
                output_format="dict",
                encoding=encoding,
                row_offset=start,
                row_limit=at_once,
                disable_datetime_conversion=True,
                user_missing=True,
            )
        except (parser.ReadstatError, UnicodeDecodeError):
            raise _damaged() from None
        rows = len(next(iter(cells.values()), ()))
        if rows:
            yield cells
        start += rows
        if rows < at_once:
            break
    if claimed >= 0 and start != claimed:
        raise _damaged()


def _stage(chunks: Iterator[dict[str, Sequence[Any]]], variables: Sequence[Variable], target: Path) -> StagedSheet:
    header = tuple(variable.heading for variable in variables)
    signs: Counter[str] = Counter()
    told: dict[str, Counter[str]] = {"missing": Counter(), "unknown": Counter()}
    with RowWriter(target, len(header)) as writer:
        for number, cells in enumerate(chunks):
            if number == 0:
                variables = [_measured(variable, cells[variable.name]) for variable in variables]
            columns = [list(map(_reader(variable, told), cells[variable.name])) for variable in variables]
            for row in zip(*columns, strict=True):
                invisible.count(row, header, signs)
                writer.add(writer.count + 1, row)
    warnings = [*invisible.warnings(signs), *_warnings(variables, told)]
    typed = {variable.heading: _kind(variable) for variable in variables}
    return StagedSheet("", header, target, writer.count, warnings=tuple(warnings), typed=typed)


def _measured(variable: Variable, values: Sequence[Any]) -> Variable:
    """The variable without its words where most values have none: a number with a word for 0 is still a number."""
    if not variable.words or variable.is_scale or variable.form == "A":
        return variable
    given = [value for value in values if _is_filled(value) and not variable.is_missing(value)]
    return replace(variable, words={}) if sum(value in variable.words for value in given) * 2 < len(given) else variable


def _is_filled(value: Any) -> bool:
    return not (value is None or value == "" or (isinstance(value, float) and math.isnan(value)))


def _warnings(variables: Sequence[Variable], told: Mapping[str, Counter[str]]) -> Iterator[Text]:
    kept = [variable.heading for variable in variables if variable.is_scale]
    if kept:
        yield _SCALES_KEPT.fill(columns="、".join(kept[:12]))
    for name, times in told["missing"].items():
        yield _MISSING.fill(c=name, n=times)
    for name, times in told["unknown"].items():
        yield _WITHOUT_WORD.fill(c=name, n=times)


_SCALES_KEPT = Text(
    zh="量表题按数字读取，不换成标签：{columns}。", en="Scales are read as numbers, not as their labels: {columns}."
)
_MISSING = Text(
    zh="“{c}”列有 {n} 个回答被问卷定义为缺失（如拒答），按未答处理。",
    en="Column {c}: {n} answers are what the survey calls missing (such as refused); they count as not given.",
)
_WITHOUT_WORD = Text(
    zh="“{c}”列有 {n} 个编码没有标签，保留编码。", en="Column {c}: {n} codes have no label and stay as they are."
)


def _kind(variable: Variable) -> str:
    if variable.form in _DAYS or variable.form in _INSTANTS:
        return "date"
    return "text" if variable.form == "A" or (variable.words and not variable.is_scale) else "number"


def _reader(variable: Variable, told: Mapping[str, Counter[str]]) -> Callable[[Any], str | None]:
    """What makes the text of a cell of one variable."""

    def read(value: Any) -> str | None:
        if not _is_filled(value):
            return None
        if variable.is_missing(value):
            told["missing"][variable.heading] += 1
            return None
        if variable.words and not variable.is_scale:
            if word := variable.words.get(value):
                return word
            told["unknown"][variable.heading] += variable.form != "A"
        if isinstance(value, str):
            return value
        return _moment(float(value), variable.form) or canonical.number(float(value))

    return read


_DAYS = frozenset({"DATE", "ADATE", "EDATE", "SDATE", "JDATE", "WKYR"})
_INSTANTS = frozenset({"DATETIME", "YMDHMS"})
_TIMES = frozenset({"TIME", "DTIME", "MTIME"})
_MONTHS = frozenset({"MOYR", "QYR"})


def _moment(value: float, form: str) -> str | None:
    """A number that its format shows as a date or time, as text; None for a plain number.

    >>> _moment(13950576000.0, "DATE"), _moment(13950608965.0, "DATETIME"), _moment(90.0, "TIME"), _moment(13950576000.0, "MOYR")
    ('2024-11-10', '2024-11-10 09:09:25', '0:01:30', '2024-11')
    """
    if form in _TIMES:
        return canonical.duration(dt.timedelta(seconds=value))
    if form not in _DAYS | _INSTANTS | _MONTHS:
        return None
    try:
        moment = _EPOCH + dt.timedelta(seconds=value)
    except OverflowError:
        return canonical.number(value)
    if form in _INSTANTS:
        return canonical.date_time(moment)
    return f"{moment:%Y-%m}" if form in _MONTHS else moment.date().isoformat()

"""The three metrics of the data themselves: what they are called and what they say. They rest on tables and loads, not on periods of business, and are
computed apart (``kexiao.cycle.quality``); all that a reader is told of them stands here."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.facts.metric import Better, Unit
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class QualityMetric:
    """One of them: ``label`` in a table of data quality, ``why`` and ``formula`` in words, ``unit``, which way is ``better``."""

    label: Text
    why: Text
    formula: Text
    unit: Unit
    better: Better


QUALITY_METRICS: dict[str, QualityMetric] = {
    "data_accuracy": QualityMetric(
        label=Text(zh="准确性", en="Accuracy"),
        why=Text(
            zh="数据有多少能信：隔离的行也算在内，直到同名文件改正后重新导入。",
            en="How much of the data can be trusted; refused rows count too, until their file comes again, mended.",
        ),
        formula=Text(zh="符合全部规则的行 ÷ 全部行", en="rows that keep every rule ÷ rows"),
        unit="ratio",
        better="higher",
    ),
    "data_completeness": QualityMetric(
        label=Text(zh="完整性", en="Completeness"),
        why=Text(zh="该填的有多少填了。", en="How much of what has to be filled in is."),
        formula=Text(zh="已填的必填值 ÷ 应填的必填值", en="required values present ÷ required values"),
        unit="ratio",
        better="higher",
    ),
    "data_timeliness": QualityMetric(
        label=Text(zh="迟到", en="Late by"),
        why=Text(
            zh="数据该来而没来有多久了；没有约定更新周期（kexiao.toml 的 [freshness]）就没有这个数。",
            en="For how long data are overdue; without a schedule ([freshness] in kexiao.toml) there is no such number.",
        ),
        formula=Text(
            zh="最新一行比约定的更新周期晚的小时数",
            en="hours by which the newest row is older than the schedule allows",
        ),
        unit="hours",
        better="lower",
    ),
}

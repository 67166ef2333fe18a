"""The limits of quality: which tables fall short of them, and no closing of a scorecard that would rest on such a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kexiao.cycle.quality import NAMES, Quality, quality
from kexiao.engine.folder import Folder
from kexiao.errors import WrongUse
from kexiao.facts.availability import tables_of
from kexiao.facts.metric import MetricValue
from kexiao.metrics.catalogue import metric_named
from kexiao.metrics.data_quality import QUALITY_METRICS
from kexiao.tables.catalogue import table_named
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One limit that is not kept: which value, and the limit."""

    value: MetricValue
    limit: float

    def words(self) -> Text:
        """The shortfall as people say it."""
        table = table_named(str(self.value.dimensions["table"])).label
        if self.value.metric == NAMES[2]:
            words = Text(zh="{t}迟到 {v:.0f} 小时（门槛 {l:.0f}）", en="{t} late by {v:.0f} hours (limit {l:.0f})")
        else:
            words = Text(zh="{t}{m} {v:.1%}（门槛 {l:.0%}）", en="{t}: {m} {v:.1%} (limit {l:.0%})")
        # Rounded towards the limit's wrong side, 89.96 % would read as the 90 % that it is not.
        value = float(self.value.value or 0)
        shown = value if self.value.metric == NAMES[2] else int(value * 1000) / 1000
        return words.fill(t=table, m=QUALITY_METRICS[self.value.metric].label, v=shown, l=self.limit)


def shortfalls(found: Quality, tables: Iterable[str]) -> list[Shortfall]:
    """The limits that these tables do not keep."""
    limits = found.limits
    missed = []
    for value in found.tables:
        if value.dimensions["table"] not in set(tables) or value.value is None:
            continue
        limit = dict(zip(NAMES, (limits.accuracy, limits.completeness, limits.late_hours), strict=True))[value.metric]
        late = value.metric == NAMES[2]
        if limit is not None and (value.value > limit if late else value.value < limit):
            missed.append(Shortfall(value, limit))
    return missed


def refuse_poor_data(
    folder: Folder, tables: Iterable[str], *, as_of: str | None = None, now: datetime | None = None
) -> None:
    """Stop a close that would rest on data below the limits. Errors: ``WrongUse`` with what falls short and the next step."""
    missed = shortfalls(quality(folder, as_of=as_of, now=now), set(tables))
    if not missed:
        return
    gap = {"zh": "；", "en": "; "}
    said = Text(
        zh=gap["zh"].join(one.words().zh for one in missed), en=gap["en"].join(one.words().en for one in missed)
    )
    raise WrongUse(
        Text(zh="数据质量不够，不能关账：{s}。", en="The data are not good enough to close on: {s}.").fill(s=said),
        next_step=Text(
            zh="用 kexiao check 查看，改正源文件后重新导入；或在 kexiao.toml 的 [quality] 调整门槛。",
            en="See kexiao check, correct the files and load them again; or change the limits under [quality] in kexiao.toml.",
        ),
    )


def tables_of_metrics(names: Iterable[str]) -> set[str]:
    """The canonical tables that metrics rest on."""
    return {table for name in names for group in tables_of(metric_named(name).formula) for table in group}

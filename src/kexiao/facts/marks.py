"""What must be known before a number is believed: each mark a short label and why, by the code that stands in its settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kexiao.facts.metric import MetricValue
from kexiao.text import Text

_BELOW_ZERO = "_below_zero_as_zero"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to know: in two or three words, and as a sentence."""

    label: Text
    why: Text


MARKS: dict[str, Mark] = {
    "history_too_short": Mark(
        Text(zh="历史太短", en="history too short"),
        Text(
            zh="数据开始后的一个活跃窗口内，分不清新客户与老客户；只供参考，不参与评分",
            en="in the first active window of the data, new and old customers cannot be told apart; never scored",
        ),
    ),
    "small_sample": Mark(
        Text(zh="样本少", en="small sample"),
        Text(zh="样本少于 30，波动可能很大，仅供参考", en="fewer than 30 behind it: it may vary widely, a hint, no more"),
    ),
    "one_customer_dominates": Mark(
        Text(zh="单个客户占比过大", en="one customer dominates"),
        Text(zh="一位客户就占了一成以上", en="one customer alone holds more than a tenth"),
    ),
    "not_proof": Mark(
        Text(zh="不是证明", en="not proof"),
        Text(
            zh="前后相差不等于活动的作用：季节、其他活动也在其中；要证明请用对照组或效果评估",
            en="a difference between before and after is no effect: season and other campaigns are in it; use a holdout or an evaluation of effect",
        ),
    ),
    "same_progress": Mark(
        Text(zh="按同样天数比较", en="compared with as many days"),
        Text(
            zh="本期未结束，与对比期的同样天数相比", en="the period is not over; compared with as many days of the other"
        ),
    ),
    "overlapping": Mark(
        Text(zh="分组有重叠", en="groups overlap"), Text(zh="分组有重叠，不能相加", en="the groups overlap and do not add up")
    ),
    "incomplete": Mark(
        Text(zh="未结束", en="unfinished"),
        Text(zh="本期还没有结束，或数据没有覆盖到期末", en="the period is not over, or the data do not reach its end"),
    ),
    "no_interval": Mark(
        Text(zh="没有区间", en="no interval"), Text(zh="没有抽样区间，按确定值计分", en="without an interval, scored as it stands")
    ),
    "window_is_suggested": Mark(
        Text(zh="活跃窗口为建议值", en="suggested window"),
        Text(zh="活跃窗口由数据建议，尚未确认", en="the active window is suggested from the data and not yet confirmed"),
    ),
}  # fmt: skip


def marks_of(codes: Iterable[object]) -> list[Mark]:
    """The marks of some codes, in their order; a code without words is an error.

    >>> [mark.label.en for mark in marks_of(["small_sample", "3_below_zero_as_zero"])]
    ['small sample', '3 below 0']
    """
    return [_mark(str(code)) for code in codes]


def marks_beside(value: MetricValue) -> list[Mark]:
    """The marks of a value; that it is unfinished, where it is, last."""
    unfinished = ["incomplete"] if value.value is not None and not value.complete else []
    return marks_of([*value.settings.get("marks", ()), *unfinished])


def _mark(code: str) -> Mark:
    if not code.endswith(_BELOW_ZERO):
        return MARKS[code]
    count = code.removesuffix(_BELOW_ZERO)
    label = Text(zh="{n} 位为负", en="{n} below 0").fill(n=count)
    return Mark(label, Text(zh="{n} 位客户小于 0，按 0 计", en="{n} customers below 0 count as 0").fill(n=count))

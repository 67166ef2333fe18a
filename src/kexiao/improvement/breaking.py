"""Where a change came from: the exact split over one dimension put into shares and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kexiao.facts.decomposition import Amounts, Decomposition, SegmentPart, split_count, split_ratio, split_total
from kexiao.facts.formula import Ratio
from kexiao.facts.metric import Metric, MetricValue
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.facts.units import UNKNOWN
from kexiao.improvement.findings import Breakdown, Contribution
from kexiao.improvement.playbook import Part
from kexiao.text import Text

_A_FEN = Decimal("0.005")


NEWNESS = "newness"
NEW, EXISTING = "new", "existing"
_NEWNESS_LABEL = Text(zh="新老客户", en="New and existing customers")
_SEGMENT_LABELS = {
    NEW: Text(zh="新客", en="new customers"),
    EXISTING: Text(zh="老客", en="existing customers"),
}
_UNKNOWN_LABEL = Text(zh="未知", en="unknown")


def dimension_label(dimension: str) -> Text:
    """How a dimension of a breakdown is called."""
    return _NEWNESS_LABEL if dimension == NEWNESS else DIMENSION_LABELS[dimension]


def segment_label(dimension: str, segment: str) -> Text:
    """How a segment is shown: data speak for themselves, codes are put into words."""
    if segment == UNKNOWN:
        return _UNKNOWN_LABEL
    return _SEGMENT_LABELS[segment] if dimension == NEWNESS else Text.same(segment)


def breakdown_of(dimension: str, split: Decomposition) -> Breakdown:
    """A split as shares of the change, the largest part first."""
    parts = sorted(split.segments, key=lambda part: -abs(part.change))
    return Breakdown(
        dimension=dimension,
        dimension_label=dimension_label(dimension),
        volume=split.volume,
        mix=split.mix,
        rate=split.rate,
        contributions=tuple(_contribution(dimension, part, split) for part in parts),
        explained=_explained(parts, split),
        simpson=split.simpson,
        words=_words(dimension, parts, split),
    )


def split_of(metric: Metric, now: Side, before: Side) -> Decomposition | None:
    """The exact split of a metric's change over one dimension; None where a side is missing or the groups overlap, so that they do not add up."""
    if any(side.whole.value is None or not _adds_up(metric, side) for side in (now, before)):
        return None
    if isinstance(metric.formula, Ratio):
        return split_ratio(before.groups, now.groups, metric.formula.times)
    if metric.volume is not None:
        return split_total(before.groups, now.groups)
    return split_count(*({name: top for name, (top, _) in side.groups.items()} for side in (before, now)))


@dataclass(frozen=True, slots=True)
class Side:
    """A metric in one period: the whole, and per group (numerator, denominator) of a ratio or (total, volume) of a total."""

    whole: MetricValue
    groups: Mapping[str, Amounts]


def _adds_up(metric: Metric, side: Side) -> bool:
    ratio = isinstance(metric.formula, Ratio)
    wholes = [side.whole.numerator, side.whole.denominator] if ratio else [side.whole.value]
    for place, whole in enumerate(wholes):
        added = sum((Decimal(str(pair[place])) for pair in side.groups.values()), Decimal(0))
        if abs(added - Decimal(str(whole or 0))) > _A_FEN:
            return False
    return bool(side.groups)


def ranked(breakdowns: Sequence[Breakdown]) -> tuple[Breakdown, ...]:
    """The most telling dimension first; those with a single segment tell nothing and are left out."""
    telling = [found for found in breakdowns if len(found.contributions) > 1]
    return tuple(sorted(telling, key=lambda found: -found.explained))


def leading_part(breakdown: Breakdown) -> Part:
    """Whether volume, mix or rate carries most of the change."""
    sizes: dict[Part, float] = {
        "volume": abs(breakdown.volume or 0.0),
        "mix": abs(breakdown.mix),
        "rate": abs(breakdown.rate),
    }
    return max(sizes, key=lambda name: sizes[name])


def _contribution(dimension: str, part: SegmentPart, split: Decomposition) -> Contribution:
    share = part.change / split.change if split.change else None
    volume = None if split.volume is None else part.volume
    label = segment_label(dimension, part.segment)
    return Contribution(
        part.segment, label, part.before.value, part.now.value, part.change, share, volume, part.mix, part.rate
    )


def _explained(parts: Sequence[SegmentPart], split: Decomposition) -> float:
    """How much more of the movements the leading segment carries than its size would (0–1): a big segment that moves like the rest explains nothing."""
    moved = sum(abs(part.change) for part in parts)
    size = sum(part.before.denominator for part in parts)
    if not parts or moved == 0 or size <= 0:
        return 0.0
    excess = [abs(part.change) / moved - part.before.denominator / size for part in parts if _with(part, split)]
    return max(0.0, *excess) if excess else 0.0


def _with(part: SegmentPart, split: Decomposition) -> bool:
    return part.change * split.change > 0


def _words(dimension: str, parts: Sequence[SegmentPart], split: Decomposition) -> Text:
    label = dimension_label(dimension)
    leaders = [part for part in parts if _with(part, split)]
    if not leaders or not split.change:
        return Text(zh="按{d}看没有主导的一组。", en="By {d}, no segment leads.").fill(d=label)
    lead = leaders[0]
    share = lead.change / split.change
    words = Text(
        zh="按{d}：{s}占{way}的 {p:.0%}{more}{parts}。", en="By {d}: {s} is {p:.0%} of the {way}{more}{parts}."
    )
    return words.fill(
        d=Text(zh=label.zh, en=label.en.lower()),
        s=segment_label(dimension, lead.segment),
        way=Text(zh="下降", en="fall") if split.change < 0 else Text(zh="上升", en="rise"),
        p=share,
        more=Text(zh="，其余部分方向相反", en=", the rest moved the other way") if share > 1 else "",
        parts=_parts(split),
    )


def _parts(split: Decomposition) -> Text | str:
    """The parts of the change in per cent of it; nothing for a plain count, which is all volume."""
    shares = [(_MIX, split.mix / split.change), (_RATE, split.rate / split.change)]
    if split.volume is not None:
        if all(abs(share) < 1e-9 for _, share in shares):
            return ""
        shares.insert(0, (_VOLUME, split.volume / split.change))
    shown = [(name, f"{round(share * 100) + 0}%".replace("-", "−")) for name, share in shares]
    return Text(
        zh="；" + "、".join(f"{name.zh} {share}" for name, share in shown),
        en="; " + ", ".join(f"{name.en} {share}" for name, share in shown),
    )


_VOLUME = Text(zh="量", en="volume")
_MIX = Text(zh="结构", en="mix")
_RATE = Text(zh="率", en="rate")

"""Reading scorecards (``scorecards/*.toml``) and targets (``targets.toml``) from a workspace, strictly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

from kexiao.assessment.curves import CURVES
from kexiao.assessment.results import GradeBand, SubjectKind
from kexiao.assessment.scorecard import (
    DIMENSION_OF,
    ONE_FACT,
    ROLL_UP_OF,
    USUAL_GRADES,
    Indicator,
    Scorecard,
    Target,
)
from kexiao.engine.strict import Entries, entries_of, read_entries
from kexiao.errors import WrongUse, unknown_name
from kexiao.facts.availability import dimensions_of
from kexiao.facts.formula import CohortShare, Formula
from kexiao.facts.periods import Period, parse
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import all_metrics
from kexiao.text import Text

FOLDER, TARGETS_FILE = "scorecards", "targets.toml"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CERTAINTY = 0.8


def read_scorecards(root: Path) -> tuple[Scorecard, ...]:
    """Every version of every scorecard of a workspace, by id and day.

    Errors: ``InputRejected`` with file and key for whatever is not exactly as described; two versions of one day are refused.
    """
    targets = root / TARGETS_FILE
    shared = targets.read_bytes() if targets.is_file() else None
    cards = []
    for path in sorted((root / FOLDER).glob("*.toml")):
        entries, text = read_entries(path)
        cards.append(_scorecard(entries, text, shared))
    _refuse_twins(cards)
    _refuse_lost_targets(cards, shared)
    return tuple(sorted(cards, key=lambda card: (card.id, card.since)))


def scorecard_from_text(text: str, targets_text: str | None = None, *, file: str = "scorecard.toml") -> Scorecard:
    """A scorecard from its TOML text, as it is stored with a closed period."""
    entries, kept = entries_of(text.encode(), file)
    return _scorecard(entries, kept, targets_text.encode() if targets_text is not None else None)


def scorecard_for(cards: Sequence[Scorecard], name: str, period: Period) -> Scorecard:
    """The version of a scorecard that was in force when a period began.

    Errors: ``WrongUse`` for an unknown scorecard, or one that began later.
    """
    versions = [card for card in cards if card.id == name]
    if not versions:
        if not cards:
            raise WrongUse(
                Text(zh="工作区里还没有评分卡。", en="There is no scorecard in the workspace yet."),
                next_step=Text(zh="在 scorecards/ 里写一个 TOML 文件。", en="Write one as a TOML file in scorecards/."),
            )
        raise unknown_name(Text(zh="评分卡", en="scorecard"), name, sorted({card.id for card in cards}))
    in_force = [card for card in versions if card.since <= period.start]
    if not in_force:
        raise WrongUse(
            Text(zh="评分卡“{n}”自 {d} 起才有效。", en="The scorecard “{n}” holds from {d} on only.").fill(
                n=name, d=versions[0].since
            ),
            next_step=Text(
                zh="选之后的期间，或补写更早的版本。", en="Take a later period, or write an earlier version."
            ),
        )
    return max(in_force, key=lambda card: card.since)


def _scorecard(entries: Entries, text: str, shared: bytes | None) -> Scorecard:
    name = entries.words("id")
    if not _ID.fullmatch(name):
        entries.refuse("id", Text(zh="只用小写字母、数字、- 和 _。", en="use small letters, digits, - and _ only."))
    kind = entries.choice("subject", tuple(DIMENSION_OF))
    label, since = entries.both("name"), entries.day("since", date.min)
    subjects = entries.listed("subjects", None)
    if subjects and kind == "company":
        entries.refuse("subjects", Text(zh="公司评分卡不列对象。", en="a company's scorecard lists no subjects."))
    # Listed subjects may be a part of the company only; then its own figures are no roll-up of theirs, unless somebody says so.
    roll_up = entries.listed("roll_up", () if subjects else ROLL_UP_OF[kind][-1:])
    if wrong := [level for level in roll_up if level not in ROLL_UP_OF[kind]]:
        entries.refuse("roll_up", Text(zh="不能上卷到 {w}。", en="it cannot be rolled up to {w}.").fill(w=wrong[0]))
    certainty = entries.number("certainty", _CERTAINTY)
    if not 0.5 < certainty < 1:
        entries.refuse("certainty", Text(zh="应在 0.5 与 1 之间。", en="it must lie between 0.5 and 1."))
    indicators = tuple(_indicator(part, DIMENSION_OF[kind]) for part in entries.each("indicators"))
    _check_indicators(entries, indicators)
    grades = _grades(entries)
    entries.finish()
    card = Scorecard(
        id=name,
        name=label,
        kind=kind,
        since=since,
        subjects=subjects,
        indicators=indicators,
        grades=grades,
        roll_up=cast(tuple[SubjectKind, ...], roll_up),
        certainty=certainty,
        file=entries.file,
        text=text,
        targets_text=None,
    )
    return _with_targets(card, shared) if shared is not None else card


def _indicator(entries: Entries, dimension: str | None) -> Indicator:
    metric, _, variant = entries.words("metric").partition(":")
    formula = _formula_of(entries, metric, variant)
    definition = all_metrics()[metric]
    scope = tuple(sorted((entries.inside("scope") or Entries({}, entries.file)).rest().items()))
    _check_dimensions(entries, formula, dimension, scope)
    better = entries.choice("better", ("higher", "lower"), None) or definition.better
    if better == "neither":
        entries.refuse(
            "better",
            Text(
                zh="这个指标没有好坏方向，请写 higher 或 lower。",
                en="this metric has no better side: say higher or lower.",
            ),
        )
    weight = entries.number("weight")
    if not 0 < weight <= 100:
        entries.refuse("weight", Text(zh="应为 0 到 100 的百分数。", en="it must be a percentage between 0 and 100."))
    curve = entries.choice("curve", CURVES, "linear")
    label = entries.both("label", definition.variants[variant].label if variant else definition.label)
    targets = _general_target(entries, curve, better) + tuple(
        _special_target(part, curve, better) for part in entries.each("targets")
    )
    _refuse_double_targets(entries, targets)
    entries.finish()
    return Indicator(metric, variant or None, weight / 100, better, curve, scope, targets, label)


def _formula_of(entries: Entries, metric: str, variant: str) -> Formula:
    known = all_metrics()
    if metric not in known:
        missing = unknown_name(Text(zh="指标", en="metric"), metric, list(known))
        entries.refuse("metric", missing.what, step=missing.next_step)
    if variant and variant not in known[metric].variants:
        missing = unknown_name(Text(zh="变体", en="variant"), variant, list(known[metric].variants))
        entries.refuse("metric", missing.what, step=missing.next_step)
    formula = known[metric].variants[variant].formula if variant else known[metric].formula
    if isinstance(formula, CohortShare):
        entries.refuse(
            "metric",
            Text(zh="同期群给出一张表，不能计分。", en="cohorts give a table, which cannot be scored."),
            step=Text(zh="可用 repeat_purchase_rate:cohort。", en="Take repeat_purchase_rate:cohort."),
        )
    return formula


def _check_dimensions(
    entries: Entries, formula: Formula, dimension: str | None, scope: tuple[tuple[str, str], ...]
) -> None:
    possible = dimensions_of(formula)
    listed = ", ".join(name for name in DIMENSION_LABELS if name in possible) or "—"
    if dimension and dimension not in possible:
        entries.refuse(
            "metric",
            Text(zh="这个指标不能按 {d} 细分。", en="this metric cannot be broken down by {d}.").fill(d=dimension),
            step=Text(zh="它可以按：{ok}。", en="It can be broken down by: {ok}.").fill(ok=listed),
        )
    for name, value in scope:
        if name not in possible or name == dimension:
            entries.refuse(
                f"scope.{name}",
                Text(zh="这里不能用这个维度。", en="this dimension cannot be used here."),
                step=Text(zh="可用：{ok}。", en="Possible: {ok}.").fill(ok=listed),
            )
        if not isinstance(value, str):
            entries.refuse(f"scope.{name}", Text(zh="应为文字。", en="it must be a text."))


def _general_target(entries: Entries, curve: str, better: str) -> tuple[Target, ...]:
    if not entries.has("target"):
        for key in ("floor", "stretch"):
            if entries.has(key):
                entries.refuse("target", Text(zh="缺少这一项。", en="this entry is missing."))
        return ()
    return (_target(entries, curve, better),)


def _special_target(entries: Entries, curve: str, better: str) -> Target:
    subject, period = entries.words("subject", None), entries.words("period", None)
    if subject is None and period is None:
        entries.refuse("subject", Text(zh="写明对象或期间。", en="name a subject or a period."))
    target = replace(_target(entries, curve, better), subject=subject, period=period and _period_name(entries, period))
    entries.finish()
    return target


def _period_name(entries: Entries, name: str) -> str:
    # The fiscal year decides the days, never the name, so any start will do here.
    try:
        return parse(name).name
    except WrongUse as problem:
        entries.refuse("period", problem.what, step=problem.next_step)


def _target(entries: Entries, curve: str, better: str) -> Target:
    target = entries.number("target")
    floor, stretch = entries.number("floor", None), entries.number("stretch", None)
    if floor is None and curve != "step":
        entries.refuse("floor", Text(zh="缺少保底值（得 0 分处）。", en="the floor (where the score is 0) is missing."))
    ladder = [value for value in (floor, target, stretch) if value is not None]
    if ladder != sorted(set(ladder), reverse=better == "lower"):
        words = (
            Text(zh="应为 floor < target < stretch。", en="it must be floor < target < stretch.")
            if better == "higher"
            else Text(
                zh="越低越好：应为 floor > target > stretch。",
                en="lower is better: it must be floor > target > stretch.",
            )
        )
        entries.refuse("target", words)
    return Target(target, floor, stretch)


def _refuse_double_targets(entries: Entries, targets: Sequence[Target]) -> None:
    for (subject, period), count in Counter((t.subject, t.period) for t in targets).items():
        if count > 1:
            entries.refuse(
                "targets",
                Text(zh="{s} {p} 有两个目标。", en="there are two targets for {s} {p}.").fill(
                    s=subject or "—", p=period or "—"
                ),
            )


def _check_indicators(entries: Entries, indicators: Sequence[Indicator]) -> None:
    if not indicators:
        entries.refuse("indicators", Text(zh="至少要有一个指标。", en="there must be at least one indicator."))
    total = sum(indicator.weight for indicator in indicators) * 100
    if abs(total - 100) > 1e-6:
        entries.refuse(
            "indicators.weight",
            Text(zh="权重合计为 {t:g} %，应为 100 %。", en="the weights add up to {t:g} %, not 100 %.").fill(t=total),
        )
    for (key, _), count in Counter((i.key, i.scope) for i in indicators).items():
        if count > 1:
            entries.refuse("indicators", Text(zh="{k} 出现两次。", en="{k} is there twice.").fill(k=key))
    for group in ONE_FACT:
        both = sorted(group & {indicator.metric for indicator in indicators})
        if len(both) > 1:
            entries.refuse(
                "indicators",
                Text(
                    zh="{a} 与 {b} 是同一件事，只能计一次。", en="{a} and {b} are one fact; it may count once only."
                ).fill(a=both[0], b=both[1]),
                step=Text(zh="去掉其中一个。", en="Take one of them out."),
            )


def _grades(entries: Entries) -> tuple[GradeBand, ...]:
    found = []
    for part in entries.each("grades"):
        found.append(GradeBand(part.words("code"), part.both("label"), part.number("at_least")))
        part.finish()
    if not found:
        return USUAL_GRADES
    limits = [grade.at_least for grade in found]
    if limits != sorted(set(limits), reverse=True) or limits[-1] != 0 or len({g.code for g in found}) < len(found):
        entries.refuse(
            "grades.at_least",
            Text(
                zh="等级应从高到低，最后一级从 0 分起，代号不重复。",
                en="grades go from best to worst, the last from 0, no code twice.",
            ),
        )
    return tuple(found)


def _with_targets(card: Scorecard, shared: bytes) -> Scorecard:
    """The scorecard with the targets that ``targets.toml`` sets for it."""
    entries, text = entries_of(shared, TARGETS_FILE)
    indicators = {(i.key, i.scope): i for i in card.indicators}
    used = False
    for part in entries.each("targets"):
        if part.words("scorecard") != card.id:
            continue
        used = True
        key = part.words("metric")
        scope = tuple(sorted((part.inside("scope") or Entries({}, part.file)).rest().items()))
        own = indicators.get((key, scope))
        if own is None:
            part.refuse(
                "metric",
                Text(zh="评分卡 {c} 没有指标 {m}。", en="the scorecard {c} has no indicator {m}.").fill(
                    c=card.id, m=key
                ),
            )
        target = _special_target(part, own.curve, own.better)
        indicators[(key, scope)] = replace(own, targets=(*own.targets, target))
        _refuse_double_targets(part, indicators[(key, scope)].targets)
    entries.finish()
    return replace(card, indicators=tuple(indicators.values()), targets_text=text if used else None)


def _refuse_lost_targets(cards: Sequence[Scorecard], shared: bytes | None) -> None:
    """A target for a scorecard that does not exist is a typing error, not something to pass over."""
    if shared is None:
        return
    entries, _ = entries_of(shared, TARGETS_FILE)
    known = sorted({card.id for card in cards})
    for part in entries.each("targets"):
        name = part.words("scorecard")
        if name not in known:
            missing = unknown_name(Text(zh="评分卡", en="scorecard"), name, known)
            part.refuse("scorecard", missing.what, step=missing.next_step)
        key, scope = (
            part.words("metric"),
            tuple(sorted((part.inside("scope") or Entries({}, part.file)).rest().items())),
        )
        if not any((i.key, i.scope) == (key, scope) for card in cards if card.id == name for i in card.indicators):
            part.refuse(
                "metric",
                Text(zh="评分卡 {c} 没有指标 {m}。", en="the scorecard {c} has no indicator {m}.").fill(c=name, m=key),
            )


def _refuse_twins(cards: Sequence[Scorecard]) -> None:
    for (name, since), count in Counter((card.id, card.since) for card in cards).items():
        if count > 1:
            second = [card for card in cards if (card.id, card.since) == (name, since)][1]
            Entries({}, second.file).refuse(
                "since",
                Text(
                    zh="评分卡 {n} 的这一版已在另一个文件里。", en="another file holds this version of {n} already."
                ).fill(n=name),
            )

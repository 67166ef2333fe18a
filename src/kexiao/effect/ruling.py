"""The rule by which an estimate becomes a verdict, and the line that says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from kexiao.effect.verdicts import Design, Outcome, Verdict
from kexiao.improvement.series import Contrast
from kexiao.text import Text

# A check fails below this: strict enough that three checks of a sound plan all pass 97 times in 100.
LEVEL = 0.01
# Above it a check passes, yet is called doubtful up to here.
DOUBTFUL = 0.05
DESIGNS: dict[Design, Text] = {
    "holdout": Text(zh="随机对照组", en="randomised hold-out"),
    "difference_in_differences": Text(zh="双重差分", en="difference-in-differences"),
    "none": Text(zh="没有可比对象", en="no comparison"),
}
RULE = Text(
    zh="有效：95 % 区间整个落在好的一侧，且各项检验通过。无效：区间不含承诺的效果，且含 0 或落在坏的一侧，检验通过。其余：尚不能判断。",
    en=(
        "Worked: the whole 95 % interval lies on the good side and the checks pass. Did not: the interval excludes the effect promised and includes 0 or lies on "
        "the bad side, and the checks pass. Anything else: cannot tell."
    ),
)
OUTCOMES: dict[Outcome, Text] = {
    "worked": Text(zh="有效", en="worked"),
    "did_not": Text(zh="无效", en="did not work"),
    "cannot_tell": Text(zh="尚不能判断", en="cannot tell"),
}


def outcome_of(low: float, high: float, expected: float, good_side: Literal[1, -1], *, checks_pass: bool) -> Outcome:
    """The rule, in numbers.

    >>> outcome_of(0.05, 0.20, 0.10, 1, checks_pass=True), outcome_of(-0.02, 0.06, 0.10, 1, checks_pass=True)
    ('worked', 'did_not')
    >>> outcome_of(-0.02, 0.15, 0.10, 1, checks_pass=True), outcome_of(0.05, 0.20, 0.10, 1, checks_pass=False)
    ('cannot_tell', 'cannot_tell')
    """
    if not checks_pass:
        return "cannot_tell"
    worst, best = sorted((good_side * low, good_side * high))
    if worst > 0:
        return "worked"
    return "did_not" if best < good_side * expected else "cannot_tell"


def finished(verdict: Verdict, estimate: Contrast) -> Verdict:
    """The verdict with estimate, outcome and headline; ``estimate`` is in the verdict's unit."""
    failed = [check for check in verdict.checks if check.passed is False]
    outcome = outcome_of(estimate.low, estimate.high, verdict.expected, verdict.good_side, checks_pass=not failed)
    reason = None
    if failed:
        reason = Text(zh="检验没有通过：{c}。", en="A check failed: {c}.").fill(c=failed[0].label)
    elif outcome == "cannot_tell":
        reason = Text(
            zh="区间太宽：既含 0，也含承诺的效果。",
            en="The interval is too wide: it holds both 0 and the effect promised.",
        )
    found = replace(
        verdict,
        estimate=estimate.estimate,
        interval_low=estimate.low,
        interval_high=estimate.high,
        outcome=outcome,
        reason=reason,
    )
    return replace(found, headline=headline(found))


def headline(verdict: Verdict) -> Text:
    """The verdict in one line, e.g. “有效：+28.3 %（+19.0 % 至 +38.1 %），承诺 +20.0 %”."""
    if verdict.estimate is None or verdict.interval_low is None or verdict.interval_high is None:
        return OUTCOMES[verdict.outcome]
    less = verdict.outcome == "worked" and verdict.good_side * verdict.expected > max(
        verdict.good_side * verdict.interval_low, verdict.good_side * verdict.interval_high
    )
    words = Text(
        zh="{o}：{e}（95 % 区间 {l} 至 {h}），承诺 {x}{less}",
        en="{o}: {e} (95 % interval {l} to {h}), promised {x}{less}",
    )
    return words.fill(
        o=OUTCOMES[verdict.outcome],
        e=signed(verdict.estimate, verdict.unit),
        l=signed(verdict.interval_low, verdict.unit),
        h=signed(verdict.interval_high, verdict.unit),
        x=signed(verdict.expected, verdict.unit),
        less=Text(zh="，低于承诺", en=", less than promised") if less else "",
    )


def signed(value: float, unit: str) -> str:
    """An effect with its sign: per cent, or a plain number.

    >>> signed(0.2834, "relative"), signed(-0.5, "absolute")
    ('+28.3 %', '−0.5')
    """
    text = f"{abs(value):.1%}".replace("%", " %") if unit == "relative" else f"{abs(value):.4g}"
    return ("−" if value < 0 else "+") + text

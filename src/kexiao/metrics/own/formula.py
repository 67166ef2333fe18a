"""A formula as a person writes it, ``(net_sales - refunds) / orders``, read into the vocabulary and checked for sense as it is put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from kexiao.engine.strict import Entries
from kexiao.facts.formula import Formula, Growth, Minus, Plus, Ratio, is_linear
from kexiao.metrics.own.parts import refuse_unknown
from kexiao.metrics.own.units import (
    KINDS,
    RATE_UNITS,
    apart,
    counts_anonymous,
    counts_matured,
    immature_of,
    inside,
    kind_of,
    unit_of_amount,
    unit_of_rate,
    usual_times,
)
from kexiao.text import Text

_LONGEST, _DEEPEST = 500, 20
_AGAINST = ("before", "year_before", "festival", "national_day")
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[-+*/()])")
_SIGNS = str.maketrans({"−": "-", "×": "*", "÷": "/", "（": "(", "）": ")"})


@dataclass(frozen=True, slots=True)
class Amount:
    """Something that adds up: its formula, what it counts, and how it was written."""

    formula: Formula
    kind: str
    written: str


@dataclass(frozen=True, slots=True)
class Rate:
    """One amount per another, so many times."""

    top: Amount
    bottom: Amount
    written: str
    times: int = 1


Term = Amount | Rate | int


def read_formula(entries: Entries, known: Mapping[str, Formula], unit: str) -> Formula:
    """The formula under the key ``formula``, whose unit must be the one declared.

    Errors: ``InputRejected`` for what cannot be read, what has no sense, and what has another unit.
    """
    text = entries.words("formula")
    if len(text) > _LONGEST:
        _refuse(entries, Text(zh="公式太长。", en="the formula is too long."))
    term = _Reader(entries, text, known).whole()
    if isinstance(term, int):
        _refuse(entries, Text(zh="公式里没有指标。", en="there is no metric in the formula."))
    against = entries.choice("growth", _AGAINST, None)
    if against is not None:
        return _growth(entries, term, unit, against)
    return _amount(entries, term, unit) if isinstance(term, Amount) else _rate(entries, term, unit)


def _growth(entries: Entries, term: Amount | Rate, unit: str, against: Any) -> Formula:
    if isinstance(term, Rate) or not is_linear(term.formula) or not unit_of_amount(term.kind):
        entries.refuse(
            "growth",
            Text(zh="只有合计和计数可以算增长，比率和客户状态不行。", en="only sums and counts have a growth; rates and states have none."),
            step=Text(zh="比率请直接比较两期。", en="Compare a rate between two periods instead."),
        )  # fmt: skip
    _check_unit(entries, unit, ("ratio",))
    return Growth(term.formula, against)


def _refuse(entries: Entries, why: Text, step: Text | None = None) -> NoReturn:
    entries.refuse("formula", why, step=step)


class _Reader:
    """Reads one formula from left to right: sums of products of names, numbers and brackets."""

    def __init__(self, entries: Entries, text: str, known: Mapping[str, Formula]) -> None:
        self.entries, self.known = entries, known
        self.left = self._tokens(text.translate(_SIGNS).strip())
        self.depth = 0

    def _tokens(self, text: str) -> list[str]:
        found, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                _refuse(
                    self.entries,
                    Text(zh="看不懂“{c}”。", en="“{c}” is not understood.").fill(c=text[at:].strip()[:1]),
                    Text(zh="只用指标名、整数、+ - * / 和括号。", en="Use names of metrics, whole numbers, + - * / and brackets only."),
                )  # fmt: skip
            found.append(match[1])
            at = match.end()
        return found

    def whole(self) -> Term:
        term = self._sum()
        if self.left:
            self._unexpected(self.left[0])
        return term

    def _unexpected(self, token: str | None) -> NoReturn:
        said = Text(zh="“{t}”放错了地方。", en="“{t}” stands in the wrong place.").fill(t=token)
        _refuse(self.entries, said if token else Text(zh="公式没有写完。", en="the formula is not finished."))

    def _row(self, signs: str, next_part: Callable[[], Term]) -> Term:
        term = next_part()
        while self.left and self.left[0] in signs:
            sign = self.left.pop(0)
            term = _combined(self.entries, sign, term, next_part())
        return term

    def _sum(self) -> Term:
        return self._row("+-", self._product)

    def _product(self) -> Term:
        return self._row("*/", self._one)

    def _one(self) -> Term:
        token = self.left.pop(0) if self.left else None
        if token == "(":
            self.depth += 1
            if self.depth > _DEEPEST:
                _refuse(self.entries, Text(zh="括号太多层。", en="brackets stand too deep."))
            term = self._sum()
            if not self.left or self.left.pop(0) != ")":
                _refuse(self.entries, Text(zh="括号没有配对。", en="a bracket is not closed."))
            self.depth -= 1
            return term
        if token is None or token in "+-*/)":
            self._unexpected(token)
        if token.isdigit():
            return int(token) if len(token) < 9 else 0
        if token not in self.known:
            refuse_unknown(self.entries, "formula", token, list(self.known))
        formula = self.known[token]
        return Amount(formula, kind_of(formula) or "", token)


def _written(term: Term) -> str:
    return str(term) if isinstance(term, int) else term.written


def _combined(entries: Entries, sign: str, left: Term, right: Term) -> Term:
    written = f"{_written(left)} {sign} {_written(right)}"
    if sign == "*":
        return _product_of(entries, left, right, written)
    if isinstance(left, int) or isinstance(right, int):
        _refuse(
            entries,
            Text(zh="{w}：不能与一个数相加减或相除，数字没有单位。", en="{w}: a bare number has no unit, so nothing is added to it or divided by it.").fill(w=written),
            Text(zh="只可以把比率乘以 100 或 1000。", en="Only a rate may be multiplied, by 100 or 1000."),
        )  # fmt: skip
    if isinstance(left, Rate) or isinstance(right, Rate):
        _refuse_averages(entries, sign, written)
    if sign == "/":
        return _divided(entries, left, right, written)
    return _added(entries, sign, left, right, written)


def _product_of(entries: Entries, left: Term, right: Term, written: str) -> Term:
    rate, number = (left, right) if isinstance(left, Rate) else (right, left)
    if isinstance(rate, Rate) and isinstance(number, int):
        times = rate.times * number
        if times not in (1, 100, 1000):
            _refuse(entries, Text(zh="比率只能乘以 100 或 1000。", en="a rate is multiplied by 100 or 1000 only."))
        return Rate(rate.top, rate.bottom, written, times)
    if isinstance(left, int) or isinstance(right, int):
        _refuse(
            entries,
            Text(zh="{w}：合计乘以一个数只是换了刻度，没有新的含义。", en="{w}: a sum times a number is the same sum on another scale.").fill(w=written),
        )  # fmt: skip
    _refuse(
        entries,
        Text(zh="{w}：两个指标相乘没有单位。", en="{w}: two metrics multiplied have no unit.").fill(w=written),
        Text(zh="写成相除：分子 / 分母。", en="Divide: numerator / denominator."),
    )


def _refuse_averages(entries: Entries, sign: str, written: str) -> NoReturn:
    if sign == "/":
        _refuse(
            entries,
            Text(zh="{w}：比率再相除没有含义。", en="{w}: a rate of rates means nothing.").fill(w=written),
            Text(zh="用合计除以合计。", en="Divide one sum by another."),
        )
    _refuse(
        entries,
        Text(zh="{w}：平均数和比率不能相加减。", en="{w}: averages and rates are not added up.").fill(w=written),
        Text(
            zh="先把分子、分母各自相加，再相除：(a + c) / (b + d)。",
            en="Add numerators and denominators first, then divide: (a + c) / (b + d).",
        ),
    )


def _divided(entries: Entries, top: Amount, bottom: Amount, written: str) -> Rate:
    if top.formula == bottom.formula:
        _refuse(entries, Text(zh="{w} 永远等于 1。", en="{w} is always 1.").fill(w=written))
    return Rate(top, bottom, written)


def _added(entries: Entries, sign: str, left: Amount, right: Amount, written: str) -> Amount:
    if left.kind != right.kind:
        _refuse(
            entries,
            Text(zh="{w}：{a}与{b}不能相加减。", en="{w}: {a} and {b} are not added up.").fill(
                w=written, a=KINDS[left.kind], b=KINDS[right.kind]
            ),
            Text(zh="相除才有含义，例如每单金额。", en="Divide them, for example money per order."),
        )
    if left.formula == right.formula:
        same = Text(zh="{w}：同一项算了两次。", en="{w}: the same thing counts twice.")
        _refuse(entries, same.fill(w=written))
    if sign == "+":
        _refuse_overlap(entries, left, right, written)
        return Amount(Plus(left.formula, right.formula), left.kind, f"({written})")
    if left.kind == "customers" and not inside(right.formula, left.formula):
        _refuse(
            entries,
            Text(zh="{w}：右边的客户不一定都在左边。", en="{w}: the customers on the right need not be among those on the left.").fill(w=written),
            Text(zh="右边应是左边的一部分。", en="The right side must be a part of the left."),
        )  # fmt: skip
    return Amount(Minus(left.formula, right.formula), left.kind, f"({written})")


def _refuse_overlap(entries: Entries, left: Amount, right: Amount, written: str) -> None:
    one, other = left.formula, right.formula
    if inside(one, other) or inside(other, one):
        _refuse(
            entries,
            Text(zh="{w}：一项包含另一项，会重复计算。", en="{w}: one holds the other, so it would count twice.").fill(w=written),
        )  # fmt: skip
    if left.kind == "customers" and not apart(one, other):
        _refuse(
            entries,
            Text(zh="{w}：同一位客户可能两边都算。", en="{w}: one customer may count on both sides.").fill(w=written),
            Text(zh="按客户去重的数不能相加；请用一个部分加条件来数。", en="Distinct customers do not add up: count them in one part with a condition."),
        )  # fmt: skip


def _amount(entries: Entries, amount: Amount, unit: str) -> Formula:
    units = unit_of_amount(amount.kind)
    if not units:
        _refuse(
            entries,
            Text(zh="得分合计本身没有含义。", en="a sum of scores alone says nothing."),
            Text(zh="除以回答数。", en="Divide it by the number of answers."),
        )
    if unit in RATE_UNITS:
        entries.refuse(
            "unit",
            Text(zh="{u} 是比率，而公式没有分母。", en="{u} is a rate, and the formula has no denominator.").fill(u=unit),
            step=Text(zh="公式写成 分子 / 分母，或把单位改为 {o}。", en="Write numerator / denominator, or make the unit {o}.").fill(o=units[0]),
        )  # fmt: skip
    _check_unit(entries, unit, units)
    return amount.formula


def _rate(entries: Entries, rate: Rate, unit: str) -> Formula:
    top, bottom = rate.top, rate.bottom
    units = unit_of_rate(top.kind, bottom.kind, rate.times)
    if not units:
        _refuse_rate(entries, rate)
    _check_unit(entries, unit, units)
    _refuse_uneven(entries, rate)
    immature = immature_of(bottom.formula)
    if unit == "times" or top.kind != bottom.kind:
        return Ratio(top.formula, bottom.formula, rate.times, immature=immature)
    if inside(bottom.formula, top.formula):
        _refuse(
            entries,
            Text(zh="{w}：分子包含分母，比率总是不小于 1。", en="{w}: the numerator holds the denominator, so the share is never below 1.").fill(w=rate.written),
            Text(zh='把分子和分母对调，或用 unit = "times"。', en='Turn it round, or take unit = "times".'),
        )  # fmt: skip
    if top.kind == "money":
        return Ratio(top.formula, bottom.formula, immature=immature)
    if not inside(top.formula, bottom.formula):
        _refuse(
            entries,
            Text(zh="{w}：分子不是分母的一部分，占比可能超过 1 或低于 0。", en="{w}: the numerator is no part of the denominator, so the share can exceed 1 or fall below 0.").fill(w=rate.written),
            Text(zh='给分母的那一部分加条件作分子，或用 unit = "times"。', en='Make the numerator the denominator with a condition, or take unit = "times".'),
        )  # fmt: skip
    return Ratio(top.formula, bottom.formula, kind="share", immature=immature)


def _refuse_uneven(entries: Entries, rate: Rate) -> None:
    """Refuse a numerator that counts what the denominator cannot: anonymous orders per customer, matured leads per lead of any age."""
    top, bottom = rate.top, rate.bottom
    if bottom.kind == "customers" and counts_anonymous(top.formula):
        _refuse(
            entries,
            Text(zh="{w}：分子含匿名订单，分母只有可识别的客户。", en="{w}: anonymous orders are in the numerator, but only known customers in the denominator.").fill(w=rate.written),
            Text(zh="用 known_net、known_orders，或给部分加条件 customer = {{ known = true }}。", en="Take known_net or known_orders, or a part with the condition customer = {{ known = true }}.").fill(),
        )  # fmt: skip
    if top.kind == bottom.kind and counts_matured(top.formula) != counts_matured(bottom.formula):
        _refuse(
            entries,
            Text(zh="{w}：一边只算观察期已满的，另一边全算。", en="{w}: one side counts only what has had its whole window, the other counts all.").fill(w=rate.written),
            Text(zh="两边都用观察期已满的部分，例如 won_leads / matured_leads。", en="Take matured ones on both sides, such as won_leads / matured_leads."),
        )  # fmt: skip


def _refuse_rate(entries: Entries, rate: Rate) -> NoReturn:
    top, bottom = rate.top.kind, rate.bottom.kind
    usual = usual_times(top, bottom) if rate.times == 1 else None
    said = Text(zh="{w}：没有“每{b}的{a}”这样的单位。", en="{w}: there is no unit for {a} per {b}.")
    step = Text(zh="把它乘以 {n}：{w} * {n}。", en="Multiply it by {n}: {w} * {n}.").fill(n=usual, w=rate.written)
    _refuse(
        entries,
        said.fill(w=rate.written, a=KINDS[top], b=KINDS[bottom]),
        step if usual else Text(zh="可用的比率单位：{u}。", en="Rates have these units: {u}.").fill(u=", ".join(RATE_UNITS)),
    )  # fmt: skip


def _check_unit(entries: Entries, unit: str, possible: tuple[str, ...]) -> None:
    if unit not in possible:
        entries.refuse(
            "unit",
            Text(zh="公式的单位是 {p}，不是 {u}。", en="the formula is in {p}, not in {u}.").fill(
                p=" / ".join(possible), u=unit
            ),
            step=Text(zh='写成 unit = "{p}"，或改公式。', en='Write unit = "{p}", or change the formula.').fill(
                p=possible[0]
            ),
        )

"""Columns that go into a model: checked once, refused with a next step, never repaired in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import InputRejected
from kexiao.text import Text

Floats = NDArray[np.float64]


class CannotFit(InputRejected):
    """The data are in order, but a model cannot be fitted to them (too few customers, nothing repeats, …)."""

    code: ClassVar[str] = "cannot_fit"


@dataclass(frozen=True, slots=True)
class Unfitted:
    """Stands where a fitted model would: why there is none, what to do about it, and what to show instead."""

    reason: Text
    next_step: Text
    instead: Text | None = None


def column(values: Any, name: Text, *, lowest: float | None = 0.0) -> Floats:
    """One column as float64 (n,): every value finite and, unless ``lowest`` is None, not below ``lowest``.

    Raises InputRejected with the number of bad values and the first position (from 1); never a value.
    """
    try:
        found = np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise InputRejected(
            Text(zh="“{name}”不全是数字。", en="'{name}' is not all numbers.").fill(name=name),
            next_step=Text(zh="请检查这一列的映射。", en="Check how this column is mapped."),
        ) from None
    finite = bool(np.isfinite(found.sum())) or bool(np.isfinite(found).all())
    if not finite:
        raise _bad(~np.isfinite(found), name, Text(zh="缺失或不是有限数", en="missing or not finite"))
    if lowest is not None and len(found) and found.min() < lowest:
        raise _bad(found < lowest, name, Text(zh="小于 {n}", en="below {n}").fill(n=f"{lowest:g}"))
    return found


def counts(values: Any, name: Text) -> Floats:
    """One column of whole numbers from 0 on, as float64 (n,)."""
    found = column(values, name)
    if len(found) and not np.array_equal(found, np.rint(found)):
        raise _bad(found != np.rint(found), name, Text(zh="不是整数", en="not whole numbers"))
    return found


def same_length(**columns: Floats) -> None:
    """Refuse columns of different lengths, and empty ones."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputRejected(
            Text(zh="各列长度不同：{told}。", en="The columns differ in length: {told}.").fill(told=told),
            next_step=Text(
                zh="每列都应是每位客户一个值，请从同一张表取数。",
                en="Each needs one value per customer; take them from one table.",
            ),
        )
    if not next(iter(lengths.values())):
        raise CannotFit(
            Text(zh="没有任何客户。", en="There are no customers."),
            next_step=Text(zh="请先导入订单，或放宽筛选条件。", en="Load orders first, or widen the filter."),
        )


def weights_for(weights: Any | None, customers: int) -> Floats | None:
    """Weights (n,), 0 or more, not all 0; a customer of weight 2 counts as two equal customers. None stays None."""
    if weights is None:
        return None
    found = column(weights, Text(zh="权重", en="weights"))
    if len(found) != customers:
        same_length(weights=found, customers=np.empty(customers))
    if not found.sum() > 0:
        raise InputRejected(
            Text(zh="权重全为 0。", en="All weights are 0."),
            next_step=Text(zh="至少一位客户的权重应大于 0。", en="Give at least one customer a weight above 0."),
        )
    return found


def _bad(where: NDArray[np.bool_], name: Text, how: Text) -> InputRejected:
    first = int(np.argmax(where)) + 1
    return InputRejected(
        Text(
            zh="“{name}”有 {n} 个值{how}，第一个在第 {first} 位。",
            en="'{name}' has {n} values that are {how}, the first at position {first}.",
        ).fill(name=name, n=int(where.sum()), how=how, first=first),
        next_step=Text(zh="请改正这些行，或先把它们筛掉。", en="Correct these rows, or filter them out first."),
    )

"""RFM: how recently, how often and for how much customers bought, scored 1–5 each and put into eight named segments.

**Scores.** Limits split the customers into fifths; equal customers always get equal scores. The k-th limit is the smallest
observed value above the k/5 point, so a value that fills several fifths (one purchase, say) takes the lowest of their scores. Limits can
also be set by hand, and those of one period can be kept for the next, so that movement shows customers moving, not limits.

**Segments.** Each of R, F, M is high from score 4 on (above the middle score 3). The eight combinations carry the names
in common use in China, 重要 or 一般 (M), 价值 / 发展 / 保持 / 挽留 (R and F).

Source: A. Hughes (1994), *Strategic Database Marketing*, (quintile scores); the eight names are those of Chinese CRM practice.

>>> limits = limits_of([5, 40, 400, 90, 10], [9, 2, 1, 1, 5], [900, 80, 20, 30, 400])
>>> scores = score([5, 40, 400, 90, 10], [9, 2, 1, 1, 5], [900, 80, 20, 30, 400], limits)
>>> scores.frequency.tolist(), [SEGMENTS[i].name for i in scores.segment]
([5, 3, 1, 1, 4], ['champions', 'slipping', 'slipping', 'slipping', 'champions'])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import WrongUse
from kexiao.models.inputs import column, same_length
from kexiao.models.registry import Column, Columns, Model, Quantity, Sample
from kexiao.text import Text

Floats = NDArray[np.float64]
Scores5 = NDArray[np.int8]

PARTS = 5
HIGH_FROM = 4

RECENCY = Text(zh="距最近一次购买的天数", en="days since the last purchase")
FREQUENCY = Text(zh="购买次数", en="number of purchases")
MONETARY = Text(zh="消费金额", en="amount spent")


@dataclass(frozen=True, slots=True)
class Segment:
    """A named combination of high and low R, F, M: its rule, and what to do about it."""

    name: str
    label: Text
    rule: Text
    advice: Text


SEGMENTS: tuple[Segment, ...] = (
    Segment(
        "champions",
        Text(zh="重要价值客户", en="Champions"),
        Text(zh="R 高 F 高 M 高：最近买过、常买、花得多", en="R, F, M high: recent, frequent, spends much"),
        Text(zh="优先服务与专属权益，请他们推荐新客", en="Serve first, reward, ask for referrals"),
    ),
    Segment(
        "promising",
        Text(zh="重要发展客户", en="Big spenders to develop"),
        Text(zh="R 高 F 低 M 高：最近买过、花得多、买得少", en="R, M high, F low: recent, spends much, seldom"),
        Text(zh="引导第二、三次购买，推荐搭配与补货", en="Lead to the next purchase: refills, bundles"),
    ),
    Segment(
        "keep",
        Text(zh="重要保持客户", en="Valued regulars to keep"),
        Text(zh="R 低 F 高 M 高：曾常买、花得多、近来没买", en="F, M high, R low: frequent, spends much, gone quiet"),
        Text(zh="主动联系，问清原因，给出回来的理由", en="Get in touch, ask why, give a reason to return"),
    ),
    Segment(
        "win_back",
        Text(zh="重要挽留客户", en="Big spenders slipping away"),
        Text(zh="R 低 F 低 M 高：花得多、买得少、久未购买", en="M high, R, F low: spent much, seldom, long ago"),
        Text(zh="一对一挽回，值得较高的优惠成本", en="Win back one by one; worth a larger offer"),
    ),
    Segment(
        "regulars",
        Text(zh="一般价值客户", en="Active regulars"),
        Text(zh="R 高 F 高 M 低：最近买过、常买、花得少", en="R, F high, M low: recent, frequent, spends little"),
        Text(zh="提高客单价：满减、加购、升级", en="Raise the basket: add-ons, upgrades"),
    ),
    Segment(
        "newcomers",
        Text(zh="一般发展客户", en="Newcomers to develop"),
        Text(zh="R 高 F 低 M 低：最近买过、买得少、花得少", en="R high, F, M low: recent, seldom, spends little"),
        Text(zh="做好首购后的培育，促成第二单", en="Nurture after the first purchase, win the second"),
    ),
    Segment(
        "small_keep",
        Text(zh="一般保持客户", en="Small regulars to keep"),
        Text(zh="R 低 F 高 M 低：曾常买、花得少、近来没买", en="F high, R, M low: frequent, spends little, gone quiet"),
        Text(zh="低成本自动提醒与召回", en="Automatic reminders at low cost"),
    ),
    Segment(
        "slipping",
        Text(zh="一般挽留客户", en="Slipping away"),
        Text(zh="R 低 F 低 M 低：久未购买、买得少、花得少", en="R, F, M low: seldom, little, long ago"),
        Text(zh="只作低成本触达，不再投入补贴", en="Low-cost contact only, no subsidies"),
    ),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Four limits each, for scores 2, 3, 4, 5. R: at most so many days (falling); F, M: at least so much (rising).

    A limit that nobody can reach (too many equal customers) is −∞ days or ∞.
    """

    recency: tuple[float, float, float, float]
    frequency: tuple[float, float, float, float]
    monetary: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        for values, sign in ((self.recency, -1.0), (self.frequency, 1.0), (self.monetary, 1.0)):
            rising = [sign * value for value in values]
            if len(rising) != PARTS - 1 or sorted(rising) != rising:
                raise WrongUse(
                    Text(
                        zh="RFM 分界值需要 4 个且依次变好。",
                        en="RFM limits need four values, each better than the one before.",
                    ),
                    next_step=Text(
                        zh="R 从多到少写（如 365, 180, 90, 30 天），F 和 M 从小到大写。",
                        en="Write R from many days to few (365, 180, 90, 30), F and M from small to large.",
                    ),
                )


class RfmScores(NamedTuple):
    """One per customer, shape (n,): scores 1–5 (5 best) and the position in ``SEGMENTS``."""

    recency: Scores5
    frequency: Scores5
    monetary: Scores5
    segment: NDArray[np.int8]


class Movement(NamedTuple):
    """Customers by segment before (rows) and after (columns), shape (9, 9); the last row and column: not there then."""

    customers: NDArray[np.int64]

    def shares(self) -> Floats:
        """Of each row, the share that went to each column; NaN for an empty row."""
        rows = self.customers.sum(axis=1, keepdims=True)
        found: Floats = np.divide(self.customers, rows, out=np.full(self.customers.shape, np.nan), where=rows > 0)
        return found


def limits_of(recency: Any, frequency: Any, monetary: Any) -> Limits:
    """Limits that split these customers into fifths. ``recency``: days since the last purchase, (n,); amounts may be negative."""
    r, f, m = _columns(recency, frequency, monetary)
    falling = _fifths(-r)
    return Limits((-falling[0], -falling[1], -falling[2], -falling[3]), _fifths(f), _fifths(m))


def score(recency: Any, frequency: Any, monetary: Any, limits: Limits) -> RfmScores:
    """Scores and segments of customers under the limits given."""
    r, f, m = _columns(recency, frequency, monetary)
    scores = (
        _scores(-r, tuple(-limit for limit in limits.recency)),
        _scores(f, limits.frequency),
        _scores(m, limits.monetary),
    )
    low_r, low_f, low_m = ((each < HIGH_FROM).astype(np.int8) for each in scores)
    segment: NDArray[np.int8] = (4 * low_m + 2 * low_r + low_f).astype(np.int8)
    return RfmScores(*scores, segment)


def movement(before: Any, segment_before: Any, after: Any, segment_after: Any) -> Movement:
    """How customers moved between two periods. ``before``, ``after``: customer numbers (each once), with their segment positions.

    >>> movement([1, 2, 3], [0, 0, 7], [2, 3, 4], [0, 5, 5]).customers[[0, 7, 8]][:, [0, 5, 8]].tolist()
    [[1, 0, 1], [0, 1, 0], [0, 1, 0]]
    """
    ids, place = np.unique(np.concatenate([np.asarray(before), np.asarray(after)]), return_inverse=True)
    gone = len(SEGMENTS)
    was, now = (np.full(len(ids), gone, dtype=np.int64) for _ in range(2))
    was[place[: len(before)]] = segment_before
    now[place[len(before) :]] = segment_after
    counted = np.bincount(was * (gone + 1) + now, minlength=(gone + 1) ** 2)
    return Movement(counted.reshape(gone + 1, gone + 1))


def _columns(recency: Any, frequency: Any, monetary: Any) -> tuple[Floats, Floats, Floats]:
    r, f, m = column(recency, RECENCY), column(frequency, FREQUENCY), column(monetary, MONETARY, lowest=None)
    same_length(recency=r, frequency=f, monetary=m)
    return r, f, m


def _fifths(values: Floats) -> tuple[float, float, float, float]:
    """For k = 1…4 the smallest value above the smallest one that at least k/5 of all do not exceed."""
    ordered = np.sort(values)
    at = [-(-k * len(ordered) // PARTS) - 1 for k in range(1, PARTS)]
    above = np.searchsorted(ordered, ordered[at], side="right")
    padded = np.append(ordered, np.inf)
    two, three, four, five = padded[above].tolist()
    return two, three, four, five


def _scores(values: Floats, limits: tuple[float, ...]) -> Scores5:
    found: Scores5 = (1 + np.searchsorted(np.asarray(limits), values, side="right")).astype(np.int8)
    return found


def _parameters(limits: Limits) -> dict[str, Quantity]:
    return {
        "recency": Quantity(np.asarray(limits.recency), "time"),
        "frequency": Quantity(np.asarray(limits.frequency), "count"),
        "monetary": Quantity(np.asarray(limits.monetary), "money"),
    }


def _outputs(limits: Limits, columns: Columns) -> dict[str, Quantity]:
    recency, frequency, monetary = columns
    found = score(recency, frequency, monetary, limits)
    return {name: Quantity(values) for name, values in found._asdict().items()}


def _simulate(rng: np.random.Generator, customers: int) -> Sample:
    bought = rng.geometric(0.4, customers).astype(np.float64)
    return Sample((rng.integers(1, 700, customers), bought, bought * rng.gamma(4.0, 25.0, customers)), {})


MODEL = Model(
    name="rfm",
    label=Text(zh="RFM 客户分群", en="RFM segments"),
    paper="Hughes (1994), Strategic Database Marketing",
    columns=(Column("recency", "time"), Column("frequency", "count"), Column("monetary", "money")),
    fit=limits_of,
    parameters=_parameters,
    outputs=_outputs,
    simulate=_simulate,
)

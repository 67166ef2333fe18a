"""Answers to scales: numbers with or without their words, and the usual words alone."""

from __future__ import annotations

import re
import unicodedata

from kexiao.sources.mapping.values.reading import MISSING, NOTHING, Read, plain

NOT_ANSWERED = frozenset({"(空)", "(跳过)", "(缺失)", "（空）", "（跳过）", "-2", "-3"})
"""What survey systems write where a question was not answered or not asked."""

_NUMBER = re.compile(
    r"(-?\d{1,3}(?:\.\d+)?)\s*(?:分|星|颗星|星级|points?|stars?)?\s*(?:[((\[:、.—-].*|[^\d\s.,/┋、-].*)?"
)
_WORST, _BAD, _MIDDLE, _GOOD, _BEST = range(1, 6)
_ABOUT = "(?:满意|同意|赞同|认可|认同|容易|轻松|喜欢|愿意|可能|重要|符合)"
_STEPS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (_WORST, re.compile(rf"(?:非常|很|十分|极|极其|完全|根本|一点也)不{_ABOUT}|(?:very|extremely|strongly|completely) (?:dissatisfied|unsatisfied|disagree|difficult|unlikely)")),
    (_BAD, re.compile(rf"(?:不|不太|不大|不怎么|比较不|较不|有点不|有些不){_ABOUT}|(?:somewhat |rather )?(?:dissatisfied|unsatisfied|disagree|difficult|unlikely)")),
    (_MIDDLE, re.compile(r"一般|中立|普通|说不清|无所谓|不确定|neutral|neither.*|average")),
    (_GOOD, re.compile(rf"(?:比较|较|较为|基本|有点)?{_ABOUT}|(?:somewhat |rather )?(?:satisfied|agree|easy|likely)")),
    (_BEST, re.compile(rf"(?:非常|很|十分|极|极其|完全|特别){_ABOUT}|(?:very|extremely|strongly|completely) (?:satisfied|agree|easy|likely)")),
)  # fmt: skip


def read_score(raw: str) -> Read:
    """The score of an answer: a number, a number with its word, or one of the usual five words.

    >>> [read_score(cell).value for cell in ("5", "5分", "10（非常可能）", "非常满意", "很不满意", "一般")]
    ['5', '5', '10', '5', '1', '3']
    >>> read_score("(跳过)").code, read_score("手机┋平板").code, read_score("1┋3").code
    ('missing', 'not_a_number', 'not_a_number')
    """
    text = plain(raw)
    if text.casefold() in NOTHING or unicodedata.normalize("NFKC", raw.strip()) in NOT_ANSWERED:
        return MISSING
    if found := _NUMBER.fullmatch(text):
        return Read(value=found[1])
    step = next((step for step, words in _STEPS if words.fullmatch(text.casefold())), None)
    return Read(code="not_a_number") if step is None else Read(value=str(step))

"""Codes are never shown: every status has words in both languages, and the policy of a number says them."""

from __future__ import annotations

import pytest

from kexiao.cycle.explain import policy_in_words
from kexiao.cycle.words import choice_words
from kexiao.facts.policy import policy_from
from kexiao.sources.mapping.kinds.orders import STATUSES
from kexiao.text import in_language


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", "状态为已付款、已发货、已完成、已退款，"), ("en", "status paid, shipped, completed, refunded,")],
)
def test_the_policy_says_statuses_in_words(language: str, words: str) -> None:
    with in_language(language):  # type: ignore[arg-type]
        assert words in policy_in_words(policy_from({}))[0]()


def test_every_status_has_words_that_files_use_for_it() -> None:
    for code, known in STATUSES.items():
        with in_language("zh"):
            assert choice_words(code, STATUSES) in known
        with in_language("en"):
            assert choice_words(code, STATUSES).isascii()
    with in_language("en"):
        assert choice_words("unpaid", STATUSES) == "unpaid", "not “created”, the first English word of the files"

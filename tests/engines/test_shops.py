"""The shop on which engines are held against each other leaves no metric out."""

from __future__ import annotations

from engines.same import HALF_A_YEAR, NOW, catalogue
from engines.shops import WHOLE, whole_shop

from kexiao.engine.duck import DuckEngine
from kexiao.facts.policy import Policy
from kexiao.facts.source import facts_in_memory
from kexiao.facts.worked_example import drawn_tables


def test_every_metric_and_variant_has_a_number_in_the_shop() -> None:
    source = facts_in_memory(DuckEngine(drawn_tables(whole_shop(WHOLE))), Policy(), now=NOW)
    found = catalogue(source, *HALF_A_YEAR)
    asked, told = {key[:2] for key in found}, {key[:2] for key, value in found.items() if value["value"] is not None}
    assert len(asked) > 130 and asked - told == set()

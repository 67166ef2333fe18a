"""The results that the overview will ask for, computed ahead."""

from __future__ import annotations

import logging

from kexiao.errors import KexiaoError
from kexiao.web import workspace
from kexiao.web.changes import improvement
from kexiao.web.choices import Chosen, coverage, usual_period
from kexiao.web.pages.overview.cards import CARDS, cards_for
from kexiao.web.pages.overview.due import company_targets, freshness
from kexiao.web.pages.overview.reasons import reason_of


def warm() -> None:
    """Fill the memory for the usual period; what cannot be computed is told when someone asks for it."""
    try:
        known = coverage()
        if known is None:
            return
        period = usual_period(known, workspace.about().fiscal_start)
        choice = Chosen(period, "before", period.before())
        cards_for(choice, company_targets(period))
        freshness()
        improvement(choice)
        for name in CARDS:
            reason_of(name, choice)
    except KexiaoError as problem:
        logging.getLogger("kexiao.web").warning("Nothing could be computed ahead: %s", problem.message("en"))

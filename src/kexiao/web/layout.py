"""What every page shares: the pages that exist, the navigation, the choices of the top bar."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from kexiao.errors import KexiaoError
from kexiao.report.charts.theme import DARK, theme
from kexiao.text import Text, current_language
from kexiao.web import choices, pages, workspace
from kexiao.web.roles import ROLES


@dataclass(frozen=True, slots=True)
class Entry:
    """A page's place in the navigation: ``order`` follows the cycle, ``view`` is the name of its address, ``icon`` one of ``icons.svg``."""

    order: int
    view: str
    label: Text
    icon: str


@cache
def page_modules() -> list[ModuleType]:
    """The ``urls`` of every folder of ``pages``, by name."""
    found = sorted(info.name for info in pkgutil.iter_modules(pages.__path__) if info.ispkg)
    return [importlib.import_module(f"{pages.__name__}.{name}.urls") for name in found]


@cache
def entries() -> list[Entry]:
    """The navigation, in the order of the cycle."""
    found = [module.ENTRY for module in page_modules() if hasattr(module, "ENTRY")]
    return sorted(found, key=lambda entry: entry.order)


def layout(request: HttpRequest) -> dict[str, Any]:
    """The context of every template."""
    language = current_language()
    frame: dict[str, Any] = {
        "language": language,
        "html_lang": "zh-CN" if language == "zh" else "en",
        "chart_look": {"light": theme(), "dark": theme(dark=True), "map": DARK},
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return frame
    frame["notices"] = _notices(request)
    return {**frame, "role": ROLES.get(user.role), **_navigation(request), **_choices(request)}


def _notices(request: HttpRequest) -> list[str]:
    """What was done just now, told once on the next whole page."""
    if request.headers.get("HX-Request"):
        return []
    said = request.session.pop("notice", None)
    return [Text(**said)()] if said else []


def _navigation(request: HttpRequest) -> dict[str, Any]:
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    shown = [
        {
            "label": entry.label,
            "icon": entry.icon,
            "address": reverse(entry.view),
            "here": here.startswith(entry.view.rstrip("s")),
        }
        for entry in entries()
    ]
    return {"navigation": shown}


def _choices(request: HttpRequest) -> dict[str, Any]:
    """The top bar; an unreadable workspace leaves it out, so that the page can say what is wrong."""
    try:
        company = str(workspace.folder().settings.get("company") or "")
        if not workspace.is_open():
            # Opening the facts of a large load takes minutes; the frame stands without them.
            return {"company": company, "chosen": None}
        known = choices.coverage()
        if known is None:
            return {"company": company, "chosen": None}
        offered = choices.offered(known, workspace.about().fiscal_start)
        return {
            "company": company,
            "chosen": choices.chosen_or_usual(request),
            "offered": offered,
            "bases": choices.BASES.items(),
        }
    except KexiaoError:
        return {"company": "", "chosen": None}

"""How rows of a canonical table are made from the cells of a kind of sheet, as SQL expressions over its fields."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import kexiao.sources.mapping.kinds as package
from kexiao.sources.mapping.fields import SheetKind


@dataclass(frozen=True, slots=True)
class Makes:
    """Rows of one table from one kind of sheet.

    ``columns`` gives expressions for columns that are not simply the field of the same name. ``where`` drops rows that give none. ``identity``
    names the columns that make up a key where the sheet has no id of its own. ``only`` names for a field the values of rows that count;
    others are refused, and counted when a later export says otherwise.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    identity: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def all_kinds() -> dict[str, tuple[SheetKind, tuple[Makes, ...]]]:
    """Every kind by name, with what it makes."""
    found = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if isinstance(kind := getattr(module, "KIND", None), SheetKind):
            found[kind.name] = (kind, tuple(getattr(module, "MAKES", ())))
    return found

"""All canonical tables, found in this folder: a new table is a new file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import kexiao.tables as package
from kexiao.errors import unknown_name
from kexiao.tables.description import Table
from kexiao.text import Text


@cache
def all_tables() -> dict[str, Table]:
    """Every canonical table by name, in the order of the names."""
    found: dict[str, Table] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        table = getattr(importlib.import_module(f"{package.__name__}.{module}"), module, None)
        if isinstance(table, Table):
            found[table.name] = table
    return found


def table_named(name: str) -> Table:
    """One canonical table; an unknown name is answered with the nearest ones."""
    known = all_tables()
    if name not in known:
        raise unknown_name(Text(zh="数据表", en="table"), name, list(known))
    return known[name]

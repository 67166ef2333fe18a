"""Kexiao (客效): customer and marketing performance management.

The cycle is the tree, and imports go one way along it::

    sources      来源   files and systems outside → canonical tables
    tables       规范表 what one row is, described once
    facts        事实   what every number rests on, under the policy; the formula vocabulary
    metrics      指标   the catalogue: nothing but Metric(...) blocks
    models       模型   published methods over customers
    assessment   评估   how good is it?
    improvement  改进   what to do?
    effect       成效   did it help?
    cycle        循环   one verb a file; ``Workspace`` for notebooks

``report``, ``demo``, ``web`` and ``cli`` show what the cycle computes.

>>> import kexiao
>>> kexiao.Text(zh="订单", en="orders")("en")
'orders'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kexiao.cycle.workspace import Workspace, create_workspace, open_workspace
    from kexiao.errors import KexiaoError
    from kexiao.text import Text

__version__ = "0.1.0"
_NAMES = {
    "open": ("kexiao.cycle.workspace", "open_workspace"),
    "create": ("kexiao.cycle.workspace", "create_workspace"),
    "Workspace": ("kexiao.cycle.workspace", "Workspace"),
    "open_workspace": ("kexiao.cycle.workspace", "open_workspace"),
    "create_workspace": ("kexiao.cycle.workspace", "create_workspace"),
    "metrics": ("kexiao.metrics.catalogue", "all_metrics"),
    "tables": ("kexiao.tables.catalogue", "all_tables"),
    "KexiaoError": ("kexiao.errors", "KexiaoError"),
    "Text": ("kexiao.text", "Text"),
    "in_language": ("kexiao.text", "in_language"),
}
__all__ = ["KexiaoError", "Text", "Workspace", "create_workspace", "open_workspace"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'kexiao' has no attribute {name!r}")
    module, attribute = _NAMES[name]
    return getattr(import_module(module), attribute)

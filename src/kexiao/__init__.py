"""Kexiao (客效): customer and marketing performance management.

The cycle is the tree: sources → tables → facts → metrics, models → assessment → improvement → effect, and round again.
"""

from __future__ import annotations

__version__ = "0.1.0"

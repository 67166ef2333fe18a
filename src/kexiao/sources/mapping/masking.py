"""Free text without personal data: phones, e-mails, id and card numbers, and the customer's own name."""

from __future__ import annotations

_PATTERNS = (
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"[0-9]{13,19}[0-9Xx]?",
    r"(\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}",
    r"0[0-9]{2,3}-[0-9]{7,8}",
)
MASK = "***"


def masked(text: str, name: str | None = None) -> str:
    """SQL of a text column with personal data replaced by ``***``; ``name`` is SQL of the customer's name in the same row."""
    shown = text
    for pattern in _PATTERNS:
        shown = f"regexp_replace({shown}, '{pattern}', '{MASK}', 'g')"
    # Most cells are short and have neither digits nor an @: they are passed by.
    shown = (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_matches({text}, '[0-9]{{4}}|@') THEN {shown} ELSE {text} END"
    )
    if name is None:
        return shown
    return f"CASE WHEN length({name}) >= 2 THEN replace({shown}, {name}, '{MASK}') ELSE {shown} END"

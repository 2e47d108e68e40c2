"""What the system does with each code of the vendor, for the operators' page and `docs/codes.md`.

It decides nothing. What really happens stands in `decision`, `ledger` and `actions.assess`; tests run these over
every code, so that table and behaviour can't drift apart.
"""

from verification.vendor.code_guide.table import (
    NO_CODE,
    Handling,
    Section,
    consequence_of,
    fallbacks,
    handling_of,
    sections,
    unlisted,
    why_paused,
)
from verification.vendor.code_guide.texts import FAILING, FALLBACK, MEANINGS, SUSPICION, TWINS, Consequence

__all__ = [
    "FAILING",
    "FALLBACK",
    "MEANINGS",
    "NO_CODE",
    "SUSPICION",
    "TWINS",
    "Consequence",
    "Handling",
    "Section",
    "consequence_of",
    "fallbacks",
    "handling_of",
    "sections",
    "unlisted",
    "why_paused",
]

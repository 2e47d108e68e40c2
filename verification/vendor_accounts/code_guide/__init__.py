"""How the system handles each code of the vendor, for the operators' page and `docs/codes.md`.

It decides nothing: `rules.decision`, `vendor_accounts.call_ledger` and `actions.assess` do. Tests run these over every
code, so that table and behaviour can't drift apart.
"""

from verification.vendor_accounts.code_guide.table import (
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
from verification.vendor_accounts.code_guide.texts import (
    FAILING,
    FALLBACK,
    MEANINGS,
    SUSPICION,
    TWINS,
    Consequence,
)

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

"""Which band of the review queue a case belongs to. Pure: plain values in, a word out."""

from collections.abc import Iterable
from decimal import Decimal

from verification.liveness import VENDOR_PASS
from verification.states import Band, Flag

SPOT_CHECK = "spot_check"  # the reason of a case that was selected at random
DOCUMENT_CHECK = "document_check"  # the reason of a clear pass whose document a person has to check
_FLAGS = frozenset(Flag)
ATTEMPTS_USED_UP = "attempts_used_up"


def of_score(similarity: Decimal | None, approve_at: Decimal) -> Band:
    """Where the newest score lies."""
    if similarity is None:
        return Band.TECHNICAL
    if similarity < VENDOR_PASS:
        return Band.BELOW
    return Band.BETWEEN if similarity < approve_at else Band.ABOVE


def of_case(reasons: Iterable[str], similarity: Decimal | None, approve_at: Decimal) -> Band:
    """What a reviewer should know first: a spot check, something odd, a document to check, the score, or
    that there is none. `reasons` have the flags that a person must judge among them."""
    known = set(reasons)
    if SPOT_CHECK in known:
        return Band.SPOT_CHECK
    if known & _FLAGS:
        return Band.FLAGGED
    if DOCUMENT_CHECK in known:
        return Band.DOCUMENT
    if similarity is None and ATTEMPTS_USED_UP in known:
        return Band.REPEATED
    return of_score(similarity, approve_at)

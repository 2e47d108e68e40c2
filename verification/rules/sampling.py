"""Drawing a share of cases by lot: the same lot for the same case, and one that nobody outside can foretell."""

from decimal import Decimal

from django.utils.crypto import salted_hmac

LOTS = 2**32


def selected(subject: str, share: Decimal, *, purpose: str) -> bool:
    """Does `subject` fall into the share (in per cent)? Each purpose has its own lots."""
    lot = int.from_bytes(salted_hmac(f"verification.rules.sampling.{purpose}", subject).digest()[:4])
    return Decimal(lot) * 100 < share * LOTS

"""Selecting a share of cases at random: the same result for the same case, and not predictable from outside."""

from decimal import Decimal

from django.utils.crypto import salted_hmac

_VALUES = 2**32


def selected(subject: str, share: Decimal, *, purpose: str) -> bool:
    """Does `subject` fall into `share` (per cent)? Each purpose selects independently of the others."""
    value = int.from_bytes(salted_hmac(f"verification.rules.sampling.{purpose}", subject).digest()[:4])
    return Decimal(value) * 100 < share * _VALUES

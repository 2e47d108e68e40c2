"""The terms of a policy that decisions and verdicts go by, as plain values: the event of each keeps them."""

from typing import Any, Final

from verification.models import Policy

APPLIED: Final = (
    "approve_at",
    "max_attempts",
    "qa_share",
    "document_check",
    "document_share",
    "document_checklist",
    "shared_evidence",
    "second_for_override",
    "second_for_flags",
    "second_below",
    "second_share",
    "second_for_declines",
)


def of(policy: Policy) -> dict[str, str]:
    return {name: plain(getattr(policy, name)) for name in APPLIED}


def plain(value: Any) -> str:
    """The same text for the same value, whether it was just set or comes from the database."""
    return f"{value:.2f}" if hasattr(value, "quantize") else str(value)

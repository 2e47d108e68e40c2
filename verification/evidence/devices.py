"""Whether the evidence of a case came from one browser, as far as that is known."""

from verification.models import VerificationAttempt
from verification.states import AttemptStatus


def others_in_evidence(attempt: VerificationAttempt) -> dict[str, int]:
    """How many photos and earlier recordings of the case came from another browser than `attempt`; empty if none did.

    Photos that were replaced count too: whoever gave one had the link.
    """
    if not attempt.browser_hash:
        return {}
    case, own = attempt.verification, {"", attempt.browser_hash}
    recorded = case.attempts.exclude(status__in=[AttemptStatus.ISSUED, AttemptStatus.ABANDONED])
    found = {
        "photos": case.documents.exclude(browser_hash__in=own).count(),
        "recordings": recorded.exclude(browser_hash__in=own).count(),
    }
    return {kind: count for kind, count in found.items() if count}

"""For tests and benches whose applicants are all one drawn person: what they share is shown and holds nobody up."""

from datetime import datetime

from verification.actions.policy import terms_of
from verification.models import Policy, StaffUser
from verification.states import SharedEvidence


def only_show_what_is_shared(*, now: datetime) -> None:
    """Put a policy into force under which shared evidence is only shown."""
    one, other = (StaffUser.objects.create(username=name) for name in ("drafter", "activator"))
    first = Policy.current()
    Policy.objects.create(
        **terms_of(first) | {"shared_evidence": SharedEvidence.TELL},
        version=first.version + 1,
        drafted_by=one,
        drafted_at=now,
        activated_by=other,
        activated_at=now,
    )

"""Policies for tests and benches that need other terms than the first one has."""

from datetime import datetime
from typing import Any

from verification.actions.policy import terms_of
from verification.models import Policy, StaffUser
from verification.states import SharedEvidence

SENIORS = ("senior", "senior2")


def put_into_force(by: tuple[StaffUser, StaffUser] | None = None, *, now: datetime, **terms: Any) -> Policy:
    """A version with these terms, drafted by one and activated by the other. All other terms stay as they are."""
    one, other = by or (StaffUser.objects.get_or_create(username=name)[0] for name in SENIORS)
    latest = Policy.current()
    return Policy.objects.create(
        **terms_of(latest) | terms,
        version=latest.version + 1,
        change_reason="test",
        drafted_by=one,
        drafted_at=now,
        activated_by=other,
        activated_at=now,
    )


def only_show_what_is_shared(*, now: datetime) -> None:
    """For applicants who are all one drawn person: what they share is shown and holds nobody up."""
    put_into_force(now=now, shared_evidence=SharedEvidence.TELL)

"""Hides from reviewers the records that would reveal the score of an undecided spot check.

They stay hidden until the case is decided, not only until it is judged blind: its reviewer may be asked again.
"""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from verification import permissions
from verification.models import AuditEvent, ProviderCall, Verification, VerificationAttempt
from verification.permissions import User
from verification.states import Band, Status

Record = TypeVar("Record", bound=Model)


def without_scores(found: "QuerySet[Record]", user: User, *, case: str) -> "QuerySet[Record]":
    """`case` is the lookup path from a record to its case, such as "attempt__verification"."""
    return found.exclude(**{f"{case}__in": _undecided()}) if permissions.can_decide(user) else found


def without_events(found: QuerySet[AuditEvent], user: User) -> QuerySet[AuditEvent]:
    """Without the events of undecided spot checks, of their attempts and of their calls."""
    if not permissions.can_decide(user):
        return found
    cases = _undecided()
    attempts = VerificationAttempt.objects.filter(verification__in=cases)
    calls = ProviderCall.objects.filter(attempt__in=attempts)
    subjects = [Q(subject_id__in=rows.values("public_id")) for rows in (cases, attempts, calls)]
    return found.exclude(subjects[0] | subjects[1] | subjects[2])


def _undecided() -> QuerySet[Verification]:
    """The spot checks that are not decided yet: few, whatever the number of cases."""
    return Verification.objects.filter(status=Status.IN_REVIEW, band=Band.SPOT_CHECK)

"""What the record pages leave out for those who judge cases: what would tell them the score of a spot check.

Until it is decided, and not only until it is judged blind: who judges it may be asked again.
"""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from verification import permissions
from verification.models import AuditEvent, ProviderCall, Verification, VerificationAttempt
from verification.permissions import User
from verification.states import Band, Status

Record = TypeVar("Record", bound=Model)


def without_scores(found: "QuerySet[Record]", user: User, *, case: str) -> "QuerySet[Record]":
    """`case` leads from a record to its case, such as "attempt__verification"."""
    return found.exclude(**{f"{case}__in": _undecided()}) if permissions.can_decide(user) else found


def without_events(found: QuerySet[AuditEvent], user: User) -> QuerySet[AuditEvent]:
    """Without all that happened to a spot check, its attempts and its calls."""
    if not permissions.can_decide(user):
        return found
    cases = _undecided()
    attempts = VerificationAttempt.objects.filter(verification__in=cases)
    calls = ProviderCall.objects.filter(attempt__in=attempts)
    told = [Q(subject_id__in=rows.values("public_id")) for rows in (cases, attempts, calls)]
    return found.exclude(told[0] | told[1] | told[2])


def _undecided() -> QuerySet[Verification]:
    """The spot checks that somebody has yet to decide. Few, whatever the number of cases."""
    return Verification.objects.filter(status=Status.IN_REVIEW, band=Band.SPOT_CHECK)

"""Hides from reviewers the records that would reveal the score of an undecided spot check, or what a colleague thinks
of an undecided case.

They stay hidden until the case is decided, not only until it is judged blind: its reviewer may be asked again. The page
of the case shows what each of them may read by now.
"""

from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from verification import permissions
from verification.audit.kinds import KINDS, Tells
from verification.models import AuditEvent, ProviderCall, Review, Verification, VerificationAttempt
from verification.permissions import User
from verification.states import Band, Status

Record = TypeVar("Record", bound=Model)
_TELLING = tuple(kind.code for kind in KINDS.values() if kind.tells == Tells.VERDICT)


def without_scores(found: "QuerySet[Record]", user: User, *, case: str) -> "QuerySet[Record]":
    """`case` is the lookup path from a record to its case, such as "attempt__verification"."""
    return found.exclude(**{f"{case}__in": _undecided()}) if permissions.can_decide(user) else found


def without_verdicts(found: QuerySet[Review], user: User) -> QuerySet[Review]:
    """Without the reviews of cases in review."""
    return found.exclude(verification__status=Status.IN_REVIEW) if permissions.can_decide(user) else found


def without_events(found: QuerySet[AuditEvent], user: User) -> QuerySet[AuditEvent]:
    """Without the events of undecided spot checks, of their attempts and of their calls, and without those of what
    reviewers said of undecided cases."""
    if not permissions.can_decide(user):
        return found
    cases = _undecided()
    attempts = VerificationAttempt.objects.filter(verification__in=cases)
    calls = ProviderCall.objects.filter(attempt__in=attempts)
    subjects = [Q(subject_id__in=rows.values("public_id")) for rows in (cases, attempts, calls)]
    # Asked row by row: a list of all cases in review may be long.
    undecided = Verification.objects.filter(public_id=OuterRef("subject_id"), status=Status.IN_REVIEW)
    telling = Q(Exists(undecided), kind__in=_TELLING)
    return found.exclude(subjects[0] | subjects[1] | subjects[2] | telling)


def hides(case: Verification, user: User) -> bool:
    """Whether what the vendor said about this case is hidden from the user."""
    return permissions.can_decide(user) and _undecided().filter(pk=case.pk).exists()


def _undecided() -> QuerySet[Verification]:
    """The spot checks that are not decided yet: few, whatever the number of cases."""
    return Verification.objects.filter(status=Status.IN_REVIEW, band=Band.SPOT_CHECK)

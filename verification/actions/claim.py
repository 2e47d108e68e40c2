"""Taking a case to work on it: one reviewer at a time, for a lease that ends by itself."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.casework import LEASE, ClaimedByOther
from verification.models import Review, StaffUser, Verdict, Verification
from verification.states import Status

# Of cases that another took this very moment: so many are tried before giving up.
TRIES = 20


def _free(now: datetime) -> Q:
    return Q(claimed_by__isnull=True) | Q(claimed_until__lte=now)


@transaction.atomic
def claim(case: Verification, *, by: StaffUser, now: datetime) -> None:
    """Take the case for 15 minutes, or renew; ClaimedByOther while somebody else has it."""
    permissions.check_work_on(by, case)
    mine = case.claimed_by_id == by.pk and case.claimed_until is not None and case.claimed_until > now
    waiting = Verification.objects.filter(_free(now) | Q(claimed_by=by), pk=case.pk, status=Status.IN_REVIEW)
    if not waiting.update(claimed_by=by, claimed_until=now + LEASE):
        raise ClaimedByOther(_("Another reviewer is working on this case."))
    case.claimed_by, case.claimed_until = by, now + LEASE
    if not mine:
        audit.record("case.claimed", by=audit.By.staff(by), subject=case, at=now)


def renew(case: Verification, *, by: StaffUser, now: datetime) -> bool:
    """The holder is still at work. False if the case is no longer theirs: then it is not taken back by surprise."""
    held = Verification.objects.filter(
        pk=case.pk, status=Status.IN_REVIEW, claimed_by=by, claimed_until__gt=now
    )
    return bool(held.update(claimed_until=now + LEASE))


@transaction.atomic
def release(case: Verification, *, by: StaffUser, now: datetime) -> None:
    """Give the case back to the queue."""
    held = Verification.objects.filter(pk=case.pk, status=Status.IN_REVIEW, claimed_by=by)
    if held.update(claimed_by=None, claimed_until=None):
        audit.record("case.released", by=audit.By.staff(by), subject=case, at=now)


def open_to(by: StaffUser, *, now: datetime) -> QuerySet[Verification]:
    """Cases that this reviewer may take now, the soonest due first."""
    aside = Review.objects.filter(verification=OuterRef("pk"), by=by, verdict=Verdict.STEP_ASIDE)
    cases = (
        Verification.objects.filter(_free(now), status=Status.IN_REVIEW)
        .exclude(snoozed_until__gt=now)
        .exclude(proposal__by=by)
        .exclude(Exists(aside))
    )
    if by.email:
        cases = cases.exclude(applicant__email__iexact=by.email)
    if not permissions.can_decide_escalated(by):
        cases = cases.filter(escalated_at__isnull=True)
    return cases.order_by(F("due_at").asc(), "pk")


def take_next(*, by: StaffUser, now: datetime) -> Verification | None:
    """Claim the case that is due first of those this reviewer may take, or None when there is none."""
    permissions.check_decide(by)
    for _try in range(TRIES):
        with transaction.atomic():
            # Rows that a colleague is taking this moment are passed over instead of waited for.
            found = open_to(by, now=now).select_for_update(skip_locked=True, of=("self",)).first()
            if found is None:
                return None
            try:
                claim(found, by=by, now=now)
            except ClaimedByOther:
                continue
            return found
    return None

"""Claiming a case to work on it: one reviewer at a time, for a lease that ends by itself."""

from datetime import datetime, timedelta

from django.db import transaction

from verification import audit, casework, permissions, workflow
from verification.casework import ClaimedByOther
from verification.models import AuditEvent, StaffUser, Verification
from verification.states import Status

# `take_next` gives up after this many cases that a colleague claimed at the same moment.
MAX_TRIES = 20
# Two requests within this time are one press of a button.
DOUBLE_PRESS_WINDOW = timedelta(seconds=2)


@transaction.atomic
def claim(case: Verification, *, by: StaffUser, now: datetime) -> None:
    """Take the case for `casework.CLAIM_LEASE`, or renew.

    Raises ClaimedByOther, permissions.Denied or workflow.IllegalMove.
    """
    locked = Verification.objects.locked(case.pk)
    casework.check_in_review(locked)
    casework.check_takes(locked, by)
    casework.check_not_held(locked, by=by, now=now)
    if locked.holder(now) is None:
        audit.record("case.claimed", by=audit.By.staff(by), subject=locked, at=now)
    held = casework.claimed(by, now)
    Verification.objects.filter(pk=locked.pk).update(**held)
    case.claimed_by, case.claimed_until = held["claimed_by"], held["claimed_until"]


def renew(case: Verification, *, by: StaffUser, now: datetime) -> bool:
    """Prolong the holder's claim. False if the case is no longer theirs: they must claim it themselves."""
    held = Verification.objects.filter(
        pk=case.pk, status=Status.IN_REVIEW, claimed_by=by, claimed_until__gt=now
    )
    return bool(held.update(claimed_until=now + casework.CLAIM_LEASE))


@transaction.atomic
def release(case: Verification, *, by: StaffUser, now: datetime) -> bool:
    """Give the case back to the queue; False if this reviewer did not hold it."""
    held = Verification.objects.filter(pk=case.pk, status=Status.IN_REVIEW, claimed_by=by)
    if not held.update(**casework.UNCLAIMED):
        return False
    audit.record("case.released", by=audit.By.staff(by), subject=case, at=now)
    return True


def take_next(*, by: StaffUser, now: datetime, excluding: Verification | None = None) -> Verification | None:
    """Claim the case that is due first of those kept for this reviewer, or else of those they may take; None when there
    is none.

    `excluding` is left out: they have just finished with it. Within DOUBLE_PRESS_WINDOW it gives the same case again.
    """
    permissions.check_decide(by)
    excluded = [excluding.pk] if excluding else []
    for _try in range(MAX_TRIES):
        with transaction.atomic():
            # The lock on their own row serialises their requests. Cases that a colleague has locked are skipped.
            StaffUser.objects.select_for_update(no_key=True).get(pk=by.pk)
            found = _claimed_just_now(by, excluded, now) or _first_open(by, excluded, now)
            if found is None:
                return None
            try:
                claim(found, by=by, now=now)
            except (ClaimedByOther, workflow.IllegalMove, permissions.Denied):
                excluded.append(found.pk)
                continue
            return found
    return None


def _claimed_just_now(by: StaffUser, excluded: list[int], now: datetime) -> Verification | None:
    """The case that this user claimed within DOUBLE_PRESS_WINDOW.

    Read from the trail: a renewal changes `claimed_until` too, but leaves no event.
    """
    claims = AuditEvent.objects.filter(
        kind="case.claimed", actor_id=by.get_username(), at__gt=now - DOUBLE_PRESS_WINDOW
    )
    mine = Verification.objects.filter(status=Status.IN_REVIEW, claimed_by=by).exclude(pk__in=excluded)
    return mine.filter(claimed_until__gt=now, public_id__in=claims.values("subject_id")).first()


def _first_open(by: StaffUser, excluded: list[int], now: datetime) -> Verification | None:
    """Of those that are kept for them the first, else the first of all."""
    cases = casework.open_to(by, now=now).exclude(pk__in=excluded)
    free = cases.select_for_update(skip_locked=True, of=("self",))
    return free.filter(assigned_to=by).first() or free.first()

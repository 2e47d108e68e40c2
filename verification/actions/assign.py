"""Keeping a case for one reviewer: no colleague is given it, claims it or acts on it until it is taken back.

Like a claim it does not raise the case's version: what is judged stays the same, and a page that is open stays valid.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, casework, permissions, workflow
from verification.models import StaffUser, Verification
from verification.states import Status

# More cases than a person judges in a day would only wait for them.
MAX_ASSIGNED = 50


class CantTakeIt(Exception):
    """The colleague can't judge the case, or has enough cases."""


@transaction.atomic
def assign(case: Verification, *, to: StaffUser, by: StaffUser, now: datetime) -> None:
    """Keep the case for `to`. What `by` holds of it ends, if it is for a colleague.

    Raises permissions.Denied, workflow.IllegalMove, casework.ClaimedByOther or CantTakeIt.
    """
    permissions.check_assign(by, to)
    locked = Verification.objects.locked(case.pk)
    casework.check_in_review(locked)
    permissions.check_work_on(by, locked)
    if locked.holder(now) not in (None, to, by):
        raise casework.ClaimedByOther(_("Another reviewer is working on this case."))
    if locked.kept_for not in (None, to, by):
        permissions.check_assign_others(by)
    _check_takes(locked, to)
    free = casework.UNCLAIMED if locked.holder(now) not in (None, to) else {}
    Verification.objects.filter(pk=locked.pk).update(assigned_to=to, assigned_at=now, **free)
    audit.record("case.assigned", by=audit.By.staff(by), subject=locked, at=now, to=to.get_username())


def _check_takes(case: Verification, to: StaffUser) -> None:
    who = {"who": to.get_username()}
    try:
        casework.check_takes(case, to)
        if case.proposal is not None:
            permissions.check_confirm(to, case)
    except permissions.Denied as denied:
        raise CantTakeIt(_("%(who)s can't judge this case.") % who) from denied
    kept = Verification.objects.filter(status=Status.IN_REVIEW, assigned_to=to).exclude(pk=case.pk)
    if kept[:MAX_ASSIGNED].count() >= MAX_ASSIGNED:
        raise CantTakeIt(_("%(who)s has %(most)d cases already.") % {**who, "most": MAX_ASSIGNED})


@transaction.atomic
def take_back(case: Verification, *, by: StaffUser, now: datetime) -> None:
    """Give the case to everybody again. Whom it is kept for may, and so may a senior.

    Raises permissions.Denied or workflow.IllegalMove.
    """
    permissions.check_decide(by)
    locked = Verification.objects.locked(case.pk)
    kept_for = locked.assigned_to
    if kept_for is None:
        raise workflow.IllegalMove(_("This case is kept for nobody."))
    if kept_for != by:
        permissions.check_assign_others(by)
        permissions.check_work_on(by, locked)
    Verification.objects.filter(pk=locked.pk).update(assigned_to=None, assigned_at=None)
    kept = {"kept_for": kept_for.get_username()}
    audit.record("case.taken_back", by=audit.By.staff(by), subject=locked, at=now, **kept)

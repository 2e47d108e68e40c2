"""Asking for the evidence of an attempt to be compared once more: a paid call that decides nothing."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, casework, permissions
from verification.evidence import reruns
from verification.evidence.judged import evidence_hash
from verification.jobs import doorbell
from verification.models import Applicant, Rerun, RerunState, StaffUser, Verification, VerificationAttempt
from verification.states import Actor

MAX_REASON = 1000

_NOT_NOW = gettext_lazy("A comparison is made again in review, and after a case was decided.")
_ERASED = gettext_lazy("The evidence was erased: there is nothing left to compare.")
_UNDER_WAY = gettext_lazy("A comparison of this case is under way already. Wait for its answer.")
_NOTHING = gettext_lazy(
    "Nothing of this attempt was ever sent to the vendor, so there is nothing to compare again."
)
_BLIND = gettext_lazy("This is a spot check: give your verdict before the score is shown.")


class RerunRefused(Exception):
    """It can't be compared again; the message is a sentence for whoever asked."""


class ReasonRequired(Exception):
    """The reason is missing, too short or too long."""


def ask(
    case: Verification, *, attempt_id: str, number: int, reason: str, by: StaffUser, now: datetime
) -> Rerun:
    """Enter the comparison, and have a worker make it. `number` is the next one of the case, as the page showed it: a
    form that is sent twice asks once.

    Raises permissions.Denied, RerunRefused or ReasonRequired.
    """
    reason = reason.strip()
    if not casework.MIN_NOTE <= len(reason) <= MAX_REASON:
        limits = {"least": casework.MIN_NOTE, "most": MAX_REASON}
        raise ReasonRequired(_("This needs a reason of %(least)s to %(most)s characters.") % limits)
    with transaction.atomic():
        locked = Verification.objects.locked(case.pk)
        permissions.check_rerun(by, locked)
        # Erasing takes this lock too, so the two can't happen at once.
        locked.applicant = Applicant.objects.select_for_update(of=("self",)).get(pk=locked.applicant_id)
        asked = locked.reruns.filter(number=number).first()
        if asked is not None and asked.requested_by_id == by.pk:
            return asked
        attempt = locked.attempts.filter(public_id=attempt_id).first()
        if refusal := why_not(locked, attempt):
            raise RerunRefused(refusal)
        if attempt is None or number != next_number(locked):
            raise RerunRefused(_("A colleague asked for it meanwhile. Read their answer first."))
        return _enter(locked, attempt, number, reason, by, now)


def _enter(
    case: Verification, attempt: VerificationAttempt, number: int, reason: str, by: StaffUser, now: datetime
) -> Rerun:
    made = Rerun.objects.create(
        verification=case,
        attempt=attempt,
        number=number,
        reason=reason,
        requested_by=by,
        requested_at=now,
    )
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    facts = {"rerun": made.public_id, "attempt": attempt.public_id, "number": number}
    audit.record("rerun.requested", by=senior, subject=case, at=now, commits=[made], **facts)
    doorbell.ring(doorbell.RERUN, made.public_id)
    return made


def next_number(case: Verification) -> int:
    return case.reruns.count() + 1


def why_not(case: Verification, attempt: VerificationAttempt | None) -> str:
    """Why the attempt can't be compared again now, as a sentence; "" if it can."""
    if case.status not in reruns.OPEN:
        return str(_NOT_NOW)
    if reruns.is_erased(case):
        return str(_ERASED)
    if casework.is_blind(case, evidence_hash(case)):
        return str(_BLIND)
    if case.reruns.filter(state=RerunState.WAITING).exists():
        return str(_UNDER_WAY)
    return _why_no_more(case, attempt)


def _why_no_more(case: Verification, attempt: VerificationAttempt | None) -> str:
    if case.reruns.count() >= reruns.MAX_RERUNS:
        return _("A case is compared again %d times at most. These are made.") % reruns.MAX_RERUNS
    return "" if attempt is not None and reruns.can_be_compared(attempt) else str(_NOTHING)

"""What a recording waits for while it is the system's turn: a worker, another try, an account, a slot."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification import times
from verification.health import workers
from verification.jobs import answers
from verification.models import AuditEvent, CallState, VendorAccount, Verification, VerificationAttempt
from verification.states import MOVES, AttemptStatus
from verification.vendor_accounts import pacing

IN_WORK: Final = (AttemptStatus.SUBMITTED, AttemptStatus.READY)
MAX_COUNTED: Final = 1_000

# What it waits for, the sentence, and what helps.
Wait = tuple[str, str, str]


def silence(queue: str, now: datetime) -> str:
    """That nobody answers the queue, or that nobody can tell; "" if somebody does."""
    found = answers.states(now=now)
    for name in (queue, answers.BEAT):
        if found[name].stands_still:
            return workers.what(name, found[name], now)
    return ""


def preparing(attempt: VerificationAttempt, since: str, now: datetime) -> Wait:
    """`since` is when it came into this step, in words."""
    held = _("A media worker is preparing the recording, which came at %(since)s UTC.") % {"since": since}
    if wait := _under_way(attempt, since, now, held):
        return wait
    waits = _("Waiting for a media worker since %(since)s UTC.") % {"since": since}
    if silent := silence("media", now):
        return "media", f"{waits} {silent}", workers.to_do("media")
    return "media", f"{waits} {_ahead(attempt)}", ""


def calling(attempt: VerificationAttempt, since: str, now: datetime) -> Wait:
    if attempt.calls.filter(state=CallState.SENDING).exists():
        sentence = _("The vendor has the recording, ready since %(since)s UTC. A call takes 40 s at most.")
        return "vendor", sentence % {"since": since}, ""
    held = _("A worker has the recording, ready since %(since)s UTC, and waits for its slot with the vendor.")
    return _under_way(attempt, since, now, held % {"since": since}) or _in_line(attempt, since, now)


def _in_line(attempt: VerificationAttempt, since: str, now: datetime) -> Wait:
    """Prepared, and in nobody's hands."""
    if not pacing.is_open(now=now):
        return _closed(since, now)
    if silent := silence("liveness", now):
        waits = _("Waiting for a worker that calls the vendor since %(since)s UTC.") % {"since": since}
        return "worker", f"{waits} {silent}", workers.to_do("liveness")
    waits = _("Waiting for a slot with the vendor since %(since)s UTC.") % {"since": since}
    return "vendor", f"{waits} {_ahead(attempt)}", ""


def _under_way(attempt: VerificationAttempt, since: str, now: datetime, held: str) -> Wait | None:
    """A worker has it, or it waits for another try."""
    if attempt.lease_until is not None and attempt.lease_until > now:
        return "worker", held, ""
    if attempt.not_before is not None and attempt.not_before > now:
        sentence = _(
            "Waiting for another try at %(at)s UTC, ready since %(since)s UTC: a call or the machine failed."
        )
        return "machine", sentence % {"at": f"{attempt.not_before:%H:%M:%S}", "since": since}, ""
    return None


def _closed(since: str, now: datetime) -> Wait:
    """No account may be called: why, and until when."""
    accounts = pacing.accounts()
    waits = _("Waiting for the vendor since %(since)s UTC.") % {"since": since}
    see = _("The vendor page says why and what helps.")
    if accounts and all(pacing.budget_is_spent(account, now) for account in accounts):
        why = _("Today's budget is spent; calling goes on at 00:00 UTC.")
        return "budget", f"{waits} {why}", see
    paused = [account for account in accounts if account.paused_at is not None]
    if paused:
        return "account", f"{waits} {_why_paused(paused[0], now)}", see
    return "account", f"{waits} {_('The vendor asked us to wait for a few minutes.')}", ""


def _why_paused(account: VendorAccount, now: datetime) -> str:
    return _("Calling is paused since %(at)s UTC: %(code)s.") % {
        "at": times.moment(account.paused_at or now, now),
        "code": account.pause_reason,
    }


def _ahead(attempt: VerificationAttempt) -> str:
    """How many others of the same step came before it."""
    before = VerificationAttempt.objects.filter(status=attempt.status, submitted_at__lt=attempt.submitted_at)
    number = before[: MAX_COUNTED + 1].count()
    if not number:
        return _("It is the next.")
    if number > MAX_COUNTED:
        return _("More than %(n)s others came before it.") % {"n": MAX_COUNTED}
    return ngettext("%(n)s other came before it.", "%(n)s others came before it.", number) % {"n": number}


def in_step_since(attempt: VerificationAttempt) -> datetime:
    """Since when it is in its present step: prepared, or sent back for a smaller copy, or sent."""
    kind = "attempt.prepared" if attempt.status == AttemptStatus.READY else "attempt.sent_back"
    event = AuditEvent.objects.filter(subject_id=attempt.public_id, kind=kind).order_by("-pk").first()
    submitted = attempt.submitted_at or attempt.issued_at
    return event.at if event is not None else submitted


_ENDINGS: Final = frozenset(move.audit_event for move in MOVES.values())


def ended_at(case: Verification) -> datetime | None:
    """When it came to its end: by its decision, or else by the last move in the trail."""
    if case.decided_at is not None:
        return case.decided_at
    moved = AuditEvent.objects.filter(subject_id=case.public_id, kind__in=_ENDINGS).order_by("-pk").first()
    return moved.at if moved else None

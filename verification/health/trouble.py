"""What happened lately that should not happen at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.health.fact import Fact, Tone
from verification.models import AuditEvent, VerificationAttempt
from verification.states import AttemptStatus

LATELY = timedelta(hours=24)
MAX_COUNTED: Final = 1_000

# The events, what they are called, and what to do.
_EVENTS: Mapping[str, tuple[Any, Any]] = {
    "evidence.integrity_error": (
        gettext_lazy("Stored evidence was damaged or gone"),
        gettext_lazy("See that the right disk or bucket is there, then look at the trail for the cases."),
    ),
    "call.request_id_repeated": (
        gettext_lazy("The vendor's RequestId came twice"),
        gettext_lazy("Have a senior reviewer look at both cases, and ask the vendor's support."),
    ),
    "staff.viewing_alert": (
        gettext_lazy("Somebody looked at unusually many records"),
        gettext_lazy("The work board names them. Ask them, or switch the account off."),
    ),
}


def facts(now: datetime) -> list[Fact]:
    return [*(_of_events(kind, now) for kind in _EVENTS), _lost_workers()]


def _of_events(kind: str, now: datetime) -> Fact:
    title, to_do = _EVENTS[kind]
    lately = AuditEvent.objects.filter(kind=kind, at__gt=now - LATELY)
    number = lately[: MAX_COUNTED + 1].count()
    if not number:
        return Fact(f"trouble.{kind}", title, Tone.GOOD, _("Not in the last 24 hours."))
    many = f"{MAX_COUNTED}+" if number > MAX_COUNTED else str(number)
    return Fact(
        f"trouble.{kind}", title, Tone.BAD, _("%(many)s times in the last 24 hours.") % {"many": many}, to_do
    )


def _lost_workers() -> Fact:
    """Of the work that is not done yet: what has ended is no trouble any more."""
    in_work = VerificationAttempt.objects.filter(status__in=(AttemptStatus.SUBMITTED, AttemptStatus.READY))
    number = in_work.filter(lost_leases__gt=0)[: MAX_COUNTED + 1].count()
    title = gettext_lazy("A worker died or hung over a recording")
    if not number:
        return Fact("trouble.lost_workers", title, Tone.GOOD, _("Over none of those in work."))
    says = _("Over %(number)s of those in work; others take them over.") % {"number": number}
    to_do = _("See in the workers' log why they end; the memory of their host may be too small.")
    return Fact("trouble.lost_workers", title, Tone.WARN, says, to_do)

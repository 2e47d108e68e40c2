"""How much work waits, for whom, and for how long."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification import messages, times
from verification.health.fact import Fact, Tone
from verification.models import Message, MessageState, Verification, VerificationAttempt
from verification.states import AttemptStatus, Status

# Work that waits for longer: somebody should look; it stands still.
SLOW, STUCK = timedelta(minutes=2), timedelta(minutes=15)
MAX_COUNTED: Final = 10_000


def facts(now: datetime) -> list[Fact]:
    counts = _counts(now)
    return [
        _waiting("submitted", gettext_lazy("To be prepared"), counts, now),
        _waiting("ready", gettext_lazy("For the vendor"), counts, now),
        _later(counts),
        _review(now),
        _messages(now),
    ]


def _counts(now: datetime) -> dict[str, Any]:
    """The attempts in work, by one statement over a partial index."""
    held, later = Q(lease_until__gt=now), Q(not_before__gt=now)
    of = {"submitted": Q(status=AttemptStatus.SUBMITTED), "ready": Q(status=AttemptStatus.READY)}
    asked: dict[str, Any] = {"held": Count("pk", filter=held), "later": Count("pk", filter=later & ~held)}
    for name, status in of.items():
        waits = status & ~held & ~later
        asked |= {name: Count("pk", filter=waits), f"{name}_oldest": Min("submitted_at", filter=waits)}
    return VerificationAttempt.objects.filter(
        status__in=(AttemptStatus.SUBMITTED, AttemptStatus.READY)
    ).aggregate(**asked)


def _waiting(name: str, title: Any, counts: dict[str, Any], now: datetime) -> Fact:
    number, oldest = counts[name], counts[f"{name}_oldest"]
    if not number:
        return Fact(f"work.{name}", title, Tone.GOOD, _("Nothing waits."))
    age = now - oldest
    says = ngettext(
        "%(number)s recording waits, for %(span)s.",
        "%(number)s recordings wait, the oldest for %(span)s.",
        number,
    ) % {"number": number, "span": times.short_span(age)}
    if age < SLOW:
        return Fact(f"work.{name}", title, Tone.GOOD, says)
    to_do = (
        _("See above whether its workers answer; more of them prepare more at once.")
        if name == "submitted"
        else _("See whether its workers answer and whether the vendor's accounts are called.")
    )
    return Fact(f"work.{name}", title, Tone.BAD if age > STUCK else Tone.WARN, says, to_do)


def _later(counts: dict[str, Any]) -> Fact:
    title = gettext_lazy("Under way")
    says = ngettext(
        "%(number)s recording is being worked on.",
        "%(number)s recordings are being worked on.",
        counts["held"],
    ) % {"number": counts["held"]}
    if not counts["later"]:
        return Fact("work.under_way", title, Tone.GOOD, says)
    more = ngettext(
        "%(number)s waits for another try, because a call or the machine failed.",
        "%(number)s wait for another try, because a call or the machine failed.",
        counts["later"],
    ) % {"number": counts["later"]}
    return Fact("work.under_way", title, Tone.QUIET, f"{says} {more}")


def _review(now: datetime) -> Fact:
    waiting = Verification.objects.filter(status=Status.IN_REVIEW).order_by("due_at", "pk")
    late = waiting.filter(due_at__lt=now)
    number, overdue = (rows[: MAX_COUNTED + 1].count() for rows in (waiting, late))
    title, code = gettext_lazy("For reviewers"), "work.review"
    waits = ngettext("%(n)s case waits for a reviewer", "%(n)s cases wait for a reviewer", number)
    late_ones = ngettext("%(n)s is late", "%(n)s are late", overdue)
    says = f"{waits % {'n': _up_to(number)}}; {late_ones % {'n': _up_to(overdue)}}."
    if overdue:
        return Fact(code, title, Tone.WARN, says, _("Reviewers see them on their board, the latest first."))
    return Fact(code, title, Tone.GOOD, says)


def _messages(now: datetime) -> Fact:
    """Those to applicants that are due; planned ones wait for their time."""
    waiting = Message.objects.filter(state=MessageState.WAITING, due_at__lte=now).exclude(
        error=messages.ADDRESS_CAME_BACK  # held until somebody says that the address is right
    )
    title, code = gettext_lazy("Messages to applicants"), "work.messages"
    number = waiting[: MAX_COUNTED + 1].count()
    if not number:
        return Fact(code, title, Tone.GOOD, _("Nothing waits."))
    oldest = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    age = now - (oldest or now)
    due = ngettext("%(n)s is due, for %(span)s.", "%(n)s are due, the oldest for %(span)s.", number)
    says = due % {"n": _up_to(number), "span": times.short_span(age)}
    if age < SLOW:
        return Fact(code, title, Tone.GOOD, says)
    failing = messages.failing(now=now)
    to_do = (
        _("They can't be sent: %(code)s. The Messages page has more.") % {"code": failing}
        if failing
        else _("See whether the workers answer.")
    )
    return Fact(code, title, Tone.BAD if age > STUCK else Tone.WARN, says, to_do)


def _up_to(number: int) -> str:
    return f"{MAX_COUNTED}+" if number > MAX_COUNTED else str(number)

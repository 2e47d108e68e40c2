"""Where a case is now, since when, and for whom or what it waits, in one exact sentence, with what helps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from verification import times
from verification.models import Verification
from verification.review.trace import system
from verification.states import ENDED, AttemptStatus, Status


@dataclass(frozen=True)
class Standing:
    """`waits_for` is a code: applicant, media, vendor, account, budget, worker, machine, reviewer, second, nobody."""

    waits_for: str
    since: datetime | None
    sentence: str
    to_do: str = ""


def of(case: Verification, now: datetime) -> Standing:
    return _STATES.get(Status(case.status), _ended)(case, now)


def _since(at: datetime, now: datetime) -> str:
    return times.moment(at, now)


# The applicant's turn


def _invited(case: Verification, now: datetime) -> Standing:
    if without_link := _without_link(case, now):
        return without_link
    opened = case.bindings.order_by("pk").last()
    if opened is None:
        sentence = _(
            "Waiting for the applicant since %(since)s UTC: nobody has begun with the link, which works until "
            "%(until)s UTC."
        )
        values = {"since": _since(case.created_at, now), "until": times.moment(case.link_expires_at, now)}
        to_do = _("Send the link again, or make a new one.")
        return _contested(case, Standing("applicant", case.created_at, sentence % values, to_do))
    sentence = _(
        "Waiting for the applicant since %(since)s UTC: they opened the link and have neither agreed nor refused."
    )
    return _contested(
        case, Standing("applicant", opened.at, sentence % {"since": _since(opened.at, now)}, _ask_them())
    )


def _collecting(case: Verification, now: datetime) -> Standing:
    return _without_link(case, now) or _contested(case, _their_step(case, now))


def _their_step(case: Verification, now: datetime) -> Standing:
    """What the applicant has to do next."""
    attempt = case.attempts.order_by("-number").first()
    issued = attempt if attempt is not None and attempt.status == AttemptStatus.ISSUED else None
    document = case.documents.current().first()
    if case.asked_again_at is not None and issued is None:
        what, since = _("a reviewer asked them again"), case.asked_again_at
    elif document is None:
        what, since = _("their ID photo"), _consented_at(case)
    elif document.awaits_choice:
        what, since = _("them to choose between their ID photo and a better one"), document.uploaded_at
    elif issued is not None and getattr(issued, "upload", None) is not None:
        what, since = _("the rest of their recording, of which a part has arrived"), issued.upload.began_at
    elif issued is not None and issued.expires_at > now:
        what, since = _("their recording, which they have begun"), issued.issued_at
    elif attempt is not None and attempt.finished_at is not None:
        what, since = _("another recording"), max(attempt.finished_at, document.uploaded_at)
    else:
        what, since = _("their recording"), document.uploaded_at
    sentence = _("Waiting for the applicant since %(since)s UTC: for %(what)s.")
    if case.asked_again_at is not None and issued is None:
        sentence = _("Waiting for the applicant since %(since)s UTC: %(what)s.")
    return Standing("applicant", since, sentence % {"since": _since(since, now), "what": what}, _ask_them())


def _consented_at(case: Verification) -> datetime:
    given = case.consents.filter(given=True).order_by("at").last()
    return given.at if given else case.created_at


def _ask_them() -> str:
    return _(
        "If they say that they can't go on, ask what the page tells them; the road below has what was refused."
    )


def _without_link(case: Verification, now: datetime) -> Standing | None:
    """A link that was ended, or ran out and is not swept yet."""
    if case.link_revoked_at is not None:
        sentence = _("Nobody can go on since %(since)s UTC: the link was ended, and there is no new one.")
        values = {"since": _since(case.link_revoked_at, now)}
        return Standing("nobody", case.link_revoked_at, sentence % values, _("Make a new link and send it."))
    if case.link_expires_at <= now:
        sentence = _("The link ran out at %(since)s UTC. The next sweep ends the case.")
        values = {"since": _since(case.link_expires_at, now)}
        silence = system.silence("sweep", now)
        return Standing("worker", case.link_expires_at, " ".join((sentence % values, silence)).strip())
    return None


def _contested(case: Verification, standing: Standing) -> Standing:
    if case.link_contested_at is None:
        return standing
    more = _(
        "The link was used on too many devices: somebody else may have it. Make a new one when in doubt."
    )
    return replace(standing, to_do=more)


# The system's turn


def _checking(case: Verification, now: datetime) -> Standing:
    attempt = case.attempts.filter(status__in=system.IN_WORK).order_by("-number").first()
    if attempt is None or attempt.submitted_at is None:
        sentence = _("It is being checked, but no recording is in work. That should not be.")
        return Standing("nobody", None, sentence, _("See the log for the id of the case."))
    step = system.preparing if attempt.status == AttemptStatus.SUBMITTED else system.calling
    since = system.in_step_since(attempt)
    waits_for, sentence, to_do = step(attempt, _since(since, now), now)
    return Standing(waits_for, since, sentence, to_do)


# The reviewers' turn


def _in_review(case: Verification, now: datetime) -> Standing:
    since = case.queued_at or case.created_at
    if case.snoozed_until is not None and case.snoozed_until > now:
        sentence = _("Waiting for a reviewer since %(since)s UTC, and put off by one until %(until)s UTC.")
        values = {"since": _since(since, now), "until": times.moment(case.snoozed_until, now)}
        return Standing("reviewer", since, sentence % values)
    if case.proposal is not None:
        sentence = _("Waiting for a second reviewer since %(since)s UTC: a first one has proposed a verdict.")
        at = case.proposal.at
        return Standing("second", at, sentence % {"since": _since(at, now)}, _due(case, now))
    who = _("a senior reviewer") if case.escalated_at is not None else _("a reviewer")
    if case.holder(now) is not None:
        sentence = _("In the hands of %(who)s; in review since %(since)s UTC.")
    else:
        sentence = _("Waiting for %(who)s since %(since)s UTC: nobody has it.")
    return Standing("reviewer", since, sentence % {"who": who, "since": _since(since, now)}, _due(case, now))


def _due(case: Verification, now: datetime) -> str:
    if case.due_at is None:
        return ""
    if case.due_at < now:
        return _("It is late by %(span)s. Tell a senior reviewer.") % {
            "span": times.short_span(now - case.due_at)
        }
    return _("It is due at %(at)s UTC.") % {"at": times.moment(case.due_at, now)}


# Nobody's turn

_HOW: Final[Mapping[str, Callable[[], str]]] = {
    Status.APPROVED: lambda: _("Ended at %(at)s UTC: approved. Nobody has anything to do."),
    Status.DECLINED: lambda: _("Ended at %(at)s UTC: declined. Nobody has anything to do."),
    Status.CONSENT_REFUSED: lambda: _("Ended at %(at)s UTC: the applicant refused consent."),
    Status.EXPIRED: lambda: _("Ended at %(at)s UTC: the link ran out before all was sent."),
    Status.CANCELLED: lambda: _("Ended at %(at)s UTC: it was cancelled."),
}
_AGAIN: Final = frozenset({Status.CONSENT_REFUSED, Status.EXPIRED, Status.CANCELLED})


def _ended(case: Verification, now: datetime) -> Standing:
    at = system.ended_at(case)
    shown = times.moment(at, now) if at else "–"
    to_do = _("Whoever is to be checked after all needs a new invitation.") if case.status in _AGAIN else ""
    return Standing("nobody", at, _HOW[case.status]() % {"at": shown}, to_do)


_STATES: Final[dict[Status, Callable[[Verification, datetime], Standing]]] = {
    Status.INVITED: _invited,
    Status.COLLECTING: _collecting,
    Status.CHECKING: _checking,
    Status.IN_REVIEW: _in_review,
    **dict.fromkeys(ENDED, _ended),
}

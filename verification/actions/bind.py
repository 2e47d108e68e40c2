"""Binding a case to the applicant's browser, so that a copied link alone gives no access.

Whoever has the link may take the case over, because people change from a computer to their phone. A thief of the link
may do so too. So each change is recorded, the browser that lost the case can take it back, and changes are limited:
one more stops the link, and only a new one goes on.
"""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from verification import audit, links
from verification.models import Verification
from verification.states import Device, Status

MAX_CHANGES: Final = 3  # of the browser, with one link

log = structlog.get_logger(__name__)


@transaction.atomic
def bind(verification: Verification, session: links.Session, *, device: Device, now: datetime) -> None:
    """Bind an unbound case to this browser; links.OtherBrowser if it is bound elsewhere or has a new link."""
    if verification.browser_hash == session.browser_hash:
        return
    unbound = Verification.objects.filter(
        pk=verification.pk, browser_hash="", link_hash=verification.link_hash
    )
    if not unbound.update(browser_hash=session.browser_hash):
        raise links.OtherBrowser("This check was begun in another browser.")
    _record("link.bound", verification, session, number=0, device=device, now=now)


def changes_left(verification: Verification) -> int:
    """How often the case may still go to another browser with this link."""
    return max(0, MAX_CHANGES - links.changes(verification))


@transaction.atomic
def take_over(verification: Verification, session: links.Session, *, device: Device, now: datetime) -> None:
    """Bind the case to this browser instead; the earlier one is refused at its next step.

    One change more than MAX_CHANGES stops the link for both. Does nothing for the browser that has the case.
    """
    locked = Verification.objects.locked(verification.pk)
    # A link that ended meanwhile is told at the next request.
    if locked.link_stopped_at or not locked.link_hash.startswith(session.link):
        return
    if not locked.browser_hash:
        bind(locked, session, device=device, now=now)
    elif links.has(locked, session):
        return
    elif changes_left(locked):
        _change(locked, session, device, now)
    else:
        _stop(locked, now)


def _change(locked: Verification, session: links.Session, device: Device, now: datetime) -> None:
    fresh = {"received_bytes": 0}
    # What the other browser used up is not this one's: whoever holds a copy of the link can't use up its attempts.
    if locked.status in {Status.COLLECTING, Status.CHECKING}:
        fresh["attempts_used"] = 0
    Verification.objects.filter(pk=locked.pk).update(browser_hash=session.browser_hash, **fresh)
    _record("link.taken_over", locked, session, number=links.changes(locked) + 1, device=device, now=now)


def _stop(locked: Verification, now: datetime) -> None:
    Verification.objects.filter(pk=locked.pk).update(link_stopped_at=now)
    by = audit.By.applicant(locked.applicant.public_id)
    audit.record("link.stopped", by=by, subject=locked, at=now, changes=MAX_CHANGES)
    log.warning("link.stopped", verification=locked.public_id)


def _record(
    kind: str,
    verification: Verification,
    session: links.Session,
    *,
    number: int,
    device: Device,
    now: datetime,
) -> None:
    links.bind(verification, session, number=number, device=device, now=now)
    by = audit.By.applicant(verification.applicant.public_id)
    facts = {"browser": session.browser_hash[:16], "device": device, "change": number}
    audit.record(kind, by=by, subject=verification, at=now, **facts)

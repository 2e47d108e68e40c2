"""Binding a case to the applicant's browser, so that a copied link alone gives no access.

Whoever has the link may take the case over, because people change from a computer to their phone. A thief of the link
may do so too. So each change is recorded, and the browser that began takes the case back whenever it wants. All others
together may take it over MAX_CHANGES times, then they are refused and the staff is told. A thief who is later than the
person can't shut them out; of one who was earlier the staff learns, and only a new link helps.
"""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from verification import audit, links
from verification.models import Verification
from verification.states import Device, Status

MAX_CHANGES: Final = 3  # with one link, to browsers that did not begin with it

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
    """How often the case may still go to a browser that did not begin with this link."""
    return max(0, MAX_CHANGES - links.changes_from_first(verification))


def may_take_over(verification: Verification, session: links.Session) -> bool:
    return links.is_first(verification, session) or changes_left(verification) > 0


@transaction.atomic
def take_over(verification: Verification, session: links.Session, *, device: Device, now: datetime) -> None:
    """Bind the case to this browser instead; the earlier one is refused at its next step.

    Does nothing for a browser that has the case or may not take it over.
    """
    locked = Verification.objects.locked(verification.pk)
    # A link that ended meanwhile is told at the next request.
    if not locked.link_hash.startswith(session.link):
        return
    if not locked.browser_hash:
        bind(locked, session, device=device, now=now)
    elif not links.has(locked, session) and may_take_over(locked, session):
        _change(locked, session, device, now)
        if not (changes_left(locked) or locked.link_contested_at):
            _contest(locked, now)


def _change(locked: Verification, session: links.Session, device: Device, now: datetime) -> None:
    fresh = {"received_bytes": 0}
    # What the other browser used up is not this one's: whoever holds a copy of the link can't use up its attempts.
    if locked.status in {Status.COLLECTING, Status.CHECKING}:
        fresh["attempts_used"] = 0
    Verification.objects.filter(pk=locked.pk).update(browser_hash=session.browser_hash, **fresh)
    _record("link.taken_over", locked, session, number=links.changes(locked) + 1, device=device, now=now)


def _contest(locked: Verification, now: datetime) -> None:
    Verification.objects.filter(pk=locked.pk).update(link_contested_at=now)
    by = audit.By.applicant(locked.applicant.public_id)
    audit.record("link.contested", by=by, subject=locked, at=now, changes=MAX_CHANGES)
    log.warning("link.contested", verification=locked.public_id)


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

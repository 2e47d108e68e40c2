"""Binding a case to the applicant's browser, so that a copied link alone gives no access.

Whoever has the link may take the case over, because people change from a computer to their phone. A thief of the link
may do so too. So each change is recorded, and the browser that began takes the case back whenever it wants. All others
together may take it over MAX_CHANGES times, then they are refused and the staff is told. A thief who opens the link
after the person can't shut the person out. If the thief was first, staff are alerted, and only a new link helps.
"""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from verification import audit, links
from verification.models import LinkBinding, Verification
from verification.states import Device

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


def changes_left(history: links.History) -> int:
    """How often the case may still go to a browser that did not begin with this link."""
    return max(0, MAX_CHANGES - history.changes_from_first)


def may_take_over(history: links.History, session: links.Session) -> bool:
    return history.began(session) or changes_left(history) > 0


@transaction.atomic
def take_over(verification: Verification, session: links.Session, *, device: Device, now: datetime) -> None:
    """Bind the case to this browser instead; the earlier one is refused at its next step.

    Does nothing for a browser that has the case or may not take it over.
    """
    locked = Verification.objects.locked(verification.pk)
    # The link ended during the request: the page that follows says so.
    if not locked.link_hash.startswith(session.link):
        return
    history = links.history(locked)
    if not locked.browser_hash:
        bind(locked, session, device=device, now=now)
    elif not links.may_continue(locked, session) and may_take_over(history, session):
        fresh = links.fresh_counts(locked)
        Verification.objects.filter(pk=locked.pk).update(browser_hash=session.browser_hash, **fresh)
        _record("link.taken_over", locked, session, number=history.changes + 1, device=device, now=now)
        if not (changes_left(links.history(locked)) or locked.link_contested_at):
            _contest(locked, now)


def _contest(locked: Verification, now: datetime) -> None:
    Verification.objects.filter(pk=locked.pk).update(link_contested_at=now)
    by = audit.By.applicant(locked.applicant.public_id)
    audit.record("link.contested", by=by, subject=locked, at=now, changes=MAX_CHANGES)
    log.warning("link.contested", verification=locked.public_id)


def _device(session: links.Session) -> str:
    """What the cases have in common that this browser had one after the other: the identity in the first of them."""
    parked = [each.browser_hash for each in session.parked]
    known = LinkBinding.objects.filter(browser_hash__in=[session.browser_hash, *parked]).exclude(
        device_hash=""
    )
    first = known.order_by("pk").values_list("device_hash", flat=True).first()
    return first or session.browser_hash


def _record(
    kind: str,
    verification: Verification,
    session: links.Session,
    *,
    number: int,
    device: Device,
    now: datetime,
) -> None:
    verification.browser_hash = session.browser_hash
    verification.bindings.create(
        device_hash=_device(session),
        link=links.link_prefix(verification),
        number=number,
        browser_hash=session.browser_hash,
        device=device,
        at=now,
    )
    by = audit.By.applicant(verification.applicant.public_id)
    facts = {"browser": links.browser_prefix(session.browser_hash), "device": device, "change": number}
    audit.record(kind, by=by, subject=verification, at=now, **facts)

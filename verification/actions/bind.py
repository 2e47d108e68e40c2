"""Binding a case to the applicant's browser, so that a copied link alone gives no access."""

from datetime import datetime

from django.db import transaction

from verification import audit, links
from verification.models import Verification


class OtherBrowser(Exception):
    """The case was begun in another browser."""


@transaction.atomic
def bind(verification: Verification, session: links.Session, *, now: datetime) -> None:
    """Bind an unbound case to this browser; OtherBrowser if it is bound elsewhere."""
    if verification.browser_hash == session.browser_hash:
        return
    unbound = Verification.objects.filter(pk=verification.pk, browser_hash="")
    if not unbound.update(browser_hash=session.browser_hash):
        raise OtherBrowser("This check was begun in another browser.")
    _record("link.bound", verification, session, now)


@transaction.atomic
def take_over(verification: Verification, session: links.Session, *, now: datetime) -> None:
    """Bind the case to this browser instead; the earlier one is refused at its next step."""
    Verification.objects.filter(pk=verification.pk).update(browser_hash=session.browser_hash)
    _record("link.taken_over", verification, session, now)


def _record(kind: str, verification: Verification, session: links.Session, now: datetime) -> None:
    verification.browser_hash = session.browser_hash
    by = audit.By.applicant(verification.applicant.public_id)
    audit.record(kind, by=by, subject=verification, at=now, browser=session.browser_hash[:16])

"""Revoking an applicant's link, and giving a new one."""

from datetime import datetime

from django.db import transaction

from verification import audit, links
from verification.models import Verification


@transaction.atomic
def revoke(verification: Verification, *, by: audit.By, now: datetime) -> None:
    """The link stops working at once, in every browser. The case stays where it is."""
    Verification.objects.filter(pk=verification.pk).update(link_revoked_at=now)
    audit.record("link.revoked", by=by, subject=verification, at=now)


@transaction.atomic
def renew(verification: Verification, *, by: audit.By, now: datetime) -> str:
    """A new link in place of the old one, for whichever browser opens it first. Shown once: only its hash is stored."""
    token = links.new_token()
    # After changes of the browser, what one of them used up is not held against the next.
    changed = links.history(verification).changes
    fresh = links.fresh_counts(verification) if changed else {"received_bytes": 0}
    Verification.objects.filter(pk=verification.pk).update(
        link_hash=links.token_hash(token),
        link_expires_at=links.expiry(verification.policy, now=now),
        link_revoked_at=None,
        link_contested_at=None,
        browser_hash="",
        **fresh,
    )
    audit.record("link.renewed", by=by, subject=verification, at=now)
    return links.url(token)

"""Revoking an applicant's link, and giving a new one."""

from datetime import datetime

from django.db import transaction

from verification import audit, links, messages
from verification.models import Verification
from verification.states import ENDED


class CaseEnded(Exception):
    """The case has ended, so there is nothing left to do with a link to it."""


@transaction.atomic
def revoke(verification: Verification, *, by: audit.By, now: datetime) -> None:
    """The link stops working at once, in every browser. The case stays where it is."""
    Verification.objects.filter(pk=verification.pk).update(link_revoked_at=now)
    messages.link_ended(verification)
    audit.record("link.revoked", by=by, subject=verification, at=now)


@transaction.atomic
def renew(verification: Verification, *, by: audit.By, now: datetime, send: bool = False) -> str:
    """A new link in place of the old one, for whichever browser opens it first. It is shown once.

    With `send` the applicant gets it as the policy says of invitations; without, the asker hands it over. Raises
    CaseEnded, also if the case ends at this moment.
    """
    token = links.new_token()
    # After changes of the browser, what one of them used up is not held against the next.
    changed = links.history(verification).changes
    fresh = links.fresh_counts(verification) if changed else {"received_bytes": 0}
    changes = {
        "link_hash": links.token_hash(token),
        "link_expires_at": links.expiry(verification.policy, now=now),
        "link_revoked_at": None,
        "link_contested_at": None,
        "browser_hash": "",
        **fresh,
    }
    if not Verification.objects.filter(pk=verification.pk).exclude(status__in=ENDED).update(**changes):
        raise CaseEnded
    for name, value in changes.items():
        setattr(verification, name, value)
    audit.record("link.renewed", by=by, subject=verification, at=now)
    messages.link_ended(verification)
    if send:
        messages.address_is_right(verification)
        messages.invited(verification, token, now=now)
    return links.url(token)

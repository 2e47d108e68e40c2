"""The applicant's answer to the consent text.

Both answers raise links.OtherBrowser if the case is no longer open in the browser that gave it, and else as
`workflow.move`.
"""

import hashlib
from datetime import datetime

from django.db import transaction

from verification import audit, client_address, links, workflow
from verification.models import Consent, ConsentText, Verification
from verification.states import Status


@transaction.atomic
def give(verification: Verification, *, now: datetime, **wording: str) -> Consent:
    """Agreed: the case goes on to the ID photo. `wording` as in `_answer`."""
    return _answer(verification, Status.COLLECTING, now=now, **wording)


@transaction.atomic
def refuse(verification: Verification, *, now: datetime, **wording: str) -> Consent:
    """Not agreed: the case ends, and nothing was recorded. `wording` as in `_answer`."""
    return _answer(verification, Status.CONSENT_REFUSED, now=now, **wording)


def _answer(
    verification: Verification,
    target: Status,
    *,
    text_version: str,
    text: str,
    organisation: str,
    locale: str,
    ip_address: str,
    user_agent: str,
    now: datetime,
) -> Consent:
    """`text` is what the page showed, word for word, and `organisation` the name of who asked."""
    links.check_still_with(verification, Verification.objects.locked(verification.pk))
    by = audit.By.applicant(verification.applicant.public_id)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    wording = {"text_version": text_version, "text_sha256": sha256, "locale": locale}
    place = client_address.neighbourhood(ip_address)
    kept = {"version": text_version, "locale": locale, "organisation": organisation, "text": text}
    ConsentText.objects.get_or_create(sha256=sha256, defaults={**kept, "first_used_at": now})
    consent = Consent.objects.create(
        verification=verification,
        given=target == Status.COLLECTING,
        at=now,
        ip_address=ip_address or None,
        user_agent=user_agent[:300],
        **wording,
    )
    workflow.move(verification, target, by=by, now=now, data=wording, commits=[consent], address_range=place)
    return consent

"""Inviting a person: a case, and the link that opens it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from verification import audit, links, messages
from verification.invitations.case import change, new_case, policy_to_invite_under
from verification.models import ApiClient, Applicant, Message, Verification
from verification.states import ENDED, Mode


class DuplicateReference(Exception):
    """A case with this reference is under way, or its applicant was erased."""


@dataclass(frozen=True)
class Invitation:
    """The new case and its link. The link is shown once: besides its hash it is kept, sealed, only as long as a message
    may have to carry it.

    `message` is the queued invitation; None if none will be sent.
    """

    verification: Verification
    link: str
    message: Message | None = None


@transaction.atomic
def invite(
    *,
    reference: str,
    name: str,
    email: str = "",
    locale: str = "en",
    mode: Mode | None = None,
    by: audit.By,
    now: datetime,
    client: ApiClient | None = None,
    send: bool = True,
) -> Invitation:
    """A new case under the current policy. Raises DuplicateReference while another with `reference` is open, and
    `invitations.case.PolicyNotAdopted`.

    References are the client's own; those without a client, from staff, are one more set. `send`: the applicant gets
    the messages about the link that the policy says; without it the asker hands the link over.
    """
    policy = policy_to_invite_under()
    applicant = _applicant(reference, client, by, now, name=name, email=email, locale=locale)
    new = new_case(applicant, policy, client=client, mode=mode, now=now)
    new.verification.save()
    audit.record_all([new.event(by=by, at=now)])
    message = messages.invited(new.verification, new.token, now=now) if send else None
    return Invitation(new.verification, links.url(new.token), message)


def _applicant(
    reference: str, client: ApiClient | None, by: audit.By, now: datetime, **details: str
) -> Applicant:
    """The applicant of this reference of the client, found or created. Only the reference identifies them."""
    applicant, created = Applicant.objects.select_for_update().get_or_create(
        client=client, reference=reference, defaults={**details, "created_at": now}
    )
    if created:
        return applicant
    if applicant.erased_at is not None:
        # Their key is destroyed, so nothing can be stored for them.
        raise DuplicateReference("The applicant of this reference was erased. Use another reference.")
    if applicant.verifications.exclude(status__in=ENDED).exists():
        raise DuplicateReference("A verification with this reference exists.")
    if changed := change(applicant, **details):
        applicant.save(update_fields=changed)
        audit.record(
            "applicant.changed", by=by, subject=applicant, at=now, commits=[applicant], fields=changed
        )
    return applicant

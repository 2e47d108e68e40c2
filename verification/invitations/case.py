"""The case that an invitation makes, and its event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from verification import audit, links
from verification.models import ApiClient, Applicant, AuditEvent, InvitationFile, Policy, Verification
from verification.states import ENDED, Mode


class PolicyNotAdopted(Exception):
    """Nobody has chosen the policy yet; the message is a sentence for who invites."""


@dataclass(frozen=True)
class NewCase:
    """A case that is not stored yet, and the token of its link, of which the case holds only the hash."""

    verification: Verification
    token: str

    def event(self, *, by: audit.By, at: datetime, **more: Any) -> AuditEvent:
        """The event of the invitation; the case must be stored by then, its applicant too."""
        case = self.verification
        facts = {
            "applicant": case.applicant.public_id,
            "policy": case.policy.version,
            "mode": case.mode,
            **more,
        }
        applicant = [case.applicant]
        return audit.event("verification.invited", by=by, subject=case, at=at, commits=applicant, **facts)


def policy_to_invite_under() -> Policy:
    """The policy in force. Raises PolicyNotAdopted: in a production the first invitation waits until two people have
    chosen the terms. One that has cases already goes on as it did."""
    policy = Policy.current()
    if settings.DEMO or policy.is_adopted or Verification.objects.exists():
        return policy
    raise PolicyNotAdopted(
        _(
            "Nobody has chosen the policy yet. One senior reviewer drafts it on the page Policy, another activates it; "
            "then the first person can be invited."
        )
    )


def new_case(
    applicant: Applicant,
    policy: Policy,
    *,
    client: ApiClient | None,
    mode: Mode | str | None,
    now: datetime,
    file: InvitationFile | None = None,
) -> NewCase:
    """A case of `applicant` under `policy`; without a mode, that of the policy."""
    token = links.new_token()
    case = Verification(
        applicant=applicant,
        policy=policy,
        client=client,
        invited_by_file=file,
        mode=mode or policy.liveness_mode,
        link_hash=links.token_hash(token),
        link_expires_at=links.expiry(policy, now=now),
        created_at=now,
    )
    return NewCase(case, token)


def change(applicant: Applicant, **details: str) -> list[str]:
    """Set what differs in `details` on the applicant; returns the names of these fields. It saves nothing."""
    changed = [field for field, value in details.items() if getattr(applicant, field) != value]
    for field in changed:
        setattr(applicant, field, details[field])
    return changed


def open_case(reference: str, client: ApiClient | None) -> Verification | None:
    """The case with this reference of the client that has not ended."""
    cases = Verification.objects.exclude(status__in=ENDED).select_related("applicant", "policy")
    return cases.filter(applicant__reference=reference, applicant__client=client).order_by("-pk").first()

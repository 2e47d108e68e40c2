"""The demo's applicant link: the newest one is stored, so that the command and the front page show the same."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from kyc_portal.sandbox import private_files
from verification import audit, links
from verification.actions.invite import invite
from verification.models import Verification
from verification.states import Mode, Status

# The portal itself stores only the hash of a link's token.
FILE = "demo_link"


@dataclass(frozen=True)
class ApplicantLink:
    url: str
    verification: Verification

    @property
    def is_unused(self) -> bool:
        """No browser has done anything with it."""
        return self.verification.status == Status.INVITED and not self.verification.browser_hash


def invite_applicant(mode: Mode, *, now: datetime) -> None:
    """A new person; their link takes the place of the one before, which goes on working."""
    reference = f"demo-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    by = audit.By.shell()
    invitation = invite(reference=reference, name="Demo Applicant", mode=mode, by=by, now=now)
    private_files.write(FILE, invitation.link.rpartition("/")[2])


def newest_link(*, now: datetime) -> ApplicantLink | None:
    """The newest link while it works."""
    token = private_files.read(FILE)
    verification = links.find(token, now=now)
    return ApplicantLink(links.url(token), verification) if verification else None


def ensure_unused_link(*, now: datetime) -> None:
    newest = newest_link(now=now)
    if newest is None or not newest.is_unused:
        invite_applicant(Mode.ACTION, now=now)

"""The demo's staff: who there is, their passwords, and what each of them can try."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from kyc_portal.sandbox import private_files
from verification import permissions
from verification.models import StaffUser
from verification.staffing import access

FILE = "demo_logins.json"


@dataclass(frozen=True)
class Role:
    """A login's group, what to try with it, and the page where that begins: its address below /admin/, its name."""

    group: permissions.Group
    task: str
    path: str
    page: str
    also: tuple[permissions.Group, ...] = ()


# Two of a kind: who proposes is never the second person.
ROLES = {
    "reviewer": Role(
        permissions.REVIEWER,
        "Take the next case and compare its pictures; ? shows the keys. Approve CUST-1004, which the vendor did not "
        "pass: that becomes a proposal.",
        "queue/",
        "Review queue",
    ),
    "reviewer2": Role(
        permissions.REVIEWER,
        "Judge what reviewer proposed, without seeing their verdict: the same takes effect, another goes to senior.",
        "queue/",
        "Review queue",
    ),
    "senior": Role(
        permissions.SENIOR,
        "Read the figures, try other thresholds in the simulator, and draft a new policy.",
        "figures/",
        "Figures",
    ),
    "senior2": Role(permissions.SENIOR, "Activate the policy that senior drafted.", "policy/", "Policy"),
    "auditor": Role(
        permissions.AUDITOR,
        "Make an export: every event, signed, with the program that checks it.",
        "exports/",
        "Exports",
        also=(permissions.SENSITIVE,),
    ),
    "operator": Role(
        permissions.OPERATOR,
        "See how the vendor's account is doing and what its calls cost; appoint staff; make a key for the API.",
        "vendor/",
        "Vendor",
    ),
    "frontoffice": Role(
        permissions.FRONT_OFFICE,
        "Invite one person, or all people of a CSV file; make a new link for somebody who lost theirs.",
        "invitations/",
        "Invitations",
    ),
}


def make_staff() -> None:
    """Make each login that is missing. Passwords are random, made once, and stored beside the data."""
    passwords = _passwords()
    for username, role in ROLES.items():
        password = passwords.setdefault(username, secrets.token_urlsafe(12))
        user, _ = StaffUser.objects.get_or_create(username=username, defaults={"is_staff": True})
        if not user.check_password(password):
            StaffUser.objects.filter(pk=user.pk).update(password=make_password(password))
        if settings.STAFF_MFA == "required":
            _enrol_by_password(user, password)
        user.groups.set(Group.objects.filter(name__in=[role.group, *role.also]))
    private_files.write(FILE, json.dumps(passwords))


def _enrol_by_password(user: StaffUser, password: str) -> None:
    """Where the demo asks for a second step, the password is the enrolment code as well."""
    in_a_year = timezone.now() + timedelta(days=365)
    fields = {"enrolment_sha256": access.digest(password), "enrolment_until": in_a_year}
    StaffUser.objects.filter(pk=user.pk).update(**fields)


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    role: Role


def logins() -> tuple[Login, ...]:
    """The staff that were made, in the order of ROLES."""
    passwords = _passwords()
    return tuple(
        Login(username, passwords[username], role)
        for username, role in ROLES.items()
        if username in passwords
    )


def _passwords() -> dict[str, str]:
    passwords: dict[str, str] = json.loads(private_files.read(FILE) or "{}")
    return passwords

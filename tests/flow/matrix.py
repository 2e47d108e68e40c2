"""The world of the permission matrices: one object of every kind, and every kind of user."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, WORDING, Road, photo, undone_later
from tests.flow import branding
from tests.flow.conftest import LATER, for_its_vendor, take_second_step
from tests.flow.exporting import export
from tests.flow.reviewing import NOTE, pass_on
from verification import audit
from verification.actions import (
    api_client,
    cancel,
    consent,
    csp_report,
    document,
    invite_many,
    policy,
    saved_filter,
    staff_change,
)
from verification.audit import sealing
from verification.exports.period.table import Period
from verification.models import (
    AuditEvent,
    ChangeKind,
    ExportKind,
    Message,
    SavedFilter,
    StaffChange,
    StaffUser,
    VendorAccount,
    Verdict,
    Verification,
)
from verification.permissions import Group
from verification.review.admin.records import RECORDS

# Every kind of signed-in staff, with its group.
STAFF_ROLES: dict[str, Group | None] = {
    **{group.value: group for group in Group},
    "no group": None,
    "superuser": None,
}
# Requests that the staff site treats as not signed in.
OUTSIDERS = ("signed out", "session over", "applicant", "API key", "not of the staff", "deactivated")
NAME, EMAIL = "Alice Example", "alice@example.org"
# Loading the middleware takes longer than a response, so all browsers share one handler.
_HANDLER = ClientHandler(enforce_csrf_checks=False)
_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "verification_(\w+)"')


@contextmanager
def for_a_module(blocker: Any, server: EmulatorServer) -> Iterator[None]:
    """One database for all tests of a module, one hour after NOW, with the emulator as the vendor. Each test rolls its
    own changes back; the end of the module rolls back the rest."""
    with ExitStack() as stack:
        stack.enter_context(for_its_vendor(server))
        stack.enter_context(time_machine.travel(LATER, tick=False))
        stack.enter_context(blocker.unblock())
        stack.enter_context(undone_later())
        stack.enter_context(_only_errors_logged())
        yield
        transaction.set_rollback(True)


@contextmanager
def _only_errors_logged() -> Iterator[None]:
    """Silences the warnings of `django.request`: logging a thousand refusals takes as long as the requests."""
    log = logging.getLogger("django.request")
    before = log.level
    log.setLevel(logging.ERROR)
    yield
    log.setLevel(before)


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """Rolls the block back: in the database and in the browser's cookies."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with undone_later():
        yield
        transaction.set_rollback(True)
    client.cookies.clear()
    for name, value in cookies.items():
        client.cookies[name] = value


@dataclass
class Written:
    """Collects the model names of the portal's tables that SQL statements write to."""

    models: set[str] = field(default_factory=set)

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if found := _WRITES.match(sql):
            self.models.add(found[1])
        return execute(sql, *rest)


@contextmanager
def watched() -> Iterator[set[str]]:
    """Yields the names of the models that the block writes to."""
    written = Written()
    with connection.execute_wrapper(written):
        yield written.models


def addresses() -> Iterator[str]:
    """Every address of the portal, as Django writes it."""

    def walk(resolver: URLResolver, before: str) -> Iterator[str]:
        for entry in resolver.url_patterns:
            path = before + str(entry.pattern)
            yield from [path] if isinstance(entry, URLPattern) else walk(entry, path)

    return walk(get_resolver(), "")


def member(role: str, username: str = "") -> StaffUser:
    """A member of staff in that role; the same one for the same name."""
    username = username or role.split()[0].lower()
    kind = {"is_staff": True, "is_superuser": role == "superuser"}
    user, made = StaffUser.objects.get_or_create(username=username, defaults=kind)
    if made and STAFF_ROLES.get(role):
        user.groups.add(AuthGroup.objects.get(name=role))
    return user


def browser(**headers: str) -> Client:
    client = Client(raise_request_exception=False, headers=headers or None)
    client.handler = _HANDLER
    return client


def browser_of(user: StaffUser, *, second_step: bool = True) -> Client:
    """The user's browser, just signed in."""
    client = browser()
    client.force_login(user)
    if second_step:
        take_second_step(client, user)
    return client


def age_authentication(client: Client, seconds: int) -> None:
    """Moves the user's last authentication back by so many seconds."""
    session = client.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= seconds
    session.save()


@dataclass
class World:
    """One object of every kind that an address can name."""

    case: Verification
    link: str
    key: str
    values: dict[str, dict[str, Any]]

    def url(self, path: str) -> str:
        """The URL of an address of the table, with the ids of this world's objects."""
        found = max((start for start in self.values if path.startswith(start)), key=len, default="")
        for name, value in self.values.get(found, {}).items():
            path = path.replace(name, str(value))
        return f"/admin/{path}"

    def outsider(self, kind: str) -> Client:
        """The browser of a kind of user whom the staff site treats as not signed in."""
        if kind == "API key":
            return browser(Authorization=f"Bearer {self.key}")
        if kind == "session over":
            with time_machine.travel(LATER - timedelta(hours=1), tick=False):
                return browser_of(member(Group.SENIOR))
        client = browser()
        if kind == "applicant":
            assert client.get(self.link).status_code == 302
        elif kind != "signed out":
            user = member(Group.SENIOR, kind.replace(" ", "-"))
            client.force_login(user)
            lost = "is_active" if kind == "deactivated" else "is_staff"
            StaffUser.objects.filter(pk=user.pk).update(**{lost: False})
        return client


def _change(about: StaffUser) -> StaffChange:
    """A change that waits, proposed by an operator who is none of the roles."""
    proposer = member(Group.OPERATOR, "proposer")
    by: dict[str, Any] = {"by": proposer, "acting_as": audit.By("operator", "proposer")}
    new = {"first_name": "Dora"}
    return staff_change.propose(ChangeKind.RIGHTS, about, wanted=new, reason="Married.", now=LATER, **by)


def _message(case: Verification) -> Message:
    """An e-mail that was sent."""
    times = dict.fromkeys(("created_at", "due_at", "not_before", "sent_at"), NOW)
    kind = {"kind": "invitation", "channel": "email", "about": "link"}
    return Message.objects.create(verification=case, state="sent", **kind, **times)


def make_world(road: Road, emulator: EmulatorServer) -> World:
    kept_by, drafter = member(Group.SENIOR), member(Group.SENIOR, "drafter")
    invitation = road.invitation(name=NAME, email=EMAIL)
    case = invitation.verification
    consent.give(case, now=NOW, **WORDING)
    document.upload(case, photo(), now=NOW)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    attempt = road.record(case)
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=kept_by, hours=4)
    # Reviews of cases that wait for a reviewer are hidden from reviewers.
    ended = road.invited(reference="ENDED")
    ended_by = cancel.cancel_by_senior(
        ended, reason_code="not_needed", note=NOTE, version=ended.version, by=kept_by, now=LATER
    )
    sealed = sealing.seal(now=LATER)
    assert sealed is not None
    made = export(Period(NOW, LATER), by=audit.By.shell(), now=LATER)
    counted = export(
        Period(NOW, LATER), by=audit.By.shell(), now=LATER, kind=ExportKind.STATISTICS, formats=()
    )
    policy.draft(by=drafter, now=LATER)
    saved_filter.save(name="Shared", query="view=mine", shared=True, by=kept_by, now=LATER)
    sheet = b"reference,name\nCUST-1,Dora Dorn\n,Nobody\n"
    file = invite_many.read(sheet, client=None, mode="", by=audit.By.staff(kept_by), now=LATER)
    client = api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW)
    csp_report.count([csp_report.OTHER], now=LATER)
    passkey = Authenticator.objects.create(user=drafter, type=Authenticator.Type.WEBAUTHN, data={})
    values: dict[str, dict[str, Any]] = {
        "case/": {"<slug:public_id>": case.public_id},
        "evidence/": {"<slug:kind>": "video", "<slug:public_id>": attempt.public_id},
        "exports/": {"<slug:public_id>": made.public_id},
        "statistics/": {"<slug:public_id>": counted.public_id},
        "queue/": {"<int:number>": SavedFilter.objects.get().pk},
        "messages/": {"<slug:message>": _message(case).public_id},
        "invitations/": {"<slug:public_id>": case.public_id},
        "invitation-files/": {"<slug:public_id>": file.public_id},
        "clients/": {"<slug:public_id>": client.record.client.public_id, "<int:number>": client.record.pk},
        "vendor/": {"<slug:name>": VendorAccount.objects.get().name},
        "account/": {"<int:pk>": passkey.pk},
        "brands/": {"<slug:public_id>": branding.made(member(Group.OPERATOR)).public_id},
        "staff/": {"<int:number>": drafter.pk, "<slug:public_id>": _change(drafter).public_id},
        "trail/": {"<int:number>": AuditEvent.objects.filter(subject_id=ended.public_id)[0].pk},
        "trail/checkpoints/": {"<int:size>": sealed.size},
        "trace/": {"<slug:public_id>": case.public_id},
        "verification/staffuser/": {"<int:number>": drafter.pk},
        "r/": {
            "<path:content_type_id>": ContentType.objects.get_for_model(Verification).pk,
            "<path:object_id>": case.pk,
        },
        "<any other>": {"<any other>": "nothing/is/here/"},
    }
    for model in RECORDS:
        values[f"verification/{model._meta.model_name}/"] = {
            "<path:object_id>": model._default_manager.values_list("pk", flat=True)[0]
        }
    values["verification/review/"] = {"<path:object_id>": ended_by.pk}
    return World(case, urlsplit(invitation.link).path, client.key, values)

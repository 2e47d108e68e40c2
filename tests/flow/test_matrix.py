"""Every role at every address of the staff site, against `permissions.addresses` and so docs/permissions.md."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as in_force
from django.forms.models import model_to_dict
from django.test import Client

from tests.conftest import Road
from tests.flow.matrix import (
    EMAIL,
    NAME,
    OUTSIDERS,
    STAFF_ROLES,
    World,
    addresses,
    age_authentication,
    browser_of,
    for_a_module,
    make_world,
    member,
    undone,
    watched,
)
from verification.audit import viewing
from verification.models import AuditEvent
from verification.permissions import RIGHTS, Group
from verification.permissions.addresses import (
    ADDRESSES,
    ANYBODY,
    IN_CLEAR,
    LOGGED,
    NOBODY,
    STAFF,
    TABLE,
    Address,
)
from verification.review.admin.records import RECORDS
from verification.review.case.evidence import KINDS
from verification.review.sign_in.gate import TO_ENROL

METHODS = ("get", "post")
# Addresses that the resolver shows as regular expressions.
WRITTEN = {"^(?P<app_label>verification)/$": "verification/", "(?P<url>.*)$": "<any other>"}

# The status for a user with the right, if it is not 200: the tests send the forms empty.
ANSWERS = {
    ("post", "queue/next"): 302,
    ("post", "queue/bulk"): 302,
    ("post", "queue/filters"): 302,
    ("post", "search"): 302,
    ("post", "queue/filters/<int:number>/delete"): 302,
    ("post", "queue/start"): 302,
    ("post", "case/<slug:public_id>/reveal"): 422,
    ("post", "case/<slug:public_id>/claim"): 302,
    ("post", "case/<slug:public_id>/renew"): 409,
    ("post", "case/<slug:public_id>/release"): 302,
    ("post", "case/<slug:public_id>/decide"): 422,
    ("post", "case/<slug:public_id>/document"): 422,
    ("post", "case/<slug:public_id>/blind"): 422,
    ("post", "case/<slug:public_id>/assign"): 302,
    ("post", "case/<slug:public_id>/take-back"): 302,
    ("post", "case/<slug:public_id>/note"): 422,
    ("post", "case/<slug:public_id>/cancel"): 422,
    ("post", "case/<slug:public_id>/reopen"): 422,
    ("post", "case/<slug:public_id>/rerun"): 422,
    ("post", "case/<slug:public_id>/pack"): 422,
    ("post", "policy/new"): 409,
    ("post", "policy/draft"): 400,
    ("post", "policy/discard"): 409,
    ("post", "policy/activate"): 400,
    ("post", "vendor/<slug:name>/probe"): 302,
    ("post", "exports/"): 422,
    ("post", "exports/<slug:public_id>/cancel"): 302,
    ("post", "statistics/"): 422,
    ("post", "statistics/<slug:public_id>/cancel"): 302,
    ("post", "brands/new"): 422,
    ("post", "brands/<slug:public_id>/"): 422,
    ("post", "messages/<slug:message>/returned"): 302,
    ("post", "messages/<slug:message>/again"): 302,
    ("post", "invitations/find"): 302,
    ("post", "invitations/new"): 422,
    ("post", "invitation-files/new"): 422,
    # It is over already.
    ("post", "invitation-files/<slug:public_id>/confirm"): 409,
    ("post", "invitation-files/<slug:public_id>/drop"): 302,
    ("post", "invitation-files/<slug:public_id>/links"): 302,
    ("post", "invitations/<slug:public_id>/revoke"): 302,
    ("post", "invitations/<slug:public_id>/send"): 302,
    ("post", "clients/new"): 422,
    ("post", "clients/<slug:public_id>/key"): 422,
    ("post", "clients/<slug:public_id>/keys/<int:number>/revoke"): 302,
    ("post", "clients/<slug:public_id>/switch"): 302,
    ("post", "staff/appoint"): 422,
    ("post", "staff/<int:number>/propose"): 422,
    ("post", "staff/<int:number>/at-once"): 302,
    ("post", "staff/changes/<slug:public_id>/confirm"): 302,
    ("post", "staff/changes/<slug:public_id>/stop"): 302,
    # Only who proposed it.
    ("post", "staff/changes/<slug:public_id>/hand-out"): 403,
    ("post", "trace/"): 302,
    ("get", "trail/find"): 302,
    ("post", "system/sweep"): 302,
    ("post", "system/rewrap"): 302,
    ("post", "staff/seen"): 302,
    ("get", "verification/staffuser/"): 302,
    ("get", "verification/staffuser/<int:number>/change/"): 302,
    # The user is signed in already; on the pages of the second step, by the password alone.
    ("get", "login/"): 302,
    ("post", "login/"): 302,
    ("post", "logout/"): 302,
    ("get", "account/second-step/"): 302,
    ("post", "account/second-step/"): 302,
    ("get", "account/two-step/passkeys/sign-in/"): 302,
    ("post", "account/two-step/passkeys/sign-in/"): 302,
    ("get", "account/no-password/"): 403,
    ("post", "account/no-password/"): 403,
    ("post", "account/sessions/"): 302,
    ("get", "account/confirm/code/"): 302,
    ("post", "account/confirm/code/"): 302,
    ("get", "account/confirm/passkey/"): 302,
    ("post", "account/confirm/passkey/"): 302,
    ("get", "account/two-step/app/remove/"): 404,
    ("post", "account/two-step/app/remove/"): 404,
    ("get", "account/two-step/passkeys/<int:pk>/remove/"): 404,
    ("post", "account/two-step/passkeys/<int:pk>/remove/"): 404,
    ("get", "account/two-step/passkeys/<int:pk>/rename/"): 404,
    ("post", "account/two-step/passkeys/<int:pk>/rename/"): 404,
    ("get", "account/two-step/codes/"): 404,
    ("get", "account/two-step/codes/download/"): 404,
    ("post", "account/two-step/codes/download/"): 404,
}
# The filter is a colleague's, the change is to a colleague's account, and the case is not decided yet, so the right to
# open it is not enough.
ANOTHERS = {
    ("post", "queue/filters/<int:number>/delete", Group.REVIEWER),
    ("get", "case/<slug:public_id>/pack", Group.SENIOR),
    ("post", "case/<slug:public_id>/pack", Group.SENIOR),
    *(
        ("post", "staff/changes/<slug:public_id>/stop", group)
        for group in (Group.REVIEWER, Group.FRONT_OFFICE, Group.SENSITIVE, None)
    ),
}
NOT_FOUND = {"r/<path:content_type_id>/<path:object_id>/", "<any other>"}
# Responses that change nothing and show no record.
REFUSED = {403, 404, 405}
# Responses to users who are not signed in.
ENTRANCES = {
    ("get", "login/"): (200, ""),
    ("post", "login/"): (200, ""),
    ("get", "logout/"): (302, "/admin/login/"),
    ("post", "logout/"): (302, "/admin/login/"),
    ("get", "account/second-step/"): (302, "/admin/login/"),
    ("post", "account/second-step/"): (302, "/admin/login/"),
    ("get", "account/two-step/passkeys/sign-in/"): (302, "/admin/login/"),
    ("post", "account/two-step/passkeys/sign-in/"): (302, "/admin/login/"),
}


def staff_addresses() -> Iterator[str]:
    for path in addresses():
        if path.startswith("admin/"):
            below = path.removeprefix("admin/")
            yield WRITTEN.get(below, below)


def test_every_address_of_the_staff_site_is_in_the_table_and_no_other():
    assert set(staff_addresses()) == set(TABLE)
    assert len(TABLE) == len(ADDRESSES)


def test_every_right_of_the_table_is_one():
    named = {right for address in ADDRESSES for right in (address.get, address.post)}
    assert named - {"", ANYBODY, STAFF, NOBODY} <= set(RIGHTS)


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, emulator_server) -> Iterator[World]:
    with for_a_module(django_db_blocker, emulator_server):
        yield make_world(Road(), emulator_server)


@pytest.fixture
def world(made, db) -> World:
    return made


def has_right(group: Group | None, right: str) -> bool:
    return right in {ANYBODY, STAFF} or (right in RIGHTS and group in RIGHTS[right].groups)


def expected(address: Address, method: str, group: Group | None) -> int:
    """The status for a member of staff in `group`."""
    right = address.get if method == "get" else address.post
    if address.path in NOT_FOUND:
        return 404
    if not right:
        return 302 if method == "get" else 405  # redirects to the form's page
    if not has_right(group, right) or (method, address.path, group) in ANOTHERS:
        return 403
    if address.path == "verification/" and group in {None, Group.FRONT_OFFICE, Group.SENSITIVE}:
        return 404  # this user may open none of the records
    return ANSWERS.get((method, address.path), 302 if _leads_on(address) else 200)


def _leads_on(address: Address) -> bool:
    return address.path.endswith("<path:object_id>/") or address.path.startswith("password_change/")


@dataclass
class Answer:
    """`written` names the models that were written to; `looks` tells whether there is a new viewing event."""

    status: int
    to: str
    body: bytes = field(repr=False)
    written: set[str]
    looks: bool


def ask(client: Client, method: str, url: str, data: dict[str, Any] | None = None) -> Answer:
    """Sends the request, rolls its effects back and returns the answer."""
    looks = AuditEvent.objects.filter(kind__in=viewing.LOOKS)
    before = looks.count()
    with undone(client), watched() as written:
        response = getattr(client, method)(url, data)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        to = response.headers.get("Location", "")
        return Answer(response.status_code, to, body, written, looks.count() > before)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_role_opens_what_the_table_says(world, role):
    client = browser_of(member(role))
    wrong = []
    for address in ADDRESSES:
        for method in METHODS:
            answer = ask(client, method, world.url(address.path))
            wanted = expected(address, method, STAFF_ROLES[role])
            cell = f"{method} /admin/{address.path}: {answer.status} {answer.to}"
            if answer.status != wanted:
                wrong.append(f"{cell} instead of {wanted}")
            wrong += [f"{cell} {fault}" for fault in faults(address, method, answer)]
    assert not wrong, "\n".join(wrong)


def faults(address: Address, method: str, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer, whatever its status."""
    if answer.to.startswith("/admin/login/") != (address.path == "logout/" and answer.status == 302):
        yield "leads to the sign-in"
    shows = NAME.encode() in answer.body or EMAIL.encode() in answer.body
    if shows != (IN_CLEAR in address.rules and method == "get" and answer.status == 200):
        yield "shows who the applicant is, or does not where its line says so"
    if answer.status in REFUSED and answer.written:
        yield f"wrote {answer.written}"
    if method == "get" and answer.status == 200 and answer.looks != (LOGGED in address.rules):
        yield "is a look without an event, or an event without its line"


def test_an_address_that_is_missing_from_the_table_opens_to_nobody(world, monkeypatch):
    clients = [browser_of(member(role)) for role in (Group.SENIOR, Group.AUDITOR, Group.OPERATOR)]
    opened = set()
    for address in ADDRESSES:
        with monkeypatch.context() as missing:
            missing.delitem(TABLE, address.path)
            for method in METHODS:
                answers = [ask(client, method, world.url(address.path)) for client in clients]
                if any(answer.status != 403 or answer.written or answer.looks for answer in answers):
                    opened.add((method, address.path))
    assert not opened


def test_a_right_is_asked_for_before_a_confirmation_that_it_is_them(world):
    client = browser_of(member(Group.REVIEWER))
    age_authentication(client, in_force.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)
    for path in ("policy/new", "policy/activate", "staff/appoint"):
        assert ask(client, "post", f"/admin/{path}").status == 403, path


@pytest.mark.parametrize("kind", OUTSIDERS)
def test_whoever_is_not_of_the_staff_is_led_to_the_sign_in_from_everywhere(world, kind):
    client = world.outsider(kind)
    wrong = []
    for address in ADDRESSES:
        for method in METHODS:
            url = world.url(address.path)
            answer = ask(client, method, url)
            wanted = ENTRANCES.get((method, address.path), (302, f"/admin/login/?next={url}"))
            # The end of a session is an event.
            if (answer.status, answer.to) != wanted or answer.looks or answer.written - {"auditevent"}:
                wrong.append(f"{method} /admin/{address.path}: {answer} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def test_a_password_alone_opens_nothing_where_a_second_step_is_asked_for(world, settings):
    settings.STAFF_MFA = "required"
    client = browser_of(member(Group.SENIOR), second_step=False)
    opened = set()
    for address in ADDRESSES:
        for method in METHODS:
            answer = ask(client, method, world.url(address.path))
            if answer.status != 302 or not answer.to.startswith("/admin/account/enrolment/?next="):
                opened.add(address.path)
    assert {"account_logout", "staff_enrolment"} == TO_ENROL
    assert opened == {"logout/", "account/enrolment/"}


def test_the_stock_autocomplete_finds_nothing_for_anybody(world):
    asked = "app_label=verification&model_name=review&field_name=verification&term=ver"
    for role in STAFF_ROLES:
        client = browser_of(member(role))
        assert ask(client, "get", f"/admin/autocomplete/?{asked}").status == 403, role


def asks_who_it_is(answer: Answer) -> bool:
    """Whether the answer asks for re-authentication: by a redirect, or by a link on the form, to keep typed text."""
    on_the_page = answer.status == 403 and b'href="/admin/account/confirm/' in answer.body
    return on_the_page or answer.to.startswith("/admin/account/confirm/?next=")


def test_what_is_to_be_fresh_asks_who_it_is_and_nothing_else_does(world):
    roles = (Group.AUDITOR, Group.SENIOR, Group.OPERATOR)
    for role in roles:
        # An address that does not exist requires nothing.
        TOTP.activate(member(role), "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(member(role))
    browsers = {role: browser_of(member(role)) for role in roles}
    for client in browsers.values():
        age_authentication(client, in_force.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)
    asking = set()
    for address in ADDRESSES:
        for method, right in (("get", address.get), ("post", address.post)):
            role = next((role for role in browsers if has_right(role, right)), None)
            if role is None:
                continue
            answer = ask(browsers[role], method, world.url(address.path))
            if asks_who_it_is(answer):
                # Where the page of a case asks, it is shown with what was typed, and that is a look.
                assert answer.written <= ({"auditevent"} if answer.looks else set()), address
                asking.add((method, address.path))
    assert sorted(asking) == sorted(
        (method, address.path) for address in ADDRESSES for method in address.fresh
    )


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_stock_pages_change_no_record_whatever_is_sent(world, role):
    client = browser_of(member(role))
    changed = []
    for model in RECORDS:
        row = model._default_manager.all()[0]
        base = f"/admin/verification/{model._meta.model_name}/"
        values = {name: value for name, value in model_to_dict(row).items() if value is not None}
        values |= {"status": "approved", "verdict": "approve", "_save": "Save", "post": "yes"}
        chosen = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        forms = {"add/": values, f"{row.pk}/change/": values, f"{row.pk}/delete/": values, "": chosen}
        for below, data in forms.items():
            answer = ask(client, "post", base + below, data)
            if answer.written - {"auditevent"} or (below and answer.status != 403):
                changed.append(f"{base}{below}: {answer.status} {answer.written}")
    assert not changed, "\n".join(changed)


def test_an_address_without_its_slash_leads_to_the_one_that_has_it(world):
    answer = ask(browser_of(member("no group")), "get", "/admin/figures")
    assert (answer.status, answer.to) == (301, "/admin/figures/")


def test_a_piece_of_evidence_has_one_address(world):
    client = browser_of(member(Group.SENIOR))
    photo, attempt = world.case.documents.get().public_id, world.case.attempts.get().public_id
    ids = dict.fromkeys(KINDS, attempt) | {"photo": photo}
    for kind in KINDS:
        for public_id in (photo, attempt, world.case.public_id):
            answer = ask(client, "get", f"/admin/evidence/{kind}/{public_id}")
            assert answer.status == (200 if ids[kind] == public_id else 404), (kind, public_id)
            assert answer.looks == (answer.status == 200)


def test_an_id_that_nobody_has_is_not_found_for_who_may_look_and_refused_to_the_rest(world):
    missing = [
        "case/ver_aaaaaaaaaaaaaaaaaaaaaaaa/",
        *(f"evidence/{kind}/att_aaaaaaaaaaaaaaaaaaaaaaaa" for kind in KINDS),
    ]
    for role, status in (("Reviewer", 404), ("Operator", 403), ("superuser", 403)):
        client = browser_of(member(role))
        found = {path: ask(client, "get", f"/admin/{path}").status for path in missing}
        assert found == dict.fromkeys(missing, status), role

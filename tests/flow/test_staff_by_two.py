"""Changes to staff take two people, or a day and everybody's notice; and one person never counts as two."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from tests.flow.conftest import LATER, SECRET, code_at, enrol, give_code, give_password, take_second_step
from tests.flow.reviewing import decide
from verification import audit, permissions
from verification.actions import policy
from verification.models import AuditEvent, StaffChange, StaffUser, Verdict
from verification.staffing import access

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]
REVIEWER, SENIOR, AUDITOR, OPERATOR = "Reviewer", "Senior reviewer", "Auditor", "Operator"
WIDE_OLGA = "\uff4f\uff4c\uff47\uff41"  # full-width letters, which are stored as "olga"
OWN = "a password of my own"
SECRET_OF_PAGE = re.compile(r'<output class="secret">([^<]+)</output>')


@pytest.fixture(autouse=True)
def quick(quick_passwords):
    pass


@pytest.fixture
def desk_of(staff):
    """Returns the browser of a member of a group, signed in with a second step."""

    def open_(group, username=""):
        client: Any = Client()
        client.user = staff(group, username)
        return again(client)

    return open_


@pytest.fixture
def olga(desk_of):
    return desk_of(OPERATOR, "olga")


@pytest.fixture
def sam(desk_of):
    return desk_of(SENIOR, "sam")


def text_of(page):
    return page.content.decode()


def appoint(by, username="rosa", *groups):
    fields = {"username": username, "groups": groups or [REVIEWER], "reason": "New here."}
    answer = by.post("/admin/staff/appoint", fields)
    assert answer.status_code == 302, text_of(answer)
    return StaffChange.objects.latest("pk")


def propose(by, about, kind, **fields):
    answer = by.post(f"/admin/staff/{about.pk}/propose", {"kind": kind, "reason": "Asked for it.", **fields})
    assert answer.status_code == 302, text_of(answer)
    return StaffChange.objects.latest("pk")


def do(by, change, act):
    return by.post(f"/admin/staff/changes/{change.public_id}/{act}")


def secret_of(page):
    (secret,) = SECRET_OF_PAGE.findall(text_of(page))
    return secret


def days_later(days):
    """With sessions that are signed in anew, because none lasts so long."""
    return time_machine.travel(LATER + timedelta(days=days), tick=False)


def again(client):
    client.force_login(client.user)
    take_second_step(client, client.user)
    return client


def mark_shown(client):
    """Press the button on the page of changes, with what the page shows."""
    shown = re.findall(
        r'name="shown" value="([^"]+)"', text_of(client.get("/admin/staff/changes/", follow=True))
    )
    client.post("/admin/staff/seen", {"shown": shown})
    return shown


def groups_of(username):
    return sorted(StaffUser.objects.get(username=username).groups.values_list("name", flat=True))


# Two people


def test_one_operator_alone_makes_no_account(olga, sam):
    change = appoint(olga)
    assert not StaffUser.objects.filter(username="rosa").exists()
    assert do(olga, change, "confirm").status_code == 403
    assert not StaffUser.objects.filter(username="rosa").exists()


@pytest.mark.parametrize("group", [OPERATOR, SENIOR])
def test_a_second_person_confirms(olga, desk_of, group):
    second = desk_of(group, "second")
    change = appoint(olga, "rosa", REVIEWER, AUDITOR)
    assert do(second, change, "confirm").status_code == 200
    assert groups_of("rosa") == [AUDITOR, REVIEWER]
    event = AuditEvent.objects.get(kind="staff.added")
    assert (event.data["proposed_by"], event.data["confirmed_by"]) == ("olga", "second")
    assert StaffUser.objects.get(username="rosa").same_person_as is None


@pytest.mark.parametrize("group", [REVIEWER, AUDITOR])
def test_nobody_else_confirms(olga, sam, desk_of, group):
    assert do(desk_of(group), appoint(olga), "confirm").status_code == 403


def test_the_database_refuses_it_too(olga, sam):
    change = appoint(olga)
    for fields in ({"confirmed_by": olga.user}, {"state": "done"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StaffChange.objects.filter(pk=change.pk).update(**fields)


def test_a_page_of_the_stock_admin_changes_nothing(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    base = "/admin/verification/staffuser"
    fields = {"username": "other", "groups": [Group.objects.get(name=SENIOR).pk], "is_superuser": "on"}
    for path in (f"{base}/add/", f"{base}/{rosa.pk}/change/", f"{base}/{rosa.pk}/delete/"):
        assert olga.post(path, fields).status_code == 403
    olga.post(f"{base}/{rosa.pk}/password/", {"password1": OWN, "password2": OWN}, follow=True)
    assert groups_of("rosa") == [REVIEWER]
    assert not StaffUser.objects.get(pk=rosa.pk).check_password(OWN)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({"groups": [SENIOR], "is_active": "on"}, lambda user: groups_of("rosa") == [SENIOR]),
        ({"groups": [REVIEWER], "is_active": "on", "email": "new@example.org"}, lambda user: user.email),
        ({"groups": [REVIEWER]}, lambda user: not user.is_active),
    ],
    ids=["groups", "e-mail", "off"],
)
def test_rights_and_details_change_when_a_second_person_confirms(olga, sam, staff, fields, holds):
    rosa = staff(REVIEWER, "rosa")
    change = propose(olga, rosa, "rights", **fields)
    before = StaffUser.objects.get(pk=rosa.pk)
    assert not holds(before)
    assert do(sam, change, "confirm").status_code == 302
    assert holds(StaffUser.objects.get(pk=rosa.pk))
    assert "new@example.org" not in str(list(AuditEvent.objects.values_list("data", flat=True)))


def test_a_switch_off_that_is_confirmed_ends_the_sessions(olga, sam, rosa, client):
    give_password(client)
    do(sam, propose(olga, rosa, "rights", groups=[REVIEWER]), "confirm")
    event = AuditEvent.objects.get(kind="staff.session_ended")
    assert (event.data["why"], event.actor_id) == ("deactivated", "sam")
    StaffUser.objects.filter(pk=rosa.pk).update(is_active=True)
    assert client.get("/admin/").url.startswith("/admin/login/")


def test_coming_back_takes_two(olga, sam, staff):
    rosa = staff(REVIEWER, "rosa")
    olga.post(f"/admin/staff/{rosa.pk}/at-once", {"act": "switch_off"})
    assert not StaffUser.objects.get(pk=rosa.pk).is_active
    change = propose(olga, rosa, "rights", is_active="on", groups=[REVIEWER])
    assert not StaffUser.objects.get(pk=rosa.pk).is_active
    do(sam, change, "confirm")
    assert StaffUser.objects.get(pk=rosa.pk).is_active
    assert groups_of("rosa") == [REVIEWER]


def test_a_username_never_changes(olga, staff):
    """It is the actor of the trail."""
    rosa = staff(REVIEWER, "rosa")
    change = propose(olga, rosa, "rights", is_active="on", groups=[SENIOR], username="sam", is_superuser="on")
    assert change.wanted == {"groups": [SENIOR]}


@pytest.mark.parametrize("kind", ["rights", "password", "second_step", "vouch"])
def test_nobody_proposes_for_themselves(olga, sam, kind):
    fields = {"kind": kind, "reason": "Me.", "groups": [OPERATOR, REVIEWER], "is_active": "on"}
    assert olga.post(f"/admin/staff/{olga.user.pk}/propose", fields).status_code == 403
    assert not StaffChange.objects.exists()


def test_nobody_confirms_for_themselves(olga, sam):
    change = propose(olga, sam.user, "rights", is_active="on", groups=[SENIOR, AUDITOR])
    assert do(sam, change, "confirm").status_code == 403
    assert groups_of("sam") == [SENIOR]


def test_what_somebody_proposed_who_is_no_operator_any_more_is_not_confirmed(olga, sam):
    change = appoint(olga)
    olga.user.groups.clear()
    do(sam, change, "confirm")
    assert not StaffUser.objects.filter(username="rosa").exists()


def test_a_change_is_confirmed_once(olga, sam, desk_of):
    change = appoint(olga)
    do(sam, change, "confirm")
    late = do(desk_of(OPERATOR, "third"), change, "confirm")
    assert (late.status_code, late.url) == (302, "/admin/staff/")
    assert AuditEvent.objects.filter(kind="staff.added").count() == 1


def test_after_a_week_a_proposal_has_run_out(olga, sam):
    change = appoint(olga)
    with days_later(7):
        do(again(sam), change, "confirm")
        assert "ran out" in text_of(sam.get("/admin/staff/"))
    assert not StaffUser.objects.filter(username="rosa").exists()


@pytest.mark.parametrize("group", [SENIOR, AUDITOR, OPERATOR])
def test_whoever_reads_of_a_change_can_stop_it(olga, sam, desk_of, group):
    change = appoint(olga)
    do(desk_of(group, "other"), change, "stop")
    do(sam, change, "confirm")
    assert not StaffUser.objects.filter(username="rosa").exists()
    event = AuditEvent.objects.get(kind="staff.change_stopped")
    assert (event.data["stopped_by"], event.data["proposed_by"]) == ("other", "olga")


@pytest.mark.parametrize(
    "name",
    ["olga", "OLGA", WIDE_OLGA, WIDE_OLGA.upper(), "has space", "", "x" * 151, "\ufdfa" * 150],
    ids=["taken", "same letters", "wide", "wide capitals", "gap", "none", "long", "long when written out"],
)
def test_a_name_that_can_not_be_had_is_told(olga, name):
    answer = olga.post("/admin/staff/appoint", {"username": name, "reason": "New."})
    assert (answer.status_code, "field-error" in text_of(answer)) == (422, True)


def test_the_server_takes_no_name_twice_either(olga):
    with pytest.raises(CommandError, match="of this name"):
        call_command("create_staff", WIDE_OLGA.upper(), "--group", OPERATOR)


def test_the_same_change_is_proposed_once(olga, sam, staff):
    rosa = staff(REVIEWER, "rosa")
    propose(olga, rosa, "password")
    again_ = olga.post(f"/admin/staff/{rosa.pk}/propose", {"kind": "password", "reason": "Once more."})
    assert (again_.status_code, "proposed already" in text_of(again_)) == (409, True)


def test_a_superuser_is_nobodys_to_change(olga):
    root = StaffUser.objects.create_superuser("root")
    assert olga.get(f"/admin/staff/{root.pk}/").status_code == 404
    assert olga.post(f"/admin/staff/{root.pk}/propose", {"kind": "password"}).status_code == 404


# The first password and the enrolment code


def confirmed(olga, sam):
    """A new account: the password as its proposer has it, the code as the second person has it."""
    change = appoint(olga)
    code = secret_of(do(sam, change, "confirm"))
    return secret_of(do(olga, change, "hand-out")), code


@pytest.fixture
def required(settings):
    settings.STAFF_MFA = "required"


def test_a_newcomer_needs_what_both_hand_out(olga, sam, required, client, django_capture_on_commit_callbacks):
    password, code = confirmed(olga, sam)
    assert give_password(client, password=password).url == "/admin/"
    assert client.get("/admin/").url.startswith("/admin/account/enrolment/")
    assert enrol(client, f" {code.lower().replace('-', '')} ").url == "/admin/account/two-step/"
    client.get("/admin/account/two-step/app/add/")
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/account/two-step/app/add/", {"code": code_at(LATER, secret)})
    assert client.get("/admin/queue/").url.startswith("/admin/account/password/")
    fields = {"oldpassword": password, "password1": OWN, "password2": OWN}
    client.post("/admin/account/password/", fields)
    assert client.get("/admin/queue/").status_code == 200
    rosa = StaffUser.objects.get(username="rosa")
    assert (rosa.first_password_until, rosa.enrolment_sha256) == (None, "")


def test_who_hands_out_the_password_can_not_set_up_the_second_step(olga, sam, required, client):
    password, code = confirmed(olga, sam)
    give_password(client, password=password)
    for path in ("", "app/add/", "passkeys/add/"):
        assert client.get(f"/admin/account/two-step/{path}").url.startswith("/admin/account/enrolment/")
    wrong = enrol(client, "WRNG-CODE-HERE")
    assert (wrong.status_code, "not your enrolment code" in text_of(wrong)) == (200, True)
    assert AuditEvent.objects.get(kind="staff.sign_in_failed").data["step"] == "enrolment"
    assert not Authenticator.objects.exists()
    assert code != password


def test_guesses_at_the_code_are_counted(olga, sam, required, client):
    password, code = confirmed(olga, sam)
    give_password(client, password=password)
    answers = [enrol(client, "WRNG-CODE-HERE").status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]
    assert enrol(client, code).status_code == 429


def test_who_confirms_does_not_see_the_password(olga, sam):
    change = appoint(olga)
    do(sam, change, "confirm")
    assert do(sam, change, "hand-out").status_code == 403
    assert not StaffUser.objects.get(username="rosa").has_usable_password()


def test_another_operator_does_not_see_it_either(olga, sam, desk_of):
    change = appoint(olga)
    do(sam, change, "confirm")
    assert do(desk_of(OPERATOR, "other"), change, "hand-out").status_code == 403


def test_each_is_shown_once_and_kept_by_no_cache(olga, sam):
    change = appoint(olga)
    shown = do(sam, change, "confirm")
    assert "no-store" in shown["Cache-Control"]
    assert "no-store" in do(olga, change, "hand-out")["Cache-Control"]
    assert do(olga, change, "hand-out").status_code == 302
    assert do(sam, change, "confirm").status_code == 302


def test_the_page_of_a_secret_says_whether_somebody_hands_over_another(olga, sam, with_app):
    other = "somebody else hands over"
    change = appoint(olga, "paul")
    assert f"{other} the password" in text_of(do(sam, change, "confirm"))
    assert f"{other} the enrolment code" in text_of(do(olga, change, "hand-out"))
    password, step = (propose(olga, with_app, kind) for kind in ("password", "second_step"))
    do(sam, password, "confirm")
    assert other not in text_of(do(olga, password, "hand-out"))
    assert other not in text_of(do(sam, step, "confirm"))


def test_neither_is_stored_or_recorded(olga, sam):
    password, code = confirmed(olga, sam)
    rows = [*StaffUser.objects.values(), *StaffChange.objects.values(), *AuditEvent.objects.values()]
    assert password not in str(rows)
    assert code not in str(rows)
    assert code.replace("-", "") not in str(rows)


def test_a_first_password_runs_out(olga, sam, client):
    password, _code = confirmed(olga, sam)
    with days_later(3):
        page = text_of(client.post("/admin/login/", {"login": "rosa", "password": password}, follow=True))
        assert "first password has run out" in page
        assert client.get("/admin/").status_code == 302
        wrong = give_password(client, username="rosa", password="wrong")
        assert "run out" not in text_of(wrong)


def test_an_enrolment_code_runs_out(olga, sam, required, client):
    password, code = confirmed(olga, sam)
    give_password(client, password=password)
    rosa = StaffUser.objects.get(username="rosa")
    assert access.is_enrolment_code(rosa, code, LATER + timedelta(hours=71))
    assert not access.is_enrolment_code(rosa, code, LATER + timedelta(hours=72))


def test_the_first_password_is_changed_before_anything_opens(olga, sam, client):
    password, _code = confirmed(olga, sam)
    give_password(client, password=password)
    for path in ("/admin/", "/admin/queue/", "/admin/account/sessions/"):
        assert client.get(path).url.startswith("/admin/account/password/")
    assert client.post("/admin/queue/next").url.startswith("/admin/account/password/")
    same = {"oldpassword": password, "password1": password, "password2": password}
    assert "present password" in text_of(client.post("/admin/account/password/", same))
    assert client.get("/admin/queue/").status_code == 302


def test_a_reset_password_is_a_first_password(olga, sam, rosa, client):
    give_password(client)
    change = propose(olga, rosa, "password")
    do(sam, change, "confirm")
    assert client.get("/admin/").status_code == 200
    password = secret_of(do(olga, change, "hand-out"))
    assert client.get("/admin/").status_code == 302
    assert give_password(client).status_code == 200
    assert give_password(client, password=password).url == "/admin/"
    assert client.get("/admin/").url.startswith("/admin/account/password/")


def test_a_reset_password_does_not_get_past_the_second_step(olga, sam, with_app, client):
    change = propose(olga, with_app, "password")
    assert do(sam, change, "confirm").status_code == 302
    give_password(client, password=secret_of(do(olga, change, "hand-out")))
    assert client.get("/admin/").status_code == 302
    assert give_code(client, "000000").status_code == 200


def test_a_lost_second_step_is_removed_with_a_code_for_the_second_person(olga, sam, with_app, client):
    give_password(client)
    give_code(client, code_at(LATER))
    change = propose(olga, with_app, "second_step")
    assert client.get("/admin/").status_code == 200
    code = secret_of(do(sam, change, "confirm"))
    assert client.get("/admin/").status_code == 302
    assert not Authenticator.objects.exists()
    with_app.refresh_from_db()
    assert access.is_enrolment_code(with_app, code, LATER)
    assert AuditEvent.objects.get(kind="staff.second_step_removed").data["proposed_by"] == "olga"


def test_a_code_given_before_a_reset_sets_nothing_up(olga, sam, required, rosa, enrolment_code, client):
    client.force_login(rosa)
    enrol(client, enrolment_code)
    assert client.get("/admin/account/two-step/").status_code == 200
    access.give_enrolment_code(rosa, seen_by=None, now=LATER)
    assert client.get("/admin/account/two-step/").url.startswith("/admin/account/enrolment/")


@pytest.mark.parametrize("first", ["password", "second_step"])
def test_nobody_comes_to_know_both_halves(olga, desk_of, with_app, first):
    """Two operators who each propose one half, and confirm each other's."""
    oscar = desk_of(OPERATOR, "oscar")
    password, step = propose(olga, with_app, "password"), propose(oscar, with_app, "second_step")
    do(oscar, password, "confirm")
    if first == "password":
        assert do(olga, password, "hand-out").status_code == 200
        assert do(olga, step, "confirm").status_code == 403
        assert Authenticator.objects.exists()
    else:
        assert do(olga, step, "confirm").status_code == 200
        assert do(olga, password, "hand-out").status_code == 403
        assert give_password(Client()).status_code == 302


def test_a_first_password_that_ran_out_still_counts(olga, desk_of):
    """A session that it opened may live longer."""
    otto = desk_of(OPERATOR, "otto")
    confirmed(olga, otto)
    with days_later(3):
        change = propose(again(otto), StaffUser.objects.get(username="rosa"), "password")
        assert do(again(olga), change, "confirm").status_code == 403


# Alone


def test_whoever_is_alone_waits_for_a_day(olga, desk_of):
    change = appoint(olga, "sven", OPERATOR)
    assert do(olga, change, "confirm").url == "/admin/staff/"
    assert not StaffUser.objects.filter(username="sven").exists()
    with days_later(1):
        assert do(again(olga), change, "confirm").status_code == 200
        assert groups_of("sven") == [OPERATOR]
        assert "Put into effect alone" in text_of(olga.get("/admin/staff/"))
    event = AuditEvent.objects.get(kind="staff.added")
    assert (event.data["proposed_by"], event.data["confirmed_by"]) == ("olga", "")


def test_an_auditor_sees_it_on_every_page_and_stops_it(olga, desk_of):
    change, auditor = appoint(olga, "sven", OPERATOR), desk_of(AUDITOR)
    for path in ("/admin/", "/admin/exports/", "/admin/account/sessions/", "/admin/verification/policy/"):
        assert "1 change to the staff that you have not seen" in text_of(auditor.get(path)), path
    do(auditor, change, "stop")
    with days_later(1):
        do(again(olga), change, "confirm")
        assert not StaffUser.objects.filter(username="sven").exists()


def test_somebody_who_comes_meanwhile_may_confirm_at_once(olga, desk_of):
    change = appoint(olga)
    assert do(desk_of(SENIOR, "sam"), change, "confirm").status_code == 200
    assert StaffUser.objects.get(username="rosa").same_person_as is None


@pytest.mark.parametrize("how", ["off", "no group", "account of the proposer"])
def test_who_does_not_count_leaves_one_alone(olga, staff, how):
    other = staff(OPERATOR, "other")
    if how == "off":
        StaffUser.objects.filter(pk=other.pk).update(is_active=False)
    elif how == "no group":
        other.groups.clear()
    else:
        StaffUser.objects.filter(pk=other.pk).update(same_person_as=olga.user)
    assert appoint(olga).alone_until == LATER + timedelta(hours=24)


def test_with_a_second_person_there_is_no_waiting_it_out(olga, sam):
    change = appoint(olga)
    assert change.alone_until is None
    with days_later(2):
        assert do(again(olga), change, "confirm").status_code == 403


# One person, several accounts


@pytest.fixture
def puppets(olga, desk_of):
    """Two reviewers whom the only operator appointed alone."""
    changes = [appoint(olga, name, SENIOR) for name in ("anna", "bert")]
    with days_later(1):
        again(olga)
        for change in changes:
            do(olga, change, "confirm")
    return desk_of(SENIOR, "anna"), desk_of(SENIOR, "bert")


def test_two_accounts_of_one_person_do_not_decide_a_case(road, emulator, puppets):
    anna, bert = (one.user for one in puppets)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    case = road.in_review(emulator)
    decide(case, Verdict.APPROVE, "same_person", by=anna)
    with pytest.raises(permissions.OwnProposal, match="count as one person"):
        decide(case, Verdict.APPROVE, "same_person", by=bert)


def test_nor_put_a_policy_into_force(puppets):
    anna, bert = (one.user for one in puppets)
    draft = policy.draft(by=anna, now=LATER)
    with pytest.raises(permissions.OwnProposal, match="count as one person"):
        policy.activate(draft, seen=policy.fingerprint(draft), by=bert, now=LATER)


def test_nor_appoint_a_third(olga, puppets):
    change = appoint(olga, "cleo")
    for puppet in puppets:
        assert do(puppet, change, "confirm").status_code == 403


def test_nor_does_the_account_of_an_account(olga, puppets, desk_of):
    anna = puppets[0]
    anna.user.groups.add(Group.objects.get(name=OPERATOR))
    change = appoint(anna, "cleo", SENIOR)
    with days_later(1):
        do(again(anna), change, "confirm")
    cleo = desk_of(SENIOR, "cleo")
    assert cleo.user.person() == olga.user
    assert do(cleo, appoint(olga, "dora"), "confirm").status_code == 403


def test_the_page_says_whose_account_it_is(olga, puppets):
    assert "an account of olga" in text_of(olga.get(f"/admin/staff/{puppets[0].user.pk}/"))


def test_two_others_vouch(olga, puppets, desk_of):
    anna, bert = puppets
    sam, otto = desk_of(SENIOR, "sam"), desk_of(OPERATOR, "otto")
    do(sam, propose(otto, anna.user, "vouch"), "confirm")
    anna.user.refresh_from_db()
    permissions.check_two_people(anna.user, bert.user)
    event = AuditEvent.objects.get(kind="staff.vouched")
    assert (event.data["counted_as"], event.data["confirmed_by"]) == ("olga", "sam")


def test_somebody_at_the_server_vouches(puppets):
    anna, bert = puppets
    call_command("vouch_staff", "anna")
    anna.user.refresh_from_db()
    permissions.check_two_people(anna.user, bert.user)
    assert AuditEvent.objects.get(kind="staff.vouched").actor_kind == "shell"
    for name in ("anna", "nobody"):
        with pytest.raises(CommandError):
            call_command("vouch_staff", name)


def test_nobody_alone_takes_over_the_account_of_a_real_person(olga, rosa):
    """With a new password and a new second step, it counts as theirs."""
    TOTP.activate(rosa, SECRET)
    step, password = propose(olga, rosa, "second_step"), propose(olga, rosa, "password")
    with days_later(1):
        again(olga)
        do(olga, step, "confirm")
        do(olga, password, "confirm")
        do(olga, password, "hand-out")
    rosa.refresh_from_db()
    assert rosa.person() == olga.user
    with pytest.raises(permissions.OwnProposal):
        permissions.check_two_people(olga.user, rosa)


def test_one_half_alone_leaves_an_account_its_own(olga, with_app):
    password = propose(olga, with_app, "password")
    with days_later(1):
        do(again(olga), password, "confirm")
        do(olga, password, "hand-out")
    with_app.refresh_from_db()
    assert with_app.person() == with_app


# Notices, the server's commands, and lifting a lock


def test_a_notice_stays_until_it_was_seen(olga, sam, desk_of):
    auditor = desk_of(AUDITOR)
    appoint(olga)
    assert "have not seen" in text_of(sam.get("/admin/"))
    assert "have not seen" not in text_of(olga.get("/admin/"))
    sam.get("/admin/staff/")
    assert "have not seen" in text_of(sam.get("/admin/"))
    mark_shown(sam)
    assert "have not seen" not in text_of(sam.get("/admin/"))
    assert "have not seen" in text_of(auditor.get("/admin/"))


def test_a_reviewer_gets_no_notice(olga, desk_of):
    reviewer = desk_of(REVIEWER)
    appoint(olga)
    assert "have not seen" not in text_of(reviewer.get("/admin/"))


@pytest.mark.parametrize(
    "command",
    [("create_staff", "paul", "--group", OPERATOR), ("reset_second_step", "sam")],
    ids=lambda c: c[0],
)
def test_a_command_on_the_server_is_an_event_and_a_notice(olga, sam, capsys, command):
    call_command(*command)
    code = capsys.readouterr().out.split()[-1]
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code)
    assert "1 change to the staff" in text_of(olga.get("/admin/"))
    assert "By a command on the server" in text_of(olga.get("/admin/staff/"))
    assert AuditEvent.objects.filter(kind__startswith="staff.", actor_kind="shell").exists()


def test_a_password_set_on_the_server_is_an_event_and_a_notice(olga, rosa):
    """As `manage.py changepassword` does it."""
    rosa.set_password(OWN)
    rosa.save()
    assert "1 change to the staff" in text_of(olga.get("/admin/"))
    assert AuditEvent.objects.get(kind="staff.password_reset").actor_kind == "shell"


def test_a_password_set_on_the_server_helps_whose_first_one_ran_out(rosa, client):
    access.give_first_password(rosa, seen_by=None, now=LATER)
    with days_later(3):
        rosa.set_password(OWN)
        rosa.save()
        give_password(client, password=OWN)
        assert client.get("/admin/queue/").status_code == 200


def test_two_from_the_server_are_two_people(capsys):
    for name in ("paul", "pia"):
        call_command("create_staff", name, "--group", OPERATOR)
    paul, pia = StaffUser.objects.order_by("username")
    permissions.check_two_people(paul, pia)


def test_an_operator_lifts_a_lock_on_a_page(olga, rosa, desk_of):
    for number in range(10):
        give_password(Client(REMOTE_ADDR=f"192.0.2.{number}"), password="wrong")
    page = f"/admin/staff/{rosa.pk}/"
    assert give_password(Client()).status_code == 429
    assert "the next try in a new browser at 10:01 UTC" in text_of(olga.get(page))
    assert desk_of(AUDITOR).post(f"{page}at-once", {"act": "lift"}).status_code == 403
    olga.post(f"{page}at-once", {"act": "lift"})
    assert give_password(Client()).status_code == 302
    event = AuditEvent.objects.get(kind="staff.unlocked")
    assert (event.actor_kind, event.actor_id) == ("operator", "olga")
    olga.post(f"{page}at-once", {"act": "lift"})
    assert AuditEvent.objects.filter(kind="staff.unlocked").count() == 1


def test_one_operator_switches_off_at_once_but_not_the_own_account(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    olga.post(f"/admin/staff/{rosa.pk}/at-once", {"act": "switch_off"})
    assert not StaffUser.objects.get(pk=rosa.pk).is_active
    assert olga.post(f"/admin/staff/{olga.user.pk}/at-once", {"act": "switch_off"}).status_code == 403
    assert StaffUser.objects.get(pk=olga.user.pk).is_active


def test_an_act_that_is_none_does_nothing(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    olga.post(f"/admin/staff/{rosa.pk}/at-once", {"act": "delete"})
    assert StaffUser.objects.get(pk=rosa.pk).is_active


def test_every_event_names_the_acting_persons(olga, sam):
    confirmed(olga, sam)
    for kind in ("staff.added", "staff.password_reset"):
        event = AuditEvent.objects.get(kind=kind)
        assert (event.data["user"], event.data["proposed_by"], event.data["confirmed_by"]) == (
            "rosa",
            "olga",
            "sam",
        )
    assert audit.By("reviewer", "sam").id == AuditEvent.objects.get(kind="staff.added").actor_id

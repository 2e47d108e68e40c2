"""Changes to staff take two people, each change is a notice, and so is each command on the server."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from tests.flow.conftest import LATER, again, give_password, text_of
from tests.flow.staffing import (
    AUDITOR,
    OPERATOR,
    REVIEWER,
    SENIOR,
    appoint,
    ask,
    at_once,
    confirmed,
    days_later,
    do,
    groups_of,
    mark_shown,
    propose,
)
from verification import permissions
from verification.models import AuditEvent, StaffChange, StaffUser
from verification.staffing import access

pytestmark = [pytest.mark.usefixtures("an_hour_later", "quick_passwords"), pytest.mark.django_db]
WIDE_OLGA = "\uff4f\uff4c\uff47\uff41"  # full-width letters, which are stored as "olga"
OWN = "a password of my own"


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


def test_no_page_of_the_stock_admin_is_left_and_its_addresses_lead_to_ours(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    base = "/admin/verification/staffuser"
    fields = {"username": "other", "groups": [Group.objects.get(name=SENIOR).pk], "is_superuser": "on"}
    for path in (f"{base}/add/", f"{base}/{rosa.pk}/change/", f"{base}/{rosa.pk}/delete/"):
        assert olga.post(path, fields).status_code in {404, 405}
    olga.post(f"{base}/{rosa.pk}/password/", {"password1": OWN, "password2": OWN}, follow=True)
    assert groups_of("rosa") == [REVIEWER]
    assert not StaffUser.objects.get(pk=rosa.pk).check_password(OWN)
    assert olga.get(f"{base}/").url == "/admin/staff/"
    assert olga.get(f"{base}/{rosa.pk}/change/").url == f"/admin/staff/{rosa.pk}/"


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
    at_once(olga, rosa, "switch_off")
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
    answer = ask(olga, olga.user, kind, groups=[OPERATOR, REVIEWER], is_active="on")
    assert answer.status_code == 403
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
    again_ = ask(olga, rosa, "password")
    assert (again_.status_code, "proposed already" in text_of(again_)) == (409, True)


def test_a_superuser_is_nobodys_to_change(olga):
    root = StaffUser.objects.create_superuser("root")
    assert olga.get(f"/admin/staff/{root.pk}/").status_code == 404
    assert olga.post(f"/admin/staff/{root.pk}/propose", {"kind": "password"}).status_code == 404


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
    assert give_password(Client()).status_code == 429
    page = text_of(olga.get(f"/admin/staff/{rosa.pk}/"))
    assert "the next try in a new browser at 10:01 UTC" in page
    assert at_once(desk_of(AUDITOR), rosa, "lift").status_code == 403
    at_once(olga, rosa, "lift")
    assert give_password(Client()).status_code == 302
    event = AuditEvent.objects.get(kind="staff.unlocked")
    assert (event.actor_kind, event.actor_id) == ("operator", "olga")
    at_once(olga, rosa, "lift")
    assert AuditEvent.objects.filter(kind="staff.unlocked").count() == 1


def test_one_operator_switches_off_at_once_but_not_the_own_account(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    at_once(olga, rosa, "switch_off")
    assert not StaffUser.objects.get(pk=rosa.pk).is_active
    assert at_once(olga, olga.user, "switch_off").status_code == 403
    assert StaffUser.objects.get(pk=olga.user.pk).is_active


def test_an_act_that_is_none_does_nothing(olga, staff):
    rosa = staff(REVIEWER, "rosa")
    at_once(olga, rosa, "delete")
    assert StaffUser.objects.get(pk=rosa.pk).is_active


def test_every_event_names_the_acting_persons(olga, sam):
    confirmed(olga, sam)
    for kind in ("staff.added", "staff.password_reset"):
        event = AuditEvent.objects.get(kind=kind)
        persons = event.data["user"], event.data["proposed_by"], event.data["confirmed_by"]
        assert persons == ("rosa", "olga", "sam")
    assert AuditEvent.objects.get(kind="staff.added").actor_id == "sam"

"""Whoever is alone waits for a day; nobody makes themselves two people, or the only one, and no change stays unseen."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.flow.conftest import LATER, SECRET, again, text_of
from tests.flow.reviewing import decide, pass_on
from tests.flow.staffing import (
    AUDITOR,
    OPERATOR,
    REVIEWER,
    SENIOR,
    alone,
    appoint,
    ask,
    at_once,
    days_later,
    do,
    groups_of,
    mark_shown,
    propose,
)
from verification import casework, permissions
from verification.actions import policy, staff_change
from verification.models import AuditEvent, ChangeKind, StaffChange, StaffUser, Verdict
from verification.staffing import effects

pytestmark = [pytest.mark.usefixtures("an_hour_later", "quick_passwords"), pytest.mark.django_db]
NOTICE = "that you have not seen"


def counts_as(user, person):
    StaffUser.objects.filter(pk=user.pk).update(same_person_as=person)
    user.refresh_from_db()


@pytest.fixture
def puppets(olga, desk_of):
    """Two reviewers whom the only operator appointed alone."""
    alone(olga, appoint(olga, "anna", SENIOR), appoint(olga, "bert", SENIOR))
    return desk_of(SENIOR, "anna"), desk_of(SENIOR, "bert")


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
    alone(olga, change)
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


# Vouching takes two others


def test_nobody_vouches_for_the_own_puppet(olga, puppets):
    assert ask(olga, puppets[0].user, "vouch").status_code == 403
    assert ask(olga, puppets[0].user, "rights", is_active="on", groups=[OPERATOR]).status_code == 403


def test_vouching_never_takes_effect_alone(olga, puppets, desk_of):
    """Not either if the second operator leaves, nor a proposal that is older than this rule."""
    otto = desk_of(OPERATOR, "otto")
    vouch = propose(otto, puppets[0].user, "vouch")
    assert vouch.alone_until is None
    StaffChange.objects.filter(pk=vouch.pk).update(alone_until=LATER)
    olga.user.groups.clear()
    for puppet in puppets:
        puppet.user.groups.clear()
    assert do(otto, vouch, "confirm").status_code == 403
    puppets[0].user.refresh_from_db()
    assert puppets[0].user.person() == olga.user


def test_whoever_the_account_counts_as_does_not_confirm_the_vouching(olga, puppets, desk_of):
    otto = desk_of(OPERATOR, "otto")
    vouch = propose(otto, puppets[0].user, "vouch")
    for client in (olga, *puppets):
        assert do(client, vouch, "confirm").status_code == 403
    counts_as(puppets[0].user, otto.user)
    answer = do(desk_of(SENIOR, "sam"), vouch, "confirm")
    assert (answer.status_code, "otto and anna count as one person" in text_of(answer)) == (403, True)


# Taking over somebody's account


@pytest.mark.parametrize("group", [REVIEWER, SENIOR])
def test_nobody_alone_takes_over_the_account_of_a_real_person(olga, staff, group):
    """With a new password and a new second step, it counts as theirs until others vouch."""
    rosa = staff(group, "rosa")
    TOTP.activate(rosa, SECRET)
    step, password = propose(olga, rosa, "second_step"), propose(olga, rosa, "password")
    assert [answer.status_code for answer in alone(olga, step, password)] == [200, 200]
    with days_later(1):
        assert do(olga, password, "hand-out").status_code == 200
        assert ask(olga, rosa, "vouch").status_code == 403
    rosa.refresh_from_db()
    assert rosa.person() == olga.user
    with pytest.raises(permissions.OwnProposal):
        permissions.check_two_people(olga.user, rosa)


def test_the_owner_of_an_account_reads_of_its_change_and_stops_it(olga, desk_of):
    rosa = desk_of(REVIEWER, "rosa")
    change, other = propose(olga, rosa.user, "password"), appoint(olga, "other-name")
    assert f"1 change to the staff {NOTICE}" in text_of(rosa.get("/admin/"))
    page = text_of(rosa.get("/admin/staff/changes/"))
    assert "Asked for it." in page
    assert "other-name" not in page
    assert do(rosa, other, "stop").status_code == 403
    assert do(rosa, change, "stop").url == "/admin/staff/changes/"
    change.refresh_from_db()
    assert (change.state, change.stopped_by) == ("stopped", rosa.user)


def test_a_reviewer_marks_only_the_changes_to_the_own_account(olga, desk_of):
    rosa = desk_of(REVIEWER, "rosa")
    change, other = propose(olga, rosa.user, "password"), appoint(olga, "somebody")
    shown = [staff_change.as_shown(change), staff_change.as_shown(other)]
    rosa.post("/admin/staff/seen", {"shown": shown})
    assert NOTICE not in text_of(rosa.get("/admin/"))
    assert not other.seen_by.exists()


def test_one_half_alone_leaves_an_account_its_own(olga, with_app):
    password = propose(olga, with_app, "password")
    alone(olga, password)
    with days_later(1):
        assert do(olga, password, "hand-out").status_code == 200
    with_app.refresh_from_db()
    assert with_app.person() == with_app


def test_a_password_that_opens_an_account_counts_after_its_code_ran_out(olga, desk_of, staff):
    rosa = staff(REVIEWER, "rosa")
    TOTP.activate(rosa, SECRET)
    password, step = propose(olga, rosa, "password"), propose(olga, rosa, "second_step")
    alone(olga, step, password)
    with days_later(5):
        assert do(again(olga), password, "hand-out").status_code == 200
    rosa.refresh_from_db()
    assert rosa.person() == olga.user


def test_the_only_other_person_is_not_demoted_alone(olga, sam):
    change = propose(olga, sam.user, "rights", is_active="on", groups=[REVIEWER])
    assert change.alone_until is None


# Becoming alone


def test_switching_off_is_a_notice(olga, sam, desk_of, staff):
    auditor, rosa = desk_of(AUDITOR, "audi"), staff(REVIEWER, "rosa")
    at_once(olga, rosa, "switch_off")
    for client in (sam, auditor):
        assert f"1 change to the staff {NOTICE}" in text_of(client.get("/admin/"))
        page = text_of(client.get("/admin/staff/"))
        assert "Switched off by olga alone" in page
        assert "Switch off: <a" in page
    mark_shown(sam)
    assert NOTICE not in text_of(sam.get("/admin/"))


def test_nobody_becomes_alone_by_switching_the_others_off(olga, sam, staff):
    otto = staff(OPERATOR, "otto")
    for user in (sam.user, otto):
        at_once(olga, user, "switch_off")
    change = appoint(olga, "puppet", SENIOR)
    assert change.alone_until is None
    with days_later(6):
        assert do(again(olga), change, "confirm").status_code == 403
    assert not StaffUser.objects.filter(username="puppet").exists()


def test_thirty_days_after_the_last_other_left_one_is_alone(olga, sam):
    at_once(olga, sam.user, "switch_off")
    with days_later(30):
        assert appoint(again(olga), "rosa").alone_until is not None


def test_whoever_is_not_alone_any_more_does_not_go_on_alone(olga, staff):
    change = appoint(olga)
    staff(SENIOR, "sam")
    assert alone(olga, change)[0].status_code == 403
    with days_later(1):
        page = text_of(olga.get("/admin/staff/"))
    assert ">Put into effect<" not in page
    assert "who is another person has to confirm it" in page
    assert not StaffUser.objects.filter(username="rosa").exists()


# Nothing is hidden, and only what was shown is seen


def test_no_number_of_changes_hides_one_that_waits(olga, desk_of):
    auditor = desk_of(AUDITOR, "audi")
    appoint(olga, "evil", SENIOR)
    for number in range(31):
        do(auditor, appoint(olga, f"dummy{number}"), "stop")
    assert "evil" in text_of(auditor.get("/admin/staff/"))
    assert len(mark_shown(desk_of(AUDITOR, "other"))) == 32


def test_only_what_was_shown_is_marked(olga, desk_of):
    auditor = desk_of(AUDITOR, "audi")
    first = appoint(olga, "first")
    shown = [staff_change.as_shown(first)]
    appoint(olga, "second")
    auditor.post("/admin/staff/seen", {"shown": shown})
    assert f"1 change to the staff {NOTICE}" in text_of(auditor.get("/admin/"))
    auditor.post("/admin/staff/seen")
    assert f"1 change to the staff {NOTICE}" in text_of(auditor.get("/admin/"))


def test_what_took_effect_alone_is_new_again(olga, desk_of):
    auditor, change = desk_of(AUDITOR, "audi"), appoint(olga)
    shown = mark_shown(auditor)
    with days_later(1):
        do(again(olga), change, "confirm")
        again(auditor).post("/admin/staff/seen", {"shown": shown})
        assert staff_change.unseen(auditor.user, timezone.now()).get() == change


def test_an_operator_has_a_limited_number_of_changes_waiting(olga, sam):
    for number in range(effects.MAX_OPEN):
        change = appoint(olga, f"new{number}")
    answer = olga.post("/admin/staff/appoint", {"username": "more", "groups": [REVIEWER], "reason": "x"})
    assert (answer.status_code, "Stop one first" in text_of(answer)) == (422, True)
    assert ask(olga, sam.user, "password").status_code == 409
    do(olga, change, "stop")
    appoint(olga, "more")


# One person, several accounts


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
    alone(anna, appoint(anna, "cleo", SENIOR))
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


def test_no_account_of_a_person_changes_another_of_theirs(olga, desk_of):
    puppet, otto = desk_of(OPERATOR, "puppet"), desk_of(OPERATOR, "otto")
    counts_as(puppet.user, olga.user)
    assert ask(puppet, olga.user, "rights", is_active="on", groups=[SENIOR]).status_code == 403
    change = propose(otto, olga.user, "password")
    assert do(puppet, change, "confirm").status_code == 403


@pytest.mark.parametrize("which", ["stands for", "counts as"])
def test_a_case_about_one_account_of_a_person_is_no_work_for_the_other(staff, road, emulator, which):
    rita, other = staff(SENIOR, "rita"), staff(SENIOR, "other")
    counts_as(other, rita)
    case = road.in_review(emulator)
    case.applicant.email = "alice@example.org"
    about, worker = (rita, other) if which == "stands for" else (other, rita)
    StaffUser.objects.filter(pk=about.pk).update(email=case.applicant.email.upper())
    worker.refresh_from_db()
    with pytest.raises(permissions.ConflictOfInterest, match="about you"):
        permissions.check_work_on(worker, case)


def test_whoever_stepped_aside_does_not_come_back_with_another_account(staff, road, emulator):
    rita, other = staff(SENIOR, "rita"), staff(SENIOR, "other")
    counts_as(other, rita)
    case = road.in_review(emulator)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=rita)
    assert not casework.open_to(other, now=LATER).exists()
    with pytest.raises(permissions.ConflictOfInterest, match="stepped aside"):
        permissions.check_work_on(other, case)


# What the page says, and two proposals at the same moment


@pytest.mark.parametrize("days", [0, 2])
def test_the_page_of_a_proposal_alone_says_whose_the_account_becomes(olga, staff, days):
    appoint(olga)
    propose(olga, staff(REVIEWER, "rita"), "password")
    with days_later(days):
        page = text_of(again(olga).get("/admin/staff/"))
    assert "Put into effect alone, the account counts as one of olga until two others vouch" in page
    assert "If olga alone comes to know what opens the account, it counts as one of olga" in page


@pytest.mark.parametrize("kind", ["password", "appoint"])
def test_the_database_takes_one_of_two_equal_proposals(olga, sam, kind):
    first = propose(olga, sam.user, "password") if kind == "password" else appoint(olga)
    first.pk, first.public_id = None, "chg_other"
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save()
    first.target = first.target.upper() + "x"
    first.save()


@pytest.mark.parametrize("kind", [ChangeKind.PASSWORD, ChangeKind.APPOINT])
def test_a_proposal_that_lost_the_race_is_refused_in_a_sentence(olga, sam, kind):
    about = sam.user if kind == ChangeKind.PASSWORD else None
    wanted = {} if about else {"username": "Rosa", "groups": [REVIEWER]}
    row = {"kind": kind, "user": about, "wanted": wanted, "proposed_by": olga.user, "proposed_at": LATER}
    staff_change._save_once(StaffChange(**row))
    with pytest.raises(effects.NotPossible):
        staff_change._save_once(StaffChange(**row))


def test_a_change_that_ran_out_makes_room_for_the_same_one(olga, sam):
    first = propose(olga, sam.user, "password")
    with days_later(7):
        propose(again(olga), sam.user, "password")
        assert "ran out" in text_of(olga.get("/admin/staff/"))
    first.refresh_from_db()
    assert (first.state, first.ended_at) == ("stopped", LATER + timedelta(days=7))

"""Nobody makes themselves two people, or the only person, and no change to staff stays unseen."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.flow.conftest import LATER, SECRET
from tests.flow.reviewing import decide, pass_on
from tests.flow.test_staff_by_two import (
    AUDITOR,
    OPERATOR,
    REVIEWER,
    SENIOR,
    again,
    appoint,
    days_later,
    desk_of,
    do,
    mark_shown,
    olga,
    propose,
    puppets,
    quick,
    sam,
    text_of,
)
from verification import casework, permissions
from verification.actions import staff_change
from verification.models import ChangeKind, StaffChange, StaffUser, Verdict
from verification.staffing import effects

__all__ = ["desk_of", "olga", "puppets", "quick", "sam"]
pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]
NOTICE = "that you have not seen"


def counts_as(user, person):
    StaffUser.objects.filter(pk=user.pk).update(same_person_as=person)
    user.refresh_from_db()


def switch_off(by, *users):
    for user in users:
        by.post(f"/admin/staff/{user.pk}/at-once", {"act": "switch_off"})


def asked(client, about, kind, **fields):
    return client.post(f"/admin/staff/{about.pk}/propose", {"kind": kind, "reason": "Please.", **fields})


# Vouching takes two others


def test_nobody_vouches_for_the_own_puppet(olga, puppets):
    assert asked(olga, puppets[0].user, "vouch").status_code == 403
    assert asked(olga, puppets[0].user, "rights", is_active="on", groups=[OPERATOR]).status_code == 403


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


def test_a_lone_operator_never_decides_as_two(olga, puppets, road, emulator):
    anna, bert = (one.user for one in puppets)
    with days_later(1):
        assert asked(again(olga), anna, "vouch").status_code == 403
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    case = road.in_review(emulator)
    decide(case, Verdict.APPROVE, "same_person", by=anna)
    with pytest.raises(permissions.OwnProposal):
        decide(case, Verdict.APPROVE, "same_person", by=bert)


# Taking over somebody's account


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


def test_a_taken_over_senior_counts_as_the_operator_until_others_vouch(olga, sam):
    TOTP.activate(sam.user, SECRET)
    step, password = propose(olga, sam.user, "second_step"), propose(olga, sam.user, "password")
    with days_later(1):
        again(olga)
        for change, act in ((step, "confirm"), (password, "confirm"), (password, "hand-out")):
            assert do(olga, change, act).status_code in {200, 302}
        sam.user.refresh_from_db()
        assert sam.user.person() == olga.user
        assert asked(olga, sam.user, "vouch").status_code == 403


def test_a_password_that_opens_an_account_counts_after_its_code_ran_out(olga, desk_of, staff):
    rosa = staff(REVIEWER, "rosa")
    TOTP.activate(rosa, SECRET)
    password, step = propose(olga, rosa, "password"), propose(olga, rosa, "second_step")
    with days_later(1):
        again(olga)
        do(olga, step, "confirm")
        do(olga, password, "confirm")
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
    switch_off(olga, rosa)
    for client in (sam, auditor):
        assert f"1 change to the staff {NOTICE}" in text_of(client.get("/admin/"))
        page = text_of(client.get("/admin/staff/"))
        assert "Switched off by olga alone" in page
        assert "Switch off: <a" in page
    mark_shown(sam)
    assert NOTICE not in text_of(sam.get("/admin/"))


def test_nobody_becomes_alone_by_switching_the_others_off(olga, sam, staff):
    otto = staff(OPERATOR, "otto")
    switch_off(olga, sam.user, otto)
    change = appoint(olga, "puppet", SENIOR)
    assert change.alone_until is None
    with days_later(6):
        assert do(again(olga), change, "confirm").status_code == 403
    assert not StaffUser.objects.filter(username="puppet").exists()


def test_thirty_days_after_the_last_other_left_one_is_alone(olga, sam):
    switch_off(olga, sam.user)
    with days_later(30):
        assert appoint(again(olga), "rosa").alone_until is not None


def test_whoever_is_not_alone_any_more_does_not_go_on_alone(olga, staff):
    change = appoint(olga)
    staff(SENIOR, "sam")
    with days_later(1):
        assert do(again(olga), change, "confirm").status_code == 403
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
    assert asked(olga, sam.user, "password").status_code == 409
    do(olga, change, "stop")
    appoint(olga, "more")


# One person, several accounts


def test_no_account_of_a_person_changes_another_of_theirs(olga, desk_of):
    puppet, otto = desk_of(OPERATOR, "puppet"), desk_of(OPERATOR, "otto")
    counts_as(puppet.user, olga.user)
    assert asked(puppet, olga.user, "rights", is_active="on", groups=[SENIOR]).status_code == 403
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

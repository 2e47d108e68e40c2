"""Reviewers on one case: notes and questions, keeping a case for somebody, several cases at once, cancelling."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import NOTE, approve, change, decide, hand_back, pass_on, shown
from verification import audit, casework
from verification.actions import assign, claim, erase
from verification.actions import note as noting
from verification.models import AuditEvent, CaseNote, Review, StaffUser, Verdict
from verification.review.queue.bulk import MAX_AT_ONCE
from verification.review.queue.filters import Chosen, View
from verification.states import Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
SENIOR = "Senior reviewer"
ASKED = "Have you seen this kind of residence permit before?"
ANSWERED = "Yes, it is the new one with the hologram on the left."


@pytest.fixture
def rita(desk_of):
    return desk_of("Reviewer", "rita")


@pytest.fixture
def rolf(desk_of):
    return desk_of("Reviewer", "rolf")


@pytest.fixture
def case(road, emulator):
    return road.in_review(emulator, email="alice@example.org")


def at(name, case):
    return reverse(f"admin:{name}", args=[case.public_id])


def page_of(desk, case):
    return desk.get(at("case", case)).content.decode()


def board_of(desk):
    return desk.get(reverse("admin:index")).content.decode()


def ask(desk, case, *to, text=ASKED, **fields):
    keys = [person.user.pk for person in to]
    return desk.post(at("write_note", case), {"text": text, "to": keys, "question": "on", **fields})


# Notes and questions


def test_a_question_is_on_the_board_of_who_is_asked_until_it_is_answered(case, rita, rolf):
    assert ask(rita, case, rolf).status_code == 302
    board = board_of(rolf)
    assert "rita asks you" in board
    assert ">new<" in board
    assert ASKED not in board
    assert ASKED in page_of(rolf, case)
    board = board_of(rolf)
    assert "rita asks you" in board
    assert ">new<" not in board
    answer(rolf, case)
    assert "rita asks you" not in board_of(rolf)
    assert "rolf answered you" in board_of(rita)
    page = page_of(rita, case)
    assert ANSWERED in page
    assert "answers rita" in page
    assert "rolf answered you" not in board_of(rita)


def answer(desk, case):
    question = case.notes.get(question=True).public_id
    return desk.post(at("write_note", case), {"text": ANSWERED, "answers": question})


def test_the_asker_sees_that_it_was_seen(case, rita, rolf):
    ask(rita, case, rolf)
    assert "· seen" not in page_of(rita, case)
    page_of(rolf, case)
    assert "· seen" in page_of(rita, case)


def test_a_note_that_asks_nothing_leaves_the_board_once_it_was_seen(case, rita, rolf):
    rita.post(at("write_note", case), {"text": "It looks fine.", "to": [rolf.user.pk]})
    assert "rita wrote to you" in board_of(rolf)
    page_of(rolf, case)
    assert "rita wrote to you" not in board_of(rolf)


def test_writing_a_note_judges_nothing_and_leaves_open_pages_valid(case, rita):
    before = shown(case)
    rita.post(at("write_note", case), {"text": "A thought."})
    assert shown(case) == before
    assert (case.status, Review.objects.count()) == (Status.IN_REVIEW, 0)


def test_the_trail_has_the_id_of_a_note_and_never_its_text(case, rita, rolf):
    ask(rita, case, rolf)
    event = AuditEvent.objects.get(kind="case.note_written")
    note = case.notes.get()
    assert list(event.data.pop("commits")) == [f"casenote:{note.public_id}"]
    assert event.data == {"note": note.public_id, "question": True, "to": 1}
    assert (event.actor_id, event.subject_id) == ("rita", case.public_id)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": ""}, "Write something"),
        ({"text": "   "}, "Write something"),
        ({"text": "x" * 2001}, "2000 characters"),
        ({"text": "Who knows?", "question": "on"}, "Choose whom you ask"),
    ],
)
def test_a_note_that_can_not_be_kept_says_why_and_keeps_what_was_written(case, rita, fields, sentence):
    refused = rita.post(at("write_note", case), fields)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert sentence in page
    assert fields["text"].strip() in page
    assert CaseNote.objects.count() == 0


def test_a_case_has_room_for_so_many_notes(case, rita, monkeypatch):
    monkeypatch.setattr(noting, "MAX_NOTES", 1)
    rita.post(at("write_note", case), {"text": "The first."})
    assert "no room" in rita.post(at("write_note", case), {"text": "The second."}).content.decode()


def test_pressing_twice_writes_once(case, rita, rolf):
    for _ in range(2):
        ask(rita, case, rolf)
    assert CaseNote.objects.count() == 1


def test_only_colleagues_without_an_interest_are_there_to_ask(case, rita, rolf, desk_of):
    about = desk_of("Reviewer", "alice")
    StaffUser.objects.filter(pk=about.user.pk).update(email="Alice@example.org")
    desk_of("Auditor", "auditor")
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=desk_of("Reviewer", "aside").user)
    other = StaffUser.objects.create(username="rita2", same_person_as=rita.user, is_staff=True)
    other.groups.set(rita.user.groups.all())
    assert [one.username for one in casework.colleagues(case, rita.user)] == ["rolf"]
    assert ask(rita, case, about).status_code == 422


def test_who_stepped_aside_reads_and_writes_nothing_more_into_it(case, rita):
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=rita.user)
    assert rita.post(at("write_note", case), {"text": "Approve her, please."}).status_code == 403
    assert "Write a note" not in page_of(rita, case)


def test_auditors_read_notes_and_write_none(case, rita, desk_of):
    rita.post(at("write_note", case), {"text": "A thought."})
    auditor = desk_of("Auditor", "auditor")
    assert "A thought." in page_of(auditor, case)
    assert auditor.post(at("write_note", case), {"text": "Mine."}).status_code == 403


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_the_proposer_wrote_is_hidden_until_the_second_has_judged(case, rita, rolf, when):
    def write():
        ask(rita, case, rolf, text="I think that they are the same.")

    write() if when == "before" else None
    approve(case, by=rita.user)
    write() if when == "after" else None
    assert "I think that they" not in page_of(rolf, case)
    assert "shown after your own verdict" in page_of(rolf, case)
    assert "rita asks you" in board_of(rolf)
    approve(case, by=rolf.user)
    assert "I think that they" in page_of(rolf, case)


def test_what_a_colleague_answered_the_proposer_is_hidden_too(case, rita, rolf, desk_of):
    colleague = desk_of("Reviewer", "colleague")
    ask(rita, case, colleague, text="I would decline. And you?")
    asked = CaseNote.objects.get()
    colleague.post(at("write_note", case), {"text": "Decline it.", "answers": asked.public_id})
    colleague.post(at("write_note", case), {"text": "Which country issues this?"})
    approve(case, by=rita.user)
    page = page_of(rolf, case)
    assert "Decline it." not in page
    assert "Which country issues this?" in page
    assert "Decline it." in page_of(colleague, case)
    approve(case, by=rolf.user)
    assert "Decline it." in page_of(rolf, case)


def test_what_a_senior_writes_between_two_verdicts_is_hidden_from_the_next(case, rita, rolf, desk_of):
    approve(case, by=rita.user)
    decide(case, Verdict.DECLINE, "not_live", by=rolf.user)
    senior, later = desk_of(SENIOR, "sam"), desk_of(SENIOR, "later")
    senior.post(at("write_note", case), {"text": "Rolf is right, I think."})
    assert "Rolf is right" in page_of(rita, case)
    hand_back(case, by=later.user)
    assert "Rolf is right" not in page_of(desk_of("Reviewer", "fourth"), case)


def test_what_a_second_person_asks_is_read_by_others_who_have_not_judged(case, rita, rolf, desk_of):
    approve(case, by=rita.user)
    third = desk_of("Reviewer", "third")
    ask(rolf, case, third, text="Which country issues this?")
    assert "Which country" in page_of(third, case)


def test_erasing_empties_the_notes_and_says_how_many(case, rita):
    rita.post(at("write_note", case), {"text": "Her sister called."})
    decide(case, Verdict.DECLINE, "not_live", by=rita.user)
    erase.erase(case.applicant, by=audit.By.shell(), reason="asked for", now=LATER)
    assert CaseNote.objects.get().text == ""
    assert AuditEvent.objects.get(kind="applicant.erased").data["notes"] == 1
    page = page_of(rita, case)
    assert "Erased with the evidence." in page
    assert "Her sister called." not in page
    rita.post(at("write_note", case), {"text": "One more."})
    assert CaseNote.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verification_casenote SET text = 'another'",
        "UPDATE verification_casenote SET text = '', informed = true",
        "DELETE FROM verification_casenote",
    ],
)
def test_the_database_keeps_notes_as_they_were_written(case, rita, statement):
    rita.post(at("write_note", case), {"text": "A thought."})
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# Keeping a case for somebody


def test_a_kept_case_is_for_nobody_else(case, rita, rolf, sam):
    sam.post(at("assign", case), {"to": rita.user.pk})
    case.refresh_from_db()
    assert case.assigned_to == rita.user
    assert AuditEvent.objects.get(kind="case.assigned").data == {"to": "rita"}
    assert claim.take_next(by=rolf.user, now=LATER) is None
    for desk in (rolf, sam):
        with pytest.raises(casework.ClaimedByOther, match="kept for rita"):
            claim.claim(case, by=desk.user, now=LATER)
        with pytest.raises(casework.ClaimedByOther):
            decide(case, Verdict.DECLINE, "not_live", by=desk.user)
        assert "Kept for rita" in page_of(desk, case)
    assert "Kept for you" in page_of(rita, case)


def test_take_next_brings_what_is_kept_for_me_first(road, emulator, rita):
    urgent, mine = road.in_review(emulator), road.in_review(emulator)
    change(urgent, due_at=LATER - timedelta(hours=1))
    assign.assign(mine, to=rita.user, by=rita.user, now=LATER)
    assert claim.take_next(by=rita.user, now=LATER) == mine
    assert claim.take_next(by=rita.user, now=LATER + timedelta(minutes=1), excluding=mine) == urgent


def test_it_ends_with_the_verdict_but_not_with_a_snooze(case, rita):
    assign.assign(case, to=rita.user, by=rita.user, now=LATER)
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=rita.user, hours=1)
    case.refresh_from_db()
    assert case.assigned_to == rita.user
    approve(case, by=rita.user)
    case.refresh_from_db()
    assert (case.proposal.by, case.assigned_to, case.assigned_at) == (rita.user, None, None)


def test_it_is_taken_back_by_a_senior_or_given_back_by_its_owner(case, rita, rolf, sam):
    for desk in (rita, sam):
        assign.assign(case, to=rita.user, by=sam.user, now=LATER)
        assert rolf.post(at("take_back", case)).status_code == 403
        desk.post(at("take_back", case))
        case.refresh_from_db()
        assert case.assigned_to is None
    assert AuditEvent.objects.filter(kind="case.taken_back", data={"kept_for": "rita"}).count() == 2


def test_reviewers_keep_cases_for_themselves_only(case, rita, rolf):
    rita.post(at("assign", case))
    case.refresh_from_db()
    assert case.assigned_to == rita.user
    assert rolf.post(at("assign", case), {"to": rita.user.pk}).status_code == 403
    assert rolf.post(at("assign", case)).status_code == 403


def test_it_is_kept_for_nobody_who_can_not_judge_it(case, rita, rolf, sam):
    approve(case, by=rita.user)
    sam.post(at("assign", case), {"to": rita.user.pk})
    assert "Rita can&#x27;t judge this case" in sam.get(reverse("admin:queue")).content.decode()
    claim.claim(case, by=rolf.user, now=LATER)
    sam.post(at("assign", case), {"to": sam.user.pk})
    case.refresh_from_db()
    assert case.assigned_to is None


def test_nobody_keeps_more_than_they_can_judge(road, emulator, rita, monkeypatch):
    monkeypatch.setattr(assign, "MAX_ASSIGNED", 1)
    one, two = road.in_review(emulator), road.in_review(emulator)
    assign.assign(one, to=rita.user, by=rita.user, now=LATER)
    with pytest.raises(assign.CantTakeIt, match="1 cases already"):
        assign.assign(two, to=rita.user, by=rita.user, now=LATER)


def test_what_was_kept_for_an_account_that_is_switched_off_is_there_for_everybody(case, rita, rolf):
    assign.assign(case, to=rita.user, by=rita.user, now=LATER)
    StaffUser.objects.filter(pk=rita.user.pk).update(is_active=False)
    assert claim.take_next(by=rolf.user, now=LATER) == case


def test_mine_and_unassigned_know_of_kept_cases(case, rita, rolf):
    assign.assign(case, to=rita.user, by=rita.user, now=LATER)

    def found(view, desk):
        return list(Chosen(view=view).cases(desk.user, LATER))

    assert found(View.MINE, rita) == [case]
    assert found(View.MINE, rolf) == []
    assert found(View.UNASSIGNED, rolf) == []
    assert list(Chosen(owner=str(rita.user.pk)).cases(rolf.user, LATER)) == [case]
    assert "kept for you" in board_of(rita)
    assert "kept for rita" in rolf.get(reverse("admin:queue")).content.decode()


# Several at once


def bulk(desk, cases, act, **fields):
    for case in cases:
        case.refresh_from_db()
    picked = [f"{case.public_id}.{case.version}" for case in cases]
    return desk.post(
        reverse("admin:bulk"), {"case": picked, "act": act, **fields}, follow=True
    ).content.decode()


@pytest.fixture
def cases(road, emulator):
    return [road.in_review(emulator, reference=f"CUST-{number}") for number in range(3)]


def test_a_senior_assigns_several_and_hears_which_were_refused(cases, rita, rolf, sam):
    claim.claim(cases[1], by=rolf.user, now=LATER)
    page = bulk(sam, cases, "assign", to=rita.user.pk)
    assert "Done with 2 cases." in page
    assert "Not done with CUST-1: Another reviewer is working on this case." in page
    assert set(rita.user.assigned.all()) == {cases[0], cases[2]}
    assert AuditEvent.objects.filter(kind="case.assigned").count() == 2


def test_several_are_snoozed_each_with_its_event(cases, rita):
    page = bulk(rita, cases, "snooze", reason_code="waiting_for_information", hours="4")
    assert "Done with 3 cases." in page
    assert AuditEvent.objects.filter(kind="case.snoozed").count() == 3
    assert Review.objects.filter(verdict=Verdict.SNOOZE, by=rita.user).count() == 3


def test_one_that_changed_since_the_list_was_shown_is_not_snoozed(cases, rita):
    picked = [f"{case.public_id}.{case.version - (case == cases[0])}" for case in cases]
    fields = {"case": picked, "act": "snooze", "reason_code": "fresh_eyes", "hours": "1"}
    page = rita.post(reverse("admin:bulk"), fields, follow=True).content.decode()
    assert "Done with 2 cases." in page
    assert "Not done with CUST-0: The case was changed" in page


@pytest.mark.parametrize("act", ["approve", "decline", "cancel", ""])
def test_nothing_is_decided_in_bulk(cases, sam, act):
    page = bulk(sam, cases, act, reason_code="same_person", verdict="approve", note=NOTE)
    assert "Choose cases" in page
    assert Review.objects.count() == 0


def test_at_most_a_page_of_cases_at_once(rita):
    assert MAX_AT_ONCE == 25
    picked = [f"ver_{'a' * 24}.1"] * (MAX_AT_ONCE + 1)
    page = rita.post(reverse("admin:bulk"), {"case": picked, "act": "keep"}, follow=True).content.decode()
    assert "Choose cases, 25 at most" in page


def test_reviewers_assign_nothing_to_others_in_bulk(cases, rita, rolf):
    picked = [f"{cases[0].public_id}.{cases[0].version}"]
    refused = rita.post(reverse("admin:bulk"), {"case": picked, "act": "assign", "to": rolf.user.pk})
    assert refused.status_code == 403
    assert "Done with 3 cases." in bulk(rita, cases, "keep")
    assert "Done with 3 cases." in bulk(rita, cases, "take_back")


# Cancelling


def test_a_senior_cancels_with_a_reason_and_the_applicant_reads_that_it_ended(case, sam, road):
    fields = {"cancel_reason": "applicant_withdrew", "cancel_note": NOTE, **shown(case)}
    assert "Cancel the case" in page_of(sam, case)
    assert sam.post(at("cancel", case), fields).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.CANCELLED
    event = AuditEvent.objects.get(kind="verification.cancelled")
    assert (event.actor_kind, event.actor_id, event.data["reason"]) == (
        "senior_reviewer",
        "sam",
        "applicant_withdrew",
    )
    assert NOTE not in str(event.data)
    assert Review.objects.get().note == NOTE


@pytest.mark.parametrize(
    "changed", [{"cancel_reason": "same_person"}, {"cancel_note": "No."}, {"cancel_note": ""}]
)
def test_cancelling_takes_a_reason_and_a_note(case, sam, changed):
    fields = {"cancel_reason": "not_needed", "cancel_note": NOTE, **shown(case), **changed}
    refused = sam.post(at("cancel", case), fields)
    case.refresh_from_db()
    assert (refused.status_code, case.status) == (422, Status.IN_REVIEW)
    assert "Nothing was saved" in refused.content.decode()


def test_an_invitation_is_cancelled_too_and_a_decided_case_is_not(road, emulator, sam):
    invited, declined = road.invited(), road.in_review(emulator)
    decide(declined, Verdict.DECLINE, "not_live", by=sam.user)
    fields = {"cancel_reason": "invited_by_mistake", "cancel_note": NOTE}
    assert sam.post(at("cancel", invited), {**fields, "version": invited.version}).status_code == 302
    invited.refresh_from_db()
    declined.refresh_from_db()
    assert invited.status == Status.CANCELLED
    assert sam.post(at("cancel", declined), {**fields, "version": declined.version}).status_code == 409

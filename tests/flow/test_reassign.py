"""Passing a case on: escalating, snoozing, stepping aside; and renewing the claim while at work."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, hand_back, pass_on, shown
from verification import casework, permissions
from verification.actions import claim, reassign
from verification.models import AuditEvent, Verdict

pytestmark = pytest.mark.usefixtures("an_hour_later")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def case(road, emulator):
    return road.in_review(emulator)


@pytest.fixture
def one(staff):
    return staff("Reviewer")


def test_an_escalated_case_is_for_seniors_alone(case, one, staff):
    claim.claim(case, by=one, now=LATER)
    pass_on(case, Verdict.ESCALATE, "unsure", by=one)
    case.refresh_from_db()
    senior = staff("Senior reviewer")
    assert case.claimed_by is None
    assert claim.take_next(by=one, now=LATER) is None
    with pytest.raises(permissions.Denied, match="senior reviewers"):
        decide(case, Verdict.DECLINE, "different_person", by=one)
    assert claim.take_next(by=senior, now=LATER) == case
    decide(case, Verdict.DECLINE, "different_person", by=senior)


def test_escalating_wakes_a_snoozed_case(case, one, staff):
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=one, hours=72)
    pass_on(case, Verdict.ESCALATE, "unsure", by=one)
    assert claim.take_next(by=staff("Senior reviewer"), now=LATER) == case


def test_escalating_needs_a_note(case, one):
    with pytest.raises(casework.NoteRequired):
        pass_on(case, Verdict.ESCALATE, "unsure", by=one, note="hm")


def test_a_snoozed_case_comes_back_by_itself(case, one, staff):
    due = case.due_at
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=one, hours=4)
    case.refresh_from_db()
    assert case.due_at == due
    assert claim.take_next(by=one, now=LATER + timedelta(hours=4) - MINUTE) is None
    assert claim.take_next(by=one, now=LATER + timedelta(hours=4)) == case


@pytest.mark.parametrize("hours", [0, 2, 10_000])
def test_a_case_is_snoozed_for_a_length_on_the_list(case, one, hours):
    with pytest.raises(reassign.UnusableSnooze):
        pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=one, hours=hours)


def test_who_steps_aside_does_not_come_back(case, one, staff):
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=one)
    assert claim.take_next(by=one, now=LATER) is None
    case.refresh_from_db()
    with pytest.raises(permissions.ConflictOfInterest):
        decide(case, Verdict.DECLINE, "different_person", by=one)
    assert claim.take_next(by=staff("Reviewer", "reviewer2"), now=LATER) == case


def test_a_verdict_proposed_by_who_steps_aside_falls_away(case, one):
    approve(case, by=one)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=one)
    case.refresh_from_db()
    assert case.proposal is None


def test_the_trail_names_the_proposal_that_went_with_its_reviewer(case, one):
    decide(case, Verdict.APPROVE, "vendor_error", by=one)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=one)
    ended = AuditEvent.objects.get(kind="case.stepped_aside").data["ends_proposal"]
    assert ended == case.reviews.get(stage="proposal").public_id


def test_a_colleagues_proposal_outlives_who_steps_aside(case, one, staff):
    approve(case, by=one)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=staff("Reviewer", "reviewer2"))
    case.refresh_from_db()
    assert case.proposal is not None


@pytest.mark.parametrize(
    ("verdict", "reason", "event"),
    [
        ("escalate", "fraud_suspected", "case.escalated"),
        ("snooze", "vendor_trouble", "case.snoozed"),
        ("step_aside", "own_interest", "case.stepped_aside"),
    ],
)
def test_handing_on_from_the_page_is_an_event_without_the_note(case, signed_in, verdict, reason, event):
    note = "Her cousin works with me."
    fields = {"verdict": verdict, "reason_code": reason, "note": note, "hours": "4", **shown(case)}
    answer = signed_in().post(reverse("admin:decide", args=[case.public_id]), fields)
    assert answer.url == reverse("admin:queue")
    found = AuditEvent.objects.get(kind=event)
    assert found.data["reason"] == reason
    assert note not in str(found.data)
    assert case.reviews.get().note == note


def test_work_renews_the_hold_and_leaving_ends_it(case, signed_in, one):
    client = signed_in()
    claim.claim(case, by=one, now=LATER - 14 * MINUTE)
    address = reverse("admin:renew", args=[case.public_id])
    assert client.post(address).json()["until"].startswith("2026-11-23T10:15")
    case.refresh_from_db()
    assert case.claimed_until == LATER + casework.CLAIM_LEASE
    client.post(reverse("admin:release", args=[case.public_id]))
    case.refresh_from_db()
    assert case.claimed_by is None
    assert client.post(address).status_code == 409


def test_a_hold_that_ended_is_not_taken_back_by_surprise(case, signed_in, one, staff):
    claim.claim(case, by=one, now=LATER - 16 * MINUTE)
    assert signed_in().post(reverse("admin:renew", args=[case.public_id])).status_code == 409
    assert claim.take_next(by=staff("Senior reviewer"), now=LATER) == case


def test_a_decided_case_can_not_be_claimed(case, signed_in, one):
    decide(case, Verdict.DECLINE, "different_person", by=one)
    page = signed_in().post(reverse("admin:claim", args=[case.public_id]), follow=True).content.decode()
    assert "not in review any more" in page


def test_nobody_gives_back_what_a_colleague_holds(case, signed_in, staff):
    claim.claim(case, by=staff("Senior reviewer"), now=LATER)
    page = signed_in().post(reverse("admin:release", args=[case.public_id]), follow=True).content.decode()
    assert "You did not hold this case" in page
    case.refresh_from_db()
    assert case.claimed_by == staff("Senior reviewer")


def test_two_presses_take_one_case(case, road, emulator, signed_in, one):
    road.in_review(emulator)
    client = signed_in()
    addresses = {client.post(reverse("admin:take_next")).url for _ in range(2)}
    assert len(addresses) == 1
    assert one.claims.count() == 1


def test_work_at_a_case_in_another_tab_is_no_press(case, road, emulator, signed_in, one):
    other, client = road.in_review(emulator), signed_in()
    claim.claim(case, by=one, now=LATER - MINUTE)
    client.post(reverse("admin:renew", args=[case.public_id]))
    assert client.post(reverse("admin:take_next")).url == reverse("admin:case", args=[other.public_id])


def test_the_trail_says_who_held_a_case_and_who_gave_it_back(case, signed_in, one, staff):
    claim.claim(case, by=one, now=LATER - 16 * MINUTE)
    claim.claim(case, by=staff("Senior reviewer"), now=LATER - MINUTE)
    claim.claim(case, by=staff("Senior reviewer"), now=LATER)
    signed_in("Senior reviewer").post(reverse("admin:release", args=[case.public_id]))
    events = AuditEvent.objects.filter(subject_id=case.public_id, kind__in=["case.claimed", "case.released"])
    assert [(event.kind, event.actor_kind, event.actor_id) for event in events.order_by("pk")] == [
        ("case.claimed", "reviewer", "reviewer"),
        ("case.claimed", "reviewer", "senior"),
        ("case.released", "reviewer", "senior"),
    ]


def test_the_trail_says_for_how_long_a_case_was_snoozed(case, one):
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=one, hours=24)
    assert AuditEvent.objects.get(kind="case.snoozed").data["hours"] == 24


def test_withdrawing_wakes_a_snoozed_proposal(case, one, staff):
    two = staff("Reviewer", "reviewer2")
    approve(case, by=one)
    pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=two, hours=72)
    hand_back(case, by=one, reason="withdrawn")
    case.refresh_from_db()
    assert case.snoozed_until is None


def test_holding_does_not_make_the_page_stale(case, one):
    before = shown(case)
    claim.claim(case, by=one, now=LATER)
    claim.renew(case, by=one, now=LATER)
    assert shown(case) == before

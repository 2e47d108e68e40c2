"""Taking the next case: which one a reviewer gets; and a claim that expires while the reviewer is typing."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import NOTE, cast_of, change, decide, page_of, pass_on
from verification import casework
from verification.actions import claim
from verification.evidence.judged import evidence_hash
from verification.models import Verdict
from verification.states import Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
QUEUE = "/admin/queue/"


@pytest.fixture
def cast(road, emulator, staff):
    return cast_of(road, emulator, staff)


def shown(client, query="") -> list[str]:
    return [row["case"].applicant.reference for row in client.get(f"{QUEUE}?{query}").context["rows"]]


# Taking the next


MOMENTS = count(5, 5)


def take(client):
    """Takes the next case, some seconds later each time: two presses within 2 s count as one."""
    with time_machine.travel(LATER + timedelta(seconds=next(MOMENTS)), tick=False):
        return client.post(reverse("admin:take_next"))


def test_take_next_claims_the_first_that_is_free(cast, signed_in, staff):
    response = take(signed_in())
    cast.late.refresh_from_db()
    assert response.url == page_of(cast.late)
    assert cast.late.claimed_by == staff("Reviewer")


def test_take_next_takes_only_what_is_free_to_this_reviewer(cast, signed_in):
    """Not a case that is claimed, snoozed, escalated, or proposed by this reviewer."""
    client = signed_in()
    assert [take(client).url == QUEUE for _ in range(4)] == [False, False, False, True]
    assert set(shown(client, "view=mine")) == {"MINE", "LATE", "FREE", "PROPOSED"}


def test_take_next_gives_a_senior_what_was_escalated(cast, signed_in):
    client = signed_in("Senior reviewer")
    for _ in range(6):
        take(client)
    assert set(shown(client, "view=mine")) == {"LATE", "FREE", "ESCALATED", "PROPOSED", "OWN"}


def test_take_next_gives_nobody_what_they_stepped_aside_from(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=staff("Reviewer"))
    assert take(signed_in()).url == QUEUE


def test_take_next_gives_nobody_their_own_case(road, emulator, signed_in, staff):
    road.in_review(emulator, email="Reviewer@Example.org")
    member = staff("Reviewer")
    member.email = "reviewer@example.ORG"
    member.save()
    client = signed_in()
    assert take(client).url == QUEUE
    assert "There is no unassigned case for you. The others" in client.get(QUEUE).content.decode()


def test_take_next_with_nothing_to_take_goes_back_to_the_queue(signed_in):
    response = signed_in().post(reverse("admin:take_next"), follow=True)
    assert "There is no unassigned case: nothing is waiting." in response.content.decode()


def test_an_auditor_takes_no_case(road, emulator, signed_in):
    road.in_review(emulator)
    assert take(signed_in("Auditor")).status_code == 403


def test_a_case_can_be_claimed_from_its_page(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    signed_in().post(reverse("admin:claim", args=[case.public_id]))
    case.refresh_from_db()
    assert case.claimed_by == staff("Reviewer")


# After work on a case ends


def send(client, case, verdict, reason, **changes):
    """Sends the form of the case's page as it is now."""
    case.refresh_from_db()
    page = {"version": case.version, "evidence_sha256": evidence_hash(case)}
    fields = {"verdict": verdict, "reason_code": reason, "note": NOTE, **page, **changes}
    return client.post(reverse("admin:decide", args=[case.public_id]), fields)


@pytest.fixture
def proposed(road, emulator, staff):
    """The reviewer's own proposal; the case is due first, also after it is withdrawn."""
    case = road.in_review(emulator)
    change(case, due_at=LATER - timedelta(hours=1))
    decide(case, Verdict.APPROVE, "vendor_error", by=staff("Reviewer"))
    return case


def test_after_withdrawing_another_case_is_next(proposed, road, emulator, signed_in):
    other = road.in_review(emulator)
    answer = send(signed_in(), proposed, "hand_back", "withdrawn", next="1")
    proposed.refresh_from_db()
    assert (answer.url, proposed.proposal) == (page_of(other), None)


def test_after_escalating_a_senior_gets_another_case_next(road, emulator, signed_in):
    case, other = road.in_review(emulator), road.in_review(emulator)
    client = signed_in("Senior reviewer")
    assert send(client, case, "escalate", "unsure", next="1").url == page_of(other)


def test_without_another_case_withdrawing_leads_to_the_queue_and_says_what_was_done(proposed, signed_in):
    client = signed_in()
    assert send(client, proposed, "hand_back", "withdrawn", next="1").url == QUEUE
    page = client.get(QUEUE).content.decode()
    assert "The proposal on" in page
    assert "no unassigned case" not in page
    proposed.refresh_from_db()
    assert proposed.claimed_by is None


def test_withdrawing_twice_by_two_presses_gives_one_next_case(proposed, road, emulator, signed_in, staff):
    for _ in range(2):
        road.in_review(emulator)
    client = signed_in()
    proposed.refresh_from_db()
    page = {"version": proposed.version, "evidence_sha256": evidence_hash(proposed)}
    answers = {send(client, proposed, "hand_back", "withdrawn", next="1", **page).url for _ in range(2)}
    assert len(answers) == 1
    assert staff("Reviewer").claims.count() == 1


def test_what_was_withdrawn_is_not_what_take_next_brings(proposed, road, emulator, signed_in):
    other, client = road.in_review(emulator), signed_in()
    assert send(client, proposed, "hand_back", "withdrawn").url == QUEUE
    assert take(client).url == page_of(other)


def test_what_was_given_back_is_not_what_take_next_brings(road, emulator, signed_in, staff):
    case, other = road.in_review(emulator), road.in_review(emulator)
    client = signed_in()
    assert take(client).url == page_of(case)
    client.post(reverse("admin:release", args=[case.public_id]))
    assert take(client).url == page_of(other)


def test_what_was_given_back_comes_again_when_nothing_else_is_left(road, emulator, signed_in):
    case, client = road.in_review(emulator), signed_in()
    take(client)
    client.post(reverse("admin:release", args=[case.public_id]))
    assert take(client).url == page_of(case)


def test_what_one_reviewer_gave_back_is_next_for_another(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    road.in_review(emulator)
    client = signed_in()
    take(client)
    client.post(reverse("admin:release", args=[case.public_id]))
    assert claim.take_next(by=staff("Reviewer", "colleague"), now=LATER) == case


# After the claim has expired


@pytest.fixture
def expired(road, emulator, staff):
    """A case whose claim has expired."""
    case = road.in_review(emulator)
    claim.claim(case, by=staff("Reviewer"), now=LATER - casework.CLAIM_LEASE)
    return case


def test_who_no_longer_holds_a_case_learns_that_they_can_still_record(expired, signed_in):
    response = signed_in().post(reverse("admin:renew", args=[expired.public_id]))
    assert response.status_code == 409
    assert "Your hold on this case has ended" in response.json()["detail"]
    assert "You can still record" in response.json()["detail"]


@pytest.mark.parametrize(
    ("verdict", "reason", "status"),
    [
        ("decline", "different_person", Status.DECLINED),
        ("ask_again", "video_unclear", Status.COLLECTING),
        ("escalate", "unsure", Status.IN_REVIEW),
    ],
)
def test_what_nobody_took_meanwhile_can_still_be_recorded(expired, signed_in, verdict, reason, status):
    assert send(signed_in(), expired, verdict, reason).url == QUEUE
    expired.refresh_from_db()
    assert (expired.reviews.get().verdict, expired.status) == (verdict, status)


def takes_it(case, colleague):
    claim.claim(case, by=colleague, now=LATER)


def declines_it(case, colleague):
    decide(case, Verdict.DECLINE, "different_person", by=colleague)


def escalates_it(case, colleague):
    pass_on(case, Verdict.ESCALATE, "unsure", by=colleague)


def asks_again(case, colleague):
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=colleague)


@pytest.mark.parametrize("colleague_does", [takes_it, declines_it, escalates_it, asks_again])
@pytest.mark.parametrize(("verdict", "reason"), [("decline", "different_person"), ("snooze", "fresh_eyes")])
def test_the_slower_reviewer_learns_it_and_sees_their_text(
    expired, signed_in, staff, colleague_does, verdict, reason
):
    before = {"version": expired.version, "evidence_sha256": evidence_hash(expired)}
    colleague_does(expired, staff("Reviewer", "colleague"))
    answer = send(signed_in(), expired, verdict, reason, hours="4", **before)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was saved" in page
    assert NOTE in page
    assert not expired.reviews.filter(by=staff("Reviewer")).exists()


def test_what_was_escalated_before_the_page_was_opened_is_refused(expired, signed_in, staff):
    escalates_it(expired, staff("Reviewer", "colleague"))
    assert send(signed_in(), expired, "decline", "different_person").status_code == 403

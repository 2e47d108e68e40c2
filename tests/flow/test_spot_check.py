"""Spot checks: a reviewer judges a random share of the automatic passes without seeing the score."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, pass_on, policy, seen, shown
from verification import casework, workflow
from verification.actions import claim, review
from verification.evidence.judged import evidence_hash
from verification.models import AuditEvent, RiskFlag, Stage, Verdict, Verification
from verification.states import Band, Flag, Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
PASS = {"sim": 93.7}


@pytest.fixture
def checked(road, emulator, seniors):
    """A pass that was selected for a spot check."""
    policy(seniors, qa_share=Decimal(100))
    return road.judged(emulator, PASS)


def blind(client, case, verdict="approve", note=""):
    fields = {"verdict": verdict, "note": note, **shown(case)}
    return client.post(reverse("admin:judge_blind", args=[case.public_id]), fields)


def test_a_pass_that_was_drawn_goes_to_a_person(checked):
    assert (checked.status, checked.band, checked.reasons) == (
        Status.IN_REVIEW,
        Band.SPOT_CHECK,
        ["spot_check"],
    )


def test_without_a_share_a_pass_passes(road, emulator):
    assert road.judged(emulator, PASS).status == Status.APPROVED


def test_what_would_not_pass_is_no_spot_check(road, emulator, seniors):
    policy(seniors, qa_share=Decimal(100))
    assert road.judged(emulator, {"sim": 74.2}).reasons == ["similarity_band"]


def test_the_score_is_nowhere_on_the_page_before_the_verdict(checked, signed_in, staff):
    claim.claim(checked, by=staff("Reviewer"), now=LATER)
    client = signed_in()
    address = reverse("admin:case", args=[checked.public_id])
    before = client.get(address).content.decode()
    for hidden in ("93.7", "the vendor passed it", "Success", checked.attempts.get().calls.get().request_id):
        assert hidden not in before
    assert "Spot check" in before
    assert blind(client, checked).url == address
    after = client.get(address).content.decode()
    assert "93.7" in after
    assert "Blind: Approve" in after


def test_the_queue_does_not_show_the_score_either(checked, signed_in):
    page = signed_in().get(reverse("admin:queue")).content.decode()
    assert "93.7" not in page
    assert "Spot check" in page


def records_of(case):
    """The record pages that contain the score of the case's recording."""
    attempt = case.attempts.get()
    found = [("verificationattempt", attempt), ("providercall", attempt.calls.get())]
    events = AuditEvent.objects.filter(subject_id__in=[case.public_id, attempt.public_id])
    found += [("auditevent", event) for event in events if "similarity" in event.data]
    return [reverse(f"admin:verification_{name}_change", args=[record.pk]) for name, record in found]


def pages_with_score(client, case):
    """The pages, records and their lists, that show this person the score."""
    pages = records_of(case)
    lists = {page.rsplit("/", 3)[0] + "/" for page in pages}
    return {page for page in {*pages, *lists} if "93.7" in client.get(page, follow=True).content.decode()}


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer"])
def test_no_record_shows_the_score_to_possible_reviewers_before_the_decision(
    checked, signed_in, staff, group, client
):
    assert pages_with_score(signed_in(group), checked) == set()
    blind(client, checked)
    assert pages_with_score(client, checked) == set()
    refused = client.get(records_of(checked)[0])
    assert (refused.status_code, refused.context["title"]) == (404, "Not found")
    assert "when it is decided" in refused.content.decode()
    approve(checked, by=staff(group))
    attempts = reverse("admin:verification_verificationattempt_changelist")
    assert attempts in pages_with_score(client, checked)


def test_the_auditor_finds_every_record_of_a_spot_check(checked, signed_in):
    assert pages_with_score(signed_in("Auditor"), checked) >= set(records_of(checked))
    assert len(records_of(checked)) == 4


def test_records_of_other_cases_are_told(road, emulator, checked, signed_in):
    other = road.judged(emulator, {"sim": 93.7}, reference="OTHER")
    Verification.objects.filter(pk=other.pk).update(band=Band.ABOVE)
    assert pages_with_score(signed_in("Senior reviewer"), other) >= set(records_of(other))


def test_a_decision_without_a_blind_verdict_is_refused(checked, staff):
    with pytest.raises(review.BlindFirst):
        approve(checked, by=staff("Reviewer"))


def test_a_blind_verdict_is_counted_and_decides_nothing(checked, signed_in, staff):
    blind(signed_in(), checked, "decline")
    checked.refresh_from_db()
    made = checked.reviews.get()
    assert (made.stage, made.verdict, checked.status) == (Stage.BLIND, Verdict.DECLINE, Status.IN_REVIEW)
    assert AuditEvent.objects.get(kind="review.judged_blind").data["agrees"] is False
    assert checked.claimed_by == staff("Reviewer")


def test_seeing_the_score_is_no_reason_to_overrule_a_blind_no_alone(checked, signed_in, staff):
    blind(signed_in(), checked, "decline")
    assert approve(checked, by=staff("Reviewer")).stage == Stage.PROPOSAL
    assert AuditEvent.objects.get(kind="review.proposed").data["second_because"] == ["blind"]


def test_a_blind_yes_is_decided_by_one(checked, signed_in, staff):
    blind(signed_in(), checked)
    approve(checked, by=staff("Reviewer"))
    checked.refresh_from_db()
    assert checked.status == Status.APPROVED


def test_the_blind_verdict_of_who_steps_aside_does_not_count(checked, signed_in, staff):
    blind(signed_in(), checked)
    pass_on(checked, Verdict.STEP_ASIDE, "knows_applicant", by=staff("Reviewer"))
    assert casework.is_blind(checked, evidence_hash(checked))


def test_a_blind_verdict_counts_for_the_evidence_that_it_was_given_on(checked, signed_in):
    blind(signed_in(), checked)
    assert not casework.is_blind(checked, evidence_hash(checked))
    RiskFlag.objects.create(
        verification=checked, attempt=checked.attempts.get(), code=Flag.ALIKE_VIDEO, raised_at=LATER
    )
    assert casework.is_blind(checked, evidence_hash(checked))


def test_a_spot_check_can_be_handed_on_before_it_is_judged(checked, signed_in, staff):
    claim.claim(checked, by=staff("Reviewer"), now=LATER)
    page = signed_in().get(reverse("admin:case", args=[checked.public_id]))
    assert [choice.verdict for choice in page.context["choices"]] == ["escalate", "snooze", "step_aside"]
    pass_on(checked, Verdict.STEP_ASIDE, "knows_applicant", by=staff("Reviewer"))


def test_there_is_one_blind_verdict(checked, signed_in):
    client = signed_in()
    blind(client, checked)
    assert blind(client, checked, "decline").status_code == 409


def test_pressing_twice_keeps_one(checked, signed_in):
    client = signed_in()
    fields = {"verdict": "approve", "note": "", **shown(checked)}
    address = reverse("admin:judge_blind", args=[checked.public_id])
    assert [client.post(address, fields).status_code for _ in range(2)] == [302, 302]
    assert checked.reviews.count() == 1


def test_only_a_spot_check_takes_a_blind_verdict(road, emulator, staff):
    case = road.in_review(emulator)
    with pytest.raises(workflow.IllegalMove):
        review.judge_blind(
            case, verdict=Verdict.APPROVE, note="", by=staff("Reviewer"), now=LATER, shown=seen(case)
        )

"""A verdict that takes two people: one proposes, another confirms; new evidence voids the proposal."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import NOTE, approve, decide, hand_back, pass_on, policy, shown
from verification import audit, casework, permissions, workflow
from verification.actions import claim, erase, reopen, review
from verification.evidence.judged import evidence_hash
from verification.models import AuditEvent, Review, RiskFlag, StaffUser, Stage, Verdict
from verification.rules import four_eyes
from verification.rules.reasons import LIST_VERSION
from verification.states import Band, Flag, Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}


@pytest.fixture
def one(staff):
    return staff("Reviewer")


@pytest.fixture
def two(staff):
    return staff("Reviewer", "reviewer2")


@pytest.fixture
def override(road, emulator):
    """A case that the vendor did not pass."""
    return road.in_review(emulator)


@pytest.fixture
def proposed(override, one):
    approve(override, by=one)
    override.refresh_from_db()
    return override


def seniors(staff) -> tuple[StaffUser, StaffUser]:
    return staff("Senior reviewer"), staff("Senior reviewer", "senior2")


def post(client, case, verdict="approve", reason="same_person", to="decide"):
    fields = {"verdict": verdict, "reason_code": reason, "note": NOTE, **shown(case)}
    return client.post(reverse(f"admin:{to}", args=[case.public_id]), fields)


# When it takes two


def test_approving_against_the_vendor_is_only_a_proposal(proposed):
    assert proposed.status == Status.IN_REVIEW
    assert proposed.proposal.stage == Stage.PROPOSAL
    assert proposed.claimed_by is None
    event = AuditEvent.objects.get(kind="review.proposed")
    assert event.data["second_because"] == ["override"]
    assert NOTE not in str(event.data)


def test_declining_and_approving_a_pass_take_one(road, emulator, one):
    declined, passed = road.in_review(emulator), road.judged(emulator, BAND)
    decide(declined, Verdict.DECLINE, "different_person", by=one)
    approve(passed, by=one)
    declined.refresh_from_db()
    passed.refresh_from_db()
    assert (declined.status, passed.status) == (Status.DECLINED, Status.APPROVED)


@pytest.mark.parametrize(
    ("terms", "because"),
    [
        ({"second_below": Decimal(75)}, ["band"]),
        ({"second_below": Decimal("74.20")}, None),
        ({"second_share": Decimal(100)}, ["share"]),
        ({"second_below": Decimal(80), "second_share": Decimal(100)}, ["band", "share"]),
    ],
)
def test_policy_says_which_passes_take_two(road, emulator, one, staff, terms, because):
    policy(seniors(staff), **terms)
    case = road.judged(emulator, BAND)
    made = approve(case, by=one)
    if because is None:
        assert made.stage == Stage.DECISION
    else:
        assert AuditEvent.objects.get(kind="review.proposed").data["second_because"] == because


def test_the_lot_falls_on_refusals_too(road, emulator, one, staff):
    policy(seniors(staff), second_share=Decimal(100))
    case = road.in_review(emulator)
    assert decide(case, Verdict.DECLINE, "different_person", by=one).stage == Stage.PROPOSAL
    assert AuditEvent.objects.get(kind="review.proposed").data["second_because"] == ["share"]


def test_a_policy_may_let_one_person_override(road, emulator, one, staff):
    policy(seniors(staff), second_for_override=False)
    case = road.in_review(emulator)
    assert approve(case, by=one).stage == Stage.DECISION


def test_a_flagged_case_takes_two(road, emulator, one):
    case = road.judged(emulator, BAND)
    raise_flag(case)
    approve(case, by=one)
    assert AuditEvent.objects.get(kind="review.proposed").data["second_because"] == ["flagged"]


def test_a_recording_that_merely_looks_alike_takes_one_and_no_note(road, emulator, one):
    case = road.judged(emulator, BAND)
    raise_flag(case, Flag.ALIKE_VIDEO)
    assert approve(case, by=one, note="").stage == Stage.DECISION


def test_a_verdict_is_about_the_newest_recording(road, emulator, one):
    case = road.judged(emulator, BAND)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=one)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=30.0)
    road.record(case)
    assert case.band == Band.BELOW
    assert approve(case, by=one).stage == Stage.PROPOSAL


@pytest.mark.parametrize("note", ["", "Same ears.", " " * 12 + "Same ear." + " " * 12])
def test_going_against_the_vendor_takes_ten_letters_of_a_note(override, one, note):
    if len(note.strip()) >= casework.MIN_NOTE:
        assert approve(override, by=one, note=note).stage == Stage.PROPOSAL
    else:
        with pytest.raises(casework.NoteRequired):
            approve(override, by=one, note=note)


def test_a_case_that_is_proposed_while_it_sleeps_is_there_for_a_colleague(override, one, two):
    pass_on(override, Verdict.SNOOZE, "fresh_eyes", by=one, hours=72)
    approve(override, by=one)
    assert override in casework.open_to(two, now=LATER)


def raise_flag(case, code=Flag.SIMILAR_VIDEO):
    RiskFlag.objects.create(
        verification=case, attempt=case.attempts.last(), code=code, facts={}, raised_at=LATER
    )


# Confirming


def test_a_colleague_confirms(proposed, one, two):
    made = approve(proposed, by=two)
    proposed.refresh_from_db()
    assert proposed.status == Status.APPROVED
    assert proposed.final_review == made
    assert (made.confirms.by, made.proposed_by, made.by) == (one, one, two)
    assert proposed.proposal is None
    event = AuditEvent.objects.get(kind="review.approved")
    assert (event.data["confirms"], event.data["proposed_by"]) == (made.confirms.public_id, "reviewer")


def test_the_trail_says_which_evidence_was_judged_and_by_which_list_of_reasons(proposed, two):
    evidence = evidence_hash(proposed)
    approve(proposed, by=two)
    for kind in ("review.proposed", "review.approved"):
        event = AuditEvent.objects.get(kind=kind)
        assert (event.data["evidence_sha256"], event.data["reason_list"]) == (evidence, LIST_VERSION)


def test_nobody_confirms_their_own_by_page_or_by_hand(proposed, signed_in, one):
    client = signed_in()
    page = client.get(reverse("admin:case", args=[proposed.public_id])).content.decode()
    assert "A colleague judges the case without seeing your verdict" in page
    answer = post(client, proposed)
    proposed.refresh_from_db()
    assert answer.status_code == 403
    assert "A colleague has to confirm it" in answer.content.decode()
    assert proposed.status == Status.IN_REVIEW
    with pytest.raises(permissions.OwnProposal):
        approve(proposed, by=one)


def test_the_stock_admin_offers_no_act_on_a_record(proposed, signed_in):
    client = signed_in("Senior reviewer")
    for name in ("verification", "review"):
        address = reverse(f"admin:verification_{name}_changelist")
        client.post(address, {"action": "delete_selected", "_selected_action": [proposed.pk]})
        change = reverse(f"admin:verification_{name}_change", args=[proposed.pk])
        assert client.post(change, {"status": "approved"}).status_code == 403
    proposed.refresh_from_db()
    assert proposed.status == Status.IN_REVIEW


def test_the_database_refuses_a_self_confirmation(proposed, one):
    proposal = proposed.proposal
    with pytest.raises(IntegrityError), transaction.atomic():
        casework.record_review(
            proposed,
            Verdict.APPROVE,
            reason_code="same_person",
            note="",
            evidence_sha256=proposal.evidence_sha256,
            by=one,
            now=LATER,
            confirms=proposal,
        )


def test_the_database_refuses_a_confirmation_that_lies_about_who_proposed(proposed, two, staff):
    other = staff("Senior reviewer")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            verification=proposed,
            verdict=Verdict.APPROVE,
            reason_code="same_person",
            evidence_sha256=proposed.proposal.evidence_sha256,
            confirms=proposed.proposal,
            proposed_by=other,
            by=two,
            at=LATER,
        )


@pytest.mark.parametrize("change", [{"verdict": Verdict.DECLINE}, {"evidence_sha256": "0" * 64}])
def test_the_database_refuses_a_confirmation_of_something_else(proposed, two, change):
    proposal = proposed.proposal
    facts = {"verdict": proposal.verdict, "evidence_sha256": proposal.evidence_sha256, **change}
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            verification=proposed,
            reason_code="same_person",
            confirms=proposal,
            proposed_by=proposal.by,
            by=two,
            at=LATER,
            **facts,
        )


def test_reviews_are_still_append_only_after_the_table_was_altered(proposed):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE verification_review SET note = 'another'")


def test_a_proposer_may_withdraw(proposed, one):
    hand_back(proposed, by=one, reason="withdrawn")
    proposed.refresh_from_db()
    assert proposed.proposal is None
    assert approve(proposed, by=one).stage == Stage.PROPOSAL


def test_there_is_nothing_to_hand_back_without_a_proposal(override, one):
    with pytest.raises(workflow.IllegalMove):
        hand_back(override, by=one)


# Void proposals


def test_a_proposal_dies_with_new_evidence(proposed, signed_in, staff):
    raise_flag(proposed, Flag.ALIKE_VIDEO)
    client = signed_in("Senior reviewer")
    page = client.get(reverse("admin:case", args=[proposed.public_id])).content.decode()
    assert "A colleague's verdict is void" in page
    answer = post(client, proposed)
    proposed.refresh_from_db()
    assert answer.status_code == 409
    assert "The proposal is void" in answer.content.decode()
    assert (proposed.status, proposed.proposal) == (Status.IN_REVIEW, None)
    assert AuditEvent.objects.filter(kind="review.proposal_void").count() == 1


@pytest.mark.parametrize("change", ["answer", "attempt", "photo"])
def test_a_proposal_is_bound_to_answers_attempts_and_photos(proposed, two, change):
    attempt = proposed.attempts.last()
    if change == "answer":
        attempt.calls.update(similarity=Decimal(70))
    elif change == "attempt":
        type(attempt).objects.filter(pk=attempt.pk).update(best_frame_sha256="0" * 64)
    else:
        proposed.documents.update(normalised_sha256="0" * 64)
    with pytest.raises(review.ProposalVoid):
        approve(proposed, by=two)
    proposed.refresh_from_db()
    assert (proposed.status, proposed.proposal) == (Status.IN_REVIEW, None)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("documents", {"superseded_at": LATER}),
        ("attempts", {"original_sha256": "0" * 64}),
        ("attempts", {"normalised_sha256": "0" * 64}),
        ("attempts", {"outcome": "passed"}),
        ("attempts", {"result_code": "Success"}),
        ("attempts", {"similarity": Decimal(95)}),
        ("calls", {"code": "Success"}),
        ("calls", {"answer": "failed"}),
    ],
)
def test_evidence_is_another_as_soon_as_any_part_of_it_is(override, part, change):
    before = evidence_hash(override)
    rows = override.attempts.get().calls if part == "calls" else getattr(override, part)
    rows.update(**change)
    assert evidence_hash(override) != before


def test_asking_again_ends_the_proposal_and_the_new_recording_is_judged_anew(proposed, road, emulator, two):
    old = proposed.proposal
    decide(proposed, Verdict.ASK_AGAIN, "video_unclear", by=two)
    assert AuditEvent.objects.get(kind="review.asked_again").data["ends_proposal"] == old.public_id
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=30.0)
    road.record(proposed)
    assert (proposed.status, proposed.proposal) == (Status.IN_REVIEW, None)
    assert approve(proposed, by=two).stage == Stage.PROPOSAL


@pytest.fixture
def senior(staff):
    return staff("Senior reviewer")


def reopened(case, senior, **changes):
    case.refresh_from_db()
    arguments = {
        "reason_code": "appeal",
        "note": "The applicant appealed.",
        "version": case.version,
        **changes,
    }
    return reopen.reopen(case, by=senior, now=LATER, **arguments)


def test_a_reopened_case_is_judged_anew(proposed, two, senior):
    approve(proposed, by=two)
    reopened(proposed, senior)
    proposed.refresh_from_db()
    assert (proposed.status, proposed.final_review) == (Status.IN_REVIEW, None)
    assert approve(proposed, by=two).stage == Stage.PROPOSAL


def test_what_reopens_a_pass_takes_its_proof_away(road, emulator, senior):
    case = road.judged(emulator, {"sim": 95.0})
    assert case.passing_call is not None
    reopened(case, senior)
    case.refresh_from_db()
    assert case.passing_call is None


def test_a_flagged_case_is_flagged_again_when_it_is_reopened(road, emulator, one, senior):
    case = road.judged(emulator, BAND)
    raise_flag(case)
    decide(case, Verdict.DECLINE, "different_person", by=one)
    reopened(case, senior)
    case.refresh_from_db()
    assert case.band == Band.FLAGGED


def test_a_verdict_given_with_the_score_in_sight_is_no_doubt_about_it(road, emulator, one, senior):
    case = road.judged(emulator, BAND)
    decide(case, Verdict.DECLINE, "different_person", by=one)
    reopened(case, senior)
    case.refresh_from_db()
    assert four_eyes.BLIND not in four_eyes.why_second(case, Verdict.APPROVE)


def test_a_stale_page_reopens_nothing(proposed, two, senior):
    approve(proposed, by=two)
    proposed.refresh_from_db()
    with pytest.raises(workflow.StaleVerification):
        reopened(proposed, senior, version=proposed.version - 1)


def test_erased_evidence_is_not_judged_again(proposed, two, senior):
    approve(proposed, by=two)
    erase.erase(proposed.applicant, by=audit.By.shell(), reason="asked for", now=LATER)
    with pytest.raises(workflow.IllegalMove, match="erased"):
        reopened(proposed, senior)


# The policy can't be circumvented


@pytest.mark.parametrize("sim", [12.0, 69.99])
def test_an_answer_that_contradicts_itself_takes_two(road, emulator, one, sim):
    case = road.judged(emulator, {"result": "Success", "sim": sim})
    assert case.reasons == ["inconsistent_answer"]
    with pytest.raises(casework.NoteRequired):
        approve(case, by=one, note="")
    assert approve(case, by=one).stage == Stage.PROPOSAL


def test_asking_again_is_no_way_past_a_flag(road, emulator, one):
    case = road.judged(emulator, BAND)
    raise_flag(case)
    decide(case, Verdict.ASK_AGAIN, "technical_failure", by=one)
    emulator.script(sim=93.0)
    road.record(case)
    assert (case.status, case.band) == (Status.IN_REVIEW, Band.FLAGGED)
    assert approve(case, by=one).stage == Stage.PROPOSAL


def test_an_escalation_outlives_asking_again(road, emulator, one, senior):
    case = road.judged(emulator, BAND)
    pass_on(case, Verdict.ESCALATE, "fraud_suspected", by=one)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=senior)
    emulator.script(**BAND)
    road.record(case)
    with pytest.raises(permissions.Denied, match="senior reviewers"):
        approve(case, by=one)


def test_withdrawing_is_for_the_proposer(proposed, one, two):
    with pytest.raises(review.BlindFirst):
        hand_back(proposed, by=two, reason="withdrawn")
    with pytest.raises(casework.ReasonUnknown):
        hand_back(proposed, by=one, reason="disagree")


def test_withdrawing_opens_the_case_to_its_proposer_too(proposed, one):
    assert proposed not in casework.open_to(one, now=LATER)
    hand_back(proposed, by=one, reason="withdrawn")
    assert proposed in casework.open_to(one, now=LATER)


# Conflicts of interest


def test_nobody_decides_their_own_case(road, emulator, one):
    one.email = "Alice@Example.org"
    one.save()
    case = road.in_review(emulator, email="alice@example.org")
    with pytest.raises(permissions.ConflictOfInterest):
        decide(case, Verdict.DECLINE, "different_person", by=one)
    with pytest.raises(permissions.ConflictOfInterest):
        claim.claim(case, by=one, now=LATER)
    assert claim.take_next(by=one, now=LATER) is None

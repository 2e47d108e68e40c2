"""A person checks the document: for which cases, what stands against an approval, and what is kept of it."""

from decimal import Decimal
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.conftest import NOW, VENDOR_CLOCK, photo
from tests.flow.conftest import LATER
from tests.flow.reviewing import NOTE, approve, decide, pass_on, policy, seen
from verification import audit, casework, workflow
from verification.actions import check_document, document, reopen, review
from verification.models import AuditEvent, DocumentCheck, RiskFlag, Stage, Verdict, Verification
from verification.rules import document_check, four_eyes, sampling
from verification.rules.document_check import Found
from verification.states import Band, DocumentAnswer, DocumentQuestion, DocumentState, Flag, Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
PASS, BAND = {"sim": 93.7}, {"sim": 74.2}
LOW = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42.0}
# Every question but the kind, which is answered by choosing one.
QUESTIONS = [str(question) for question in DocumentQuestion][1:]
GOOD = Found("passport", dict.fromkeys(QUESTIONS, "yes"))
EXPIRED = Found("passport", {"name_matches": "yes", "not_expired": "no", "nothing_covered": "yes"})


@pytest.fixture
def one(staff):
    return staff("Reviewer")


@pytest.fixture
def two(staff):
    return staff("Reviewer", "reviewer2")


@pytest.fixture
def terms(seniors):
    """Puts a policy with these terms into force."""
    return lambda **terms: policy(seniors, **terms)


@pytest.fixture
def always(terms):
    return terms(document_check="always")


def check(case, found, *, by, **changes):
    arguments = {"note": "", "by": by, "now": LATER, "shown": seen(case), **changes}
    made = check_document.check_document(case, document=found, **arguments)
    case.refresh_from_db()
    return made


def pass_again(case, road, emulator):
    """The applicant, who was asked again, sends a recording that passes."""
    case.refresh_from_db()
    emulator.script(**PASS)
    VENDOR_CLOCK.at = LATER
    road.record(case, now=LATER)


# For which cases


def test_without_the_term_a_clear_pass_ends_by_itself(road, emulator):
    case = road.judged(emulator, PASS)
    assert (case.status, case.document_state) == (Status.APPROVED, "")


def test_under_always_a_clear_pass_waits_for_a_person(road, emulator, always):
    case = road.judged(emulator, PASS)
    assert (case.status, case.band, case.reasons) == (Status.IN_REVIEW, Band.DOCUMENT, ["document_check"])
    assert (case.main_reason, case.document_state) == ("document_check", DocumentState.TO_DO)


def test_a_share_waits_and_the_others_end_by_themselves(road, emulator, terms):
    terms(document_check="share", document_share=Decimal(50))
    cases = [road.judged(emulator, PASS, seed=seed) for seed in range(1, 9)]
    drawn = [case for case in cases if selected(case)]
    assert 0 < len(drawn) < len(cases)
    assert [case for case in cases if case.status == Status.IN_REVIEW] == drawn


def selected(case):
    return sampling.selected(case.public_id, Decimal(50), purpose="document_check")


def test_a_case_keeps_the_policy_it_was_invited_under(road, emulator, terms):
    case = road.with_photo()
    terms(document_check="always")
    emulator.script(**PASS)
    road.record(case)
    assert case.status == Status.APPROVED


def test_a_spot_check_is_judged_blind_before_its_document(road, emulator, terms, one):
    terms(document_check="always", qa_share=Decimal(100))
    case = road.judged(emulator, PASS)
    assert (case.band, case.reasons) == (Band.SPOT_CHECK, ["spot_check", "document_check"])
    with pytest.raises(casework.DocumentAnswerUnknown):
        check(case, GOOD, by=one)
    review.judge_blind(case, verdict=Verdict.APPROVE, note="", by=one, now=LATER, shown=seen(case))
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)
    approve(case, by=one, document=GOOD)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


# Every path to an approval


@pytest.mark.parametrize("kind", ["passport", "driving_licence", "other", "cannot_tell", ""])
def test_only_a_yes_to_every_question_lets_a_case_be_approved(road, emulator, always, one, kind):
    case = road.judged(emulator, PASS)
    for answers in product([*DocumentAnswer.values, None], repeat=len(QUESTIONS)):
        given = {name: answer for name, answer in zip(QUESTIONS, answers, strict=True) if answer}
        fit = kind in always.document_kinds and set(answers) == {"yes"}
        assert approved_with(case, Found(kind, given), one) is fit, (kind, answers)


def approved_with(case, found, by):
    """Whether an approval with these answers takes effect. It is undone."""
    with transaction.atomic():
        try:
            approve(case, by=by, document=found)
        except (casework.DocumentNotChecked, casework.DocumentAnswerUnknown):
            done = False
        else:
            done = True
        case.refresh_from_db()
        assert (case.status == Status.APPROVED) is done
        transaction.set_rollback(True)
    case.refresh_from_db()
    return done


def test_an_approval_without_a_check_is_refused_and_nothing_is_kept(road, emulator, always, one):
    case = road.judged(emulator, PASS)
    before = AuditEvent.objects.count()
    for found in (None, EXPIRED):
        with pytest.raises(casework.DocumentNotChecked):
            approve(case, by=one, document=found)
    case.refresh_from_db()
    assert (case.status, case.reviews.count(), DocumentCheck.objects.count()) == (Status.IN_REVIEW, 0, 0)
    assert AuditEvent.objects.count() == before


def test_what_came_into_review_for_another_reason_needs_the_check_too(road, emulator, always, one):
    case = road.judged(emulator, BAND)
    assert (case.reasons, case.document_state) == (["similarity_band"], DocumentState.TO_DO)
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)
    check(case, GOOD, by=one)
    assert case.document_state == DocumentState.DONE
    approve(case, by=one)
    case.refresh_from_db()
    assert (case.status, case.document_state) == (Status.APPROVED, DocumentState.DONE)


def test_a_proposal_needs_it_and_so_does_its_confirmation(road, emulator, always, one, two):
    case = road.in_review(emulator)
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)
    assert approve(case, by=one, document=GOOD).stage == Stage.PROPOSAL
    check(case, EXPIRED, by=two)
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=two)
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW


def test_the_second_person_checks_the_document_without_knowing_of_the_first_check(
    road, emulator, always, one, two
):
    case = road.in_review(emulator)
    approve(case, by=one, document=GOOD)
    with pytest.raises(casework.DocumentNotChecked, match="has to be checked first"):
        approve(case, by=two)
    approve(case, by=two, document=GOOD)
    case.refresh_from_db()
    assert case.status == Status.APPROVED
    decided = AuditEvent.objects.get(kind="review.approved")
    assert decided.data["document_check"] == DocumentCheck.objects.get(by=two).public_id


def test_other_verdicts_need_no_check(road, emulator, always, one):
    declined, again = road.judged(emulator, PASS), road.judged(emulator, PASS, seed=2)
    decide(declined, Verdict.DECLINE, "different_person", by=one)
    decide(again, Verdict.ASK_AGAIN, "photo_unclear", by=one)
    declined.refresh_from_db()
    again.refresh_from_db()
    assert (declined.status, again.status) == (Status.DECLINED, Status.COLLECTING)


def test_a_check_that_failed_counts_although_the_policy_asks_for_none(road, emulator, one):
    case = road.judged(emulator, BAND)
    check(case, Found("other", {}), by=one)
    assert case.document_state == DocumentState.FAILED
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)
    # The same photo does not pass by itself later either.
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=one)
    pass_again(case, road, emulator)
    assert (case.status, case.reasons) == (Status.IN_REVIEW, ["document_check"])


@pytest.mark.parametrize("found", [EXPIRED, GOOD])
def test_another_photo_after_a_check_waits_for_a_person_although_the_policy_asks_for_none(
    road, emulator, one, found
):
    case = road.judged(emulator, BAND)
    decide(case, Verdict.ASK_AGAIN, "photo_other_id", by=one, document=found)
    case.refresh_from_db()
    document.upload(case, photo(2), now=LATER)
    pass_again(case, road, emulator)
    assert (case.status, case.document_state) == (Status.IN_REVIEW, DocumentState.TO_DO)


def test_the_workflow_itself_refuses_an_approval(road, emulator, always, one):
    case = road.judged(emulator, PASS)
    made = casework.record_review(
        case, Verdict.APPROVE, reason_code="same_person", note="", evidence_sha256="0" * 64, by=one, now=LATER
    )
    with pytest.raises(workflow.IllegalMove):
        workflow.move(case, Status.APPROVED, by=audit.By.staff(one), now=LATER, final_review=made)


@pytest.mark.parametrize("state", list(document_check.OPEN))
def test_the_database_refuses_an_approval(road, emulator, always, state):
    approved = {"status": Status.APPROVED, "decided_at": LATER, "passing_call": None}
    case = road.judged(emulator, PASS)
    approved["passing_call"] = case.attempts.get().calls.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(pk=case.pk).update(**approved, document_state=state)


# What a check holds for


def test_another_photo_is_to_be_checked_anew(road, emulator, always, one):
    case = road.judged(emulator, PASS)
    decide(case, Verdict.ASK_AGAIN, "photo_unclear", by=one, document=GOOD)
    case.refresh_from_db()
    document.upload(case, photo(2), now=LATER)
    pass_again(case, road, emulator)
    assert (case.status, case.document_state) == (Status.IN_REVIEW, DocumentState.TO_DO)
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)


def test_the_same_photo_needs_no_second_check(road, emulator, always, one):
    case = road.judged(emulator, BAND)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=one, document=GOOD)
    pass_again(case, road, emulator)
    assert (case.status, case.document_state) == (Status.APPROVED, DocumentState.DONE)


def test_another_name_is_to_be_compared_anew(road, emulator, always, one, staff):
    case = road.judged(emulator, PASS)
    approve(case, by=one, document=GOOD)
    case.applicant.name = "Alice Other"
    case.applicant.save()
    case.refresh_from_db()
    reopen.reopen(
        case, reason_code="mistake", note=NOTE, version=case.version, by=staff("Senior reviewer"), now=LATER
    )
    case = Verification.objects.get(pk=case.pk)
    assert case.document_state == DocumentState.TO_DO
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=one)


def test_a_check_by_somebody_who_stepped_aside_does_not_count(road, emulator, always, one, two):
    case = road.judged(emulator, PASS)
    check(case, GOOD, by=one)
    pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=one)
    case.refresh_from_db()
    assert case.document_state == DocumentState.TO_DO
    with pytest.raises(casework.DocumentNotChecked):
        approve(case, by=two)


def test_what_was_answered_with_no_takes_two_to_set_right(road, emulator, always, one, two):
    case = road.judged(emulator, PASS)
    check(case, EXPIRED, by=one)
    check(case, GOOD, by=one)
    assert four_eyes.why_second(case, Verdict.APPROVE) == ("document",)
    assert approve(case, by=one).stage == Stage.PROPOSAL
    approve(case, by=two, document=GOOD)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_an_answer_that_is_still_missing_is_no_doubt(road, emulator, always, one):
    case = road.judged(emulator, PASS)
    check(case, Found("passport", {"name_matches": "yes"}), by=one)
    assert case.document_state == DocumentState.TO_DO
    check(case, GOOD, by=one)
    assert four_eyes.why_second(case, Verdict.APPROVE) == ()


# What may be answered, by whom


@pytest.mark.parametrize(
    "found",
    [
        Found("library_card", {}),
        Found("passport", {"name_matches": "maybe"}),
        Found("passport", {"is_pretty": "yes"}),
        Found("residence_permit", dict.fromkeys(QUESTIONS, "yes")),
        Found("passport", {"not_expired": "yes"}),
        Found("", {}),
        None,
    ],
    ids=str,
)
def test_only_answers_to_the_questions_of_the_policy_count(road, emulator, terms, one, found):
    terms(
        document_check="always",
        document_kinds=["passport"],
        document_checklist=["accepted_kind", "name_matches", "nothing_covered"],
    )
    case = road.judged(emulator, PASS)
    with pytest.raises(casework.DocumentAnswerUnknown):
        check(case, found, by=one)


def test_a_policy_without_a_question_on_the_kind_takes_any(road, emulator, terms, one):
    terms(document_check="always", document_checklist=["name_matches"])
    case = road.judged(emulator, PASS)
    approve(case, by=one, document=Found("other", {"name_matches": "yes"}))
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_a_check_on_a_page_that_is_out_of_date_is_refused(road, emulator, always, one, two):
    case = road.judged(emulator, PASS)
    page = seen(case)
    check(case, EXPIRED, by=two)
    Verification.objects.filter(pk=case.pk).update(claimed_by=None, claimed_until=None)
    with pytest.raises(workflow.StaleVerification):
        check(case, GOOD, by=one, shown=page)


def test_while_a_colleague_works_on_it_nobody_else_checks(road, emulator, always, one, two):
    case = road.judged(emulator, PASS)
    check(case, GOOD, by=one)
    with pytest.raises(casework.ClaimedByOther):
        check(case, EXPIRED, by=two)


# What is kept


def test_the_trail_has_the_answers_and_neither_note_nor_name(road, emulator, always, one):
    case = road.judged(emulator, PASS, name="Alice Example")
    made = check(case, EXPIRED, by=one, note=NOTE)
    event = AuditEvent.objects.get(kind="document.checked")
    assert event.actor_id == one.username
    assert list(event.data.pop("commits")) == [f"documentcheck:{made.public_id}"]
    assert event.data == {
        "check": made.public_id,
        "document": case.documents.get().public_id,
        "document_kind": "passport",
        "answers": {"accepted_kind": "yes", **EXPIRED.answers},
        "question_list": document_check.LIST_VERSION,
        "evidence_sha256": case.documents.get().normalised_sha256,
        "state": "failed",
    }
    assert made.note == NOTE


@pytest.mark.parametrize(
    "statement", ["UPDATE verification_documentcheck SET kind = ''", "DELETE FROM verification_documentcheck"]
)
def test_a_check_never_changes(road, emulator, always, one, statement):
    check(road.judged(emulator, PASS), GOOD, by=one)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_flag_comes_before_the_document_and_approving_needs_both(road, emulator, always, one, two):
    case = road.judged(emulator, PASS)
    RiskFlag.objects.create(
        verification=case, attempt=case.attempts.get(), code=Flag.SIMILAR_VIDEO, facts={}, raised_at=NOW
    )
    assert approve(case, by=one, document=GOOD).stage == Stage.PROPOSAL
    approve(case, by=two, document=GOOD)
    case.refresh_from_db()
    assert case.status == Status.APPROVED

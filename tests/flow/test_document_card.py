"""The checklist on the case page: who sees it and the invited name, and what a submit with it comes to."""

import copy
import re

import pytest
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, hand_back, page_of, policy, seen, shown
from verification.actions import claim, review
from verification.audit import viewing
from verification.models import AuditEvent, DocumentCheck, Stage, Verdict, Verification
from verification.review.case.forms import ANSWERED
from verification.rules.document_check import Found
from verification.rules.reasons import REASONS
from verification.states import DocumentState, Status

pytestmark = pytest.mark.usefixtures("an_hour_later", "made")
PASS, NAME = {"sim": 93.7}, "Tomás Herrera"
ALL_YES = {
    "document_kind": "passport",
    "document_name_matches": "yes",
    "document_not_expired": "yes",
    "document_nothing_covered": "yes",
}
QUESTIONS = [field.removeprefix("document_") for field in list(ALL_YES)[1:]]
GOOD = Found("passport", dict.fromkeys(QUESTIONS, "yes"))
APPROVE = {"verdict": "approve", "reason_code": "same_person", "note": ""}


def make(road, emulator, staff):
    """A case whose document is to be checked, under a policy that asks for that."""
    seniors = staff("Senior reviewer"), staff("Senior reviewer", "senior2")
    policy(seniors, document_check="always", document_kinds=["passport", "identity_card"])
    return road.judged(emulator, PASS, name=NAME)


@pytest.fixture(scope="module")
def made(once):
    return once(make)


@pytest.fixture
def case(made, db):
    return copy.deepcopy(made)


@pytest.fixture
def desk(signed_in):
    return signed_in()


def held(case, desk, staff):
    claim.claim(case, by=staff("Reviewer"), now=LATER)
    return desk.get(page_of(case)).content.decode()


def post(desk, case, to="decide", **fields):
    return desk.post(reverse(f"admin:{to}", args=[case.public_id]), {**shown(case), **fields})


def looks():
    return list(AuditEvent.objects.filter(kind=viewing.NAME).values_list("actor_id", flat=True))


# The name


def test_who_holds_the_case_sees_the_invited_name_and_that_is_recorded(case, desk, staff):
    page = held(case, desk, staff)
    assert f"<strong>{NAME}</strong>" in page
    assert looks() == ["reviewer"]
    assert not AuditEvent.objects.filter(kind=viewing.REVEAL).exists()


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Auditor"])
def test_nobody_else_sees_it_even_if_they_ask_for_the_checklist(case, signed_in, group):
    page = signed_in(group).get(f"{page_of(case)}?document=check").content.decode()
    assert NAME not in page
    assert "A person has to check the document before this case is approved." in page
    assert looks() == []


def test_once_the_document_is_checked_the_name_is_shown_on_demand_only(case, desk, staff):
    held(case, desk, staff)
    assert post(desk, case, "check_document", **ALL_YES).status_code == 302
    before = len(looks())
    assert NAME not in desk.get(page_of(case)).content.decode()
    assert len(looks()) == before
    assert NAME in desk.get(f"{page_of(case)}?document=check").content.decode()
    assert len(looks()) == before + 1


def test_a_checklist_that_does_not_ask_for_the_name_does_not_show_it(road, emulator, seniors, desk, staff):
    policy(seniors, document_check="always", document_checklist=["not_expired"])
    page = held(road.judged(emulator, PASS, name=NAME), desk, staff)
    assert "It has not expired" in page
    assert NAME not in page
    assert looks() == []


def test_a_policy_that_asks_for_no_check_offers_one_and_shows_no_name(road, emulator, seniors, desk, staff):
    policy(seniors, document_check="never")
    case = road.judged(emulator, {"sim": 74.2}, name=NAME)
    page = held(case, desk, staff)
    assert "does not ask for a check of this document" in page
    assert NAME not in page
    assert 'name="document_kind"' in desk.get(f"{page_of(case)}?document=check").content.decode()


def test_a_spot_check_has_no_checklist_before_its_blind_verdict(road, emulator, seniors, desk, staff):
    policy(seniors, document_check="always", qa_share=100)
    case = road.judged(emulator, PASS, name=NAME)
    page = held(case, desk, staff)
    assert "document_kind" not in page
    assert NAME not in page
    review.judge_blind(
        case, verdict=Verdict.APPROVE, note="", by=staff("Reviewer"), now=LATER, shown=seen(case)
    )
    assert NAME in desk.get(page_of(case)).content.decode()


def test_a_second_person_sees_nothing_of_the_first_check(road, emulator, desk, desk_of, staff):
    case = road.in_review(emulator, name=NAME)
    approve(
        case, by=staff("Reviewer", "colleague"), document=Found("passport", dict.fromkeys(ANSWERED, "yes"))
    )
    page = held(case, desk, staff)
    assert "Document: passed" not in page
    assert f"<strong>{NAME}</strong>" in page
    assert not re.search(r'name="document_\w+" value="\w+" checked', page)
    assert "Document: passed" in desk_of("Auditor").get(page_of(case)).content.decode()


@pytest.fixture
def failed_and_proposed(road, emulator, seniors, staff):
    """A case that a colleague wants to decline, because of its document."""
    policy(seniors, document_check="always", second_for_declines=True)
    case = road.judged(emulator, PASS)
    found = {"document": Found("passport", dict.fromkeys(QUESTIONS, "no"))}
    decide(case, Verdict.DECLINE, "document_expired", by=staff("Reviewer", "colleague"), **found)
    case.refresh_from_db()
    return case


def test_the_queue_does_not_tell_a_second_person_what_the_first_found(failed_and_proposed, desk):
    assert "check failed" not in desk.get(reverse("admin:queue")).content.decode()


def test_the_record_of_a_case_does_not_tell_a_second_person_either(failed_and_proposed, desk):
    record = reverse("admin:verification_verification_change", args=[failed_and_proposed.pk])
    assert "Check failed" not in desk.get(record).content.decode()


def test_after_a_withdrawal_the_next_reviewer_is_not_told_what_was_found(failed_and_proposed, desk, staff):
    case = failed_and_proposed
    hand_back(case, by=staff("Reviewer", "colleague"), reason="withdrawn")
    page = held(case, desk, staff)
    assert "answered a question about this document with no" not in page
    assert "check failed" not in desk.get(reverse("admin:queue")).content.decode()
    assert approve(case, by=staff("Reviewer"), document=GOOD).stage == Stage.PROPOSAL


# The checklist


def test_it_offers_the_accepted_kinds_and_asks_the_questions_of_the_policy(case, desk, staff):
    page = held(case, desk, staff)
    kinds = re.findall(r'name="document_kind" value="(\w+)"', page)
    assert kinds == ["passport", "identity_card", "other", "cannot_tell"]
    for question in ("The name is the invited one", "It has not expired", "Nothing covers it"):
        assert question in page


def test_one_submit_keeps_both_verdict_and_check(case, desk):
    assert post(desk, case, **APPROVE, **ALL_YES).status_code == 302
    case.refresh_from_db()
    kept = DocumentCheck.objects.get()
    assert (case.status, kept.kind, set(kept.answers.values())) == (Status.APPROVED, "passport", {"yes"})
    assert kept.answers["accepted_kind"] == "yes"


@pytest.mark.parametrize(
    "changes",
    [
        {"document_kind": "other"},
        {"document_kind": ""},
        {"document_not_expired": "no"},
        {"document_not_expired": "cannot_tell"},
        {"document_not_expired": ""},
    ],
    ids=str,
)
def test_an_approval_that_the_document_forbids_says_so_and_keeps_what_was_chosen(case, desk, staff, changes):
    held(case, desk, staff)
    answer = post(desk, case, **APPROVE, **{**ALL_YES, **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was saved" in page
    assert 'id="document-error"' in page
    assert 'name="document_nothing_covered" value="yes" checked' in page
    assert 'name="verdict" value="approve" required checked' in page
    case.refresh_from_db()
    assert (case.status, DocumentCheck.objects.count()) == (Status.IN_REVIEW, 0)


def test_an_approval_without_any_answer_is_refused(case, desk):
    assert post(desk, case, **APPROVE).status_code == 422


def test_declining_and_escalating_keep_what_was_answered(road, emulator, desk):
    declined, escalated = (road.judged(emulator, PASS) for _ in range(2))
    other = {"document_kind": "other"}
    other["note"] = "I have never seen this kind."
    post(desk, declined, verdict="decline", reason_code="document_not_accepted", **other)
    post(desk, escalated, verdict="escalate", reason_code="unusual_document", **other)
    states = Verification.objects.in_bulk([declined.pk, escalated.pk])
    assert (states[declined.pk].status, states[declined.pk].document_state) == ("declined", "failed")
    assert (states[escalated.pk].status, states[escalated.pk].document_state) == ("in_review", "failed")


@pytest.mark.parametrize("junk", [{"document_kind": "library_card"}, {"document_not_expired": "perhaps"}])
def test_what_no_page_offers_is_refused(case, desk, junk):
    assert post(desk, case, "check_document", **{**ALL_YES, **junk}).status_code == 422
    assert post(desk, case, **APPROVE, **{**ALL_YES, **junk}).status_code == 422
    assert not DocumentCheck.objects.exists()


# The check alone


def test_the_check_alone_is_kept_and_the_case_stays_with_its_reviewer(case, desk):
    note = "Hologram seen."
    answer = post(desk, case, "check_document", note=note, **ALL_YES)
    assert answer.url == page_of(case)
    case.refresh_from_db()
    assert (case.status, case.document_state) == (Status.IN_REVIEW, DocumentState.DONE)
    assert case.claimed_by.username == "reviewer"
    page = desk.get(page_of(case)).content.decode()
    assert "Document: passed" in page
    assert "The name is the invited one: Yes" in page
    assert note in page
    post(desk, case, **APPROVE)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_nothing_answered_is_no_check(case, desk):
    answer = post(desk, case, "check_document")
    assert answer.status_code == 422
    assert "Nothing was answered about the document." in answer.content.decode()


def test_pressing_twice_keeps_one_check(case, desk):
    page = shown(case)
    address = reverse("admin:check_document", args=[case.public_id])
    for _press in range(2):
        assert desk.post(address, {**page, **ALL_YES}).status_code == 302
    assert DocumentCheck.objects.count() == 1


def test_another_answer_from_the_same_page_is_told_that_it_came_too_late(case, desk):
    page = shown(case)
    address = reverse("admin:check_document", args=[case.public_id])
    desk.post(address, {**page, **ALL_YES})
    answer = desk.post(address, {**page, **ALL_YES, "document_not_expired": "no"})
    assert answer.status_code == 409
    assert "Nothing was saved" in answer.content.decode()


def test_a_page_out_of_date_is_told_and_keeps_nothing(case, desk, desk_of):
    page = shown(case)
    colleague = desk_of("Reviewer", "colleague")
    post(colleague, case, "check_document", **{**ALL_YES, "document_kind": "other"})
    answer = desk.post(reverse("admin:check_document", args=[case.public_id]), {**page, **ALL_YES})
    assert answer.status_code == 409
    assert DocumentCheck.objects.get().by == colleague.user


# The applicant


def test_the_applicant_does_not_read_what_was_wrong_with_the_document():
    about = ("document_not_genuine", "document_not_accepted", "document_expired", "name_differs")
    assert {str(REASONS[code].applicant_text) for code in about} == {"The reason is the photo of your ID."}

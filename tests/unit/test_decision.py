"""The decision on an answer: every rule of the policy, at its boundaries."""

from decimal import Decimal

import pytest

from verification.liveness import Answer, lookup
from verification.rules.decision import (
    Decision,
    History,
    Next,
    Terms,
    decide,
    give_up,
    unusable,
)
from verification.rules.review_bands import DOCUMENT_CHECK, SPOT_CHECK
from verification.states import Outcome

TERMS = Terms(approve_at=Decimal(80), max_attempts=3)
FRESH = History(counted=0, finished=0)


def answer(result: str, similarity: str | None = None, *, consistent: bool = True) -> Answer:
    return Answer(
        result=result,
        similarity=Decimal(similarity) if similarity is not None else None,
        description="",
        request_id="r-1",
        best_frame=None,
        best_frame_note="",
        rule=lookup(result, field="Result"),
        raw_sha256="",
        consistent=consistent,
    )


def after(result: str, similarity: str | None = None, history: History = FRESH) -> Decision:
    return decide(answer(result, similarity), TERMS, history)


@pytest.mark.parametrize(
    ("similarity", "expected", "reasons"),
    [
        ("100", Next.APPROVE, ()),
        ("80", Next.APPROVE, ()),
        ("79.99", Next.REVIEW, ("similarity_band",)),
        ("70", Next.REVIEW, ("similarity_band",)),
        ("69.99", Next.REVIEW, ("inconsistent_answer",)),
    ],
)
def test_a_success_approves_only_at_the_policys_own_threshold(
    similarity: str, expected: Next, reasons: tuple[str, ...]
) -> None:
    decided = after("Success", similarity)
    assert (decided.next, decided.reasons) == (expected, reasons)
    assert decided.counted == (reasons != ("inconsistent_answer",))


def test_a_success_without_a_similarity_is_a_matter_for_a_person() -> None:
    decided = after("Success")
    assert (decided.next, decided.reasons) == (Next.REVIEW, ("inconsistent_answer",))


def test_a_pass_with_something_odd_about_the_case_is_a_matter_for_a_person() -> None:
    decided = after("Success", "99", History(counted=0, finished=0, flags=("reused_document",)))
    assert (decided.next, decided.outcome) == (Next.REVIEW, Outcome.PASSED)
    assert decided.reasons == ("reused_document",)


def test_what_is_odd_about_a_case_stands_behind_the_reason_of_the_answer() -> None:
    flagged = History(counted=0, finished=0, flags=("reused_document",))
    decided = after("FailedOperation.CompareLowSimilarity", "9.21", flagged)
    assert decided.reasons == ("low_similarity", "reused_document")


def test_a_pass_that_the_lot_fell_on_is_a_matter_for_a_person() -> None:
    drawn = Terms(TERMS.approve_at, TERMS.max_attempts, spot_check=True)
    decided = decide(answer("Success", "99"), drawn, FRESH)
    assert (decided.next, decided.outcome) == (Next.REVIEW, Outcome.PASSED)
    assert decided.reasons == (SPOT_CHECK,)


@pytest.mark.parametrize(
    ("terms", "reasons"),
    [
        ({"document_check": True}, (DOCUMENT_CHECK,)),
        ({"document_check": True, "spot_check": True}, (SPOT_CHECK, DOCUMENT_CHECK)),
    ],
)
def test_a_pass_whose_document_nobody_checked_is_a_matter_for_a_person(terms, reasons) -> None:
    unchecked = Terms(TERMS.approve_at, TERMS.max_attempts, **terms)
    decided = decide(answer("Success", "99"), unchecked, FRESH)
    assert (decided.next, decided.outcome, decided.reasons) == (Next.REVIEW, Outcome.PASSED, reasons)
    assert decide(answer("FailedOperation.ActionFirstAction"), unchecked, FRESH).next == Next.TRY_AGAIN


def test_the_lot_and_what_is_odd_stop_nobody_from_trying_again() -> None:
    drawn = Terms(TERMS.approve_at, TERMS.max_attempts, spot_check=True)
    flagged = History(counted=0, finished=0, flags=("reused_document",))
    assert decide(answer("FailedOperation.ActionFirstAction"), drawn, flagged).next == Next.TRY_AGAIN


def test_an_answer_that_contradicts_itself_is_a_matter_for_a_person() -> None:
    decided = decide(answer("Success", "99", consistent=False), TERMS, FRESH)
    assert (decided.next, decided.reasons) == (Next.REVIEW, ("inconsistent_answer",))


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        (answer("Success", "69"), False),
        (answer("FailedOperation.ActionFirstAction", consistent=False), False),
        (answer("FailedOperation.SomethingNew"), False),
        (answer("FailedOperation.CompareLowSimilarity", "9.21"), True),
        (answer("FailedOperation.LivessDetectFake"), True),
    ],
)
def test_an_answer_that_can_not_be_trusted_costs_no_attempt(given: Answer, counted: bool) -> None:
    decided = decide(given, TERMS, FRESH)
    assert (decided.next, decided.counted) == (Next.REVIEW, counted)


def test_a_stricter_policy_moves_the_line() -> None:
    assert decide(answer("Success", "85"), Terms(Decimal(90), 3), FRESH).reasons == ("similarity_band",)


def test_low_similarity_goes_to_a_person_and_declines_nobody() -> None:
    assert after("FailedOperation.CompareLowSimilarity", "9.21").next == Next.REVIEW


def test_a_missed_movement_is_tried_again_with_guidance() -> None:
    decided = after("FailedOperation.ActionFirstAction")
    assert (decided.next, decided.hint, decided.step, decided.counted) == (
        Next.TRY_AGAIN,
        "follow_prompts",
        "capture",
        True,
    )


def test_the_last_attempt_is_followed_by_a_person() -> None:
    decided = after("FailedOperation.ActionFirstAction", history=History(counted=2, finished=2))
    assert (decided.next, decided.reasons) == (Next.REVIEW, ("attempts_used_up",))


def test_a_photo_at_fault_asks_for_a_photo_and_costs_no_attempt() -> None:
    decided = after("FailedOperation.LifePhotoDetectNoFaces", history=History(counted=2, finished=2))
    assert (decided.next, decided.step, decided.counted) == (Next.TRY_AGAIN, "document", False)


def test_photos_at_fault_do_not_go_on_for_ever() -> None:
    before, last = (
        after("FailedOperation.LifePhotoDetectNoFaces", history=History(0, finished)) for finished in (4, 5)
    )
    assert (before.next, last.next, last.counted) == (Next.TRY_AGAIN, Next.REVIEW, False)


def test_an_unknown_code_goes_to_a_person() -> None:
    assert after("FailedOperation.SomethingNew").reasons == ("unknown_code",)


@pytest.mark.parametrize("result", ["success", " Success", "Success\u200b", "FailedOperation.Success"])
def test_nothing_that_merely_looks_like_success_approves(result: str) -> None:
    assert after(result, "99").next != Next.APPROVE


def test_a_suspicion_goes_to_a_person_at_once() -> None:
    assert after("FailedOperation.LivessDetectFake").reasons == ("suspicion",)


def test_a_recording_that_can_not_be_read_costs_no_attempt() -> None:
    decided = unusable("video_corrupt", TERMS, FRESH)
    assert (decided.next, decided.counted, decided.outcome) == (Next.TRY_AGAIN, False, Outcome.UNUSABLE_MEDIA)


def test_recordings_that_can_not_be_read_end_with_a_person() -> None:
    before, last = (unusable("video_corrupt", TERMS, History(0, finished)) for finished in (4, 5))
    assert (before.next, last.next, last.counted) == (Next.TRY_AGAIN, Next.REVIEW, False)


def test_a_vendor_that_does_not_answer_costs_no_attempt() -> None:
    decided = give_up("vendor_unavailable")
    assert (decided.next, decided.counted, decided.outcome) == (Next.REVIEW, False, Outcome.VENDOR_FAILED)

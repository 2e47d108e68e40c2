"""The trace of a case: in each state where it is, since when and what it waits for; and nothing of who it is about."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW, WORDING, Road
from tests.flow.conftest import LATER, text_of
from tests.flow.reviewing import decide
from verification import audit, media
from verification.actions import api_client, cancel, challenge, consent, link, sweep
from verification.evidence import media_tries
from verification.jobs import answers
from verification.models import (
    ApiClient,
    AuditEvent,
    ProviderCall,
    QueueAnswer,
    Verdict,
    Verification,
    VerificationAttempt,
)
from verification.review.trace import road as road_of
from verification.review.trace import standing
from verification.states import Band, Status
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
MINUTE = timedelta(minutes=1)


def now_of(case: Verification) -> standing.Standing:
    case.refresh_from_db()
    return standing.of(Verification.objects.get(pk=case.pk), LATER)


def all_answer() -> None:
    """Beat and every queue have been answered for ten minutes."""
    for name in answers.NAMES:
        for minutes in range(10, -1, -1):
            answers.record(name, now=LATER - minutes * MINUTE)


def submitted(road: Road) -> VerificationAttempt:
    return road.submit(road.with_photo())


def change(attempt: VerificationAttempt, **fields: Any) -> Verification:
    VerificationAttempt.objects.filter(pk=attempt.pk).update(**fields)
    return attempt.verification


def of_case(case: Verification, **fields: Any) -> Verification:
    Verification.objects.filter(pk=case.pk).update(**fields)
    return case


# The applicant's turn


def test_an_invitation_that_nobody_opened(road: Road) -> None:
    found = now_of(road.invited())
    assert found.sentence == (
        "Waiting for the applicant since 09:00 UTC: nobody has begun with the link, which works until 7 Dec 09:00 UTC."
    )
    assert (found.waits_for, found.since) == ("applicant", NOW)


APPLICANT: dict[str, tuple[Callable[[Road], Verification], str]] = {
    "without a photo": (lambda road: road.consented(), "for their ID photo."),
    "without a recording": (lambda road: road.with_photo(), "for their recording."),
}


@pytest.mark.parametrize("situation", APPLICANT)
def test_what_the_applicant_has_to_do_next(road: Road, situation: str) -> None:
    make, ends = APPLICANT[situation]
    found = now_of(make(road))
    assert found.waits_for == "applicant"
    assert found.sentence.endswith(ends)
    assert "since 09:00 UTC" in found.sentence


def test_a_recording_that_was_begun(road: Road) -> None:
    case = road.with_photo()
    challenge.issue(case, now=LATER - MINUTE)
    found = now_of(case)
    assert "since 09:59 UTC: for their recording, which they have begun." in found.sentence


def test_another_recording_after_one_of_no_use(road: Road, emulator: Any) -> None:
    case = road.judged(emulator, {"result": "FailedOperation.ActionFirstAction"})
    assert case.status == Status.COLLECTING
    assert now_of(case).sentence.endswith("for another recording.")


def test_a_case_that_a_reviewer_sent_back(road: Road, emulator: Any, staff: Any) -> None:
    case = road.in_review(emulator)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=staff("Reviewer"))
    assert now_of(case).sentence == "Waiting for the applicant since 10:00 UTC: a reviewer asked them again."


def test_a_link_that_was_ended_waits_for_nobody(road: Road) -> None:
    case = of_case(road.consented(), link_revoked_at=LATER - MINUTE)
    found = now_of(case)
    assert (found.waits_for, found.to_do) == ("nobody", "Make a new link and send it.")
    assert "since 09:59 UTC" in found.sentence


def test_a_link_that_ran_out_waits_for_the_sweep_and_says_if_none_runs(road: Road) -> None:
    case = of_case(road.invited(), link_expires_at=LATER - MINUTE)
    all_answer()
    assert now_of(case).sentence == "The link ran out at 09:59 UTC. The next sweep ends the case."
    QueueAnswer.objects.filter(queue="sweep").update(answered_at=LATER - 5 * MINUTE)
    assert now_of(case).sentence.endswith("No worker has done the regular sweep for 5 min.")


def test_a_contested_link_is_told_with_what_helps(road: Road) -> None:
    case = of_case(road.consented(), link_contested_at=LATER)
    assert "used on too many devices" in now_of(case).to_do


# The system's turn


def test_waiting_for_a_media_worker_that_answers(road: Road) -> None:
    all_answer()
    attempt = submitted(road)
    assert (
        now_of(attempt.verification).sentence == "Waiting for a media worker since 09:00 UTC. It is the next."
    )


def test_waiting_behind_others(road: Road) -> None:
    all_answer()
    for _other in range(2):
        change(submitted(road), submitted_at=NOW - MINUTE)
    attempt = submitted(road)
    assert now_of(attempt.verification).sentence.endswith("2 others came before it.")


def test_waiting_for_a_media_worker_that_does_not_answer(road: Road) -> None:
    all_answer()
    QueueAnswer.objects.filter(queue="media").update(answered_at=LATER - 3 * MINUTE)
    found = now_of(submitted(road).verification)
    assert found.sentence == (
        "Waiting for a media worker since 09:00 UTC. "
        "No worker that prepares recordings has answered for 3 min."
    )
    assert found.to_do


def test_waiting_while_beat_stands_still(road: Road) -> None:
    answers.record(answers.BEAT, now=LATER - 5 * MINUTE)
    assert "Beat, which starts the regular work, has sent nothing for 5 min." in (
        now_of(submitted(road).verification).sentence
    )


def test_in_the_hands_of_a_media_worker(road: Road) -> None:
    case = change(submitted(road), lease_until=LATER + MINUTE)
    found = now_of(case)
    assert found.sentence == "A media worker is preparing the recording, which came at 09:00 UTC."


def test_waiting_for_another_try(road: Road) -> None:
    case = change(submitted(road), not_before=LATER + timedelta(seconds=15))
    found = now_of(case)
    assert found.waits_for == "machine"
    assert "Waiting for another try at 10:00:15 UTC" in found.sentence


def test_waiting_for_a_slot_and_for_a_worker_that_calls(road: Road) -> None:
    all_answer()
    case = road.ready().verification
    assert now_of(case).sentence == "Waiting for a slot with the vendor since 09:00 UTC. It is the next."
    QueueAnswer.objects.filter(queue="liveness").update(answered_at=LATER - 4 * MINUTE)
    assert now_of(case).sentence.endswith("No worker that calls the vendor has answered for 4 min.")


def test_waiting_for_a_paused_account_whatever_the_workers_do(road: Road) -> None:
    case = road.ready().verification
    (account,) = pacing.accounts()
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=LATER, now=LATER)
    found = now_of(case)
    assert found.waits_for == "account"
    assert found.sentence.endswith("Calling is paused since 10:00 UTC: UnauthorizedOperation.Arrears.")


def test_waiting_for_the_budget(road: Road, settings: Any) -> None:
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {"default": {**default, "daily_budget": 1}}
    case = road.ready().verification
    pacing.accounts()
    pacing.reserve(now=LATER)
    found = now_of(case)
    assert (found.waits_for, "goes on at 00:00 UTC" in found.sentence) == ("budget", True)


def test_with_the_vendor_just_now(road: Road) -> None:
    attempt = road.ready()
    (account,) = pacing.accounts()
    ProviderCall.objects.create(
        attempt=attempt, account=account, number=1, region="ap-singapore", body_size=1, started_at=LATER
    )
    assert now_of(attempt.verification).sentence.startswith("The vendor has the recording")


# The reviewers' turn, and nobody's


def test_in_review(road: Road, emulator: Any, staff: Any) -> None:
    case = road.in_review(emulator)
    found = now_of(case)
    assert found.sentence == "Waiting for a reviewer since 09:00 UTC: nobody has it."
    assert found.to_do.startswith("It is due at")
    of_case(case, due_at=LATER - 90 * MINUTE)
    assert "late by 1 h" in now_of(case).to_do
    rosa = staff("Reviewer")
    of_case(case, claimed_by=rosa, claimed_until=LATER + MINUTE)
    assert now_of(case).sentence.startswith("In the hands of a reviewer")
    assert "reviewer" not in rosa.get_full_name()


def test_put_off_escalated_and_proposed(road: Road, emulator: Any, staff: Any) -> None:
    case = road.in_review(emulator)
    of_case(case, snoozed_until=LATER + timedelta(hours=4))
    assert "put off by one until 14:00 UTC" in now_of(case).sentence
    of_case(case, snoozed_until=None, escalated_at=LATER)
    assert "Waiting for a senior reviewer" in now_of(case).sentence


def test_after_its_end_nobody_has_anything_to_do(road: Road, emulator: Any) -> None:
    approved = road.judged(emulator)
    assert approved.status == Status.APPROVED
    assert "approved. Nobody has anything to do." in now_of(approved).sentence
    refused = road.invited()
    consent.refuse(refused, now=NOW, **WORDING)
    assert now_of(refused).sentence == "Ended at 09:00 UTC: the applicant refused consent."
    expired = of_case(road.invited(), link_expires_at=NOW)
    sweep.sweep(now=LATER)
    assert now_of(expired).sentence == "Ended at 10:00 UTC: the link ran out before all was sent."
    assert "new invitation" in now_of(expired).to_do


def test_every_status_has_a_sentence(road: Road) -> None:
    case = road.invited()
    for status in Status:
        case.status = status
        assert standing.of(case, LATER).sentence


# The road


def steps(case: Verification, *, hidden: bool = False) -> list[road_of.Step]:
    case.refresh_from_db()
    return road_of.of(case, hidden=hidden, now=LATER)


def test_the_road_is_told_in_its_order(road: Road, emulator: Any) -> None:
    case = road.in_review(emulator)
    what = [step.what for step in steps(case)]
    expected = [
        "Invited",
        "Consent given",
        "ID photo accepted",
        "Recording 1 began",
        "Recording 1 sent",
        "Recording 1 prepared",
        "Call 1 to the vendor",
        "Recording 1 finished",
        "Sent to review",
    ]
    assert sorted(what, key=expected.index) == sorted(expected, key=expected.index)


def test_a_call_is_told_with_its_code_and_request_id_and_without_its_score(road: Road, emulator: Any) -> None:
    case = road.in_review(emulator)
    (call,) = [step for step in steps(case) if step.what == "Call 1 to the vendor"]
    told = " ".join(call.facts)
    assert "FailedOperation.CompareLowSimilarity" in told
    assert ProviderCall.objects.get().request_id in told
    assert not any("42" in fact for step in steps(case) for fact in step.facts if "RequestId" not in fact)


def test_refused_photos_are_counted_by_their_codes_for_an_hour(road: Road) -> None:
    case = road.consented()
    for code in ("unsupported_image_type", "unsupported_image_type", "image_too_small"):
        with pytest.raises(media.UnusableMedia), media_tries.counted(case, media_tries.PHOTO, now=LATER):
            raise media.UnusableMedia(code)
    (refused,) = [step for step in steps(case) if step.what == "Photos refused"]
    assert refused.facts == ["in the last hour", "1 × image_too_small", "2 × unsupported_image_type"]


def test_workers_that_died_over_it_are_counted(road: Road, emulator: Any) -> None:
    case = road.in_review(emulator)
    change(case.attempts.get(), lost_leases=2)
    assert any("2 workers died or hung over it" in step.facts for step in steps(case))


# The pages


def search(desk: Any, text: str) -> Any:
    return desk.post("/admin/trace/", {"q": text}, follow=True)


def ids_of(case: Verification) -> dict[str, str]:
    attempt, call = case.attempts.get(), ProviderCall.objects.get()
    return {
        "reference": case.applicant.reference,
        "case": case.public_id,
        "applicant": case.applicant.public_id,
        "attempt": attempt.public_id,
        "call": call.public_id,
        "RequestId": call.request_id,
    }


def test_a_case_is_found_by_each_of_its_ids_and_by_no_part_of_one(
    road: Road, emulator: Any, olga: Any
) -> None:
    case = road.in_review(emulator)
    road.invited()
    for kind, text in ids_of(case).items():
        assert search(olga, f" {text} ").redirect_chain[-1][0] == f"/admin/trace/{case.public_id}/", kind
        assert "No case was found" in text_of(search(olga, text[:-1])), kind


@pytest.mark.parametrize("text", ["Alice", "alice@example.org", "", "x" * 201, "\x00"])
def test_nothing_else_finds_one(road: Road, olga: Any, text: str) -> None:
    road.invited(name="Alice Example", email="alice@example.org")
    assert "REF-" not in text_of(search(olga, text))


def test_a_reference_of_two_systems_lists_both(road: Road, olga: Any) -> None:
    case = road.invited(reference="SAME")
    api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW)
    system = ApiClient.objects.get()
    again = road.invited(reference="SAME", client=system)
    page = text_of(search(olga, "SAME"))
    assert case.public_id in page
    assert again.public_id in page


def test_the_page_holds_nothing_of_the_person_and_no_score(road: Road, emulator: Any, olga: Any) -> None:
    case = road.in_review(emulator, name="Alice Example", email="alice@example.org")
    page = text_of(olga.get(f"/admin/trace/{case.public_id}/"))
    assert case.applicant.reference in page
    personal = ("Alice", "alice@example.org", "127.0.0.1", "test browser", "42.0", case.link_hash)
    assert [word for word in (*personal, "/admin/evidence/") if word in page] == []
    assert "/admin/case/" not in page, "an operator opens no case"


def test_every_look_and_every_search_is_an_event(road: Road, olga: Any) -> None:
    case = road.invited()
    search(olga, case.public_id)
    looks = AuditEvent.objects.filter(actor_id="olga").values_list("kind", "subject_id")
    assert sorted(looks) == [("case.traced", case.public_id), ("queue.searched", str(olga.user.pk))]
    assert case.applicant.reference not in str(list(AuditEvent.objects.filter(actor_id="olga").values()))


def test_who_traces_unusually_many_is_told_of(road: Road, olga: Any) -> None:
    case = road.invited()
    for _look in range(61):
        olga.get(f"/admin/trace/{case.public_id}/")
    assert AuditEvent.objects.filter(kind="staff.viewing_alert", data__looks="case.traced").count() == 1


@pytest.mark.parametrize("group", ["Reviewer", "Auditor"])
def test_others_trace_nothing(road: Road, desk_of: Any, group: str) -> None:
    case = road.invited()
    desk = desk_of(group, "other")
    assert {desk.get(f"/admin/trace/{part}").status_code for part in ("", f"{case.public_id}/")} == {403}


def test_a_spot_check_shows_who_may_decide_it_nothing_of_the_answer(
    road: Road, emulator: Any, desk_of: Any, olga: Any
) -> None:
    case = of_case(road.in_review(emulator), band=Band.SPOT_CHECK)
    for desk, sees in ((desk_of("Senior reviewer", "sam"), False), (olga, True)):
        page = text_of(desk.get(f"/admin/trace/{case.public_id}/"))
        assert ("CompareLowSimilarity" in page) is sees
        assert ("Low similarity" in page) is sees


def test_a_case_that_there_is_not(olga: Any) -> None:
    assert olga.get("/admin/trace/ver_nothing/").status_code == 404


def test_the_page_opens_while_everything_stands_still(road: Road, olga: Any) -> None:
    """Neither a worker nor beat has ever run, and the vendor is paused."""
    case = road.ready().verification
    (account,) = pacing.accounts()
    pacing.pause(account, reason="AuthFailure.InvalidSecretId", called_at=LATER, now=LATER)
    assert "AuthFailure.InvalidSecretId" in text_of(olga.get(f"/admin/trace/{case.public_id}/"))


def test_a_new_link_and_a_cancellation_are_steps(road: Road) -> None:
    case = road.invited()
    link.renew(case, by=audit.By.shell(), now=LATER - MINUTE)
    cancel.cancel(
        Verification.objects.get(pk=case.pk), reason="duplicate", by=audit.By.client("cli"), now=LATER
    )
    what = [step.what for step in steps(case)]
    assert "New link given" in what
    assert "Cancelled" in what
    assert now_of(case).sentence == "Ended at 10:00 UTC: it was cancelled."

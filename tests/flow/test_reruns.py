"""Evidence that is compared again: one paid call with the same bytes, shown beside the first answer, that decides
nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from tests import objects
from tests.conftest import VENDOR_CLOCK
from tests.flow.conftest import LATER
from tests.flow.packs import declined, json_of, pack_of, wrong_with
from tests.flow.reviewing import approve, policy
from verification import audit, permissions
from verification.actions import ask_rerun, erase, rerun, sweep
from verification.audit.checking import records
from verification.evidence import best_frame, reruns
from verification.evidence.judged import evidence_hash
from verification.explain import reruns as side_by_side
from verification.exports.case_pack import Contents
from verification.jobs import doorbell, rerun_leases
from verification.models import (
    AuditEvent,
    CallState,
    ProviderCall,
    Rerun,
    RerunState,
    VendorAccount,
    Verification,
    VerificationAttempt,
)
from verification.vendor_accounts import account_health, call_ledger, calling, pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
REASON = "The applicant appealed and names a medical note."
LOW = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42.0}


@pytest.fixture
def senior(staff):
    return staff("Senior reviewer")


@pytest.fixture
def case(road, emulator):
    """In review with a low score."""
    made = road.in_review(emulator)
    VENDOR_CLOCK.at = LATER
    return made


def ask(case: Verification, by: Any, **changes: Any) -> Rerun:
    case = Verification.objects.select_related("applicant", "policy").get(pk=case.pk)
    attempt = case.attempts.finished().last()
    words: dict[str, Any] = {
        "attempt_id": attempt.public_id,
        "number": ask_rerun.next_number(case),
        "reason": REASON,
    }
    return ask_rerun.ask(case, by=by, now=LATER, **words | changes)


def work(made: Rerun, minutes: float = 0) -> Rerun:
    """A worker takes the message up, so many minutes later."""
    now = LATER + timedelta(minutes=minutes)
    VENDOR_CLOCK.at = now
    rerun.rerun(made.public_id, clock=lambda: now)
    made.refresh_from_db()
    return made


def as_it_was(case: Verification) -> dict[str, Any]:
    """All that a comparison must leave alone."""
    rows = (Verification.objects.filter(pk=case.pk), VerificationAttempt.objects.filter(verification=case))
    return {"rows": [list(row.values()) for row in rows], "evidence": evidence_hash(case)}


def test_the_same_bytes_are_sent_once_more_and_both_answers_stand_side_by_side(case, emulator, senior):
    before = as_it_was(case)
    emulator.script(sim=91.5)
    made = work(ask(case, senior))
    assert as_it_was(case) == before
    first, again = ProviderCall.objects.order_by("pk")
    assert (first.rerun, again.rerun) == (None, made)
    assert first.body_sha256 == again.body_sha256
    [facts] = side_by_side.of_case(case)
    assert (made.state, facts["same_answer"]) == (RerunState.ANSWERED, False)
    assert (str(facts["original"]["similarity"]), str(facts["again"]["similarity"])) == ("42.00", "91.50")
    assert facts["again"]["under_policy_of_today"] == {"next": "approve", "reasons": []}
    assert facts["original"]["under_policy_of_today"]["reasons"] == ["low_similarity"]


def test_the_same_answer_is_told_as_the_same_with_the_same_frame(case, emulator, senior):
    emulator.script(**LOW)
    work(ask(case, senior))
    [facts] = side_by_side.of_case(case)
    assert facts["same_answer"] is True
    assert facts["original"]["best_frame_sha256"] == facts["again"]["best_frame_sha256"] != ""


def test_the_trail_says_who_asked_and_what_came_but_not_what_was_written(case, emulator, senior):
    made = work(ask(case, senior))
    events = AuditEvent.objects.filter(subject_id=case.public_id, kind__startswith="rerun.")
    asked, answered = events.order_by("pk")
    assert (asked.kind, asked.actor_kind, asked.actor_id) == (
        "rerun.requested",
        "senior_reviewer",
        senior.username,
    )
    assert (answered.kind, answered.data["call"]) == ("rerun.answered", made.calls.get().public_id)
    assert REASON not in str([event.data for event in events])


def test_a_decided_case_is_compared_again_and_stays_decided(road, emulator, senior):
    approved = road.judged(emulator)
    VENDOR_CLOCK.at = LATER
    before = as_it_was(approved)
    emulator.script(**LOW)
    assert work(ask(approved, senior)).state == RerunState.ANSWERED
    assert as_it_was(approved) == before


def test_an_open_proposal_is_not_voided(case, emulator, senior, staff):
    approve(case, by=staff("Reviewer"), reason_code="vendor_error")
    work(ask(case, senior))
    case.refresh_from_db()
    assert case.proposal.evidence_sha256 == evidence_hash(case)


def test_it_counts_as_a_call_of_the_account_in_pace_and_budget(case, senior):
    before = VendorAccount.objects.get().spent
    work(ask(case, senior))
    assert VendorAccount.objects.get().spent == before + 1


def test_asking_rings_a_worker_and_the_sweep_rings_again(case, senior, rung):
    asked = []
    assert rung(lambda: asked.append(ask(case, senior))) == [doorbell.RERUN]
    assert doorbell.RERUN in rung(lambda: sweep.sweep(now=LATER))
    work(asked[0])
    assert doorbell.RERUN not in rung(lambda: sweep.sweep(now=LATER + timedelta(hours=1)))


# Asking


def test_only_a_senior_without_a_stake_asks(case, senior, staff):
    for group in ("Reviewer", "Auditor", "Operator", "Front office"):
        with pytest.raises(permissions.Denied):
            ask(case, staff(group))
    case.applicant.email = senior.email = "same@example.org"
    case.applicant.save()
    senior.save()
    with pytest.raises(permissions.ConflictOfInterest):
        ask(case, senior)


@pytest.mark.parametrize("reason", ["", "  short  ", "x" * 1001])
def test_a_reason_is_required(case, senior, reason):
    with pytest.raises(ask_rerun.ReasonRequired):
        ask(case, senior, reason=reason)


def test_a_form_that_is_sent_twice_asks_once(case, senior, staff, emulator):
    first = ask(case, senior, number=1)
    assert ask(case, senior, number=1) == first
    work(first)
    assert ask(case, senior, number=1) == first
    assert work(first).calls.count() == 1
    with pytest.raises(ask_rerun.RerunRefused, match="A colleague asked"):
        ask(case, staff("Senior reviewer", "senior2"), number=1)


def test_one_at_a_time_and_so_many_for_each_case(case, senior):
    made = ask(case, senior)
    with pytest.raises(ask_rerun.RerunRefused, match="under way"):
        ask(case, senior)
    work(made)
    for _ in range(reruns.MAX_RERUNS - 1):
        work(ask(case, senior))
    with pytest.raises(ask_rerun.RerunRefused, match="5 times at most"):
        ask(case, senior)
    assert ProviderCall.objects.count() == reruns.MAX_RERUNS + 1


def test_what_was_never_sent_or_is_not_judged_is_not_compared_again(road, emulator, senior, seniors):
    with pytest.raises(ask_rerun.RerunRefused, match="in review, and after"):
        ask_rerun.ask(road.invited(), attempt_id="att_none", number=1, reason=REASON, by=senior, now=LATER)
    broken = road.in_review(emulator)
    with pytest.raises(ask_rerun.RerunRefused, match="Nothing of this attempt"):
        ask(broken, senior, attempt_id="att_none")
    policy(seniors, qa_share=100)
    drawn = road.judged(emulator, {"sim": 93.7})
    with pytest.raises(ask_rerun.RerunRefused, match="spot check"):
        ask(drawn, senior)


# What goes wrong


def test_erased_evidence_is_said_to_be_gone(road, emulator, senior):
    approved = road.judged(emulator)
    asked = ask(approved, senior)
    erase.erase(approved.applicant, by=audit.By.shell(), reason="asked for", now=LATER)
    made = work(asked)
    assert (made.state, made.code) == (RerunState.FAILED, "erased")
    with pytest.raises(ask_rerun.RerunRefused, match="erased"):
        ask(approved, senior)
    assert len(emulator.calls()) == 1


def test_evidence_that_is_erased_while_a_worker_waits_for_its_slot_is_not_sent(
    road, emulator, senior, monkeypatch
):
    approved = road.judged(emulator)
    VENDOR_CLOCK.at = LATER
    asked, enter = ask(approved, senior), rerun._enter

    def erase_first(*arguments: Any) -> Any:
        erase.erase(approved.applicant, by=audit.By.shell(), reason="asked for", now=LATER)
        return enter(*arguments)

    monkeypatch.setattr(rerun, "_enter", erase_first)
    assert work(asked).state == RerunState.WAITING
    assert work(asked, 1).code == "erased"
    assert len(emulator.calls()) == 1
    assert VendorAccount.objects.get().spent == 1


def test_evidence_that_is_not_what_was_compared_is_not_sent(case, emulator, senior):
    asked = ask(case, senior)
    ProviderCall.objects.update(body_sha256="0" * 64)
    assert work(asked).code == "other_bytes"
    again = ask(case, senior)
    objects.damage(case.attempts.get().normalised_name)
    assert work(again).code == "integrity_error"
    assert len(emulator.calls()) == 1
    assert VendorAccount.objects.get().spent == 1


@pytest.mark.parametrize("fault", ["truncated", "reset", "http_502"])
def test_an_unknown_outcome_is_told_and_never_tried_again(case, emulator, senior, fault, rung):
    emulator.script(fault=fault)
    made = work(ask(case, senior))
    assert made.state == RerunState.UNKNOWN
    assert work(made, 5).state == RerunState.UNKNOWN
    assert len(emulator.calls()) == 2
    assert doorbell.RERUN not in rung(lambda: sweep.sweep(now=LATER + timedelta(hours=1)))


def test_a_vendor_that_fails_is_told_and_not_asked_again(case, emulator, senior):
    emulator.script(fault="http_503")
    made = work(ask(case, senior))
    assert (made.state, made.code) == (RerunState.FAILED, "http_503")
    work(made, 5)
    assert len(emulator.calls()) == 2


def test_a_call_that_was_turned_away_unread_is_made_later(case, emulator, senior):
    emulator.script(error="RequestLimitExceeded")
    made = work(ask(case, senior))
    assert (made.state, made.lease_until) == (RerunState.WAITING, None)
    assert work(made, 1).state == RerunState.ANSWERED
    assert [call.answer for call in made.calls.order_by("pk")] == ["refused", "usable"]


def test_while_no_account_may_be_called_it_waits_and_after_an_hour_it_ends_uncalled(case, emulator, senior):
    account = pacing.accounts()[0]
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=LATER, now=LATER)
    made = work(ask(case, senior))
    assert made.state == RerunState.WAITING
    assert work(made, 61).code == "not_called"
    assert len(emulator.calls()) == 1


def test_an_answer_with_the_request_id_of_another_call_is_not_used(case, senior, say):
    first = ProviderCall.objects.get()
    say(Result="Success", Sim=99.0, RequestId=first.request_id)
    made = work(ask(case, senior))
    assert (made.state, made.code) == (RerunState.FAILED, "repeated_request_id")


# A worker that dies


class Killed(BaseException):
    """The process ends here."""


def killed_at(monkeypatch: Any, module: Any, step: str, made: Rerun) -> None:
    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(module, step, die)
        with pytest.raises(Killed):
            work(made)


@pytest.mark.parametrize(
    ("module", "step", "arrived", "ends", "calls"),
    [
        (pacing, "reserve", 0, RerunState.ANSWERED, [CallState.ANSWERED]),
        (call_ledger, "begin", 0, RerunState.ANSWERED, [CallState.ANSWERED]),
        (calling, "send", 0, RerunState.UNKNOWN, [CallState.UNKNOWN]),
        (call_ledger, "close_with_answer", 1, RerunState.UNKNOWN, [CallState.UNKNOWN]),
        (account_health, "after_call", 1, RerunState.ANSWERED, [CallState.ANSWERED]),
        (best_frame, "hash_of", 1, RerunState.ANSWERED, [CallState.ANSWERED]),
        (rerun_leases, "end", 1, RerunState.ANSWERED, [CallState.ANSWERED]),
    ],
)
def test_a_worker_that_dies_at_any_step_leaves_at_most_one_call_that_may_be_charged(
    case, emulator, senior, monkeypatch, module, step, arrived, ends, calls
):
    before = as_it_was(case)
    made = ask(case, senior)
    killed_at(monkeypatch, module, step, made)
    assert len(emulator.calls()) == 1 + arrived
    assert work(made, 1).state == RerunState.WAITING  # its lease still runs
    assert work(made, 2).state == ends
    assert [call.state for call in made.calls.order_by("pk")] == calls
    assert len(emulator.calls()) <= 2
    assert as_it_was(case) == before


def test_a_worker_that_was_frozen_writes_nothing_once_another_has_the_row(
    case, emulator, senior, monkeypatch
):
    made, hash_of = ask(case, senior), best_frame.hash_of

    def freeze(answer: Any) -> dict[str, str]:
        work(made, 2)
        return hash_of(answer)

    monkeypatch.setattr(best_frame, "hash_of", freeze)
    work(made)
    assert made.best_frame_note == "not_kept"  # as the other worker has it
    assert AuditEvent.objects.filter(kind="rerun.answered").count() == 1
    assert len(emulator.calls()) == 2


def test_a_late_answer_of_a_lost_call_changes_no_outcome(case, emulator, senior, monkeypatch):
    """The worker hangs after it sent: another one ends the comparison as unknown. The answer that comes is noted."""
    made, close = ask(case, senior), call_ledger.close_with_answer

    def hang(*args: Any, **kwargs: Any) -> bool:
        monkeypatch.setattr(call_ledger, "close_with_answer", close)
        work(made, 2)
        return close(*args, **kwargs)

    monkeypatch.setattr(call_ledger, "close_with_answer", hang)
    work(made)
    assert (made.state, made.calls.get().state) == (RerunState.UNKNOWN, CallState.UNKNOWN)
    assert AuditEvent.objects.filter(kind="call.answered_late").count() == 1
    assert len(emulator.calls()) == 2


def test_one_that_has_ended_never_changes(case, senior):
    made = work(ask(case, senior))
    for statement in ("UPDATE verification_rerun SET code = 'x'", "DELETE FROM verification_rerun"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Rerun.objects.get() == made


def wrong() -> list[str]:
    return [found.item for found in records.findings() if found.item.startswith(("rerun:", "providercall:"))]


def test_the_trail_commits_to_who_asked_and_to_the_answer(case, emulator, senior):
    emulator.script(error="RequestLimitExceeded")
    made = work(ask(case, senior))
    assert wrong() == []
    work(made, 1)
    assert wrong() == []
    ProviderCall.objects.filter(rerun=made, answer="usable").update(similarity=99)
    assert wrong() == [f"providercall:{made.calls.last().public_id}"]


# The page


def page_of(client: Any, case: Verification) -> str:
    return client.get(reverse("admin:case", args=[case.public_id])).content.decode()


def post(client: Any, case: Verification, **changes: Any) -> Any:
    fields = {
        "rerun_attempt": case.attempts.finished().last().public_id,
        "rerun_number": 1,
        "rerun_reason": REASON,
        "rerun_sure": "on",
    }
    return client.post(reverse("admin:rerun", args=[case.public_id]), fields | changes)


def test_a_senior_asks_on_the_page_of_the_case_and_reads_both_answers(case, sam, emulator):
    before = page_of(sam, case)
    assert "one more call, which the vendor charges" in before
    assert post(sam, case).status_code == 302
    assert post(sam, case).status_code == 302  # a double click
    waiting = page_of(sam, case)
    assert "Waiting" in waiting
    assert "under way already" in waiting
    emulator.script(sim=91.5)
    work(Rerun.objects.get())
    after = page_of(sam, case)
    for shown in (
        "Another answer than the first",
        REASON,
        "91.5",
        Rerun.objects.get().calls.get().request_id,
    ):
        assert shown in after
    assert Rerun.objects.count() == 1


def test_what_is_missing_is_said_and_what_was_typed_is_kept(case, sam):
    unsure = post(sam, case, rerun_sure="")
    assert unsure.status_code == 422
    assert "Tick that you know" in unsure.content.decode()
    assert REASON in unsure.content.decode()
    assert post(sam, case, rerun_reason="short").status_code == 422
    assert post(sam, case, rerun_number=7).status_code == 409
    assert not Rerun.objects.exists()


def test_reviewers_and_auditors_read_the_answers_and_can_not_ask(case, desk_of, senior):
    work(ask(case, senior))
    for group in ("Reviewer", "Auditor"):
        client = desk_of(group)
        assert "Compared again" in page_of(client, case)
        assert "which the vendor charges" not in page_of(client, case)
        assert post(client, case).status_code == 403


def test_a_second_person_reads_no_reason_of_who_may_have_read_the_verdict(case, senior, staff, desk_of):
    approve(case, by=staff("Reviewer"), reason_code="vendor_error")
    work(ask(case, senior))
    second = page_of(desk_of("Reviewer", "second"), case)
    assert "Compared again" in second
    assert REASON not in second
    assert REASON in page_of(desk_of("Auditor"), case)


def test_the_reason_leaves_in_a_pack_with_the_notes_alone(road, emulator, staff, senior):
    case = declined(road, emulator, staff("Reviewer"))
    VENDOR_CLOCK.at = LATER
    work(ask(case, senior))
    without = pack_of(case, Contents(media=False, names=True, notes=False))
    assert wrong_with(without) == ""
    assert REASON not in json_of(without, "reruns.json")["records"][0]["facts"].values()
    assert json_of(pack_of(case), "reruns.json")["records"][0]["facts"]["reason"] == REASON


def test_the_technical_fields_of_the_first_answer_stay_the_first_ones(case, senior, sam, emulator):
    emulator.script(sim=91.5)
    work(ask(case, senior))
    assert "42: far below 70" in page_of(sam, case)

"""Explaining a case: the rules applied again come to what was stored, and whatever was changed since is found and
named."""

import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, policy, seen
from verification import audit, explain, links, liveness
from verification.actions import bind, cancel, erase, link, reopen, review
from verification.audit import sealing
from verification.explain.steps import Difference
from verification.liveness import answer, codes
from verification.models import AuditEvent, StaffUser, Verdict, Verification
from verification.rules import decision, four_eyes
from verification.rules.document_check import Found
from verification.states import Device, Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
DARK = {"result": "FailedOperation.ActionLightDark"}
GENUINE = Found("passport", dict.fromkeys(("name_matches", "not_expired", "nothing_covered"), "yes"))


def explained(case: Verification) -> explain.Explanation:
    return explain.explain(Verification.objects.get(pk=case.pk))


def differences(case: Verification) -> set[str]:
    return {found.what for step in explained(case).steps for found in step.differences}


def steps(case: Verification, rule: str) -> list[explain.Step]:
    return [step for step in explained(case).steps if step.rule == rule]


def change(table: str, sets: str, where: str = "1 = 1") -> None:
    """Changes what a table says behind the portal's back, as somebody with the database's password could."""
    name = f"verification_{table}"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [name])
            for (trigger,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {trigger}")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE {name} SET {sets} WHERE {where}" if sets else f"DELETE FROM {name} WHERE {where}"
        )
        assert cursor.rowcount > 0


@pytest.fixture
def passed(road, emulator):
    """Approved by policy, in the second attempt."""
    return road.judged(emulator, DARK, {"sim": 91.25})


@pytest.fixture
def two(staff):
    return staff("Reviewer"), staff("Reviewer", "reviewer2")


@pytest.fixture
def overridden(road, emulator, two):
    """Approved by two people against the vendor."""
    case = road.in_review(emulator)
    for by in two:
        approve(case, by=by, reason_code="vendor_error")
    case.refresh_from_db()
    return case


def reopened(case: Verification, by: StaffUser) -> None:
    case.refresh_from_db()
    words = {"reason_code": "appeal", "note": "The applicant appealed."}
    reopen.reopen(case, version=case.version, by=by, now=LATER, **words)


def run(case: Verification, *options: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("explain", case.public_id, *options, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def other(code: str, **fields: Any) -> dict[str, codes.CodeRule]:
    """The table of codes with another row."""
    return {**codes.RULES, code: replace(codes.RULES[code], **fields)}


# Nothing was changed


def test_a_pass_by_policy_is_made_again_and_nothing_differs(passed):
    code, text = run(passed)
    assert code == 0
    assert "Nothing differs" in text
    assert "Attempt 2: what follows from it (rules.decision)" in text
    [first, second] = steps(passed, "decision")
    assert (first.gave["next"], second.gave["next"]) == ("try_again", "approve")
    assert second.got["counted"] == 1


@pytest.mark.parametrize(
    "answers",
    [
        [{"sim": 74.2}],
        [{"sim": 42.0}],
        [{"result": "FailedOperation.LivessDetectFake"}],
        [DARK, DARK, DARK],
        [{"result": "FailedOperation.ImageBlur"}],
        [{"result": "Strange.Code"}],
        [{"result": "FailedOperation.CompareLowSimilarity", "sim": 99.0}],
    ],
)
def test_no_answer_of_the_vendor_differs_from_itself(road, emulator, answers):
    assert differences(road.judged(emulator, *answers)) == set()


def test_verdicts_of_two_people_are_made_again(overridden):
    assert differences(overridden) == set()
    [proposed, confirmed] = steps(overridden, "verdict")
    assert proposed.gave["rules"] == ("override",)
    assert confirmed.gave["result"] == "confirmed"


def test_a_case_that_was_asked_again_reopened_and_judged_blind_differs_in_nothing(
    road, emulator, seniors, two
):
    policy(seniors, qa_share=Decimal(100), document_check="always", second_share=Decimal(100))
    case = road.judged(emulator, {"sim": 93.7})
    blind = {"verdict": Verdict.DECLINE, "note": "", "by": two[0], "now": LATER}
    review.judge_blind(case, shown=seen(case), **blind)
    decide(case, Verdict.ASK_AGAIN, "photo_unclear", by=two[0])
    assert differences(case) == set()
    case.refresh_from_db()
    decline = {"note": "It is somebody else, plainly."}
    declined = road.in_review(emulator)
    for by in two:
        decide(declined, Verdict.DECLINE, "different_person", by=by, **decline)
    assert differences(declined) == set()
    reopened(declined, seniors[0])
    assert differences(declined) == set()


def test_a_case_that_nobody_has_decided_is_explained_as_far_as_it_is(road, emulator):
    assert differences(road.invited()) == set()
    assert differences(road.in_review(emulator)) == set()


def test_what_was_erased_is_said_and_the_decision_still_made_again(passed):
    erase.erase(passed.applicant, by=audit.By.shell(), reason="asked for", now=LATER)
    found = explained(passed)
    assert "evidence_erased" in found.not_kept
    assert found.differences == 0


def test_the_command_writes_json_for_programs_and_refuses_what_it_does_not_know(passed):
    code, text = run(passed, "--json")
    found = json.loads(text)
    assert (code, found["differences"], found["case"]) == (0, 0, passed.public_id)
    assert {step["rule"] for step in found["steps"]} >= {
        "sealed",
        "policy",
        "answer",
        "decision",
        "road",
        "end",
    }
    with pytest.raises(CommandError) as refused:
        call_command("explain", "ver_nobody")
    assert refused.value.returncode == 2


def moved(case: Verification) -> None:
    """The case goes to a browser that did not have it."""
    bind.take_over(case, links.open_session(case), device=Device.PHONE, now=LATER)
    case.refresh_from_db()


def recorded(road, emulator, case, *answers: dict[str, Any]) -> None:
    for said in answers:
        emulator.script(**said)
        road.record(case)


def test_attempts_are_counted_as_they_were_when_the_case_went_from_browser_to_browser(road, emulator, two):
    case = road.with_photo()
    moved(case)
    recorded(road, emulator, case, DARK, DARK, {"sim": 74.2})
    moved(case)  # a case in review gives no attempts back
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=two[0])
    case.refresh_from_db()
    recorded(road, emulator, case, {"sim": 74.2})
    assert [step.got["counted"] for step in steps(case, "decision")] == [0, 1, 2, 2]
    assert differences(case) == set()


def test_attempts_are_counted_as_they_were_after_a_new_link(road, emulator):
    case = road.with_photo()
    moved(case)
    moved(case)
    recorded(road, emulator, case, DARK)
    link.renew(case, by=audit.By.shell(), now=LATER)
    moved(case)
    recorded(road, emulator, case, DARK, {"sim": 74.2})
    assert [step.got["counted"] for step in steps(case, "decision")] == [0, 0, 1]
    assert differences(case) == set()


def test_a_request_id_that_came_twice_at_one_moment_differs_in_neither_case(road, say):
    cases = road.with_photo(), road.with_photo()
    for case in cases:
        say(Result="Success", Sim=99.0, RequestId="the-same")
        road.record(case)
    first, second = cases
    assert (first.status, second.reasons) == (Status.APPROVED, ["repeated_request_id"])
    assert differences(first) == differences(second) == set()


@pytest.fixture
def checked(road, emulator, seniors, two):
    """Declined, though nothing was found against the document, under a policy that has each document checked."""
    policy(seniors, document_check="always")
    case = road.judged(emulator, {"sim": 93.7}, name="Alice Example")
    decide(case, Verdict.DECLINE, "different_person", by=two[0], document=GENUINE)
    return case


def renamed(road, case: Verification, *names: str) -> None:
    """The person is invited again, under one name after the other; each of these cases is cancelled."""
    for name in names:
        again = road.invited(reference=case.applicant.reference, name=name)
        cancel.cancel(again, reason="mistake", by=audit.By.shell(), now=LATER)


def passed_again(road, emulator, case: Verification, senior: StaffUser, reviewer: StaffUser) -> explain.Step:
    """Reopens the case, and asks for another video, which passes. Returns the step of what followed."""
    reopened(case, senior)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=reviewer)
    case.refresh_from_db()
    recorded(road, emulator, case, {"sim": 93.7})
    return steps(case, "decision")[-1]


@pytest.mark.parametrize(
    ("names", "to_check", "status"),
    [
        ([], False, Status.APPROVED),
        (["Alice Example"], False, Status.APPROVED),
        (["Alice Other"], True, Status.IN_REVIEW),
        (["Alice Other", "Alice Third"], True, Status.IN_REVIEW),
        (["Alice Other", "Alice Example"], False, Status.APPROVED),
    ],
)
def test_a_check_of_the_document_held_only_while_the_name_was_the_one_that_was_compared(
    road, emulator, seniors, two, checked, names, to_check, status
):
    renamed(road, checked, *names)
    step = passed_again(road, emulator, checked, seniors[0], two[1])
    assert (checked.status, step.got["document_check"], step.unknown) == (status, to_check, [])
    assert run(checked)[0] == 0


def test_another_name_after_a_decision_leaves_it_as_it_was(road, emulator, seniors, two, checked):
    passed_again(road, emulator, checked, seniors[0], two[1])
    renamed(road, checked, "Alice Other", "Alice Third")
    [*_, step] = steps(checked, "decision")
    assert (step.got["document_check"], step.unknown) == (False, [])
    assert differences(checked) == set()


def test_another_address_is_no_other_name(road, emulator, seniors, two, checked):
    reference = checked.applicant.reference
    again = road.invited(reference=reference, name="Alice Example", email="alice@example.com")
    cancel.cancel(again, reason="mistake", by=audit.By.shell(), now=LATER)
    passed_again(road, emulator, checked, seniors[0], two[1])
    assert checked.status == Status.APPROVED
    assert differences(checked) == set()


def without_inputs(kind: str) -> None:
    """The newest event of that kind, as an earlier version of the software wrote it."""
    event = AuditEvent.objects.filter(kind=kind).latest("pk")
    held = {name: value for name, value in event.data.items() if name not in {"inputs", "call"}}
    change("auditevent", f"data = '{json.dumps(held)}'", f"id = {event.pk}")


@pytest.mark.parametrize(
    ("second", "kind", "to_check"),
    [
        ("Alice Third", "decision.sent_to_review", True),
        ("Alice Example", "decision.approved_by_policy", False),
    ],
)
def test_whether_a_check_held_under_a_name_that_is_not_kept_is_taken_from_the_event(
    road, emulator, seniors, two, checked, second, kind, to_check
):
    renamed(road, checked, "Alice Other", second)
    passed_again(road, emulator, checked, seniors[0], two[1])
    if checked.status == Status.IN_REVIEW:
        decide(checked, Verdict.DECLINE, "different_person", by=two[1])
    renamed(road, checked, "Alice Fourth")
    [*_, step] = steps(checked, "decision")
    assert (step.got["document_check"], step.unknown) == (to_check, ["name_not_kept"])
    code, text = run(checked)
    assert code == 0
    assert "The name changed more than once after the document was checked" in text
    without_inputs(kind)
    [*_, step] = steps(checked, "decision")
    assert step.got["document_check"] is to_check
    assert differences(checked) == set()


def test_an_approval_under_a_name_that_is_not_kept_is_not_doubted(road, seniors, two, checked):
    renamed(road, checked, "Alice Other", "Alice Example")
    reopened(checked, seniors[0])
    approve(checked, by=two[1])
    [*_, step] = steps(checked, "verdict")
    assert (step.got["document"], step.unknown) == ("done", [])
    renamed(road, checked, "Alice Third")
    [*_, step] = steps(checked, "verdict")
    assert step.unknown == ["name_not_kept"]
    assert differences(checked) == set()


# Something was changed in the database


@pytest.mark.parametrize(
    ("table", "sets", "found"),
    [
        ("policy", "approve_at = 95", "approve_at"),
        ("policy", "max_attempts = 1", "max_attempts"),
        ("policy", "qa_share = 50", "qa_share"),
        ("policy", "shared_evidence = 'tell'", "shared_evidence"),
        ("verificationattempt", "similarity = 99 WHERE similarity > 0", "similarity"),
        ("verificationattempt", "outcome = 'passed'", "outcome"),
        ("verificationattempt", "result_code = 'Success'", "code"),
        ("verificationattempt", "counted = NOT counted", "decided_counted"),
        ("verificationattempt", "number = number + 1 WHERE number = 2", "number"),
        ("providercall", "similarity = 99 WHERE similarity > 0", "call_similarity"),
        ("providercall", "similarity = 60 WHERE similarity > 0", "consistent"),
        ("providercall", "code = 'FailedOperation.ActionCloseEye' WHERE code <> 'Success'", "call_code"),
        ("providercall", "consistent = NOT consistent", "consistent"),
        ("providercall", "billed = 'no'", "billed"),
        ("providercall", "answer = ''", "call_answer"),
        ("verification", "outcome = 'low_similarity'", "outcome"),
        ("verification", """reasons = '["suspicion"]'""", "reasons"),
        ("verification", "passing_call_id = (SELECT min(id) FROM verification_providercall)", "passing_call"),
        ("verification", "status = 'expired'", "status"),
        ("verification", "decided_at = '2020-01-01 00:00:00+00:00'", "decided_at"),
    ],
)
def test_a_changed_record_of_a_pass_is_found_and_named(passed, table, sets, found):
    assert differences(passed) == set()
    sets, _, where = sets.partition(" WHERE ")
    change(table, sets, where or "1 = 1")
    assert found in differences(passed)
    code, text = run(passed)
    assert code == 1
    assert "DIFFERS" in text


@pytest.mark.parametrize(
    ("table", "sets", "found"),
    [
        ("review", "verdict = 'decline'", "verdict"),
        ("review", "reason_code = 'same_person'", "reason"),
        ("review", "reason_code = 'never_on_the_list'", "reason_on_the_list"),
        ("review", "evidence_sha256 = 'ab'", "evidence_sha256"),
        ("review", "by_id = proposed_by_id, proposed_by_id = by_id WHERE proposed_by_id > 0", "by"),
        ("review", "stage = 'decision' WHERE stage = 'proposal'", "second_person"),
        ("review", "at = '2020-01-01 00:00:00+00:00'", "at"),
        ("policy", "second_for_override = NOT second_for_override", "second_for_override"),
        ("policy", "second_below = 80", "second_below"),
        ("verificationattempt", "similarity = 99", "evidence_sha256"),
        ("providercall", "similarity = 99", "evidence_sha256"),
    ],
)
def test_a_changed_record_of_a_verdict_is_found_and_named(overridden, table, sets, found):
    assert differences(overridden) == set()
    sets, _, where = sets.partition(" WHERE ")
    change(table, sets, where or "1 = 1")
    assert found in differences(overridden)


def test_a_changed_answer_about_the_document_is_found(road, emulator, seniors, two):
    policy(seniors, document_check="always")
    case = road.judged(emulator, {"sim": 93.7})
    approve(case, by=two[0], document=GENUINE)
    assert differences(case) == set()
    change("documentcheck", """answers = '{"name_matches": "no"}'""")
    assert {"answers", "state", "document_allows"} <= differences(case)


def test_an_attempt_that_was_put_away_is_missed(passed):
    change("verificationattempt", "status = 'abandoned'", "number = 1")
    assert {"finished", "counted"} <= differences(passed)


def test_a_flag_that_was_deleted_and_one_that_was_made_up_are_found(road, emulator, two):
    first = road.judged(emulator, {"sim": 93.7}, seed=1)
    assert first.status == Status.APPROVED
    second = road.judged(emulator, {"sim": 93.7}, seed=1)
    assert second.status == Status.IN_REVIEW
    assert differences(second) == set()
    change("riskflag", "code = 'device_changed'")
    assert {"flags"} <= {what.split(" of ")[0] for what in differences(second)}
    change("riskflag", "")
    assert {"flags", "decided_reasons"} <= differences(second)


def test_a_changed_event_is_not_what_was_sealed(passed):
    while sealing.seal(now=LATER):
        pass
    assert differences(passed) == set()
    event = AuditEvent.objects.get(kind="decision.approved_by_policy")
    change("auditevent", """data = '{"source": "checking", "target": "approved"}'""", f"id = {event.pk}")
    assert f"event {event.pk} decision.approved_by_policy" in differences(passed)


def test_an_event_that_no_longer_tells_of_another_name_is_not_what_was_sealed(
    road, emulator, seniors, two, checked
):
    renamed(road, checked, "Alice Other")
    passed_again(road, emulator, checked, seniors[0], two[1])
    while sealing.seal(now=LATER):
        pass
    assert differences(checked) == set()
    event = AuditEvent.objects.get(kind="applicant.changed")
    change("auditevent", """data = '{"fields": ["email"]}'""", f"id = {event.pk}")
    assert {f"event {event.pk} applicant.changed", "document_check"} <= differences(checked)


def delete_attempt(case: Verification) -> None:
    last = case.attempts.last()
    change("framehash", "", f"attempt_id = {last.pk}")
    change("providercall", "", f"attempt_id = {last.pk}")
    change("verificationattempt", "", f"id = {last.pk}")


def test_an_attempt_that_was_deleted_is_missed(road, emulator):
    case = road.judged(emulator, DARK, {"sim": 74.2})
    assert differences(case) == set()
    delete_attempt(case)
    assert "record" in differences(case)


def test_a_verdict_or_a_check_that_was_deleted_is_missed(road, emulator, seniors, two):
    policy(seniors, qa_share=Decimal(100), document_check="always")
    case = road.judged(emulator, {"sim": 93.7})
    blind = {"verdict": Verdict.DECLINE, "note": "", "by": two[0], "now": LATER}
    review.judge_blind(case, shown=seen(case), **blind)
    found = Found("passport", {"name_matches": "no", "not_expired": "yes", "nothing_covered": "yes"})
    decide(case, Verdict.ASK_AGAIN, "photo_unclear", by=two[0], document=found)
    assert differences(case) == set()
    change("review", "", "stage = 'blind'")
    [missed] = [step for step in steps(case, "verdict") if step.differences]
    assert [difference.what for difference in missed.differences] == ["record"]
    change("documentcheck", "")
    assert [step.differences[0].what for step in steps(case, "document")] == ["record"]


def test_another_stage_of_a_verdict_is_found(road, emulator, two):
    case = road.in_review(emulator)
    decide(case, Verdict.DECLINE, "different_person", by=two[0])
    assert differences(case) == set()
    change("review", "stage = 'blind'")
    assert "stage" in differences(case)


def test_another_verdict_to_differ_from_is_found(road, emulator, seniors, two):
    policy(seniors, second_for_declines=True)
    case = road.in_review(emulator)
    proposed = decide(case, Verdict.DECLINE, "different_person", by=two[0])
    second = decide(case, Verdict.APPROVE, "vendor_error", by=two[1])
    last = decide(case, Verdict.APPROVE, "vendor_error", by=seniors[0])
    assert differences(case) == set()
    change("review", f"differs_from_id = {last.pk}", f"id = {second.pk}")
    [step] = [step for step in steps(case, "verdict") if step.differences]
    assert step.differences == [Difference("differs_from", proposed.public_id, last.public_id)]
    assert "verdict that it differs from: it was" in run(case)[1]


def test_a_verdict_of_one_person_that_was_made_to_look_confirmed_is_found(road, emulator, two):
    first, second = road.in_review(emulator), road.in_review(emulator)
    other_one = decide(first, Verdict.DECLINE, "different_person", by=two[0])
    alone = decide(second, Verdict.DECLINE, "different_person", by=two[1])
    assert differences(second) == set()
    change("review", f"confirms_id = {other_one.pk}, proposed_by_id = {two[0].pk}", f"id = {alone.pk}")
    assert differences(second) == {"confirms", "proposed_by"}


@pytest.mark.parametrize(
    ("sets", "found"), [("reasons = '[\"suspicion\"]'", "reasons"), ("outcome = 'passed'", "outcome")]
)
def test_what_the_row_of_a_case_in_review_says_is_held_against_its_decision(road, emulator, sets, found):
    case = road.in_review(emulator)
    change("verification", sets)
    assert found in differences(case)


def test_a_case_that_was_put_under_another_policy_before_anything_was_decided_is_found(road, seniors):
    case = road.invited()
    other_one = policy(seniors, qa_share=Decimal(50))
    assert differences(case) == set()
    change("verification", f"policy_id = {other_one.pk}")
    assert "policy" in differences(case)


def test_a_flag_with_another_time_is_found(road, emulator):
    road.judged(emulator, {"sim": 93.7}, seed=1)
    second = road.judged(emulator, {"sim": 93.7}, seed=1)
    change("riskflag", "raised_at = '2020-01-01 00:00:00+00:00'")
    assert "at" in differences(second)


@pytest.mark.parametrize(
    ("table", "sets", "found"),
    [
        ("providercall", "code = 'RequestLimitExceeded'", "call"),
        ("auditevent", "kind = 'decision.other' WHERE kind = 'decision.sent_to_review'", "decided_next"),
        ("auditevent", "data = '[]' WHERE kind = 'review.proposed'", "record"),
        ("auditevent", """data = '{"source": 1, "target": []}' WHERE kind = 'review.approved'""", "record"),
    ],
)
def test_what_makes_no_sense_is_a_difference_and_no_error(overridden, table, sets, found, desk_of):
    sets, _, where = sets.partition(" WHERE ")
    change(table, sets, where or "1 = 1")
    assert found in differences(overridden)
    assert page(desk_of("Auditor"), overridden).status_code == 200


# Something was changed in the code, or in its settings


def test_another_limit_of_a_pass_is_found(passed, monkeypatch):
    for module in (answer, decision, four_eyes):
        monkeypatch.setattr(module, "VENDOR_PASS", Decimal(95))
    assert {"vendor_pass", "consistent", "decided_next"} <= differences(passed)


@pytest.mark.parametrize(
    ("code", "fields", "found"),
    [
        ("Success", {"category": liveness.Category.LIVENESS_FAILED}, "category"),
        ("FailedOperation.ActionLightDark", {"suspicion": True}, "suspicion"),
        ("FailedOperation.ActionLightDark", {"hint": liveness.Hint.LONGER}, "hint"),
        ("FailedOperation.ActionLightDark", {"billed": liveness.Billed.YES}, "billed"),
        ("FailedOperation.ActionLightDark", {"step": "document"}, "step"),
    ],
)
def test_another_row_in_the_table_of_codes_is_found(passed, monkeypatch, code, fields, found):
    monkeypatch.setattr(codes, "RULES", other(code, **fields))
    assert found in differences(passed)


def test_another_rule_of_the_decision_is_found(passed, monkeypatch):
    monkeypatch.setattr(decision, "_reason_for_a_person", lambda *_: "similarity_band")
    assert {"decided_next", "decided_reasons"} <= differences(passed)


def test_another_rule_on_second_people_is_found(overridden, monkeypatch):
    monkeypatch.setattr(four_eyes, "rules_on_approval", lambda *_: ())
    assert {"second_person", "second_because"} <= differences(overridden)


def test_a_draw_that_comes_out_otherwise_is_found(road, emulator, seniors, settings):
    """The draw is made from the case's id and the installation's secret, so it can be made again."""
    policy(seniors, qa_share=Decimal(50))
    cases = [road.judged(emulator, {"sim": 93.7}) for _ in range(6)]
    assert not any(differences(case) for case in cases)
    settings.SECRET_KEY = "another secret of the installation, long enough"
    assert any("spot_check" in differences(case) for case in cases)


def test_a_decision_of_an_earlier_version_is_made_again_from_the_records(passed):
    without_inputs("decision.approved_by_policy")
    assert differences(passed) == set()
    [_, step] = steps(passed, "decision")
    assert step.unknown == ["inputs_not_recorded"]
    change("policy", "approve_at = 95")
    assert "decided_next" in differences(passed)


# Its page


def page(client, case):
    return client.get(reverse("admin:explain", args=[case.public_id]))


def test_reviewers_and_auditors_read_it_and_each_look_is_an_event(passed, desk_of):
    for group in ("Reviewer", "Senior reviewer", "Auditor"):
        shown = page(desk_of(group), passed).content.decode()
        assert "Nothing differs" in shown
        assert "91.25" in shown
    assert page(desk_of("Operator"), passed).status_code == 403
    looks = AuditEvent.objects.filter(kind="case.explained", subject_id=passed.public_id)
    assert [look.data["shown"] for look in looks] == [True] * 3


def test_what_differs_is_on_the_page(passed, desk_of):
    change("verificationattempt", "similarity = 99", "similarity > 0")
    shown = page(desk_of("Auditor"), passed).content.decode()
    assert "Similarity: it was 91.25, and is 99.00 now" in shown
    assert "Tell an operator" in shown


def test_it_tells_no_score_of_an_undecided_spot_check_and_no_unread_verdict(road, emulator, seniors, desk_of):
    proposed = road.in_review(emulator)
    approve(proposed, by=desk_of("Reviewer", "rita").user, reason_code="vendor_error")
    policy(seniors, qa_share=Decimal(100))
    drawn = road.judged(emulator, {"sim": 93.7})
    reviewer = desk_of("Reviewer", "ruth")
    for case in (drawn, proposed):
        shown = page(reviewer, case).content.decode()
        assert "once you have judged the case yourself" in shown
        assert "93.7" not in shown
        assert "rita" not in shown
    assert "93.7" in page(desk_of("Auditor"), drawn).content.decode()

"""The effects that the table of codes documents, compared with the real ones."""

import json
from datetime import timedelta
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road
from tests.unit.test_decision import FRESH, TERMS
from verification import liveness, storage
from verification.actions import assess, prepare
from verification.hints import HINTS
from verification.liveness import RULES, Category, LivenessError, lookup
from verification.liveness.answer import HIDES_OUTCOME
from verification.liveness.codes import Field
from verification.models import AnswerKind, ProviderCall, VendorAccount, Verification
from verification.rules import decision
from verification.states import Status
from verification.vendor_accounts import account_health, call_ledger, code_guide
from verification.vendor_accounts.code_guide import NO_CODE, Consequence
from verification.vendor_accounts.code_guide.texts import CAUSES, DOES, VENDOR_FAILING

FIELDS: tuple[Field, ...] = ("Result", "Error")

# The task's reaction to each error type of the client; the tests below run each through the real task.
OF_ERRORS: dict[type[LivenessError], Consequence] = {
    liveness.VideoRefused: Consequence.SMALLER,
    liveness.Unavailable: Consequence.REPEAT,
    liveness.Throttled: Consequence.SLOW_DOWN,
    liveness.Misconfigured: Consequence.PAUSE,
    liveness.Rejected: Consequence.REFUSED,
    liveness.BadAnswer: Consequence.UNREADABLE,
}


def answered(field: str, code: str, similarity: float) -> bytes:
    fields: dict[str, Any] = {"Result": code, "Sim": similarity, "BestFrameBase64": None}
    if field == "Error":
        fields = {"Error": {"Code": code, "Message": "said so"}}
    return json.dumps({"Response": {**fields, "RequestId": "r-1"}}).encode()


def seen(field: str, code: str, similarity: float) -> tuple[Consequence, decision.Decision | None]:
    """The real outcome of an answer, through the parser and the decision."""
    raw = answered(field, code, similarity)
    try:
        answer = liveness.parse(raw, content_type="application/json", status=200)
    except LivenessError as error:
        return OF_ERRORS[type(error)], None
    decided = decision.decide(answer, TERMS, FRESH)
    if decided.next == decision.Next.REVIEW and not decided.counted:
        return Consequence.NOT_TRUSTED, decided
    kind = {
        decision.Next.APPROVE: Consequence.APPROVE,
        decision.Next.REVIEW: Consequence.REVIEW,
        decision.Next.TRY_AGAIN: Consequence.NEW_PHOTO
        if (decided.step, decided.counted) == ("document", False)
        else Consequence.NEW_RECORDING,
    }
    return kind[decided.next], decided


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("code", [code for code in RULES if code != "Success"])
def test_the_system_does_with_each_code_what_the_table_says(field: Field, code: str) -> None:
    compared = RULES[code].category == Category.LOW_SIMILARITY
    consequence, decided = seen(field, code, 9.21 if compared else 0)
    row = code_guide.handling_of(lookup(code, field=field))
    assert row.consequence == consequence
    if decided and decided.next == decision.Next.TRY_AGAIN:
        assert row.applicant_text == HINTS[decided.hint]


def test_success_approves_by_the_policys_similarity() -> None:
    assert code_guide.handling_of(RULES["Success"]).consequence == Consequence.APPROVE
    assert [seen("Result", "Success", similarity)[0] for similarity in (80, 79.9)] == [
        Consequence.APPROVE,
        Consequence.REVIEW,
    ]


def test_success_among_the_errors_is_an_answer_that_can_not_be_read() -> None:
    assert seen("Error", "Success", 92.5)[0] == NO_CODE["bad_answer"].consequence


@pytest.mark.parametrize(
    ("code", "similarity"),
    [
        ("Success", 69.9),
        ("FailedOperation.CompareLowSimilarity", 70),
        ("FailedOperation.LivessDetectFail", 92.5),
        ("FailedOperation.LivessDetectFake", 92.5),
        ("FailedOperation.ActionFirstAction", 1),
        ("FailedOperation.LifePhotoDetectNoFaces", 70),
    ],
)
def test_a_contradiction_goes_to_a_reviewer(code: str, similarity: float) -> None:
    consequence, decided = seen("Result", code, similarity)
    assert (consequence, decided and decided.reasons) == (
        NO_CODE["contradiction"].consequence,
        ("inconsistent_answer",),
    )


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "code",
    [
        "AuthFailure.New",
        "UnauthorizedOperation.New",
        "InvalidParameterValue.New",
        "UnsupportedNews",
        "MissingNews",
        "RequestLimitExceeded.New",
        "InternalError.New",
        "FailedOperation.ActionNew",
        "FailedOperation.SilentNewFace",
        "FailedOperation.New",
        "News",
        "InternalError.ActionCloseEye",
        "success",
    ],
)
def test_the_system_does_with_codes_of_no_list_what_the_fallback_says(field: Field, code: str) -> None:
    if field == "Error" and code == "success":
        return
    rows = dict(code_guide.unlisted(code))
    assert rows[field].consequence == seen(field, code, 0)[0]
    assert rows[field].consequence != Consequence.APPROVE


def test_the_families_of_the_fallback_cover_each_other_way_to_go() -> None:
    assert {row.consequence for row in code_guide.fallbacks()} == {
        *(code_guide.handling_of(rule).consequence for rule in RULES.values()),
        Consequence.NOT_TRUSTED,
    } - {
        Consequence.SMALLER,
        Consequence.APPROVE,
        Consequence.REVIEW,
        Consequence.NEW_RECORDING,
        Consequence.NEW_PHOTO,
    }


# Through the real task: errors that say nothing about the person


def run_for_a_while(attempt_id: str) -> None:
    """Runs eight tries of the workers, each when it is due."""
    for minutes in range(8):
        VENDOR_CLOCK.at = NOW + timedelta(minutes=minutes)
        prepare.prepare(attempt_id, now=VENDOR_CLOCK.at)
        assess.assess(attempt_id, clock=lambda: VENDOR_CLOCK.at)


AFTER_EIGHT_TRIES: dict[Consequence, tuple[int, Status, list[str]]] = {
    Consequence.SMALLER: (call_ledger.MAX_VIDEO_REFUSED, Status.IN_REVIEW, ["video_refused"]),
    Consequence.REPEAT: (call_ledger.MAX_CALLS, Status.IN_REVIEW, ["vendor_unavailable"]),
    Consequence.ONCE_MORE: (call_ledger.MAX_UNKNOWN, Status.IN_REVIEW, ["unknown_outcome"]),
    # Throttled at each pace down to the slowest, so the account is paused after the sixth.
    Consequence.SLOW_DOWN: (6, Status.CHECKING, []),
    Consequence.SEND_AGAIN: (8, Status.CHECKING, []),
    Consequence.PAUSE: (1, Status.CHECKING, []),
    Consequence.REFUSED: (1, Status.IN_REVIEW, ["rejected"]),
    Consequence.UNREADABLE: (1, Status.IN_REVIEW, ["bad_answer"]),
    Consequence.WITHHELD: (0, Status.IN_REVIEW, ["integrity_error"]),
}


def outcome() -> tuple[int, Status, list[str]]:
    verification = Verification.objects.get()
    assert verification.attempts_used == 0
    return ProviderCall.objects.count(), Status(verification.status), verification.reasons


@pytest.mark.parametrize(
    ("step", "row"),
    [
        (
            {"error": "FailedOperation.CompressVideoError"},
            code_guide.handling_of(RULES["FailedOperation.CompressVideoError"]),
        ),
        ({"error": "InternalError"}, code_guide.handling_of(RULES["InternalError"])),
        ({"result": "FailedOperation.UnKnown"}, code_guide.handling_of(RULES["FailedOperation.UnKnown"])),
        ({"error": "RequestLimitExceeded"}, code_guide.handling_of(RULES["RequestLimitExceeded"])),
        (
            {"error": "UnauthorizedOperation.Arrears"},
            code_guide.handling_of(RULES["UnauthorizedOperation.Arrears"]),
        ),
        ({"error": "InvalidParameter"}, code_guide.handling_of(RULES["InvalidParameter"])),
        ({"fault": "truncated"}, NO_CODE["no_answer"]),
        ({"fault": "http_502"}, NO_CODE["gateway"]),
        ({"fault": "http_503"}, NO_CODE["http_5xx"]),
        ({"fault": "sim_nan"}, NO_CODE["bad_answer"]),
    ],
    ids=lambda value: str(next(iter(value.values()))) if isinstance(value, dict) else "",
)
def test_the_task_does_what_the_table_says(
    road: Road, emulator: EmulatorServer, step: dict[str, str], row: code_guide.Handling
) -> None:
    attempt = road.ready()
    emulator.script(**step, times=20)
    run_for_a_while(attempt.public_id)
    assert outcome() == AFTER_EIGHT_TRIES[row.consequence]
    assert row.repeated == (outcome()[0] > 1 or row.consequence == Consequence.PAUSE)
    assert set(ProviderCall.objects.values_list("billed", flat=True)) == {row.billed}
    pausing = {Consequence.PAUSE, Consequence.SLOW_DOWN}
    assert VendorAccount.objects.filter(paused_at__isnull=False).exists() == (row.consequence in pausing)


def test_without_a_connection_the_task_does_what_the_table_says(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    attempt, row = road.ready(), NO_CODE["no_connection"]
    settings.FACEID_ENDPOINT = "http://127.0.0.1:9"
    run_for_a_while(attempt.public_id)
    assert outcome() == AFTER_EIGHT_TRIES[row.consequence]
    assert set(ProviderCall.objects.values_list("billed", flat=True)) == {row.billed}


def test_with_settings_that_can_not_work_the_task_does_what_the_table_says(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    attempt, row = road.ready(), NO_CODE["settings"]
    settings.FACEID_ENDPOINT = "http://vendor.example"
    run_for_a_while(attempt.public_id)
    assert outcome() == AFTER_EIGHT_TRIES[row.consequence]
    assert code_guide.why_paused(VendorAccount.objects.get().pause_reason) == CAUSES["endpoint_not_https"]


def test_with_a_damaged_file_the_task_does_what_the_table_says(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    storage.delete(attempt.normalised_name)
    run_for_a_while(attempt.public_id)
    assert outcome() == AFTER_EIGHT_TRIES[NO_CODE["damaged"].consequence]


def test_the_numbers_in_the_words_are_those_of_the_ledger() -> None:
    assert f"up to {call_ledger.MAX_CALLS} calls" in str(DOES[Consequence.REPEAT])
    assert call_ledger.MAX_UNKNOWN == 2
    assert all(str(status) in str(NO_CODE["gateway"].name) for status in HIDES_OUTCOME)
    assert "Calls once more" in str(DOES[Consequence.ONCE_MORE])
    assert f"after the {call_ledger.MAX_THROTTLED}th time" in str(DOES[Consequence.SLOW_DOWN])
    assert account_health.FAILING_AFTER == 10
    assert "Ten calls in a row" in str(DOES[Consequence.SEND_AGAIN])
    assert f"last {account_health.FAILING_AFTER} calls" in str(CAUSES[VENDOR_FAILING])


# Why an account is paused


@pytest.mark.parametrize(
    "code", [code for code, rule in RULES.items() if rule.category == Category.CONFIGURATION]
)
def test_every_code_that_pauses_says_what_is_wrong(code: str) -> None:
    assert code_guide.why_paused(code) == code_guide.handling_of(RULES[code]).cause != ""


def test_an_account_that_keeps_failing_is_paused_in_words_too(road: Road, emulator: EmulatorServer) -> None:
    attempts = [road.ready() for _ in range(4)]
    emulator.script(fault="http_503", times=20)
    for attempt in attempts:
        run_for_a_while(attempt.public_id)
    assert VendorAccount.objects.get().pause_reason == VENDOR_FAILING
    assert ProviderCall.objects.filter(answer=AnswerKind.FAILED).count() == account_health.FAILING_AFTER


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("UnauthorizedOperation.New", "in no list"),
        ("http_503", "can't be reached"),
        ("http_429", "fewer calls"),
        ("RequestLimitExceeded.UinLimitExceeded", "fewer calls"),
        ("ConnectTimeout.TimeoutError", "can't be reached"),
    ],
)
def test_what_a_probe_brings_back_is_explained_too(code: str, text: str) -> None:
    assert text in str(code_guide.why_paused(code))

"""The statistics of a period: agreement, what was taken back, what is kept, pauses, and the groups of cases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, WORDING, Road
from tests.flow.conftest import LATER
from tests.flow.reviewing import policy, seen
from tests.flow.test_dashboard import LOW, Staff, decide
from tests.flow.test_reruns import ask, work
from tests.flow.test_staff_site import REVIEWER, SENIOR
from tests.flow.test_vendor_page import begun
from verification import audit
from verification.actions import cancel, erase, reopen, review
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.exports.statistics import groups
from verification.exports.statistics.collect import collect
from verification.exports.statistics.figure import Rows
from verification.models import LinkBinding, ProviderCall, VendorAccount, Verdict

pytestmark = pytest.mark.usefixtures("two_hours_later", "db")
NOVEMBER = Period.of_days(date(2026, 11, 1), date(2026, 11, 30))
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)


def made(period: Period = NOVEMBER, now: datetime = LATER) -> dict[str, Rows]:
    return collect(period, now, Progress())


def by(rows: Rows, *names: str, of: str = "") -> dict[str, Any]:
    """The rows by their first value: the values of these names."""
    first = of or next(iter(rows[0]))
    return {row[first]: tuple(row[name] for name in names) for row in rows}


def test_verdicts_of_two_people_are_compared_with_kappa(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    one, two = staff(REVIEWER), staff(SENIOR)
    policy((staff(SENIOR, "a"), staff(SENIOR, "b")), second_for_declines=True)
    pairs = [(Verdict.APPROVE, Verdict.APPROVE)] * 2 + [(Verdict.DECLINE, Verdict.DECLINE)]
    pairs += [(Verdict.APPROVE, Verdict.DECLINE)]
    reasons = {Verdict.APPROVE: "vendor_error", Verdict.DECLINE: "different_person"}
    for first, second in pairs:
        case = road.judged(emulator, LOW)
        decide(case, first, reasons[first], by=one)
        decide(case, second, reasons[second], by=two)
    found = made()
    judged = found["agreement"][2]
    assert (judged["both_yes"], judged["yes_no"], judged["no_yes"], judged["both_no"]) == (2, 1, 0, 1)
    # Observed 3/4; by chance 3/4 × 2/4 + 1/4 × 2/4 = 1/2.
    assert (judged["pairs"], judged["share"], judged["kappa"]) == (4, "0.7500", "0.5000")
    assert by(found["proposals"], "count")["Confirmed"] == (3,)
    assert by(found["proposals"], "count")["Not shared, or handed back"] == (1,)


def test_a_third_person_who_knew_both_verdicts_is_no_pair(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    policy((staff(SENIOR, "a"), staff(SENIOR, "b")), second_for_declines=True)
    case = road.judged(emulator, LOW)
    decide(case, Verdict.APPROVE, "vendor_error", by=staff(REVIEWER))
    decide(case, Verdict.DECLINE, "different_person", by=staff(REVIEWER, "second"))
    decide(case, Verdict.APPROVE, "vendor_error", by=staff(SENIOR, "third"))
    assert case.status == "approved"
    assert made()["agreement"][2]["pairs"] == 1


def test_spot_checks_are_compared_with_the_pass_and_with_the_verdict_after(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    policy((staff(SENIOR, "a"), staff(SENIOR, "b")), qa_share=Decimal(100))
    reviewer = staff(REVIEWER)
    for blind, after in ((Verdict.APPROVE, Verdict.APPROVE), (Verdict.DECLINE, Verdict.DECLINE)):
        case = road.judged(emulator, {"sim": 92.0})
        review.judge_blind(case, verdict=blind, note="", shown=seen(case), by=reviewer, now=LATER)
        decide(case, after, {"approve": "same_person", "decline": "different_person"}[after], by=reviewer)
    against_pass, before_and_after = made()["agreement"][:2]
    assert (against_pass["pairs"], against_pass["share"], against_pass["kappa"]) == (2, "0.5000", None)
    assert (before_and_after["pairs"], before_and_after["kappa"]) == (2, "1.0000")


def test_a_decision_that_was_taken_back_is_told_with_what_became_of_it(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    senior = staff(SENIOR)
    cases = [road.judged(emulator, {"sim": 95.0}) for _ in range(3)]
    for case in cases[:2]:
        words: dict[str, Any] = {
            "reason_code": "new_information",
            "note": "A letter came about this.",
            "now": LATER,
        }
        reopen.reopen(case, version=case.version, by=senior, **words)
    decide(cases[0], Verdict.DECLINE, "different_person", by=senior)
    approvals, refusals = made()["taken_back"]
    assert [approvals[name] for name in ("decided", "taken_back", "same", "other", "open")] == [3, 2, 0, 1, 1]
    assert [refusals[name] for name in ("decided", "taken_back")] == [1, 0]
    assert (approvals["of_period"], approvals["share"]) == (2, "0.6667")
    # Reopening queued the case; the system had sent it to nobody.
    assert {case.reviewed for case in groups.count(NOVEMBER)} == {False}


def test_more_decisions_may_be_taken_back_in_a_period_than_were_made_in_it(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    senior, december = staff(SENIOR), Period.of_days(date(2026, 12, 1), date(2026, 12, 31))
    cases = [road.judged(emulator, {"sim": 95.0}) for _ in range(3)]
    words: dict[str, Any] = {"reason_code": "new_information", "note": "A letter came about this."}
    for case in cases:
        reopen.reopen(case, version=case.version, by=senior, now=december.start, **words)
    decide(cases[0], Verdict.APPROVE, "same_person", by=senior, now=december.start + timedelta(hours=1))
    approvals = made(december, december.end)["taken_back"][0]
    assert [approvals[name] for name in ("decided", "taken_back", "of_period")] == [1, 3, 0]
    assert approvals["share"] == "0.0000"


def test_evidence_is_due_once_the_days_of_its_policy_are_over(road: Road, emulator: EmulatorServer) -> None:
    kept, gone, held = (road.judged(emulator, {"sim": 95.0}) for _ in range(3))
    erase.erase(gone.applicant, by=audit.By.shell(), reason="request 7", now=LATER)
    held.applicant.legal_hold = True
    held.applicant.save()
    days = kept.policy.retention_days
    early, late = (kept.decided_at + timedelta(days=days + more) for more in (-1, 1))
    assert [row["cases"] for row in made(now=early)["retention_due"]] == [2, 0, 0]
    assert [row["cases"] for row in made(now=late)["retention_due"]] == [2, 1, 1]
    erasures = by(made()["erasures"], "people")
    assert erasures["Ordered by an operator, for a reason that the trail holds"] == (1,)
    assert erasures["All"] == (1,)


def test_a_pause_counts_as_far_as_it_lies_in_the_period(staff: Staff) -> None:
    account = VendorAccount(pk=7, name="default")
    for kind, at in (
        ("account.paused", datetime(2026, 10, 31, 22, tzinfo=UTC)),
        ("account.resumed", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("account.paused", datetime(2026, 11, 30, 23, tzinfo=UTC)),
    ):
        code = {"code": "ResourceUnavailable.NotReady"} if kind == "account.paused" else {}
        audit.record(kind, by=audit.By.system(), subject=account, at=at, **code)
    whole = datetime(2026, 12, 1, tzinfo=UTC)
    assert made(now=whole)["vendor_paused"] == [{"pauses": 2, "hours": 4}]
    # Nobody knows yet how long the one that goes on will last.
    assert made(now=whole + timedelta(days=40))["vendor_paused"] == [{"pauses": 2, "hours": 4}]
    assert made(now=datetime(2026, 11, 1, 2, tzinfo=UTC))["vendor_paused"] == [{"pauses": 1, "hours": 2}]
    assert made(now=datetime(2026, 10, 1, tzinfo=UTC))["vendor_paused"] == [{"pauses": 0, "hours": 0}]


def test_a_percentile_of_latency_is_told_of_enough_calls_alone(road: Road) -> None:
    attempt, found = road.ready(), {}
    for number in range(1, 21):
        call = begun(attempt, LATER - timedelta(seconds=number))
        ProviderCall.objects.filter(pk=call.pk).update(
            state="answered", answer="usable", ended_at=LATER, latency_ms=number * 100
        )
        found[number] = made()["vendor_latency"]
    assert found[9] == [{"calls": 9, "p50": None, "p90": None, "p95": None}]
    assert found[10] == [{"calls": 10, "p50": 500, "p90": 900, "p95": None}]
    assert found[19] == [{"calls": 19, "p50": 1000, "p90": 1800, "p95": None}]
    assert found[20] == [{"calls": 20, "p50": 1000, "p90": 1800, "p95": 1900}]


def test_the_browser_is_the_one_that_consented_unless_there_was_another(
    road: Road, emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WORDING, "user_agent", PHONE)
    _one, several = (road.judged(emulator, {"sim": 95.0}, locale="de-AT") for _ in range(2))
    for number, browser in enumerate(("a" * 64, "b" * 64)):
        LinkBinding.objects.create(
            verification=several, link="x", number=number, browser_hash=browser, device="phone", at=NOW
        )
    found = {(case.device, case.browser, case.language) for case in groups.count(NOVEMBER)}
    assert found == {("phone", "Safari", "de"), ("several browsers", "several browsers", "de")}


def test_a_cancelled_case_ended_without_a_decision(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    case = road.in_review(emulator)
    cancel.cancel(case, by=audit.By.shell(), now=LATER, reason="asked")
    assert [case.ending for case in groups.count(NOVEMBER)] == ["without"]


def test_a_comparison_made_again_is_told_by_whether_it_came_out_differently(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    case = road.in_review(emulator)
    VENDOR_CLOCK.at = LATER
    emulator.script(sim=91.5)
    work(ask(case, staff(SENIOR)))
    found = by(made()["reruns"], "answered", "same", "other", "silent")
    assert found == {
        "Had passed": (0, 0, 0, None),
        "Had not passed": (1, 0, 1, None),
        "All": (1, 0, 1, 0),
    }

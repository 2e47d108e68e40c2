"""The figures page: right numbers for a small history, a constant number of queries, no personal data."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.conftest import LATER
from tests.flow.reviewing import policy, seen
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from verification.actions import assess, prepare, reopen, review
from verification.charts import Figure, scale
from verification.counts import vendor, work
from verification.counts.vendor import Passes
from verification.models import Policy, StaffUser, Verdict, Verification

PAGE = "/admin/figures/"
LOW: dict[str, Any] = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42.0}
MISSED = {"result": "FailedOperation.ActionFirstAction"}
WEEK = work.start_of(7, LATER)
NOTE = "Looked at it twice, feature by feature."
SignIn = Callable[..., Client]
Staff = Callable[..., StaffUser]


pytestmark = pytest.mark.usefixtures("two_hours_later")


def decide(
    case: Verification, verdict: Verdict, reason: str, *, by: StaffUser, now: datetime = LATER
) -> Verification:
    case.refresh_from_db()
    review.decide(case, verdict=verdict, reason_code=reason, note=NOTE, shown=seen(case), by=by, now=now)
    case.refresh_from_db()
    return case


def figure(client: Client, anchor: str, query: str = "") -> Figure:
    context = client.get(f"{PAGE}{query}").context
    return next(one for one in [*context["shown"], context["simulator"]] if one.anchor == anchor)


def numbers(client: Client, anchor: str, query: str = "") -> dict[str, list[Any]]:
    """The figure's table by its first column, without rows that contain only zeros."""
    rows = figure(client, anchor, query).table.rows
    return {
        str(row[0]): list(row[1:]) for row in rows if any(cell not in (0, "–", "0 %") for cell in row[1:])
    }


# Who


@pytest.mark.parametrize("group", [SENIOR, AUDITOR, OPERATOR])
def test_seniors_auditors_and_operators_see_it(signed_in: SignIn, group: str) -> None:
    assert signed_in(group).get(PAGE).status_code == 200


def test_only_seniors_and_auditors_read_the_reviewers_names(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    decide(road.judged(emulator, {"sim": 76.5}), Verdict.APPROVE, "same_person", by=staff(REVIEWER))
    named = {
        group: "reviewer" in numbers(signed_in(group), "agreement") for group in (SENIOR, AUDITOR, OPERATOR)
    }
    assert named == {SENIOR: True, AUDITOR: True, OPERATOR: False}


# What


@pytest.mark.parametrize(
    ("hours", "numbers_by_age"),
    [
        (3, {"under 4 hours": [1, 0]}),
        (5, {"4 hours to 1 day": [1, 0]}),
        (25, {"1 to 3 days": [0, 1]}),
        (73, {"over 3 days": [0, 1]}),
    ],
)
def test_the_backlog_is_told_by_age_and_whether_it_is_late(
    road: Road, emulator: EmulatorServer, signed_in: SignIn, hours: int, numbers_by_age: dict[str, list[int]]
) -> None:
    road.in_review(emulator)
    with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
        assert numbers(signed_in(SENIOR), "backlog") == numbers_by_age


def test_percentiles_are_times_that_were_really_taken(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    for minutes in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100):
        case = road.judged(emulator, {"sim": 76.5})
        decide(
            case,
            Verdict.APPROVE,
            "same_person",
            by=staff(REVIEWER),
            now=case.queued_at + timedelta(minutes=minutes),
        )
    found = work.percentiles(WEEK)
    assert found == {(True, 50): timedelta(minutes=50), (True, 90): timedelta(minutes=90)}


def test_a_decision_is_late_after_the_review_hours_of_its_policy(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    for minutes in (24 * 60, 24 * 60 + 1):
        case = road.judged(emulator, {"sim": 76.5})
        decide(
            case,
            Verdict.APPROVE,
            "same_person",
            by=staff(REVIEWER),
            now=case.queued_at + timedelta(minutes=minutes),
        )
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        assert numbers(signed_in(SENIOR), "in_time") == {"In time": [1, "50 %"], "Late": [1, "50 %"]}


def test_a_full_score_has_a_column(road: Road, emulator: EmulatorServer, signed_in: SignIn) -> None:
    road.judged(emulator, {"sim": 100.0})
    assert numbers(signed_in(SENIOR), "similarity") == {"98–100": [1, 0, 0, 0]}


def test_a_pass_that_people_took_back_counts_by_their_word(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    case = road.judged(emulator, {"sim": 95.5})
    words: dict[str, Any] = {"reason_code": "mistake", "note": NOTE, "version": case.version}
    reopen.reopen(case, **words, by=staff(SENIOR), now=LATER)
    case.refresh_from_db()
    assert vendor.passes(WEEK) == [Passes(Decimal("95.5"), False, "", 1)]
    decide(case, Verdict.DECLINE, "not_live", by=staff(REVIEWER), now=LATER + timedelta(minutes=5))
    assert numbers(signed_in(SENIOR), "similarity") == {"94–96": [0, 0, 1, 0]}
    assert vendor.passes(WEEK) == [Passes(Decimal("95.5"), False, "decline", 1)]


def test_what_was_flagged_is_held_for_a_person_at_any_threshold(road: Road, emulator: EmulatorServer) -> None:
    case = road.with_photo()
    drawn = road.submit(case)
    case.flags.create(attempt=drawn, code="reused_video", raised_at=NOW)
    emulator.script(sim=91.0)
    prepare.prepare(drawn.public_id, now=NOW)
    assess.assess(drawn.public_id, clock=lambda: NOW)
    assert vendor.passes(WEEK) == [Passes(Decimal(91), True, "", 1)]


def test_a_pass_that_was_drawn_is_held_for_a_person_at_any_threshold(
    road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    policy((staff(SENIOR), staff(SENIOR, "senior2")), qa_share=100)
    road.judged(emulator, {"sim": 92.0})
    assert vendor.passes(WEEK) == [Passes(Decimal(92), True, "", 1)]


@pytest.mark.parametrize("typed", ["69.99", "100.01", "many", "-1", "80.001"])
def test_a_threshold_that_is_none_is_told_so_and_changes_nothing(signed_in: SignIn, typed: str) -> None:
    response = signed_in(SENIOR).get(PAGE, {"at": typed})
    assert response.status_code == 200
    assert response.context["form"].errors["at"]
    assert len(response.context["effects"]) == 3


def test_agreement_counts_what_second_persons_said(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    one, two = staff(REVIEWER), staff(SENIOR)
    for _ in range(2):
        case = road.judged(emulator, LOW)
        decide(case, Verdict.APPROVE, "vendor_error", by=one)
    review.hand_back(case, reason_code="withdrawn", note=NOTE, shown=seen(case), by=one, now=LATER)
    differing = Verification.objects.exclude(pk=case.pk).get()
    decide(differing, Verdict.DECLINE, "different_person", by=two)
    confirmed = road.judged(emulator, LOW)
    for by in (one, two):
        decide(confirmed, Verdict.APPROVE, "vendor_error", by=by)
    decide(road.judged(emulator, LOW), Verdict.APPROVE, "vendor_error", by=two)
    # Decided, proposed, confirmed, not shared, blind: same and other.
    assert numbers(signed_in(AUDITOR), "agreement") == {
        "reviewer": [0, 3, 1, 1, 0, 0],
        "senior": [1, 1, 0, 0, 0, 0],
    }
    assert numbers(signed_in(OPERATOR), "agreement") == {"Second person, on proposals": [1, 1, 2]}


def test_blind_verdicts_are_counted_by_whether_they_agree(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    Policy.objects.create(
        version=2,
        qa_share=100,
        drafted_by=staff(SENIOR),
        activated_by=staff(SENIOR, "senior2"),
        activated_at=NOW,
    )
    for verdict in (Verdict.APPROVE, Verdict.APPROVE, Verdict.DECLINE):
        case = road.judged(emulator, {"sim": 92.0})
        review.judge_blind(case, verdict=verdict, note="", shown=seen(case), by=staff(REVIEWER), now=LATER)
    client = signed_in(OPERATOR)
    assert numbers(client, "agreement") == {"Blind, on automatic passes": [2, 1, 0]}
    assert "2 of 3 blind verdicts agree" in figure(client, "agreement").says


def test_cost_is_told_in_money_once_there_is_a_price(
    road: Road, emulator: EmulatorServer, signed_in: SignIn, settings: Any
) -> None:
    road.judged(emulator, {"result": "FailedOperation.ActionLightDark"}, {"sim": 88.0})
    client = signed_in(SENIOR)
    assert numbers(client, "cost") == {"23 Nov": [1, 1]}
    settings.FACEID_PRICE = Decimal("0.115")
    assert numbers(client, "cost")["23 Nov"] == [1, 1, "0.23"]
    assert "At 0.115 a call that is 0.12, and up to 0.23." in figure(client, "cost").says


# How


def test_a_period_ends_before_what_is_older(road: Road, signed_in: SignIn) -> None:
    road.invited()
    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        client = signed_in(SENIOR)
        assert numbers(client, "flow", "?days=7") == {}
        assert numbers(client, "flow", "?days=30") == {"23 Nov": [1, 0, 0, 0]}
        assert client.get(f"{PAGE}?days=1000").context["days"] == 30


def test_the_number_of_queries_does_not_grow(
    road: Road, emulator: EmulatorServer, staff: Staff, signed_in: SignIn
) -> None:
    client = signed_in(SENIOR)
    client.get(PAGE)
    before = _queries(client)
    for by in (staff(REVIEWER), staff(SENIOR)):
        decide(road.judged(emulator, {"sim": 75.5}), Verdict.APPROVE, "same_person", by=by)
        decide(road.judged(emulator, LOW), Verdict.APPROVE, "vendor_error", by=by)
    road.judged(emulator, MISSED, {"sim": 90.0})
    assert _queries(client) == before


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{PAGE}?days=90&at=72")
    return len(queries)


def test_an_empty_portal_has_a_page(signed_in: SignIn) -> None:
    page = signed_in(SENIOR).get(PAGE).content.decode()
    assert page.count("Nothing in these days.") == 12


@pytest.mark.parametrize(
    ("most", "axis"),
    [
        (0, (1, 1)),
        (1, (1, 1)),
        (4, (4, 1)),
        (5, (6, 2)),
        (9, (10, 5)),
        (37, (40, 10)),
        (83, (100, 50)),
        (412, (600, 200)),
    ],
)
def test_an_axis_has_few_round_steps(most: float, axis: tuple[float, float]) -> None:
    assert scale(most) == axis

"""Leases of attempts: one lasts as long as its worker lives, and a fence stops a worker that comes back too late."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.conftest import NOW, Road
from verification import workflow
from verification.actions import assess
from verification.jobs import doorbell, leases
from verification.models import VerificationAttempt
from verification.states import AttemptStatus

SECOND = timedelta(seconds=1)


@pytest.fixture
def attempt(road: Road) -> VerificationAttempt:
    return road.ready()


def claim(attempt: VerificationAttempt, now: datetime = NOW) -> VerificationAttempt | None:
    return leases.claim(attempt.public_id, AttemptStatus.READY, now=now)


def held(attempt: VerificationAttempt, now: datetime = NOW) -> VerificationAttempt:
    mine = claim(attempt, now)
    assert mine is not None
    return mine


def test_two_workers_never_hold_the_same_attempt(attempt: VerificationAttempt) -> None:
    assert claim(attempt) is not None
    assert claim(attempt) is None


def test_whoever_was_overtaken_between_reading_and_taking_gets_nothing(attempt: VerificationAttempt) -> None:
    overtaken: list[VerificationAttempt] = []

    def overtake(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and not overtaken:
            overtaken.append(attempt)
            leases.leave_waiting(held(attempt))
        return execute(sql, *rest)

    with connection.execute_wrapper(overtake):
        assert claim(attempt) is None


def test_a_dead_workers_attempt_is_free_again_when_its_lease_ends(attempt: VerificationAttempt) -> None:
    dead = held(attempt)
    assert claim(attempt, NOW + leases.LEASE - SECOND) is None
    taken = held(attempt, NOW + leases.LEASE)
    assert (taken.fence, taken.lost_leases) == (dead.fence + 1, 1)


def test_a_worker_that_lives_keeps_its_lease(attempt: VerificationAttempt) -> None:
    with leases.held(held(attempt), now=NOW):
        for beat in range(1, 9):
            assert leases.renew_held(now=NOW + beat * leases.HEARTBEAT) == 1
            assert claim(attempt, NOW + beat * leases.HEARTBEAT + leases.LEASE - SECOND) is None


def test_a_worker_that_hangs_loses_its_lease_in_the_end(attempt: VerificationAttempt) -> None:
    with leases.held(held(attempt), now=NOW):
        assert leases.renew_held(now=NOW + leases.MAX_HOLD - SECOND) == 1
        assert leases.renew_held(now=NOW + leases.MAX_HOLD) == 0


def test_a_call_that_begins_late_has_its_whole_time_all_the_same(attempt: VerificationAttempt) -> None:
    mine = held(attempt)
    with leases.held(mine, now=NOW):
        assert leases.renew(mine, now=NOW + leases.LEASE - SECOND)
        assert leases.renew_held(now=NOW + leases.MAX_HOLD) == 1


def test_whoever_renews_has_a_whole_lease_from_then_on(attempt: VerificationAttempt) -> None:
    mine, later = held(attempt), NOW + leases.LEASE - SECOND
    assert leases.renew(mine, now=later)
    assert claim(attempt, later + leases.LEASE - SECOND) is None
    assert claim(attempt, later + leases.LEASE) is not None


def test_what_was_let_go_is_not_renewed(attempt: VerificationAttempt) -> None:
    with leases.held(held(attempt), now=NOW):
        pass
    assert leases.renew_held(now=NOW) == 0


def test_what_was_given_back_is_not_renewed(attempt: VerificationAttempt) -> None:
    mine = held(attempt)
    with leases.held(mine, now=NOW):
        leases.leave_waiting(mine)
        assert leases.renew_held(now=NOW) == 0


def test_whoever_leaves_late_leaves_another_threads_hold_alone(attempt: VerificationAttempt) -> None:
    late = NOW + leases.LEASE
    mine = leases.held(held(attempt), now=NOW)
    mine.__enter__()
    with leases.held(held(attempt, late), now=late):
        mine.__exit__(None, None, None)
        assert leases.renew_held(now=late) == 1


def test_a_frozen_worker_does_not_win_its_attempt_back(attempt: VerificationAttempt) -> None:
    mine = held(attempt)
    with leases.held(mine, now=NOW):
        held(attempt, NOW + leases.LEASE)
        assert leases.renew_held(now=NOW + leases.LEASE) == 0
        assert not leases.renew(mine, now=NOW + leases.LEASE)


@pytest.mark.parametrize(
    "given_up", [leases.leave_waiting, lambda row: leases.put_back(row, not_before=NOW, now=NOW)]
)
def test_a_frozen_worker_gives_nothing_back_that_is_not_its_own(
    attempt: VerificationAttempt, given_up: Any
) -> None:
    mine = held(attempt)
    theirs = held(attempt, NOW + leases.LEASE)
    given_up(mine)
    theirs.refresh_from_db()
    assert theirs.lease_until == NOW + 2 * leases.LEASE


def test_a_write_back_with_an_old_fence_changes_nothing(attempt: VerificationAttempt) -> None:
    mine = held(attempt)
    held(attempt, NOW + leases.LEASE)
    with pytest.raises(workflow.StaleAttempt):
        workflow.advance(mine, AttemptStatus.FINISHED, finished_at=NOW, outcome="passed")
    attempt.refresh_from_db()
    assert attempt.status == AttemptStatus.READY


def test_what_was_put_back_waits_for_its_time(attempt: VerificationAttempt) -> None:
    leases.put_back(held(attempt), not_before=NOW + SECOND, now=NOW)
    assert claim(attempt) is None
    assert held(attempt, NOW + SECOND).lost_leases == 0


def test_a_worker_is_told_when_the_time_of_what_was_put_back_has_come(
    attempt: VerificationAttempt, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, args, delay: rung.append((task, args, delay)))
    mine = held(attempt)
    with django_capture_on_commit_callbacks(execute=True):
        leases.put_back(mine, not_before=NOW + 7 * SECOND, now=NOW)
    assert rung == [(doorbell.ASSESS, [attempt.public_id], 7)]


def test_who_waits_longest_comes_first(road: Road) -> None:
    ids = [road.ready(now=NOW + index * SECOND).public_id for index in (0, 1, 2)]
    for index, public_id in enumerate(ids):
        VerificationAttempt.objects.filter(public_id=public_id).update(submitted_at=NOW - index * SECOND)
    assert leases.waiting_longest(AttemptStatus.READY, now=NOW) == ids[::-1]


def next_one(now: datetime = NOW) -> VerificationAttempt | None:
    return leases.claim_longest_waiting(AttemptStatus.READY, now=now)


def three_waiting(road: Road) -> list[VerificationAttempt]:
    """Three attempts; the one submitted first comes first."""
    waiting = [road.ready() for _ in range(3)]
    for number, attempt in enumerate(waiting):
        VerificationAttempt.objects.filter(pk=attempt.pk).update(submitted_at=NOW + (number - 5) * SECOND)
    return waiting


def test_the_longest_waiting_is_claimed_first_and_each_once(road: Road) -> None:
    waiting = three_waiting(road)
    claimed = [next_one() for _ in range(4)]
    assert claimed == [*waiting, None]


def test_what_is_not_due_is_left_waiting(road: Road) -> None:
    first, second, _ = three_waiting(road)
    leases.put_back(held(first), not_before=NOW + SECOND, now=NOW)
    assert next_one() == second
    assert next_one(NOW + SECOND) == first


def outpaced(times: int) -> Any:
    """Another process claims what this one has read, so many times."""
    left = [*range(times)]

    def outpace(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "verification_verificationattempt"') and left:
            left.pop()
            row = VerificationAttempt.objects.filter(status=AttemptStatus.READY, lease_until=None)
            oldest = row.order_by("submitted_at").values_list("pk", flat=True)[0]
            taken = 'UPDATE "verification_verificationattempt" SET fence = fence + 1, lease_until = %s WHERE id = %s'
            execute(taken, [NOW + leases.LEASE, oldest], many, context)
        return execute(sql, params, many, context)

    return connection.execute_wrapper(outpace)


def test_if_another_process_was_faster_the_next_one_is_claimed(road: Road) -> None:
    *_, last = three_waiting(road)
    with outpaced(2):
        assert next_one() == last


def test_if_others_are_faster_time_and_again_it_is_left_to_them(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_waiting(road)
    monkeypatch.setattr(leases, "MAX_TRIES", 2)
    with outpaced(2):
        assert next_one() is None


def test_a_claimed_attempt_knows_whether_it_was_called_before(road: Road, emulator: Any) -> None:
    attempt = road.ready()
    emulator.script(fault="http_503")
    assess.assess(attempt.public_id, clock=lambda: NOW)
    later = NOW + 60 * SECOND
    assert held(attempt, later).has_calls
    assert not held(road.ready(), later).has_calls

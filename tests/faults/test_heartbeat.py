"""A living worker keeps what it has, whatever becomes of one of its attempts."""

from tests.faults.runs import REPETITIONS, Attempts


def test_an_attempt_that_somebody_has_locked_costs_the_worker_no_other_lease(postgresql: Attempts) -> None:
    report = postgresql.run("heartbeat")
    assert (report["held"], report["renewed"]) == (REPETITIONS, REPETITIONS - 1)

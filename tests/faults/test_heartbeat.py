"""A living worker keeps its leases, even if one of its attempts is blocked."""

from tests.faults.runs import REPETITIONS, Attempts


def test_an_attempt_that_somebody_has_locked_costs_the_worker_no_other_lease(postgresql: Attempts) -> None:
    report = postgresql.run("heartbeat")
    assert (report["held"], report["renewed"]) == (REPETITIONS, REPETITIONS - 1)

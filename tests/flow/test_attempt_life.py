"""Stateful test of an attempt: vendor answers of all kinds, and workers that die or freeze at any SQL statement.

Hypothesis generates the steps. After any steps the ledger has every paid call, nothing is decided twice, nobody
passes without a genuine Success, and in the end the attempt is finished.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road, undone_later
from verification import audit, workflow
from verification.actions import assess, cancel, prepare, probe, sweep
from verification.jobs import leases
from verification.models import (
    AnswerKind,
    AuditEvent,
    CallState,
    ProviderCall,
    Verification,
    VerificationAttempt,
)
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import call_ledger, pacing
from verification.vendor_accounts.pacing import gate

ANSWERS: list[dict[str, Any]] = [
    {"sim": 92.5},
    {"sim": 74.2},
    {"sim": 69.0},
    {"result": "FailedOperation.CompareLowSimilarity", "sim": 42.0},
    {"result": "FailedOperation.ActionFirstAction"},
    {"result": "FailedOperation.SomethingNew"},
    {"fault": "http_503"},
    {"fault": "truncated"},
    {"fault": "reset"},
    {"fault": "sim_nan"},
    {"error": "RequestLimitExceeded"},
    {"error": "UnauthorizedOperation.Arrears"},
    {"error": "InvalidParameterValue"},
    {"error": "FailedOperation.CompressVideoError"},
    {"result": "FailedOperation.VideoDecodeFailed"},
]


class Killed(BaseException):
    """Raised in a worker to end it in the middle of its work, as SIGKILL would."""


class Life(RuleBasedStateMachine):
    """One ready attempt, and the workers and sweeps that work on it."""

    attempt_id: str
    emulator: EmulatorServer

    def __init__(self) -> None:
        super().__init__()
        self._transaction = undone_later()
        self._transaction.__enter__()
        self._depth = len(connection.savepoint_ids)
        self.emulator.clear()
        self.at = VENDOR_CLOCK.at = NOW

    def teardown(self) -> None:
        try:
            self._ends_by_itself()
        finally:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)

    @rule(seconds=st.sampled_from([1, 5, 16, 31, 61, 301]))
    def time_passes(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        VENDOR_CLOCK.at = self.at

    @initialize(steps=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=4))
    def the_vendor_will_say(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            self.emulator.script(**step)

    @rule()
    def a_worker_takes_it_up(self) -> None:
        # Each worker is a process that has made no calls: it waits for no permit of another to cool down.
        gate.forget()
        with suppress(workflow.StaleAttempt):
            prepare.prepare(self.attempt_id, now=self.at)
            assess.assess(self.attempt_id, clock=self._clock)

    @rule(statement=st.integers(1, 45))
    def a_worker_is_killed(self, statement: int) -> None:
        def die() -> None:
            raise Killed

        with self._at_statement(statement, die), suppress(Killed):
            self.a_worker_takes_it_up()
        leases._holds.clear()  # A killed process loses them.

    @rule(statement=st.integers(1, 45))
    def a_worker_freezes_while_another_takes_over(self, statement: int) -> None:
        def freeze() -> None:
            self.time_passes(16)
            self.a_worker_takes_it_up()

        # A worker is frozen only outside a transaction: its locks would block the others.
        with self._at_statement(statement, freeze, may_act=self._outside_a_transaction):
            self.a_worker_takes_it_up()

    @rule()
    def the_sweep_comes_by(self) -> None:
        sweep.sweep(now=self.at)

    @rule()
    def the_account_is_probed(self) -> None:
        probe.probe("default", now=self.at)

    @precondition(lambda self: self._verification().status == Status.CHECKING)
    @rule()
    def the_case_is_cancelled(self) -> None:
        cancel.cancel(self._verification(), reason="applicant_withdrew", by=audit.By.shell(), now=self.at)

    @invariant()
    def every_call_is_in_the_ledger(self) -> None:
        sent = [call for call in self._calls() if not call.slot_missed and call.state != CallState.NOT_SENT]
        assert len(self._checked_by_the_vendor()) <= len(sent)

    @invariant()
    def no_more_is_paid_for_than_promised(self) -> None:
        calls = [call for call in self._calls() if call.answer != AnswerKind.REFUSED and not call.slot_missed]
        useless = [call for call in calls if call.answer != AnswerKind.USABLE]
        unknown = [call for call in calls if call.state == CallState.UNKNOWN]
        assert len(calls) <= min(1 + len(useless), call_ledger.MAX_CALLS)
        assert len(unknown) <= call_ledger.MAX_UNKNOWN

    @invariant()
    def nothing_is_decided_twice(self) -> None:
        finished = AuditEvent.objects.filter(kind="attempt.finished").count()
        assert finished == (self._attempt().status == AttemptStatus.FINISHED)

    @invariant()
    def nobody_passes_without_a_genuine_success(self) -> None:
        verification = self._verification()
        if verification.status == Status.APPROVED:
            passing = verification.passing_call
            recorded: dict[str, Any] = {call["request_id"]: call for call in self.emulator.calls()}[
                passing.request_id
            ]
            assert (recorded["verdict"], recorded["body_sha256"]) == ("Success", passing.body_sha256)
            assert recorded["sim"] >= verification.policy.approve_at

    def _ends_by_itself(self) -> None:
        """Without further faults, the sweep and the workers finish the attempt, and all invariants hold."""
        for _ in range(40):
            if self._attempt().status == AttemptStatus.FINISHED:
                break
            self.time_passes(301)
            self.the_sweep_comes_by()
            self.the_account_is_probed()
            self.a_worker_takes_it_up()
        assert self._attempt().status == AttemptStatus.FINISHED
        assert self._verification().status != Status.CHECKING
        assert not ProviderCall.objects.filter(state=CallState.SENDING).exists()
        self.every_call_is_in_the_ledger()
        self.no_more_is_paid_for_than_promised()
        self.nothing_is_decided_twice()
        self.nobody_passes_without_a_genuine_success()

    @contextmanager
    def _at_statement(
        self, number: int, act: Callable[[], None], *, may_act: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Runs `act` once, before the statement with this number, or before the first later one that allows it."""
        left, waiting = [number], [act]

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0 and waiting and may_act():
                waiting.pop()()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            yield

    def _outside_a_transaction(self) -> bool:
        return len(connection.savepoint_ids) == self._depth

    def _clock(self) -> datetime:
        return self.at

    def _attempt(self) -> VerificationAttempt:
        return VerificationAttempt.objects.get(public_id=self.attempt_id)

    def _verification(self) -> Verification:
        return self._attempt().verification

    def _calls(self) -> list[ProviderCall]:
        return list(ProviderCall.objects.filter(attempt__public_id=self.attempt_id))

    def _checked_by_the_vendor(self) -> list[dict[str, Any]]:
        return [call for call in self.emulator.calls() if call["video_sha256"]]


@pytest.fixture
def life(road: Road, emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> type[Life]:
    # The test has its own clock, so waiting for a slot in real time would prove nothing.
    monkeypatch.setattr(pacing.Turn, "_sleep_until", lambda turn, moment: None)
    attempt = road.ready()
    return type("Life", (Life,), {"attempt_id": attempt.public_id, "emulator": emulator})


# More statements than a worker runs for an attempt, so that the last ones are reached too. A worker freezes at the
# next statement outside a transaction, so some numbers have the same effect.
STATEMENTS = {
    "a_worker_is_killed": range(1, 46),
    "a_worker_freezes_while_another_takes_over": range(1, 46, 3),
}


@pytest.mark.parametrize("answer", [{"sim": 92.5}, {"fault": "truncated"}], ids=["answered", "silent"])
@pytest.mark.parametrize("befalls", STATEMENTS)
def test_an_attempt_survives_a_worker_that_stops_at_any_statement(
    life: type[Life], befalls: str, answer: dict[str, Any]
) -> None:
    for statement in STATEMENTS[befalls]:
        story = life()
        story.the_vendor_will_say([answer])
        getattr(story, befalls)(statement)
        story.teardown()


def test_an_attempt_survives_every_transaction(life: type[Life]) -> None:
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=40,
            stateful_step_count=10,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )

"""A paid call in its turn: prepared when its slot is near, entered in the ledger, sent in the slot with a permit.

Every call goes this way. Who calls says how the call is entered, and acts on its outcome.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

import structlog
from django.db import DatabaseError, InterfaceError

from verification import liveness
from verification.jobs.connections import let_go_of_database
from verification.models import ProviderCall
from verification.vendor_accounts import clients, pacing

Clock = Callable[[], datetime]

log = structlog.get_logger(__name__)


def in_turn(
    turn: pacing.Turn,
    body: Callable[[], AbstractContextManager[liveness.RequestBody]],
    enter: Callable[[liveness.RequestBody], ProviderCall | None],
    call: Callable[[ProviderCall, liveness.RequestBody], bool],
    *,
    clock: Clock,
    about: str,
) -> bool:
    """Wait for the turn, `enter` the call and make it. False if it did not come to that: then nothing was sent.

    `enter` commits the call to the ledger, or returns None if it may not be made any more. `call` sends it and acts on
    the outcome; it returns False if the slot passed before a byte was sent.
    """
    called, entered = False, None
    let_go_of_database()
    try:
        turn.wait_to_prepare()
        with body() as made:
            entered = enter(made)
            called = entered is not None and call(entered, made)
    except pacing.Missed:
        log.warning("call.turn_missed", about=about)
    finally:
        if not called and not turn.has_left:
            _give_back(turn.slot, entered=entered is not None, now=clock())
    return called


def _give_back(slot: pacing.Slot, *, entered: bool, now: datetime) -> None:
    """The slot's call was not sent, so it costs nothing; if it was to be a trial, another may be.

    Without the database the budget counts a call too many, which must not hide why the call was not sent.
    """
    try:
        pacing.give_back(slot)
        if slot.account.paused_at is not None and not entered:
            pacing.allow_trial(slot.account, now=now)
    except (DatabaseError, InterfaceError) as error:
        log.warning("call.slot_not_given_back", account=slot.account.name, error=type(error).__name__)


def send(
    call: ProviderCall, turn: pacing.Turn, body: liveness.RequestBody, *, clock: Clock
) -> liveness.Answer:
    """Send the call that was entered. Raises any LivenessError; Withdrawn if the slot passed."""
    return clients.send(
        call.account.name,
        call.region,
        body,
        now=lambda: clock().timestamp(),
        may_send=partial(_may_send, turn),
        begun=turn.left,
    )


def _may_send(turn: pacing.Turn) -> bool:
    ready = turn.wait_to_send()
    let_go_of_database()
    return ready

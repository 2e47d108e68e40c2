"""The counts behind the vendor's figures, where nobody would notice a wrong one."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.conftest import LATER
from tests.flow.reviewing import decide
from verification.counts import vendor, work
from verification.counts.vendor import Passes
from verification.models import StaffUser, Verdict
from verification.vendor_accounts import call_ledger

WEEK = work.start_of(7, LATER)
MINUTE = timedelta(minutes=1)


def test_a_call_that_missed_its_slot_was_none(road: Road, emulator: EmulatorServer) -> None:
    answered = road.judged(emulator).attempts.get().calls.get()
    call = answered.attempt.calls.create(
        account=answered.account, number=2, region="x", body_sha256="0" * 64, body_size=1, started_at=NOW
    )
    counted = vendor.calls(WEEK)
    assert sum(days.total() for days in counted.values()) == 2
    assert call_ledger.close_unsent(call, now=NOW)
    assert {billed: days.total() for billed, days in vendor.calls(WEEK).items()} == {"yes": 1}


def test_what_a_person_said_before_an_answer_is_not_said_of_it(
    road: Road, emulator: EmulatorServer, staff: Callable[..., StaffUser]
) -> None:
    case = road.judged(emulator, {"sim": 76.5})
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=staff("Reviewer"), now=NOW + MINUTE)
    emulator.script(sim=95.5)
    road.record(case, now=NOW + 2 * MINUTE)
    assert set(vendor.passes(WEEK)) == {
        Passes(Decimal("76.5"), False, "ask_again", 1),
        Passes(Decimal("95.5"), False, "", 1),
    }

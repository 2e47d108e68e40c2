"""May the vendor be called now? Rate, pause and daily budget, in one row for each account that all workers share."""

from verification.vendor_accounts.pacing.account_state import (
    asked_to_wait,
    budget_is_spent,
    is_open,
    on_trial,
    spent_on,
)
from verification.vendor_accounts.pacing.accounts import accounts
from verification.vendor_accounts.pacing.budget import alert
from verification.vendor_accounts.pacing.pauses import (
    allow_trial,
    claim_probe,
    pause,
    paused,
    prolong,
    resume,
)
from verification.vendor_accounts.pacing.slots import (
    Slot,
    Turn,
    Wait,
    give_back,
    must_wait,
    reserve,
    still_open,
)
from verification.vendor_accounts.pacing.throttle import Step, last_step, pace_of, slow_down, speed_up, wait

__all__ = [
    "Slot",
    "Step",
    "Turn",
    "Wait",
    "accounts",
    "alert",
    "allow_trial",
    "asked_to_wait",
    "budget_is_spent",
    "claim_probe",
    "give_back",
    "is_open",
    "last_step",
    "must_wait",
    "on_trial",
    "pace_of",
    "pause",
    "paused",
    "prolong",
    "reserve",
    "resume",
    "slow_down",
    "speed_up",
    "spent_on",
    "still_open",
    "wait",
]

"""May the vendor be called now? Rate, pause and daily budget, in one row for each account that all processes share."""

from verification.vendor_accounts.pacing.account_state import (
    asked_to_wait,
    budget_is_spent,
    is_open,
    on_trial,
    spent_on,
)
from verification.vendor_accounts.pacing.accounts import accounts
from verification.vendor_accounts.pacing.budget import alert, level_reached
from verification.vendor_accounts.pacing.gate import keep_shares
from verification.vendor_accounts.pacing.pauses import (
    allow_trial,
    claim_probe,
    pause,
    paused,
    prolong,
    resume,
)
from verification.vendor_accounts.pacing.slots import (
    Missed,
    Slot,
    Turn,
    Wait,
    calls_within,
    give_back,
    line_is_full,
    open_condition,
    reserve,
    still_open,
)
from verification.vendor_accounts.pacing.throttle import Step, last_step, pace_of, slow_down, speed_up, wait

__all__ = [
    "Missed",
    "Slot",
    "Step",
    "Turn",
    "Wait",
    "accounts",
    "alert",
    "allow_trial",
    "asked_to_wait",
    "budget_is_spent",
    "calls_within",
    "claim_probe",
    "give_back",
    "is_open",
    "keep_shares",
    "last_step",
    "level_reached",
    "line_is_full",
    "on_trial",
    "open_condition",
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

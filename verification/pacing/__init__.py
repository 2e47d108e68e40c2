"""May the vendor be called now? Rate, pause and daily budget, in one row an account for all workers and hosts."""

from verification.pacing.accounts import accounts
from verification.pacing.pauses import allow_trial, claim_probe, pause, paused, resume
from verification.pacing.slots import (
    MOST_SLOTS,
    Slot,
    Wait,
    give_back,
    missed,
    reserve,
    room,
    wait_to_prepare,
    wait_to_send,
)
from verification.pacing.standing import budget_is_spent, is_open, on_trial, spent_on

__all__ = [
    "MOST_SLOTS",
    "Slot",
    "Wait",
    "accounts",
    "allow_trial",
    "budget_is_spent",
    "claim_probe",
    "give_back",
    "is_open",
    "missed",
    "on_trial",
    "pause",
    "paused",
    "reserve",
    "resume",
    "room",
    "spent_on",
    "wait_to_prepare",
    "wait_to_send",
]

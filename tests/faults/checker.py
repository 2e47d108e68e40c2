"""Checks a run from outside: compares the portal's database with the vendor's ledger.

It knows neither Django nor the faults, and trusts no counter of the portal.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

Facts = dict[str, Any]
MAX_CALLS = 3
# Seconds: the promised recovery time, and the part of it that does not depend on the machine's speed: the lease of a
# dead worker and the time until the next sweep. The rest is five times what the work takes on an idle machine.
RECOVERED, BY_THE_CLOCK, TIMES = 30, 20, 5


def violations(attempts: dict[str, Facts], vendor_calls: list[Facts]) -> list[str]:
    """One sentence for each broken promise; empty if nothing was lost and nothing done twice."""
    known = {attempt["photo_sha256"] for attempt in attempts.values()}
    found = [
        f"{attempt_id} {trouble}"
        for attempt_id, attempt in attempts.items()
        for trouble in _troubles(attempt, calls_for(attempt, vendor_calls))
    ]
    strangers = [call["number"] for call in vendor_calls if call["image_sha256"] not in known]
    return [*found, *(f"The vendor's call {number} belongs to no attempt." for number in strangers)]


def allowed(undisturbed: list[float]) -> float:
    """Allowed seconds from a fault to the decision: the promised time, or more on a slow machine."""
    return max(RECOVERED, BY_THE_CLOCK + TIMES * max(undisturbed))


def recovery(attempts: dict[str, Facts], faults: dict[str, Facts]) -> dict[str, float]:
    """By fault: the longest time from the fault to the decision of an attempt, in seconds."""
    return {
        fault: max(
            _seconds(fate["at"], attempts[attempt_id]["finished_at"]) for attempt_id, fate in fates.items()
        )
        for fault, fates in faults.items()
    }


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


def calls_for(attempt: Facts, vendor_calls: list[Facts]) -> list[Facts]:
    """The vendor's calls for the attempt, found by its photo, which is unique."""
    return [call for call in vendor_calls if call["image_sha256"] == attempt["photo_sha256"]]


def unknown(attempt: Facts) -> int:
    return sum(call["state"] == "unknown" for call in attempt["calls"])


def _troubles(attempt: Facts, vendor_calls: list[Facts]) -> Iterator[str]:
    yield from _lost(attempt)
    yield from _not_decided_once(attempt)
    yield from _called_too_often(attempt, vendor_calls)
    yield from _not_in_the_ledger(attempt, vendor_calls)
    if attempt["case"]["status"] == "approved":
        yield from _approved_without_proof(attempt, vendor_calls)


def _lost(attempt: Facts) -> Iterator[str]:
    if attempt["status"] != "finished" or attempt["finished_at"] is None:
        yield f"is lost: it is {attempt['status']}."
    if attempt["case"]["status"] == "checking":
        yield "is lost: its case was never decided."


def _not_decided_once(attempt: Facts) -> Iterator[str]:
    decisions = [kind for kind in attempt["case"]["events"] if kind.startswith("decision.")]
    if len(decisions) != 1:
        yield f"was decided {len(decisions)} times."
    for kind in ("attempt.prepared", "attempt.finished"):
        if (times := attempt["events"].count(kind)) != 1:
            yield f"has {times} events {kind}."
    for call in attempt["calls"]:
        if (times := call["events"].count("call.answered_late")) > 1:
            yield f"has {times} late answers to one call."
    if attempt["case"]["attempts_used"] > 1:
        yield "was counted twice."


def _called_too_often(attempt: Facts, vendor_calls: list[Facts]) -> Iterator[str]:
    times = len(vendor_calls)
    if times > min(1 + unknown(attempt), MAX_CALLS):
        yield f"was sent {times} times with {unknown(attempt)} unknown outcomes."


def _not_in_the_ledger(attempt: Facts, vendor_calls: list[Facts]) -> Iterator[str]:
    """Calls that arrived without a ledger entry, and recorded answers that the vendor never gave."""
    if any(call["state"] == "sending" for call in attempt["calls"]):
        yield "has a call that was never closed."
    entered = [call["body_sha256"] for call in attempt["calls"] if call["state"] != "not_sent"]
    for call in vendor_calls:
        if call["body_sha256"] in entered:
            entered.remove(call["body_sha256"])
        else:
            yield f"was sent in call {call['number']} without an entry of ours."
    given = {call["request_id"] for call in vendor_calls}
    for call in attempt["calls"]:
        if call["state"] == "answered" and call["request_id"] not in given:
            yield f"has an answer that was never given: {call['request_id']}."


def _approved_without_proof(attempt: Facts, vendor_calls: list[Facts]) -> Iterator[str]:
    ours = [call for call in attempt["calls"] if call["id"] == attempt["case"]["passing_call"]]
    proofs = [
        call
        for call in vendor_calls
        for mine in ours
        if (call["request_id"], call["body_sha256"]) == (mine["request_id"], mine["body_sha256"])
        and call["verdict"] == "Success"
        and call["video_sha256"] == attempt["video_sha256"]
    ]
    if len(proofs) != 1:
        yield "was approved without a Success of the vendor for this photo and video."

"""One process that takes slots as fast as the pacing allows, as a worker does. Runs inside a portal.

Prints "ready", starts at the first line on standard input, and prints the number of calls and of missed slots.
"""

import sys
import time
from datetime import UTC, datetime

from verification.liveness import LivenessClient, Withdrawn
from verification.vendor_accounts import clients, pacing


def main(seconds: str) -> None:
    client = clients.client("default", clients.regions()[0])
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + float(seconds)
    sent = missed = 0
    while time.monotonic() < until:
        slot = pacing.reserve(now=_clock())
        if isinstance(slot, pacing.Slot):
            in_time = _call(client, slot)
            sent, missed = sent + in_time, missed + (not in_time)
    print(sent, missed, flush=True)


def _call(client: LivenessClient, slot: pacing.Slot) -> bool:
    try:
        with pacing.Turn(slot) as turn:
            turn.wait_to_prepare()
            client.probe(may_send=turn.wait_to_send, begun=turn.left)
    except (Withdrawn, pacing.Missed):
        return False
    return True


def _clock() -> datetime:
    return datetime.now(UTC)

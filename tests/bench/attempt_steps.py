"""Hands in, prepares and assesses attempts one after another, and measures that step by step. Runs inside a portal."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.bench.hand_in import submissions
from tests.bench.steps import Steps
from verification import tasks
from verification.models import RiskFlag, VerificationAttempt

WARM_UP = 3
# A call of the media child: the request goes there, and an answer comes back.
ROUND_TRIP = "verification.media:run"
# The function under the name by which it is called, by step. What is left is "rest".
_EVERYWHERE: dict[str, tuple[str, ...]] = {
    "keys": ("verification.storage:key_of", "verification.storage.keys:unwrapped"),
    "store": ("verification.storage:store",),
    "trail": ("verification.audit:record", "verification.audit:record_all"),
    "ring": ("verification.jobs.doorbell:_send",),
}
_READING: dict[str, tuple[str, ...]] = {
    "decrypt": (
        "verification.storage:open_unchecked",
        "verification.crypto.frames:Reader.__init__",
        "verification.crypto.frames:Reader.read",
    ),
}
UPLOAD = {
    **_EVERYWHERE,
    "child": (ROUND_TRIP,),
    "reuse": (
        "verification.evidence.reuse:same_bytes",
        "verification.evidence.reuse:likenesses",
        "verification.evidence.reuse:keep",
        "verification.evidence.photos:shared",
    ),
}
PREPARE = {
    **_EVERYWHERE,
    **_READING,
    "claim": ("verification.jobs.leases:claim",),
    "read": ("verification.storage:read",),
    "child": (ROUND_TRIP,),
    "commit": ("verification.workflow:advance",),
}
ASSESS = {
    **_EVERYWHERE,
    **_READING,
    "claim": (
        "verification.jobs.leases:claim",
        "verification.jobs.leases:renew",
        "verification.jobs.leases:leave_waiting",
    ),
    "hash": ("verification.liveness.body:RequestBody.sha256_hex",),
    "slot": (
        "verification.vendor_accounts.pacing:line_is_full",
        "verification.vendor_accounts.pacing:reserve",
        "verification.vendor_accounts.pacing:still_open",
        "verification.vendor_accounts.pacing:give_back",
        "verification.vendor_accounts.pacing:Turn.wait_to_prepare",
        "verification.vendor_accounts.pacing:Turn.wait_to_send",
        "verification.vendor_accounts.pacing:Turn.left",
    ),
    "ledger": (
        "verification.actions.assess:_enter",
        "verification.vendor_accounts.call_ledger:close_lost",
        "verification.vendor_accounts.call_ledger:answered",
        "verification.vendor_accounts.call_ledger:why_not_call",
        "verification.vendor_accounts.call_ledger:video_refused",
        "verification.vendor_accounts.call_ledger:begin",
        "verification.vendor_accounts.call_ledger:close_with_answer",
    ),
    "account": (
        "verification.vendor_accounts.account_health:after_call",
        "verification.vendor_accounts.clients:region_to_call",
    ),
    "reconnect": (  # to the database
        "django.db.backends.base.base:BaseDatabaseWrapper.connect",
        "django.db.backends.base.base:BaseDatabaseWrapper.close",
    ),
    "connect": ("httpcore:SyncBackend.connect_tcp",),
    "send": ("verification.vendor_accounts.clients:send",),
    "parse": ("verification.liveness.client:read_capped", "verification.liveness.exchange:Reply.parse"),
    "best_frame": ("verification.evidence.best_frame:keep", ROUND_TRIP),
    "decide": (
        "verification.workflow:decision_inputs",
        "verification.rules.decision:decide",
        "verification.workflow:conclude",
    ),
}


def main(kind: str, count: str) -> None:
    """Prints the figures of one attempt as JSON: of handing it in, of `prepare` and of `assess`."""
    attempts, upload = _measured(list(submissions(kind, WARM_UP + int(count))), UPLOAD)
    RiskFlag.objects.all().delete()  # as in `hand_in`
    _, prepare = _measured([partial(tasks.prepare, attempt) for attempt in attempts], PREPARE)
    _, assess = _measured([partial(tasks.assess, attempt) for attempt in attempts], ASSESS)
    decided = VerificationAttempt.objects.filter(status="finished", calls__state="answered").count()
    assert decided == len(attempts), f"{decided} of {len(attempts)} attempts were decided"
    print(json.dumps({"upload": upload, "prepare": prepare, "assess": assess}))


def _measured(
    works: list[Callable[[], Any]], table: Mapping[str, tuple[str, ...]]
) -> tuple[list[Any], dict[str, Any]]:
    """What each returned, and the figures of one, without the first WARM_UP."""
    results = [work() for work in works[:WARM_UP]]
    count = len(works) - WARM_UP
    calls, read = _reads()
    began = time.process_time()
    with Steps(table) as steps:
        results += [work() for work in works[WARM_UP:]]
    spent = time.process_time() - began
    calls, read = (after - before for after, before in zip(_reads(), (calls, read), strict=True))
    # A function that has been replaced may still exist.
    for step in table.keys() - steps.seconds.keys():
        print(f"No attempt came to the step {step}.", file=sys.stderr)
    # Other threads, where they run none of the functions.
    elsewhere = spent - sum(steps.seconds.values())
    most = sorted(steps.seconds.items(), key=itemgetter(1), reverse=True)
    seconds = {**dict(most), "elsewhere": elsewhere, "all": spent}
    return results, {
        "ms": {step: round(value * 1000 / count, 2) for step, value in seconds.items()},
        "statements": {step: round(number / count, 2) for step, number in steps.statements.most_common()},
        "file_reads": round(calls / count, 1),
        "file_mb": round(read / 1e6 / count, 2),
        "child_round_trips": round(steps.called[ROUND_TRIP] / count, 2),
    }


def _reads() -> tuple[int, int]:
    """Read calls of this thread, and the bytes that they read. What comes over a socket is not among them."""
    found = dict(line.split(": ") for line in Path("/proc/thread-self/io").read_text().splitlines())
    return int(found["syscr"]), int(found["rchar"])

"""The trail's own work, run in a portal: `main(WHAT, …)` writes, fills, seals or proves, and prints a figure."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace

from django.db import connection, transaction

from verification import audit
from verification.actions import seal as sealing
from verification.audit import entries, log
from verification.models import AuditEvent

CASE = SimpleNamespace(_meta=SimpleNamespace(model_name="verification"), public_id="ver_bench")
PROOFS = 300
# As an event of a look at a case has it, by anybody, spread over a year.
_FILL = """
    INSERT INTO verification_auditevent (at, kind, actor_kind, actor_id, subject_kind, subject_id, data)
    SELECT
        timestamptz '2026-01-01' + n * interval '31 seconds', 'case.viewed', 'reviewer', 'reviewer' || n %% 40,
        'verification', 'ver_' || n / 20, jsonb_build_object('version', n %% 9)
    FROM generate_series(1, %s) n
"""


def _write(seconds: str) -> int:
    """Events written one by one, each in a transaction of its own, as many as fit."""
    until, written = time.monotonic() + float(seconds), 0
    while time.monotonic() < until:
        with transaction.atomic():
            audit.record(
                "case.viewed", by=audit.By("reviewer", "ann"), subject=CASE, at=datetime.now(UTC), version=3
            )
        written += 1
    return written


def _fill(count: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [int(count)])
        cursor.execute("ANALYZE verification_auditevent")
    return int(count)


def _seal() -> float:
    """Events sealed in a second, until none is left."""
    began, before = time.monotonic(), log.newest()
    newest = sealing.seal(clock=lambda: datetime.now(UTC), stretch=3600.0)
    grown = (newest.size if newest else 0) - (before.size if before else 0)
    return grown / (time.monotonic() - began)


def _keep_sealing(seconds: str) -> int:
    """Seals once a second: while decisions are made, each rings for it."""
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        sealing.seal(clock=lambda: datetime.now(UTC), stretch=10.0)
        time.sleep(1)
    newest = log.newest()
    return newest.size if newest else 0


def _prove(seed: str) -> float:
    """Milliseconds for the proof of an event, from its row to the text of the proof; the median of many."""
    newest, chance = log.newest(), random.Random(int(seed))
    assert newest is not None
    ids = list(AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)[:1])
    took = []
    for _ in range(PROOFS):
        event = AuditEvent.objects.get(pk=chance.randrange(1, ids[0] - 1))
        began = time.perf_counter()
        proof = log.proof(event, newest)
        bytes(entries.Entry.of(event))
        str(proof)
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


WORK: dict[str, Callable[..., float]] = {
    "fill": _fill,
    "keep_sealing": _keep_sealing,
    "prove": _prove,
    "seal": _seal,
    "write": _write,
}


def main(what: str, *numbers: str) -> None:
    print(WORK[what](*numbers))

"""Fills a portal with sealed events, and exports them: as the portal does, and by a bare `csv.writer`. Runs inside it.

Prints JSON: seconds, and the most memory that the process ever had in MB.
"""

import csv
import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from verification.audit import log, sealing
from verification.exports import container
from verification.exports.period import pack, rows
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.exports.snapshot import CHUNK, snapshot
from verification.models import ExportFormat

PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
EVENTS = """
    INSERT INTO verification_auditevent (at, kind, actor_kind, actor_id, subject_kind, subject_id, data)
    SELECT timestamptz '2026-02-01' + i * interval '10 seconds',
        (ARRAY['case.viewed', 'attempt.decided', 'evidence.viewed', 'call.made'])[1 + i %% 4],
        (ARRAY['system', 'reviewer', 'applicant'])[1 + i %% 3],
        (ARRAY['', 'reviewer', 'apl_abcdefghijklmnopqrstuvwx'])[1 + i %% 3],
        'verification', 'ver_' || substr(md5(i::text), 1, 24),
        jsonb_build_object('attempt', 'att_' || substr(md5((i * 7)::text), 1, 24), 'similarity', '93.50',
            'outcome', 'passed', 'number', i %% 4, 'request_id', md5((i * 3)::text) || '-12')
    FROM generate_series(1, %s) i
"""


def main(what: str, *arguments: str) -> None:
    acts: dict[str, Callable[..., None]] = {"fill": fill, "bare": bare, "export": export}
    acts[what](*arguments)


def fill(count: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [int(count)])
        cursor.execute("VACUUM ANALYZE verification_auditevent")
    while sealing.seal(now=timezone.now(), most=50_000):
        pass


def bare() -> None:
    """The same query, by a server-side cursor, as lines of CSV into a file."""
    statement, values = rows.EVENTS.rows(PERIOD).query.sql_with_params()

    def write() -> None:
        with (
            snapshot(),
            connection.chunked_cursor() as cursor,
            tempfile.TemporaryFile("w", newline="") as file,
        ):
            cursor.execute(statement, values)
            lines = csv.writer(file)
            while chunk := cursor.fetchmany(CHUNK):
                lines.writerows(chunk)

    _timed(write)


def export(*formats: str) -> None:
    """The whole pack, checked and signed: every table, the guide, the proofs."""
    newest = log.newest()
    assert newest is not None
    request = pack.Request(
        export_id="exp_bench",
        period=PERIOD,
        by={"kind": "shell", "id": ""},
        purpose="other",
        reason="bench",
        created_at=timezone.now(),
        formats=tuple(each for each in ExportFormat.values if each in formats),
    )

    def write() -> None:
        with tempfile.TemporaryFile() as file:
            pack.write(file, request, lambda: container.Trail.at(newest), Progress())

    _timed(write)


def _timed(write: Callable[[], None]) -> None:
    began = time.perf_counter()
    write()
    took = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(took, 2), "mb": round(most)}))

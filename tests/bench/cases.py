"""Fills an empty portal with cases in review, by a few statements over all of them. Runs inside that portal.

A million walked through the real actions would take days; what matters here is how much lies in the tables, and how
it is spread. The rows fulfil every constraint of the database.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from verification.models import StaffUser, VendorAccount

REVIEWER, COLLEAGUE = "reviewer", "colleague"
HELD = 20
HOUR = 3600
# What of a hundred cases is in which band, with the reason, the outcome, the code and the score.
KINDS = (
    (40, "below", "low_similarity", "low_similarity", "FailedOperation.CompareLowSimilarity", "40 + i % 30"),
    (70, "between", "similarity_band", "passed", "Success", "70 + i % 10"),
    (80, "repeated", "attempts_used_up", "liveness_failed", "FailedOperation.ActionOpenMouth", "NULL"),
    (90, "technical", "vendor_unavailable", "vendor_failed", "InternalError", "NULL"),
    (95, "flagged", "similar_video", "passed", "Success", "90 + i % 9"),
    (100, "spot_check", "spot_check", "passed", "Success", "90 + i % 9"),
)
TABLES = (
    "applicant",
    "verification",
    "document",
    "verificationattempt",
    "providercall",
    "review",
    "auditevent",
)
# Unique ones before foreign keys.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('u', 'f') ORDER BY contype DESC
"""
INDEXES = """
    SELECT quote_ident(indexname), indexdef FROM pg_indexes
    WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
EVENTS = {
    "verification.invited": "'ver_' || substr(md5('ver' || i), 1, 24)",
    "consent.given": "'ver_' || substr(md5('ver' || i), 1, 24)",
    "document.uploaded": "'ver_' || substr(md5('ver' || i), 1, 24)",
    "attempt.finished": "'att_' || substr(md5('att' || i), 1, 24)",
    "decision.sent_to_review": "'ver_' || substr(md5('ver' || i), 1, 24)",
}


@dataclass(frozen=True)
class Words:
    """What the database systems say differently."""

    vendor: str
    count: int

    @property
    def numbers(self) -> str:
        """A table of one column `i`, from 1 to the count."""
        if self.vendor == "postgresql":
            return f"generate_series(1::bigint, {self.count}) AS numbers(i)"
        step = f"SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {self.count}"
        return f"(WITH RECURSIVE numbers(i) AS ({step}) SELECT i FROM numbers)"

    def at(self, seconds: str) -> str:
        if self.vendor == "postgresql":
            return f"to_timestamp({seconds})"
        return f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch')"

    def json(self, text: str) -> str:
        return f"({text})::jsonb" if self.vendor == "postgresql" else text


def main(count: str) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("md5", 1, _md5, deterministic=True)
    words, now, staff = Words(connection.vendor, int(count)), int(timezone.now().timestamp()), _staff()
    with _rows_first():
        _fill(words, now, staff)
    with connection.cursor() as cursor:
        # What a database that has been at work for a while has done by itself.
        cursor.execute("VACUUM ANALYZE" if words.vendor == "postgresql" else "ANALYZE")


def _md5(text: str) -> str:
    return hashlib.md5(str(text).encode(), usedforsecurity=False).hexdigest()


def _staff() -> tuple[int, int]:
    """The keys of the one who asks and of a colleague who holds and proposes."""
    VendorAccount.objects.get_or_create(name="default")
    keys = []
    for name in (REVIEWER, COLLEAGUE):
        user = StaffUser.objects.create(username=name, is_staff=True)
        user.groups.add(Group.objects.get(name="Reviewer"))
        keys.append(user.pk)
    return keys[0], keys[1]


def _by_kind(column: int) -> str:
    """That column of KINDS, for the case `i`."""
    cases = [f"WHEN i * 7919 % 100 < {kind[0]} THEN {_literal(kind[column], column)}" for kind in KINDS]
    return f"CASE {' '.join(cases)} END"


def _literal(value: object, column: int) -> str:
    return str(value) if column == 5 else f"'{value}'"


def _fill(words: Words, now: int, staff: tuple[int, int]) -> None:
    """The oldest came into the queue three days ago; a day is the time there is for one."""
    queued = f"({now} - {72 * HOUR} + (i * {72 * HOUR}) / {words.count})"
    ids = {kind: f"'{kind}_' || substr(md5('{kind}' || i), 1, 24)" for kind in ("app", "ver", "doc", "att")}
    ids |= {kind: f"'{kind}_' || substr(md5('{kind}' || i), 1, 24)" for kind in ("call", "rev")}
    sha = "md5('{0}' || i) || md5(i || '{0}')"
    _insert(
        words,
        "applicant",
        id="i",
        public_id=ids["app"],
        reference="'CUST-' || i",
        name="'Alice Example ' || i",
        email="'person' || i || '@example.org'",
        locale="'en'",
        created_at=words.at(f"{queued} - {HOUR}"),
        legal_hold="false",
    )
    # One in a hundred went back to the applicant; one in a thousand waits for a second person.
    waiting = "i % 100 <> 99"
    _insert(
        words,
        "verification",
        id="i",
        public_id=ids["ver"],
        applicant_id="i",
        policy_id="1",
        mode="'ACTION'",
        status=f"CASE WHEN {waiting} THEN 'in_review' ELSE 'collecting' END",
        version="5",
        link_hash=sha.format("link"),
        link_expires_at=words.at(f"{now} + {14 * 24 * HOUR}"),
        browser_hash="''",
        outcome=_by_kind(3),
        reasons=words.json(f"'[\"' || {_by_kind(2)} || '\"]'"),
        hint="''",
        attempts_used="1 + i % 3",
        received_bytes="0",
        created_at=words.at(f"{queued} - {HOUR}"),
        queued_at=words.at(queued),
        due_at=f"CASE WHEN {waiting} THEN {words.at(f'{queued} + {24 * HOUR} + i * 7919 % 3600')} END",
        band=_by_kind(1),
        main_reason=_by_kind(2),
        snoozed_until=f"CASE WHEN i % 500 = 7 THEN {words.at(f'{now} + {HOUR} * (1 + i % 72)')} END",
        escalated_at=f"CASE WHEN i % 500 = 11 THEN {words.at(str(now))} END",
        asked_again_at=f"CASE WHEN NOT ({waiting}) THEN {words.at(f'{queued} + {HOUR}')} END",
        claimed_by_id=f"CASE WHEN i <= {HELD} THEN {staff[1]} END",
        claimed_until=f"CASE WHEN i <= {HELD} THEN {words.at(f'{now} + {24 * HOUR}')} END",
    )
    _insert(
        words,
        "document",
        id="i",
        public_id=ids["doc"],
        verification_id="i",
        kind="'id_photo'",
        original_name="'none'",
        original_sha256=sha.format("photo"),
        original_size="2000000",
        normalised_name="'none'",
        normalised_sha256=sha.format("small photo"),
        normalised_size="400000",
        facts=words.json("'{}'"),
        uploaded_at=words.at(f"{queued} - 600"),
    )
    _insert(
        words,
        "verificationattempt",
        id="i",
        public_id=ids["att"],
        verification_id="i",
        document_id="i",
        number="1 + i % 3",
        status="'finished'",
        mode="'ACTION'",
        actions="'4,2'",
        nonce_sha256=sha.format("nonce"),
        issued_at=words.at(f"{queued} - 300"),
        expires_at=words.at(queued),
        submitted_at=words.at(f"{queued} - 60"),
        finished_at=words.at(queued),
        original_name="'none'",
        original_sha256=sha.format("clip"),
        original_size="3000000",
        normalised_name="'none'",
        normalised_sha256=sha.format("small clip"),
        normalised_size="1500000",
        facts=words.json("'{}'"),
        signals=words.json("'{}'"),
        fence="2",
        lost_leases="0",
        outcome=_by_kind(3),
        similarity=_by_kind(5),
        result_code=_by_kind(4),
        counted="true",
        best_frame_name="''",
        best_frame_sha256="''",
        best_frame_source="''",
        best_frame_note="''",
    )
    _insert(
        words,
        "providercall",
        id="i",
        public_id=ids["call"],
        attempt_id="i",
        account_id="1",
        number="1",
        region="'ap-singapore'",
        state="'answered'",
        answer="'usable'",
        slot_missed="false",
        body_sha256=sha.format("body"),
        body_size="2600000",
        started_at=words.at(f"{queued} - 5"),
        ended_at=words.at(queued),
        request_id="md5('request' || i)",
        code=_by_kind(4),
        description="''",
        similarity=_by_kind(5),
        billed="'yes'",
        latency_ms="2400",
    )
    _insert(
        words,
        "review",
        where="i % 1000 = 50",
        id="i",
        public_id=ids["rev"],
        verification_id="i",
        stage="'proposal'",
        verdict="'approve'",
        reason_code="'vendor_error'",
        list_version="2",
        note="'The same scar on both pictures.'",
        evidence_sha256=sha.format("evidence"),
        by_id=str(staff[1]),
        at=words.at(str(now)),
    )
    for number, (kind, subject) in enumerate(EVENTS.items()):
        _insert(
            words,
            "auditevent",
            at=words.at(f"{queued} - 600 + {100 * number}"),
            kind=f"'{kind}'",
            actor_kind="'system'",
            actor_id="''",
            subject_kind="'verification'",
            subject_id=subject,
            data=words.json("'{\"policy\": 1}'"),
        )
    _relate(words)


def _insert(words: Words, table: str, where: str = "true", **columns: str) -> None:
    names, values = ", ".join(columns), ", ".join(columns.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO verification_{table} ({names}) SELECT {values} FROM {words.numbers} WHERE {where}"
        )


def _relate(words: Words) -> None:
    """What points back to rows that came later, and the numbers that the next rows get."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE verification_verification SET proposal_id = id WHERE id % 1000 = 50")
        for table in TABLES if words.vendor == "postgresql" else ():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('verification_{table}', 'id'), "
                f"(SELECT max(id) FROM verification_{table}))"
            )


@contextmanager
def _rows_first() -> Iterator[None]:
    """As pg_restore does it: first the rows, then all the indexes and constraints over them, which are checked then."""
    if connection.vendor == "sqlite":
        yield
        return
    names = [f"verification_{table}" for table in TABLES]
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute(CONSTRAINTS, [names])
        constraints = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(INDEXES, [names])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")

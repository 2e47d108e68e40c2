"""SQL for the rows of many cases in review: the columns of INSERT ... SELECT over the case's number `i`."""

from collections.abc import Iterator
from dataclasses import dataclass

HELD = 20
HOUR = 3600
# Cumulative percent of the cases, band, reason, outcome, vendor code and score.
KINDS = (
    (40, "below", "low_similarity", "low_similarity", "FailedOperation.CompareLowSimilarity", "40 + i % 30"),
    (70, "between", "similarity_band", "passed", "Success", "70 + i % 10"),
    (80, "repeated", "attempts_used_up", "liveness_failed", "FailedOperation.ActionOpenMouth", "NULL"),
    (90, "technical", "vendor_unavailable", "vendor_failed", "InternalError", "NULL"),
    (95, "flagged", "similar_video", "passed", "Success", "90 + i % 9"),
    (100, "spot_check", "spot_check", "passed", "Success", "90 + i % 9"),
)
# One case in a hundred waits for the applicant.
WAITING = "i % 100 <> 99"
# One case in a thousand waits for a second person.
PROPOSED = "i % 1000 = 50"
SHA = "md5('{0}' || i) || md5(i || '{0}')"


def public_id(kind: str) -> str:
    return f"'{kind}_' || substr(md5('{kind}' || i), 1, 24)"


EVENTS = {
    "verification.invited": public_id("ver"),
    "consent.given": public_id("ver"),
    "document.uploaded": public_id("ver"),
    "attempt.finished": public_id("att"),
    "decision.sent_to_review": public_id("ver"),
}


@dataclass(frozen=True)
class Words:
    """The SQL that differs between PostgreSQL and SQLite."""

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


def by_kind(column: int) -> str:
    """That column of KINDS, for the case `i`."""
    cases = [f"WHEN i * 7919 % 100 < {kind[0]} THEN {_literal(kind[column], column)}" for kind in KINDS]
    return f"CASE {' '.join(cases)} END"


def _literal(value: object, column: int) -> str:
    return str(value) if column == 5 else f"'{value}'"


@dataclass(frozen=True)
class Rows:
    """`now` is in seconds since 1970; `colleague` is the key of the user who claims and proposes."""

    words: Words
    now: int
    colleague: int

    @property
    def queued(self) -> str:
        """When the case entered the queue: evenly over the last 72 hours. A case is due after 24 hours."""
        return f"({self.now} - {72 * HOUR} + (i * {72 * HOUR}) / {self.words.count})"

    def applicant(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("app"),
            "reference": "'CUST-' || i",
            "name": "'Alice Example ' || i",
            "email": "'person' || i || '@example.org'",
            "locale": "'en'",
            "created_at": self.words.at(f"{self.queued} - {HOUR}"),
            "legal_hold": "false",
        }

    def verification(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("ver"),
            "applicant_id": "i",
            "policy_id": "1",
            "mode": "'ACTION'",
            "status": f"CASE WHEN {WAITING} THEN 'in_review' ELSE 'collecting' END",
            "version": "5",
            "link_hash": SHA.format("link"),
            "link_expires_at": self.words.at(f"{self.now} + {14 * 24 * HOUR}"),
            "browser_hash": "''",
            "outcome": by_kind(3),
            "reasons": self.words.json(f"'[\"' || {by_kind(2)} || '\"]'"),
            "hint": "''",
            "attempts_used": "1 + i % 3",
            "received_bytes": "0",
            "created_at": self.words.at(f"{self.queued} - {HOUR}"),
            "queued_at": self.words.at(self.queued),
            "due_at": f"CASE WHEN {WAITING} THEN {self.words.at(f'{self.queued} + {24 * HOUR} + i * 7919 % 3600')} END",
            "band": by_kind(1),
            "main_reason": by_kind(2),
            "marked_copied": f"({by_kind(1)}) = 'flagged'",
            "address_range": "'203.0.' || i % 25 || '.0/24'",
            "snoozed_until": f"CASE WHEN i % 500 = 7 THEN {self.words.at(f'{self.now} + {HOUR} * (1 + i % 72)')} END",
            "escalated_at": f"CASE WHEN i % 500 = 11 THEN {self.words.at(str(self.now))} END",
            "asked_again_at": f"CASE WHEN NOT ({WAITING}) THEN {self.words.at(f'{self.queued} + {HOUR}')} END",
            "claimed_by_id": f"CASE WHEN i <= {HELD} THEN {self.colleague} END",
            "claimed_until": f"CASE WHEN i <= {HELD} THEN {self.words.at(f'{self.now} + {24 * HOUR}')} END",
        }

    def document(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("doc"),
            "verification_id": "i",
            "kind": "'id_photo'",
            "original_name": "'none'",
            "original_sha256": SHA.format("photo"),
            "original_size": "2000000",
            "normalised_name": "'none'",
            "normalised_sha256": SHA.format("small photo"),
            "normalised_size": "400000",
            "facts": self.words.json("'{}'"),
            "uploaded_at": self.words.at(f"{self.queued} - 600"),
        }

    def verificationattempt(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("att"),
            "verification_id": "i",
            "document_id": "i",
            "number": "1 + i % 3",
            "status": "'finished'",
            "mode": "'ACTION'",
            "actions": "'4,2'",
            "nonce_sha256": SHA.format("nonce"),
            "issued_at": self.words.at(f"{self.queued} - 300"),
            "expires_at": self.words.at(self.queued),
            "submitted_at": self.words.at(f"{self.queued} - 60"),
            "finished_at": self.words.at(self.queued),
            "original_name": "'none'",
            "original_sha256": SHA.format("clip"),
            "original_size": "3000000",
            "normalised_name": "'none'",
            "normalised_sha256": SHA.format("small clip"),
            "normalised_size": "1500000",
            "facts": self.words.json("'{}'"),
            "signals": self.words.json("'{}'"),
            "fence": "2",
            "lost_leases": "0",
            "outcome": by_kind(3),
            "similarity": by_kind(5),
            "result_code": by_kind(4),
            "counted": "true",
            "best_frame_name": "''",
            "best_frame_sha256": "''",
            "best_frame_source": "''",
            "best_frame_note": "''",
        }

    def providercall(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("call"),
            "attempt_id": "i",
            "account_id": "1",
            "number": "1",
            "region": "'ap-singapore'",
            "state": "'answered'",
            "answer": "'usable'",
            "slot_missed": "false",
            "body_sha256": SHA.format("body"),
            "body_size": "2600000",
            "started_at": self.words.at(f"{self.queued} - 5"),
            "ended_at": self.words.at(self.queued),
            "request_id": "md5('request' || i)",
            "code": by_kind(4),
            "description": "''",
            "similarity": by_kind(5),
            "billed": "'yes'",
            "latency_ms": "2400",
        }

    def review(self) -> dict[str, str]:
        return {
            "id": "i",
            "public_id": public_id("rev"),
            "verification_id": "i",
            "stage": "'proposal'",
            "verdict": "'approve'",
            "reason_code": "'vendor_error'",
            "list_version": "2",
            "note": "'The same scar on both pictures.'",
            "evidence_sha256": SHA.format("evidence"),
            "by_id": str(self.colleague),
            "at": self.words.at(str(self.now)),
        }

    def events(self) -> Iterator[dict[str, str]]:
        for number, (kind, subject) in enumerate(EVENTS.items()):
            yield {
                "at": self.words.at(f"{self.queued} - 600 + {100 * number}"),
                "kind": f"'{kind}'",
                "actor_kind": "'system'",
                "actor_id": "''",
                "subject_kind": "'verification'",
                "subject_id": subject,
                "data": self.words.json("'{\"policy\": 1}'"),
            }

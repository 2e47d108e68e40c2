"""Migrates an installation in use from 0005 to the newest, back and forward again: `python -m tests.flow.upgrading`.

The environment configures a portal with an empty database. The module prints the state of its rows as JSON.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from verification.models import LinkBinding  # noqa: E402

BEFORE = "0005_evidence_at_rest"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
# Reference, reasons, and the score of the newest recording.
WAITING = (
    ("LOW", ["low_similarity"], 60),
    ("BETWEEN", ["similarity_band"], 75),
    ("FLAGGED", ["similar_video"], 95),
    ("USED", ["attempts_used_up"], None),
    ("BROKEN", ["vendor_unavailable"], None),
)
FORBIDDEN = {
    "a policy in force is changed": "UPDATE verification_policy SET approve_at = 71 WHERE version = 1",
    "a review is changed": "UPDATE verification_review SET note = 'another'",
    "an event is deleted": "DELETE FROM verification_auditevent",
}
BY_NOBODY = "UPDATE verification_policy SET activated_at = '2026-11-24' WHERE version = 3"


def main() -> None:
    _migrate(BEFORE)
    _fill()
    _migrate()
    report = {"listed": _listed(), "refused": _refused(), "by_nobody": _is_refused(BY_NOBODY)}
    report["in_force"] = _in_force()
    report["clients"] = _clients()
    report["began"] = _began()
    _migrate(BEFORE)
    report["refused_on_the_way_back"] = _refused()
    _migrate()
    report["listed_again"] = _listed()
    json.dump(report, sys.stdout)


def _migrate(*name: str) -> None:
    """To this migration, or to the newest."""
    call_command("migrate", "verification", *name, verbosity=0)


def _fill() -> None:
    apps = MigrationExecutor(connection).loader.project_state([("verification", BEFORE)]).apps

    def model(name: str) -> Any:
        return apps.get_model("verification", name).objects

    policy = model("Policy").get(version=1)
    # Directly in the database: version 0005 has no policy editor.
    model("Policy").create(version=2, approve_at=85, activated_at=NOW)
    model("Policy").create(version=3, approve_at=90)
    reviewer = model("StaffUser").create(username="rita")
    for number, (reference, reasons, score) in enumerate(WAITING):
        case = _case(model, policy, number, reference, status="in_review", reasons=reasons, due_at=NOW)
        attempt = _finished(model, case, number, score)
        if reference == "FLAGGED":
            model("RiskFlag").create(
                public_id="flg_1",
                verification=case,
                attempt=attempt,
                code="similar_video",
                facts={},
                raised_at=NOW,
            )
    client = model("ApiClient").create(public_id="cli_1", name="Onboarding", created_at=NOW)
    applicant = _case(model, policy, 100, "SYSTEMS", status="cancelled", client=client).applicant
    _case(model, policy, 101, "SYSTEMS", status="cancelled", applicant=applicant)
    for number, reference in enumerate(("ASKED", "ANSWERED"), start=len(WAITING)):
        case = _case(model, policy, number, reference, status="collecting")
        words = {"verdict": "ask_again", "reason_code": "video_unclear", "evidence_sha256": "0" * 64}
        model("Review").create(public_id=f"rev_{number}", verification=case, by=reviewer, at=NOW, **words)
        if reference == "ANSWERED":
            _finished(model, case, number, 60, at=NOW + timedelta(hours=1))
    _case(model, policy, 103, "BEGUN-UNRECORDED", status="collecting", browser_hash="c" * 64)
    begun = _case(model, policy, 102, "BEGUN", status="collecting", browser_hash="b" * 64)
    for hour, kind in enumerate(("link.bound", "link.taken_over", "consent.given")):
        model("AuditEvent").create(
            at=NOW + timedelta(hours=hour), kind=kind, subject_kind="verification", subject_id=begun.public_id
        )
    model("AuditEvent").create(
        at=NOW, kind="case.viewed", actor_kind="reviewer", subject_kind="x", subject_id="x"
    )


def _case(model: Any, policy: Any, number: int, reference: str, **fields: Any) -> Any:
    applicant = fields.pop("applicant", None) or model("Applicant").create(
        public_id=f"app_{number}", reference=reference, created_at=NOW
    )
    return model("Verification").create(
        public_id=f"ver_{number}",
        applicant=applicant,
        policy=policy,
        mode="SILENT",
        link_hash=f"{number:064d}",
        link_expires_at=NOW + timedelta(days=9),
        created_at=NOW,
        queued_at=NOW,
        **fields,
    )


def _finished(model: Any, case: Any, number: int, score: int | None, at: datetime = NOW) -> Any:
    photo = {
        "original_sha256": "1" * 64,
        "normalised_sha256": "1" * 64,
        "original_size": 1,
        "normalised_size": 1,
    }
    document = model("Document").create(
        public_id=f"doc_{number}",
        verification=case,
        original_name="x",
        normalised_name="x",
        uploaded_at=at,
        **photo,
    )
    return model("VerificationAttempt").create(
        public_id=f"att_{number}",
        verification=case,
        document=document,
        number=1,
        mode="SILENT",
        status="finished",
        outcome="low_similarity",
        similarity=score,
        nonce_sha256="0" * 64,
        original_sha256=f"{number:064d}",
        issued_at=at,
        expires_at=at,
        submitted_at=at,
        finished_at=at,
    )


def _listed() -> dict[str, list[Any]]:
    """The queue views that list each case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, band, main_reason, asked_again_at IS NOT NULL FROM verification_verification "
            "JOIN verification_applicant ON verification_applicant.id = applicant_id"
        )
        return {
            reference: [band, reason, bool(asked)] for reference, band, reason, asked in cursor.fetchall()
        }


def _clients() -> dict[str, str | None]:
    """The client that each applicant belongs to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, verification_apiclient.name FROM verification_applicant "
            "LEFT JOIN verification_apiclient ON verification_apiclient.id = client_id"
        )
        return dict(cursor.fetchall())


def _began() -> list[Any]:
    """The device that each case is open on, and since when."""
    return [
        [
            each.verification.applicant.reference,
            each.link,
            each.number,
            each.browser_hash,
            each.device,
            str(each.at),
        ]
        for each in LinkBinding.objects.all()
    ]


def _in_force() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version FROM verification_policy WHERE activated_at IS NOT NULL ORDER BY version"
        )
        return [version for (version,) in cursor.fetchall()]


def _refused() -> list[str]:
    return [what for what, statement in FORBIDDEN.items() if _is_refused(statement)]


def _is_refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


if __name__ == "__main__":
    main()

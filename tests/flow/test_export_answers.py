"""An auditor's own script, with nothing but the export, says who decided a case, on what, and under which policy."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import who_decided
from tests.conftest import NOW
from tests.flow.conftest import LATER
from tests.flow.exporting import export
from tests.flow.reviewing import NOTE, approve, decide
from verification import audit, storage
from verification.actions import cancel
from verification.actions.policy import TERMS
from verification.exports.period import rows
from verification.exports.period.table import Period, Table
from verification.models import Verdict, Verification
from verification.states import Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
WEEK = Period(NOW - timedelta(days=7), NOW + timedelta(days=7))


def answered(path: Path, reference: str, period: Period = WEEK, *, notes: bool = False) -> dict[str, Any]:
    """What the script prints about the reference, run without the project on its path."""
    by = audit.By("auditor", "ann")
    made = export(period, by=by, reason="A court asks", notes=notes, now=LATER)
    path.write_bytes(storage.read(made.file_name, sha256=made.file_sha256))
    command = [sys.executable, "-I", who_decided.__file__, str(path), reference]
    printed = subprocess.run(command, check=True, capture_output=True, cwd=path.parent)
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


def shown(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, values, strict=True)) for values in table.rows(WEEK)]


@pytest.fixture
def by_two(road: Any, emulator: Any, staff: Any) -> Verification:
    """A case that the vendor did not pass, approved by two people."""
    case: Verification = road.in_review(emulator, reference="CUST-1008")
    approve(case, by=staff("Reviewer"))
    case.refresh_from_db()
    approve(case, by=staff("Reviewer", "reviewer2"))
    case.refresh_from_db()
    assert case.status == Status.APPROVED
    return case


def test_the_export_says_who_decided_on_what_and_under_which_policy(
    by_two: Verification, tmp_path: Path
) -> None:
    found = answered(tmp_path / "export.zip", "CUST-1008")
    attempt = by_two.attempts.get()
    assert attempt.document is not None
    assert by_two.final_review is not None
    assert found == {
        "ended": "approved",
        "decided_by": ["reviewer", "reviewer2"],
        "because": "Same person, beyond reasonable doubt",
        "note": None,
        "proposal": "approve",
        "on": by_two.final_review.evidence_sha256,
        "photos": [attempt.document.original_sha256],
        "recordings": [attempt.original_sha256],
        "answers": [attempt.result_code],
        "similarity": "42.00",
        "approve_at": "80.00",
        "policy": 1,
    }


def test_the_export_says_that_policy_decided_and_which_case_is_the_newest(
    road: Any, emulator: Any, tmp_path: Path
) -> None:
    cancel.cancel(road.invited(reference="CUST-1001"), reason="mistake", by=audit.By.shell(), now=NOW)
    road.judged(emulator, {"sim": 93.5}, reference="CUST-1001")
    found = answered(tmp_path / "export.zip", "CUST-1001")
    assert (found["ended"], found["decided_by"], found["on"]) == ("approved", ["policy"], None)
    assert found["similarity"] == "93.50"


def test_notes_come_only_if_they_were_asked_for(by_two: Verification, tmp_path: Path) -> None:
    assert answered(tmp_path / "without.zip", "CUST-1008")["note"] is None
    assert answered(tmp_path / "with.zip", "CUST-1008", notes=True)["note"] == NOTE


def test_an_export_tells_from_which_proposal_a_second_person_differed(
    road: Any, emulator: Any, staff: Any
) -> None:
    case = road.in_review(emulator)
    approve(case, by=staff("Reviewer"))
    case.refresh_from_db()
    decide(case, Verdict.DECLINE, "not_live", by=staff("Reviewer", "reviewer2"), note=NOTE)
    case.refresh_from_db()
    approve(case, by=staff("Senior reviewer"))
    case.refresh_from_db()
    proposal, second, decision = shown(rows.REVIEWS)
    assert [row["stage"] for row in (proposal, second, decision)] == ["proposal", "second", "decision"]
    assert (second["differs_from_id"], second["proposer"]) == (proposal["review_id"], "reviewer")
    assert (decision["confirms_id"], decision["proposer"]) == (proposal["review_id"], "reviewer")
    [ended] = shown(rows.VERIFICATIONS)
    assert (ended["review_id"], ended["proposer"]) == (decision["review_id"], "reviewer")


def test_what_led_to_a_decision_is_there_though_it_was_written_before_the_period(
    by_two: Verification, tmp_path: Path
) -> None:
    Verification.objects.update(decided_at=LATER + timedelta(days=30))
    found = answered(
        tmp_path / "export.zip", "CUST-1008", Period(LATER + timedelta(days=29), LATER + timedelta(days=31))
    )
    assert found["proposal"] == "approve"
    assert found["recordings"] == [by_two.attempts.get().original_sha256]


def test_every_term_of_the_policy_is_exported() -> None:
    exported = {column.source for column in rows.POLICIES.columns}
    assert set(TERMS) <= exported

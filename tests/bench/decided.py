"""Fills an empty portal with cases that are decided: those of `cases`, taken to an end by a few more statements.

Seven in ten are approved by the policy, one by a person, one is declined, one stays in review.
"""

from django.db import connection

from tests.bench import cases
from tests.bench.case_rows import HOUR, SHA, Rows, public_id

APPROVED, BY_PERSON, DECLINED = "i % 10 < 7", "i % 10 = 7", "i % 10 = 8"
DECIDED = "i % 10 < 9"
# As real ones: a few hundred different texts.
AGENTS = (
    "'Mozilla/5.0 (iPhone; CPU iPhone OS 18_' || i % 7 || ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.' || i % 7 || ' Mobile/15E148 Safari/604.1'",
    "'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + i % 53 || "
    "'.0.0.0 Mobile Safari/537.36'",
    "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + i % 53 || "
    "'.0.0.0 Safari/537.36 Edg/' || 100 + i % 53 || '.0.0.0'",
    "'Mozilla/5.0 (X11; Linux x86_64; rv:' || 110 + i % 31 || '.0) Gecko/20100101 Firefox/' || 110 + i % 31",
)


def main(count: str) -> None:
    cases.main(count, _decide)


def _decide(rows: Rows) -> None:
    words = rows.words
    decided_at = words.at(f"{rows.queued} + (i * 7919 % {30 * HOUR})")
    cases.insert(words, "consent", _consent(rows))
    cases.insert(words, "review", _review(rows, decided_at), where=f"{BY_PERSON} OR {DECLINED}")
    _event(rows, "decision.approved_by_policy", APPROVED, decided_at)
    _event(rows, "review.approved", BY_PERSON, decided_at)
    _event(rows, "review.declined", DECLINED, decided_at)
    with connection.cursor() as cursor:
        cursor.execute(_ends(decided_at))
        cursor.execute(
            "UPDATE verification_applicant SET locale = CASE id % 3 WHEN 0 THEN 'de-AT' WHEN 1 THEN 'fr' ELSE 'en' END"
        )


def _consent(rows: Rows) -> dict[str, str]:
    agents = " ".join(f"WHEN {number} THEN {agent}" for number, agent in enumerate(AGENTS))
    return {
        "id": "i",
        "verification_id": "i",
        "given": "true",
        "text_version": "'1'",
        "text_sha256": SHA.format("text"),
        "locale": "'en'",
        "at": rows.words.at(f"{rows.queued} - 900"),
        "user_agent": f"CASE i % {len(AGENTS)} {agents} END",
    }


def _review(rows: Rows, decided_at: str) -> dict[str, str]:
    return {
        **rows.review(),
        "id": "2000000 + i",
        "public_id": public_id("rv2"),
        "stage": "'decision'",
        "verdict": f"CASE WHEN {DECLINED} THEN 'decline' ELSE 'approve' END",
        "reason_code": f"CASE WHEN {DECLINED} THEN 'different_person' ELSE 'vendor_error' END",
        "at": decided_at,
    }


def _event(rows: Rows, kind: str, where: str, at: str) -> None:
    columns = {**next(iter(rows.events())), "kind": f"'{kind}'", "at": at}
    cases.insert(rows.words, "auditevent", columns, where=where)


def _ends(decided_at: str) -> str:
    return f"""
        UPDATE verification_verification SET
            status = CASE WHEN {DECLINED} THEN 'declined' ELSE 'approved' END,
            passing_call_id = CASE WHEN {APPROVED} THEN id END,
            final_review_id = CASE WHEN {BY_PERSON} OR {DECLINED} THEN 2000000 + id END,
            decided_at = {decided_at}, due_at = NULL, claimed_by_id = NULL, claimed_until = NULL,
            queued_at = CASE WHEN {APPROVED} THEN NULL ELSE queued_at END
        FROM (SELECT id AS i FROM verification_verification) AS numbers WHERE i = id AND {DECIDED}
    """

"""Reads an export alone and says who decided a case, on what, and under which policy: `who_decided.py FILE REFERENCE`.

It uses the standard library only, as an auditor's own script would. Of several cases of a person it takes the newest.
"""

import json
import sys
import zipfile
from typing import Any


def main(path: str, reference: str) -> None:
    with zipfile.ZipFile(path) as archive:
        print(json.dumps(answer(archive, reference), indent=2))


def answer(archive: zipfile.ZipFile, reference: str) -> dict[str, Any]:
    *_, case = [row for row in _rows(archive, "verifications") if row["reference"] == reference]
    of_case = {"verification_id": case["verification_id"]}
    [policy] = [row for row in _rows(archive, "policies") if row["policy_version"] == case["policy_version"]]
    reviews = {row["review_id"]: row for row in _rows(archive, "reviews") if of_case.items() <= row.items()}
    attempts = [row for row in _rows(archive, "attempts") if of_case.items() <= row.items()]
    final = reviews.get(case["review_id"], {})
    return {
        "ended": case["status"],
        "decided_by": [who for who in (case["proposer"], case["decider"]) if who] or [case["decided_by"]],
        "because": case["reason_in_words"],
        "note": final.get("note"),
        "proposal": reviews.get(final.get("confirms_id"), {}).get("verdict"),
        "on": case["evidence_sha256"],
        "photos": [row["photo_sha256"] for row in attempts],
        "recordings": [row["recording_sha256"] for row in attempts],
        "answers": [row["result_code"] for row in attempts],
        "similarity": case["similarity"],
        "approve_at": policy["approve_at"],
        "policy": policy["policy_version"],
    }


def _rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{table}.jsonl").splitlines()]


if __name__ == "__main__":
    main(*sys.argv[1:])

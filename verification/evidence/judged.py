"""The evidence that a verdict rests on, as one hash: the actions refuse a verdict on evidence that has changed."""

import hashlib
import json

from verification.models import Verification


def evidence_hash(case: Verification) -> str:
    """SHA-256 over everything a verdict rests on: photos, recordings, frames, what the vendor answered, and flags."""
    content = {
        "documents": case.documents.order_by("pk").values_list("normalised_sha256", "superseded_at"),
        "attempts": case.attempts.order_by("number").values_list(
            "number",
            "status",
            "original_sha256",
            "normalised_sha256",
            "best_frame_sha256",
            "outcome",
            "result_code",
            "similarity",
        ),
        # What is compared again decides nothing, so it voids no verdict either.
        "calls": case.attempts.filter(calls__isnull=False, calls__rerun__isnull=True)
        .order_by("number", "calls__number")
        .values_list("calls__public_id", "calls__state", "calls__answer", "calls__code", "calls__similarity"),
        "flags": case.flags.order_by("pk").values_list("public_id", "code"),
    }
    rows = {name: [list(map(str, row)) for row in found] for name, found in content.items()}
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()

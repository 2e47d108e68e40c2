"""A case pack of the demo, with everything in it, made again and again in one process: prints the seconds of each."""

import json
import time
from datetime import UTC, datetime

from verification import audit
from verification.actions import case_pack, seal
from verification.exports.case_pack import Contents
from verification.models import Verification

PACKS = 6


def main() -> None:
    case = Verification.objects.filter(final_review__isnull=False).order_by("pk")[0]
    print(json.dumps([_seconds(case) for _ in range(PACKS)]))


def _seconds(case: Verification) -> float:
    """From the click to the whole file, with the sealing before it, as the page has it."""
    contents = Contents(media=True, names=True, notes=True)
    asked = case_pack.Asked(case_pack.Purpose.AUDIT, "Measured by a bench.", contents)
    began = time.perf_counter()
    seal.seal(clock=lambda: datetime.now(UTC), stretch=10.0)
    case_pack.make(case, asked, by=audit.By.shell(), now=datetime.now(UTC)).file.close()
    return time.perf_counter() - began

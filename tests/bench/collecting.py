"""Collects the statistics of all days in one snapshot, and prints the seconds and the memory. Runs in a portal."""

import json
import resource
import time
from datetime import timedelta

from django.utils import timezone

from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.exports.snapshot import snapshot
from verification.exports.statistics.collect import collect


def main() -> None:
    now = timezone.now()
    period = Period.of_days(now.date() - timedelta(days=10), now.date())
    before, began = _peak(), time.monotonic()
    with snapshot():
        found = collect(period, now, Progress())
    seconds = time.monotonic() - began
    counted = next(row for row in found["groups_passed"] if row["group"] == "All")["cases"]
    print(
        json.dumps({"seconds": round(seconds, 1), "grown_mb": round(_peak() - before, 1), "cases": counted})
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

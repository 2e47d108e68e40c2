"""Thousands of damaged files: no hang, no crash of this process or its helper, and a code for every error."""

import resource
import time
from collections import Counter

from tests.tampered_media import answer, cases
from verification.media.errors import CODES

COUNT = 4_000


def test_thousands_of_damaged_files_are_all_answered() -> None:
    found: Counter[str] = Counter()
    slowest, worst = 0.0, ""
    for case in cases(COUNT, seed=2):
        began = time.monotonic()
        found[answer(case)] += 1
        took = time.monotonic() - began
        if took > slowest:
            slowest, worst = took, case.name
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{dict(found.most_common())}\nslowest {slowest:.2f} s ({worst}); this process {memory} MiB")
    assert set(found) <= CODES | {"taken"}
    assert found["media_timeout"] == 0
    assert sum(found.values()) == COUNT

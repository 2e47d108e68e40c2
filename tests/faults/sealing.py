"""The processes of the sealing race: `python -m tests.faults.sealing write|seal|check`.

Writers commit in any order: some at once, some late, some never. Sealers seal until they are killed.
"""

import random
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace

import django
from django.db import transaction

django.setup()

from tests.flow.test_sealing import check_whole_log  # noqa: E402
from verification import audit  # noqa: E402
from verification.audit import log, sealing  # noqa: E402
from verification.models import Checkpoint  # noqa: E402
from verification.transparency import merkle  # noqa: E402

SUBJECT = SimpleNamespace(_meta=SimpleNamespace(model_name="verification"), public_id="ver_raced")


class _Given(Exception):
    """The transaction is rolled back."""


def write(seconds: float, seed: int) -> None:
    chance, until = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with transaction.atomic():
                for number in range(chance.choice([1, 1, 2, 5])):
                    document = f"doc_{number}"
                    by, at = audit.By.system(), datetime.now(UTC)
                    audit.record("document.retired", by=by, subject=SUBJECT, at=at, document=document)
                if chance.random() < 0.1:
                    time.sleep(chance.random())  # it commits after many with higher ids
                if chance.random() < 0.1:
                    raise _Given
        except _Given:
            continue


def seal(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if sealing.seal(now=datetime.now(UTC), most=50):
            print("sealed", flush=True)


def check() -> None:
    """Prints the number of checkpoints, or fails at the first thing that is wrong."""
    while sealing.seal(now=datetime.now(UTC)):
        pass
    check_whole_log()
    sizes = list(Checkpoint.objects.order_by("size"))
    for old, new in pairwise(sizes):
        proof = log.consistency(old.size, new.size)
        roots = (bytes.fromhex(old.root), bytes.fromhex(new.root))
        merkle.check_consistency(old.size, new.size, proof, *roots)
    print(len(sizes))


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    if what == "write":
        write(float(numbers[0]), int(numbers[1]))
    elif what == "seal":
        seal(float(numbers[0]))
    else:
        check()

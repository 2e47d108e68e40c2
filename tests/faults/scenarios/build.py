"""Makes the attempts that the other scenarios begin with, through the real actions.

Each has a unique photo, which tells in the vendor's ledger for which attempt a call was.
"""

import io
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import Any

from django.core.management import call_command
from django.db import connections
from PIL import Image

from kyc_portal.sandbox.drawing import draw_photo
from tests.conftest import NOW, Road, clip
from tests.policies import only_show_what_is_shared
from verification.actions import document, prepare
from verification.models import VerificationAttempt
from verification.states import AttemptStatus

BATCHES_READY, BATCHES_SUBMITTED = 12, 1
MAX_SECONDS = 200  # seconds for all of them


def run(repetitions: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    only_show_what_is_shared(now=NOW)
    connections.close_all()
    ready = BATCHES_READY * repetitions
    # Not a `Pool`: it would wait for ever for a process that died.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        made_ready = pool.map(_ready, range(ready), timeout=MAX_SECONDS)
        submitted = pool.map(
            _submitted, range(ready, ready + BATCHES_SUBMITTED * repetitions), timeout=MAX_SECONDS
        )
        list(made_ready)
        list(submitted)
    attempts = VerificationAttempt.objects
    made: dict[str, Any] = {status: attempts.filter(status=status).count() for status in AttemptStatus}
    connections.close_all()  # SQLite's file is complete, and may be copied, when no connection is open.
    return made


def _ready(number: int) -> None:
    prepare.prepare(_submitted(number), now=NOW)


def _submitted(number: int) -> str:
    road = Road()
    verification = road.consented(reference=f"REF-{number}")
    document.upload(verification, _photo(number), now=NOW)
    return road.submit(verification, recording=clip(fps=5, take=number + 1)).public_id


def _photo(number: int) -> bytes:
    """A photo of the same person with a differently coloured spot in the corner of the card."""
    picture = _person().copy()
    picture.paste((number % 16 * 16, number // 16 * 16, 128), (0, 0, 16, 16))
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


@lru_cache
def _person() -> Image.Image:
    return Image.open(io.BytesIO(draw_photo(1, (300, 400))))

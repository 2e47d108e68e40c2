"""Fills a portal with cases that have a submitted recording, through the real actions. Runs inside that portal."""

from django.utils import timezone

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from tests.conftest import WORDING
from verification import audit
from verification.actions import challenge, consent, document, invite, submit
from verification.states import Mode


def main(first: str, end: str) -> None:
    """The cases from number `first` to before `end`, with an H.264 recording of 5 s each."""
    photo = draw_photo(1)
    for number in range(int(first), int(end)):
        _hand_in(f"BACKLOG-{number}", photo, draw_clip(seconds=5.0, take=number + 1))


def _hand_in(reference: str, photo: bytes, clip: bytes) -> None:
    now, by = timezone.now(), audit.By.shell()
    case = invite.invite(
        reference=reference, name="Alice Example", mode=Mode.ACTION, by=by, now=now
    ).verification
    consent.give(case, now=now, **WORDING)
    document.upload(case, photo, now=now)
    drawn = challenge.issue(case, now=now)
    submit.submit(
        case,
        attempt_id=drawn.attempt.public_id,
        nonce=drawn.nonce,
        recording=clip,
        signals={},
        now=timezone.now(),
    )

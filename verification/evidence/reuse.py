"""Was this recording sent before: the same bytes, re-encoded, or in another container?

The same bytes are looked up by their hash. A copy that was cut or put into another container still shows the very same
pictures, pixel by pixel; one that was encoded anew, or filmed from the same screen, still looks like it. A person
weighs what is found. This module knows attempts and hashes; it decodes nothing and decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count

from verification.evidence import one_at_a_time
from verification.models import FrameHash, Verification, VerificationAttempt
from verification.states import Flag

SAMPLES: Final = 40  # pictures of a recording that are kept, evenly spaced
SPACING: Final = 0.4  # seconds between them, unless that would make more
# Bits of 256 in which two pictures may differ and still look the same. Encoding anew changes 2 at 2 Mbit/s and 4 at
# 0.5; another drawn person differs by 50. The same person in the same place may come near, so it is only a hint.
MAX_DISTANCE: Final = 4
MIN_SHARE: Final = 0.8  # of the samples that the shorter of both can hold
MAX_CANDIDATES: Final = 20
_ADVISORY_LOCK: Final = 0x7265757365  # any number that no other lock has
_EXACT, _COARSE, _FINE = slice(0, 16), slice(16, 32), slice(32, 96)
_DISTINCTIVE: Final = range(6, 59)  # set bits of a coarse hash; a dark or even picture has few or all of them


@dataclass(frozen=True)
class Likeness:
    """An earlier attempt whose pictures this recording shows, and what that is; `share` is of the pictures, 0 to 1."""

    attempt: VerificationAttempt
    flag: Flag
    share: float


def serialise_lookups() -> None:
    """Lock out other look-ups until the transaction ends: the next one sees what this one wrote."""
    one_at_a_time.until_committed(_ADVISORY_LOCK)


def same_bytes(sha256: str, *, beside: VerificationAttempt) -> VerificationAttempt | None:
    """The first attempt except `beside` whose recording had these very bytes, another applicant's before their own."""
    same = VerificationAttempt.objects.filter(original_sha256=sha256).exclude(pk=beside.pk).order_by("pk")
    same = same.select_related("verification")
    return same.exclude(verification__applicant=beside.verification.applicant_id).first() or same.first()


def keep(attempt: VerificationAttempt, hashes: Sequence[str], seconds: float) -> None:
    """Store samples of a recording's pictures, so that later recordings can be compared with them."""
    FrameHash.objects.bulk_create(
        FrameHash(
            attempt=attempt,
            number=number,
            exact=_signed(value[_EXACT]),
            coarse=_signed(value[_COARSE]),
            fine=value[_FINE],
        )
        for number, value in enumerate(_samples(hashes, seconds))
    )


def likenesses(verification: Verification, hashes: Sequence[str], seconds: float) -> list[Likeness]:
    """The earlier attempt that this recording copies, or else the one that it looks most like: among the attempts of
    other applicants, and among those of its own, so that a likeness to its own hides no other."""
    wanted = len(_samples(hashes, seconds))
    found = [*_copied(hashes, wanted), *_alike(verification, hashes, wanted)]
    best = []
    for own in (False, True):
        group = [
            each
            for each in found
            if (each.attempt.verification.applicant_id == verification.applicant_id) is own
        ]
        best += sorted(group, key=lambda each: (each.flag == Flag.SIMILAR_VIDEO, each.share), reverse=True)[
            :1
        ]
    return best


def _copied(hashes: Sequence[str], wanted: int) -> list[Likeness]:
    exact = {_signed(value[_EXACT]) for value in hashes}
    shares = (
        (attempt, shared / max(1, min(wanted, len(attempt.frame_hashes.all()))))
        for attempt, shared in _sharing("exact", exact)
    )
    return [
        Likeness(attempt, Flag.SIMILAR_VIDEO, min(share, 1.0))
        for attempt, share in shares
        if share >= MIN_SHARE
    ]


def _alike(verification: Verification, hashes: Sequence[str], wanted: int) -> list[Likeness]:
    """Among the applicant's own last attempts, and all attempts that share most coarse hashes."""
    distinctive = (value[_COARSE] for value in hashes if int(value[_COARSE], 16).bit_count() in _DISTINCTIVE)
    own = VerificationAttempt.objects.select_related("verification").prefetch_related("frame_hashes")
    own = own.filter(verification__applicant=verification.applicant_id, frame_hashes__number=0)
    others = [attempt for attempt, _ in _sharing("coarse", map(_signed, distinctive))]
    pictures = {int(value[_FINE], 16) for value in hashes}
    found = [
        _compared(attempt, pictures, wanted) for attempt in {*own.order_by("-pk")[:MAX_CANDIDATES], *others}
    ]
    return [likeness for likeness in found if likeness.share >= MIN_SHARE]


def _compared(attempt: VerificationAttempt, pictures: set[int], wanted: int) -> Likeness:
    kept = [int(row.fine, 16) for row in attempt.frame_hashes.all()]
    near = sum(any((one ^ other).bit_count() <= MAX_DISTANCE for other in pictures) for one in kept)
    return Likeness(attempt, Flag.ALIKE_VIDEO, min(near / max(1, min(wanted, len(kept))), 1.0))


def _sharing(field: str, values: Iterable[int]) -> list[tuple[VerificationAttempt, int]]:
    """The attempts that share most of these hashes, the one that shares most first, and how many they share."""
    rows = FrameHash.objects.filter(**{f"{field}__in": sorted(set(values))}).values_list("attempt")
    counted = dict(rows.annotate(shared=Count("pk")).order_by("-shared")[:MAX_CANDIDATES])
    attempts = VerificationAttempt.objects.select_related("verification").prefetch_related("frame_hashes")
    found = attempts.in_bulk(counted)
    return [(found[pk], shared) for pk, shared in counted.items()]


def _samples(hashes: Sequence[str], seconds: float) -> Sequence[str]:
    """Evenly spaced ones of the pictures' hashes, starting with the first."""
    count = min(SAMPLES, len(hashes), max(1, round(seconds / SPACING)))
    return [hashes[number * len(hashes) // count] for number in range(count)]


def _signed(digits: str) -> int:
    """64 bits as the signed number that a database column holds."""
    return int.from_bytes(bytes.fromhex(digits), signed=True)

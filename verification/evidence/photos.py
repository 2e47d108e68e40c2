"""Was this ID photo sent by another applicant: the same bytes, the same pixels, or one that looks the same?

Whoever sent it first or last: both may be the one whose photo it is. A person weighs what is found. This module knows
documents and hashes; it decodes nothing and decides nothing, and what it finds is never "the same person".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from verification.evidence import one_at_a_time
from verification.media import PHOTO_KEYS, FaceLooks, PhotoLooks
from verification.models import AlikePhoto, Document, PhotoHash, PhotoKey
from verification.states import Flag

# Bits of 1024 in which two photos may surely differ and still look the same: in their middle, and as a whole. Measured
# with 100 drawn people on one layout, all in the same place, which is the hardest case: among 4950 pairs the middle
# differs by 6 at least, and by 28 in 99 of 100. The same picture encoded anew (quality 92 to 30), at 0.4 to 1.6 times
# its size, lighter, darker or in grey differs by 4 at most in 9 of 10. A strip cut off its edge (1 %) makes 46.
MAX_CENTRE: Final = 5
MAX_WHOLE: Final = 5
# The same for what surrounds the faces, of the nearest of 245 windows. Among 546 pairs of 40 drawn people it differs by
# 11 at least, and by 22 in 99 of 100. The same picture, changed as above or with 1 to 8 % cut off its edges, differs by
# 8 at most in 85 of 100.
MAX_FACE: Final = 8
BITS: Final = 1024
# Of each key so many photos are counted, the newest first, and of all so many are compared: a key that many share costs
# no more. On one layout two people in sixteen share one of the eight, and one pair in 7000 shares all.
MAX_OF_A_KEY: Final = 1000
MAX_COMPARED: Final = 200
MAX_ALIKE: Final = 20  # photos that are noted as looking like one
_ADVISORY_LOCK: Final = 0x70686F746F  # any number that no other lock has
# Key numbers up to here are those of the middle. Those of the face have one number, because windows are not aligned.
_FACE: Final = PHOTO_KEYS << 32
# Written by hand: SQLite takes limits within a union only in this form.
_OF_ONE: Final = f"""
    SELECT * FROM (
        SELECT looks_id FROM {PhotoKey._meta.db_table} WHERE key = %s ORDER BY id DESC LIMIT {MAX_OF_A_KEY}
    ) AS of_one
"""  # noqa: S608 (the values are constants)
_SHARING: Final = f"""
    SELECT looks_id FROM ({" UNION ALL ".join([_OF_ONE] * PHOTO_KEYS)}) AS of_all
    GROUP BY looks_id ORDER BY count(*) DESC, looks_id DESC LIMIT %s
"""  # noqa: S608


@dataclass(frozen=True)
class Shared:
    """A photo of another applicant, and what makes it the same."""

    document: Document
    flag: Flag
    facts: dict[str, Any]


class _Rises(NamedTuple):
    """Where a picture surely shows a rise, and where it surely shows none, a bit each.

    Read once of each picture: up to 100,000 pairs are compared while other uploads wait.
    """

    there: int
    missing: int


def keep(document: Document, looks: PhotoLooks, face: FaceLooks, applicant: int) -> None:
    """Store what a photo looks like, and which photos of other applicants look the same. `applicant` is a primary key.

    Look-ups run one at a time until their transaction ends: of two such photos sent at once, the second finds the
    first.
    """
    one_at_a_time.until_committed(_ADVISORY_LOCK)
    keys = [number << 32 | int(key, 16) for number, key in enumerate(looks.keys)]
    candidates = {*_sharing(keys), *_sharing_face([_FACE | int(key, 16) for key in face.window_keys])}
    found = _alike(document, looks, face, candidates, applicant)
    hashes = {"whole": looks.whole.hex(), "centre": looks.centre.hex(), "face": face.face.hex()}
    kept = PhotoHash.objects.create(document=document, **hashes)
    keys += [_FACE | int(key, 16) for key in face.keys]
    PhotoKey.objects.bulk_create(PhotoKey(looks=kept, key=key) for key in keys)
    AlikePhoto.objects.bulk_create(found)


def shared(document: Document, applicant: int) -> Shared | None:
    """The photo of another applicant that says most about this one."""
    for field, same in (("original_sha256", "bytes"), ("normalised_sha256", "pixels")):
        other = of_others(applicant).filter(**{field: getattr(document, field)}).order_by("pk").first()
        if other is not None:
            return Shared(other, Flag.SHARED_PHOTO, {"document": other.public_id, "same": same})
    alike = min(_alike_of(document), key=lambda row: (row.bits, row.pk), default=None)
    if alike is None:
        return None
    other = alike.earlier if alike.later_id == document.pk else alike.later
    facts = {"document": other.public_id, "bits": alike.bits, "of_bits": BITS, "face_only": alike.face}
    return Shared(other, Flag.ALIKE_PHOTO, facts)


def of_others(applicant: int) -> QuerySet[Document]:
    """The photos that other applicants sent."""
    return Document.objects.exclude(verification__applicant=applicant).select_related("verification")


def _alike_of(document: Document) -> list[AlikePhoto]:
    """The photo that looks most like this one of those sent before it, and of those sent after it."""
    rows = AlikePhoto.objects.order_by("bits", "pk")
    before = rows.filter(later=document).select_related("earlier__verification")
    after = rows.filter(earlier=document).select_related("later__verification")
    return [*before[:1], *after[:1]]


def _alike(
    document: Document, looks: PhotoLooks, face: FaceLooks, candidates: Collection[int], applicant: int
) -> list[AlikePhoto]:
    """Those of the candidates that look the same, the most alike first.

    Those with the same pixels are left out: they are found by their hash.
    """
    others = PhotoHash.objects.filter(pk__in=candidates).exclude(document__verification__applicant=applicant)
    others = others.exclude(document__normalised_sha256=document.normalised_sha256)
    starts = range(0, len(face.windows), len(looks.whole))
    windows = [_rises(face.windows[start : start + len(looks.whole)]) for start in starts]
    own_centre, own_whole = _rises(looks.centre), _rises(looks.whole)
    found = []
    for other in others:
        centre = _between(own_centre, _rises(bytes.fromhex(other.centre)))
        whole = _between(own_whole, _rises(bytes.fromhex(other.whole)))
        if centre <= MAX_CENTRE and whole <= MAX_WHOLE:
            found.append(AlikePhoto(later=document, earlier_id=other.document_id, bits=centre))
            continue
        around = _nearest(windows, other.face)
        if around is not None and around <= MAX_FACE:
            found.append(AlikePhoto(later=document, earlier_id=other.document_id, bits=around, face=True))
    return sorted(found, key=lambda row: (row.bits, row.earlier_id))[:MAX_ALIKE]


def _nearest(windows: Sequence[_Rises], face: str) -> int | None:
    """How far the nearest window is from the other photo's, if both have a face."""
    if not face:
        return None
    other = _rises(bytes.fromhex(face))
    return min((_between(window, other) for window in windows), default=None)


def _sharing(keys: Sequence[int]) -> list[int]:
    """The hashes that share most keys with these, the newest first of those that share as many."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, [*keys, MAX_COMPARED])
        return [row[0] for row in cursor.fetchall()]


def _sharing_face(keys: Sequence[int]) -> list[int]:
    """The hashes that share most keys of faces with these, the newest first of those that share as many."""
    if not keys:
        return []
    newest = PhotoKey.objects.filter(key__in=keys).order_by("-pk").values("pk")[: PHOTO_KEYS * MAX_OF_A_KEY]
    rows = PhotoKey.objects.filter(pk__in=newest).order_by().values("looks").annotate(shared=Count("pk"))
    return [row["looks"] for row in rows.order_by("-shared", "-looks")[:MAX_COMPARED]]


def within(bits: int, *, face: bool) -> str:
    """The distance of two photos in words."""
    said = (
        _("what surrounds the faces is the same within %(bits)s of %(of_bits)s bits")
        if face
        else _("the pictures are the same within %(bits)s of %(of_bits)s bits")
    )
    return said % {"bits": bits, "of_bits": BITS}


def differing(one: bytes, other: bytes) -> int:
    """In how many bits one picture surely shows a rise that the other surely does not; see `media.PhotoLooks`."""
    return _between(_rises(one), _rises(other))


def _rises(looks: bytes) -> _Rises:
    half = len(looks) // 2
    sure, maybe = int.from_bytes(looks[:half]), int.from_bytes(looks[half:])
    return _Rises(sure, maybe ^ (1 << 8 * half) - 1)


def _between(one: _Rises, other: _Rises) -> int:
    return (one.there & other.missing).bit_count() + (other.there & one.missing).bit_count()

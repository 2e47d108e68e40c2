"""Serving a photo, a frame or a recording to somebody who may see it.

Only normalised copies leave the store, never what was uploaded, and each look is written to the trail before a byte is
sent. Bytes that are not the ones that were stored are not shown at all.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import audit, permissions, storage
from verification.models import AuditEvent, Document, StaffUser, Verification, VerificationAttempt
from verification.review.page import refusal, signed_in, viewer

# A player fetches one recording in many pieces: together they are one look.
ONE_LOOK = timedelta(minutes=10)
POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True)
class Piece:
    """One stored object that may be shown: which, of which case, and what it is."""

    kind: str
    public_id: str
    case: Verification
    name: str
    sha256: str
    content_type: str

    @property
    def file_name(self) -> str:
        return f"{self.kind}-{self.public_id}.{'mp4' if self.kind == 'video' else 'jpg'}"


def _photo(public_id: str) -> Piece:
    document = Document.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = document.normalised_name, document.normalised_sha256
    return Piece("photo", public_id, document.verification, name, sha256, "image/jpeg")


def _frame(public_id: str) -> Piece:
    attempt = VerificationAttempt.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = attempt.best_frame_name, attempt.best_frame_sha256
    return Piece("frame", public_id, attempt.verification, name, sha256, "image/jpeg")


def _video(public_id: str) -> Piece:
    attempt = VerificationAttempt.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = attempt.normalised_name, attempt.normalised_sha256
    return Piece("video", public_id, attempt.verification, name, sha256, "video/mp4")


KINDS = {"photo": _photo, "frame": _frame, "video": _video}


@require_safe
def evidence(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    permissions.check_view_evidence(user)
    piece = _find(kind, public_id)
    try:
        data = storage.read(piece.name, sha256=piece.sha256)
    except storage.IntegrityError:
        return _damaged(request, piece, user, now)
    wanted = _wanted(request.headers.get("Range", ""), len(data))
    if wanted is not None and not wanted:
        return _dressed(HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"}), piece)
    _record(piece, user, now, in_pieces=wanted is not None)
    return _dressed(_answer(data, wanted, piece.content_type), piece)


def _find(kind: str, public_id: str) -> Piece:
    try:
        piece = KINDS[kind](public_id)
    except (KeyError, Document.DoesNotExist, VerificationAttempt.DoesNotExist) as error:
        raise Http404 from error
    if not piece.name:
        raise Http404
    return piece


def _wanted(header: str, size: int) -> range | None:
    """The bytes asked for; empty if there are none such, None if all are wanted or the header is none we serve."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(int(last), size - 1) + 1 if last else size)


def _answer(data: bytes, wanted: range | None, content_type: str) -> HttpResponse:
    if wanted is None:
        return HttpResponse(data, content_type=content_type)
    response = HttpResponse(data[wanted.start : wanted.stop], content_type=content_type, status=206)
    response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(data)}"
    return response


def _dressed(response: HttpResponse, piece: Piece) -> HttpResponse:
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Content-Disposition"] = f'inline; filename="{piece.file_name}"'
    return response


def _record(piece: Piece, user: StaffUser, now: datetime, *, in_pieces: bool) -> None:
    seen = AuditEvent.objects.filter(
        kind="evidence.viewed",
        subject_id=piece.case.public_id,
        actor_id=user.get_username(),
        at__gt=now - ONE_LOOK,
        data__object=piece.public_id,
        data__evidence=piece.kind,
    )
    if in_pieces and seen.exists():
        return
    facts = {"evidence": piece.kind, "object": piece.public_id, "sha256": piece.sha256}
    audit.record("evidence.viewed", by=viewer(user), subject=piece.case, at=now, **facts)


def _damaged(request: HttpRequest, piece: Piece, user: StaffUser, now: datetime) -> HttpResponse:
    facts = {"evidence": piece.kind, "object": piece.public_id, "sha256": piece.sha256}
    audit.record("evidence.integrity_error", by=viewer(user), subject=piece.case, at=now, **facts)
    sentence = _(
        "This file is missing or is not what was stored, so it is not shown. The trail has a note of it."
    )
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": "integrity_error", "detail": sentence}, status=409)
    return refusal(request, status=409, title=_("Evidence is damaged"), sentence=sentence)

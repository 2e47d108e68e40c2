"""Serves a photo, a frame or a recording.

Only normalised copies are served; of the recording as uploaded, the media child makes a contact sheet. The look is
written to the trail before the first byte is sent. A file whose hash does not match is not served. The user's name is
stamped into pictures.
"""

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import audit, media, storage
from verification.audit import viewing
from verification.models import AuditEvent, Document, StaffUser, Verification, VerificationAttempt
from verification.review.page import acting, refusal, signed_in

log = structlog.get_logger(__name__)

# A player fetches a recording in many range requests: within this time they are one look.
ONE_LOOK = timedelta(minutes=10)
POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True)
class Piece:
    """A stored object to serve. `seconds` is the length of the recording for a contact sheet."""

    kind: str
    public_id: str
    case: Verification
    name: str
    sha256: str
    seconds: float = 0.0

    @property
    def file_name(self) -> str:
        return f"{self.kind}-{self.public_id}.{'mp4' if self.kind == 'video' else 'jpg'}"

    def jpeg(self) -> bytes:
        """The picture, or a contact sheet of six pictures of the recording as uploaded."""
        data = storage.read(self.name, sha256=self.sha256)
        return media.contact_sheet(data, self.seconds) if self.kind == "recorded" else data


def _photo(public_id: str) -> Piece:
    document = Document.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = document.normalised_name, document.normalised_sha256
    return Piece("photo", public_id, document.verification, name, sha256)


def _frame(public_id: str) -> Piece:
    attempt = VerificationAttempt.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = attempt.best_frame_name, attempt.best_frame_sha256
    return Piece("frame", public_id, attempt.verification, name, sha256)


def _video(public_id: str) -> Piece:
    attempt = VerificationAttempt.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = attempt.normalised_name, attempt.normalised_sha256
    return Piece("video", public_id, attempt.verification, name, sha256)


def _recorded(public_id: str) -> Piece:
    attempt = VerificationAttempt.objects.select_related("verification").get(public_id=public_id)
    name, sha256 = attempt.original_name, attempt.original_sha256
    seconds = float(attempt.facts.get("recorded", {}).get("duration") or 0)
    return Piece("recorded", public_id, attempt.verification, name, sha256, seconds)


KINDS = {"photo": _photo, "frame": _frame, "video": _video, "recorded": _recorded}


@require_safe
def evidence(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    piece = _find(kind, public_id)
    try:
        return _dressed(
            _video_answer(request, piece, user, now) if kind == "video" else _picture(piece, user, now), piece
        )
    except storage.KeyDestroyed:
        return _refused(
            request, 410, "erased", _("Erased"), _("This evidence was erased. Nobody can read it any more.")
        )
    except storage.IntegrityError:
        return _damaged(request, piece, user, now)
    except (OSError, media.MediaUnavailable) as error:
        log.error(
            "evidence.unavailable", evidence=piece.kind, object=piece.public_id, error=type(error).__name__
        )
        return _unavailable(request)


def _picture(piece: Piece, user: StaffUser, now: datetime) -> HttpResponse:
    """The picture stamped with user, time and case, so that a leaked copy can be traced."""
    try:
        stamped = media.stamp(
            piece.jpeg(), f"{user.get_username()}  {now:%Y-%m-%d %H:%M} UTC  {piece.case.public_id}"
        )
    except media.UnusableMedia as error:
        # The hash matches and our code made or read the file before, so the media code is at fault.
        raise media.MediaUnavailable(error.code) from error
    _record(piece, user, now, in_pieces=False)
    return HttpResponse(stamped, content_type="image/jpeg")


def _video_answer(request: HttpRequest, piece: Piece, user: StaffUser, now: datetime) -> HttpResponse:
    """The whole recording, or the requested range, of which only the chunks needed are decrypted."""
    with storage.open_unchecked(piece.name) as file:
        size = file.seek(0, os.SEEK_END)
        requested = _requested_range(request.headers.get("Range", ""), size)
        if requested is None:
            data = storage.read(piece.name, sha256=piece.sha256)
        elif requested:
            file.seek(requested.start)
            data = file.read(len(requested))
        else:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    _record(piece, user, now, in_pieces=requested is not None)
    if requested is None:
        return HttpResponse(data, content_type="video/mp4")
    response = HttpResponse(data, content_type="video/mp4", status=206)
    response["Content-Range"] = f"bytes {requested.start}-{requested.stop - 1}/{size}"
    return response


def _find(kind: str, public_id: str) -> Piece:
    try:
        piece = KINDS[kind](public_id)
    except (KeyError, Document.DoesNotExist, VerificationAttempt.DoesNotExist) as error:
        raise Http404 from error
    if not piece.name:
        raise Http404
    return piece


def _requested_range(header: str, size: int) -> range | None:
    """The requested bytes; an empty range if they lie outside; None without a Range header that we support."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(int(last), size - 1) + 1 if last else size)


def _dressed(response: HttpResponse, piece: Piece) -> HttpResponse:
    response["Accept-Ranges"] = "bytes" if piece.kind == "video" else "none"
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Content-Disposition"] = f'inline; filename="{piece.file_name}"'
    return response


def _record(piece: Piece, user: StaffUser, now: datetime, *, in_pieces: bool) -> None:
    seen = AuditEvent.objects.filter(
        kind=viewing.EVIDENCE,
        subject_id=piece.case.public_id,
        actor_id=user.get_username(),
        at__gt=now - ONE_LOOK,
        data__object=piece.public_id,
        data__evidence=piece.kind,
    )
    if in_pieces and seen.exists():
        return
    facts = {"evidence": piece.kind, "object": piece.public_id, "sha256": piece.sha256}
    viewing.record(viewing.EVIDENCE, by=acting(user), subject=piece.case, now=now, **facts)


def _damaged(request: HttpRequest, piece: Piece, user: StaffUser, now: datetime) -> HttpResponse:
    facts = {"evidence": piece.kind, "object": piece.public_id, "sha256": piece.sha256}
    audit.record("evidence.integrity_error", by=acting(user), subject=piece.case, at=now, **facts)
    sentence = _(
        "This file is missing or is not what was stored, so it is not shown. The trail has a note of it."
    )
    return _refused(request, 409, "integrity_error", _("Evidence is damaged"), sentence)


def _unavailable(request: HttpRequest) -> HttpResponse:
    sentence = _("The file can't be read right now. Nothing is lost: please try again in a minute.")
    return _refused(request, 503, "unavailable", _("Please try again"), sentence)


def _refused(request: HttpRequest, status: int, code: str, title: str, sentence: str) -> HttpResponse:
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": code, "detail": sentence}, status=status)
    return refusal(request, status=status, title=title, sentence=sentence)

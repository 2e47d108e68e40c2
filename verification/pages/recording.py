"""Receives a recording: as one file, or in parts, so that a broken connection costs one part only.

A part is the raw body of a PUT, described by headers. After the last part the page sends the form without a file. Both
ways run the same checks. Which part is accepted, and until when, is decided by `actions.receive_parts`.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from verification import media
from verification.actions import receive_parts, submit
from verification.evidence import challenges, media_tries
from verification.pages import access, errors, media_faults, uploads
from verification.pages.forms import RecordingForm
from verification.pages.uploads import file_signatures
from verification.states import Status

KIND = uploads.Kind(
    media.MAX_VIDEO_UPLOAD, "video_too_large", file_signatures.could_be_video, "unsupported_video_type"
)
# RFC 9530: a dictionary of algorithms, each with its digest in Base64 between colons.
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")
_NUMBER = re.compile(r"[0-9]{1,10}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

_CODES: dict[type[Exception], str] = {
    challenges.UnknownChallenge: "unknown_challenge",
    challenges.ChallengeExpired: "challenge_expired",
    challenges.AlreadySubmitted: "already_submitted",
    submit.VideoReused: "video_reused",
    media_tries.TooManyRefused: "too_many_refused",
    media_tries.TooManyAtOnce: "too_many_at_once",
    receive_parts.OutOfStep: "chunk_mismatch",
    receive_parts.Damaged: "checksum_mismatch",
}


class UnusableField(Exception):
    """A field or header beside the recording is missing or can't be read."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _refuse(request: HttpRequest, code: str, field: str = "video", next_: str = "") -> HttpResponse:
    fault = media_faults.of_video(code)
    return errors.as_json(request, fault.status, code, fault.words, field=field, next_=next_)


def _faults_to_responses(view: access.VisitView) -> access.VisitView:
    """Answer each fault of a recording with its status and sentence from `media_faults`."""

    @wraps(view)
    @uploads.outages_to_responses
    def answered(request: HttpRequest, visit: access.Visit) -> HttpResponse:
        try:
            return view(request, visit)
        except UnusableField as error:
            return _refuse(request, "invalid_field", error.field)
        except (uploads.UnusableUpload, media.UnusableMedia) as error:
            return _refuse(request, error.code)
        except tuple(_CODES) as error:
            return _out_of_turn(request, visit, error)

    return answered


def _out_of_turn(request: HttpRequest, visit: access.Visit, error: Exception) -> HttpResponse:
    code = _CODES[type(error)]
    fault = media_faults.of_video(code)
    facts = {}
    if isinstance(error, receive_parts.OutOfStep) and error.expected is not None:
        facts["expected_offset"] = error.expected
    # Another tab may have submitted a recording: then the status page is next.
    gone_on = code == "challenge_expired" and visit.verification.status != Status.COLLECTING
    next_ = reverse("pages:home") if gone_on or code == "already_submitted" else ""
    return errors.as_json(request, fault.status, code, fault.words, field="video", next_=next_, **facts)


@uploads.receives(KIND, _refuse)
@access.methods("POST")
# In every status: a recording that is sent twice is answered with `already_submitted`, not with `stale`.
@access.visitor()
@_faults_to_responses
def whole(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    form = RecordingForm(request.POST)
    if request.FILES or not form.is_valid():
        _submit_file(request, visit, form)
    else:
        _submit_parts(visit, form)
    return JsonResponse({"next": reverse("pages:status")})


def _submit_file(request: HttpRequest, visit: access.Visit, form: RecordingForm) -> None:
    file = uploads.one_file(request, "video")
    if not form.is_valid():
        raise UnusableField(next(iter(form.errors)))
    attempt_id, nonce = form.cleaned_data["attempt"], form.cleaned_data["nonce"]
    receive_parts.check_ended(visit.verification, attempt_id=attempt_id, nonce=nonce, ended=timezone.now())
    _submit(visit, form, file, now=visit.now)


def _submit_parts(visit: access.Visit, form: RecordingForm) -> None:
    attempt_id, nonce = form.cleaned_data["attempt"], form.cleaned_data["nonce"]
    joined = receive_parts.joined(visit.verification, attempt_id=attempt_id, nonce=nonce, now=visit.now)
    if joined is None:
        raise uploads.UnusableUpload("missing_file")
    try:
        _submit(visit, form, joined, now=joined.began_at)
    except (media.UnusableMedia, submit.VideoReused):
        receive_parts.drop(visit.verification, attempt_id=attempt_id, sha256=joined.sha256)
        raise


def _submit(
    visit: access.Visit,
    form: RecordingForm,
    received: uploads.Received | receive_parts.Joined,
    *,
    now: datetime,
) -> None:
    submit.submit(
        visit.verification,
        attempt_id=form.cleaned_data["attempt"],
        nonce=form.cleaned_data["nonce"],
        recording=received.data,
        sha256=received.sha256,
        signals=form.cleaned_data["signals"],
        now=now,
    )


@access.methods("PUT")
@uploads.drops_refused(receive_parts.MAX_PART)
@access.visitor()
@_faults_to_responses
def part(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    with uploads.arriving(request, visit, receive_parts.MAX_PART, KIND.too_large) as incoming:
        described = _part_from_headers(request, incoming.length)
        receive_parts.check(visit.verification, described, now=visit.now)
        data = _read_part(incoming, described)
    offset = receive_parts.add(visit.verification, described, data, now=visit.now)
    return HttpResponse(status=204, headers={"Upload-Offset": str(offset)})


def _part_from_headers(request: HttpRequest, size: int) -> receive_parts.Part:
    if not size:
        raise uploads.UnusableUpload("empty_file")
    whole_size = _number(request, "Upload-Length")
    if whole_size > KIND.limit:
        raise uploads.UnusableUpload(KIND.too_large)
    return receive_parts.Part(
        attempt_id=_header(request, "Upload-Attempt", _NAME.fullmatch)[0],
        nonce=_header(request, "Upload-Nonce", _NAME.fullmatch)[0],
        offset=_number(request, "Upload-Offset"),
        size=size,
        sha256=_digest(request, "Content-Digest"),
        whole_sha256=_digest(request, "Repr-Digest"),
        whole_size=whole_size,
    )


def _number(request: HttpRequest, header: str) -> int:
    return int(_header(request, header, _NUMBER.fullmatch)[0])


def _digest(request: HttpRequest, header: str) -> str:
    """The SHA-256 in the header, as lower-case hex."""
    return base64.b64decode(_header(request, header, _SHA256.search)[1]).hex()


def _header(request: HttpRequest, header: str, match: Callable[[str], re.Match[str] | None]) -> re.Match[str]:
    found = match(request.headers.get(header, ""))
    if found is None:
        raise UnusableField(header)
    return found


def _read_part(incoming: uploads.Incoming, described: receive_parts.Part) -> bytes:
    head = incoming.read(file_signatures.ENOUGH)
    if described.offset == 0:
        uploads.check_signature(head, KIND)
    pieces = [head]
    while piece := incoming.read():
        pieces.append(piece)
    incoming.check_whole()
    return b"".join(pieces)

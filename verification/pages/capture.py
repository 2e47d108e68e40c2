"""The step of the recording: the page, and the challenge that it requests when recording begins."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from verification import media
from verification.actions import challenge as issuing
from verification.actions import receive_parts
from verification.evidence import challenges
from verification.hints import HINTS
from verification.pages import access, errors, media_faults, steps
from verification.states import MOVEMENTS, Mode, Status


@access.methods("GET")
@access.visitor(Status.COLLECTING)
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    if not steps.has_photo(visit.verification) or steps.photo_with_advice(visit.verification):
        return access.to_right_step(request)
    context = {
        "hint": HINTS.get(visit.verification.hint, "") if steps.must_read_hint(visit.verification) else "",
        "silent": visit.verification.mode == Mode.SILENT,
        "limit": media.MAX_VIDEO_UPLOAD,
        "part_size": receive_parts.MAX_PART,
        "part_least": receive_parts.MIN_PART,
        "send_within": int((challenges.LIFETIME + receive_parts.MAX_UPLOAD_TIME).total_seconds()),
        "video_too_large": media_faults.of_video("video_too_large").words,
    }
    return steps.page(request, "pages/capture.html", "capture", visit.verification, context)


@access.methods("POST")
@access.visitor(Status.COLLECTING)
def challenge(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    try:
        issued = issuing.issue(visit.verification, now=visit.now)
    except issuing.PhotoMissing:
        words = _("We need the photo of your ID first.")
        return errors.as_json(request, 409, "photo_missing", words, next_=reverse("pages:home"))
    except issuing.TooManyRecordings:
        words = _(
            "You have made many recordings in a short time. Please take a break and come back in an hour."
        )
        return errors.as_json(request, 429, "too_many_recordings", words)
    attempt = issued.attempt
    actions = [{"code": code, "name": MOVEMENTS[code]} for code in attempt.actions.split(",") if code]
    return JsonResponse(
        {
            "attempt": attempt.public_id,
            "nonce": issued.nonce,
            "mode": attempt.mode,
            "actions": actions,
            "expires_in": int((attempt.expires_at - visit.now).total_seconds()),
        }
    )

"""The video's step: the page, the challenge it draws when recording begins, and the recording it sends."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from verification import media
from verification.actions import challenge as challenges
from verification.actions import submit
from verification.pages import access, errors, media_faults, steps, uploads
from verification.pages.forms import RecordingForm
from verification.states import MOVEMENTS, Mode, Status


@access.methods("GET")
@access.visitor(Status.COLLECTING)
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    if not steps.has_photo(visit.verification):
        return access.to_right_step(request)
    context = {
        "silent": visit.verification.mode == Mode.SILENT,
        "limit": media.MAX_VIDEO_UPLOAD,
        "video_too_large": media_faults.of_video("video_too_large").words,
    }
    return steps.page(request, "pages/capture.html", "capture", visit.verification, context)


@access.methods("POST")
@access.visitor(Status.COLLECTING)
def challenge(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    try:
        drawn = challenges.issue(visit.verification, now=visit.now)
    except challenges.PhotoMissing:
        words = _("We need the photo of your ID first.")
        return errors.as_json(request, 409, "photo_missing", words, next_=reverse("pages:home"))
    except challenges.TooManyRecordings:
        words = _(
            "You have made many recordings in a short time. Please take a break and come back in an hour."
        )
        return errors.as_json(request, 429, "too_many_recordings", words)
    attempt = drawn.attempt
    actions = [{"code": code, "name": MOVEMENTS[code]} for code in attempt.actions.split(",") if code]
    return JsonResponse(
        {
            "attempt": attempt.public_id,
            "nonce": drawn.nonce,
            "mode": attempt.mode,
            "actions": actions,
            "expires_in": int((attempt.expires_at - visit.now).total_seconds()),
        }
    )


class UnusableField(Exception):
    """A field beside the recording is missing or can't be read."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _refuse(request: HttpRequest, code: str, field: str = "video") -> HttpResponse:
    fault = media_faults.of_video(code)
    return errors.as_json(request, fault.status, code, fault.words, field=field)


@uploads.receives(limit=media.MAX_VIDEO_UPLOAD, too_large="video_too_large", refuse=_refuse)
@access.methods("POST")
# In every status: a recording that is sent twice is told so, and not that something is amiss.
@access.visitor()
def recording(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    try:
        _submit(request, visit)
    except UnusableField as error:
        return _refuse(request, "invalid_field", error.field)
    except (uploads.UnusableUpload, media.UnusableMedia) as error:
        return _refuse(request, error.code)
    except media.MediaUnavailable:
        return errors.answer(request, errors.UNAVAILABLE)
    except submit.UnknownChallenge:
        words = _("This recording does not belong to this check. Please record it again.")
        return errors.as_json(request, 404, "unknown_challenge", words)
    except submit.ChallengeExpired:
        words = _("The time for sending this recording has run out. Please record a new one.")
        # In another tab the check may have gone on: then there is nothing to record any more.
        next_ = "" if visit.verification.status == Status.COLLECTING else reverse("pages:home")
        return errors.as_json(request, 410, "challenge_expired", words, next_=next_)
    except submit.VideoReused:
        return _refuse(request, "video_reused")
    except submit.AlreadySubmitted:
        words = _("Your video has arrived before.")
        return errors.as_json(request, 409, "already_submitted", words, next_=reverse("pages:home"))
    return JsonResponse({"next": reverse("pages:status")})


def _submit(request: HttpRequest, visit: access.Visit) -> None:
    data = uploads.one_file(request, "video")
    form = RecordingForm(request.POST)
    if not form.is_valid():
        raise UnusableField(next(iter(form.errors)))
    submit.submit(
        visit.verification,
        attempt_id=form.cleaned_data["attempt"],
        nonce=form.cleaned_data["nonce"],
        recording=data,
        signals=form.cleaned_data["signals"],
        now=visit.now,
    )

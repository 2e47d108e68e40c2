"""The step of the ID photo: choose or take it, preview it, send it. Works without JavaScript too."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from verification import media
from verification.actions import document
from verification.evidence import media_tries
from verification.hints import HINTS
from verification.models import Policy
from verification.pages import access, media_faults, steps, uploads
from verification.pages.uploads import file_signatures
from verification.states import DocumentKind, Status

KIND = uploads.Kind(
    media.MAX_PHOTO_UPLOAD, "image_too_large", file_signatures.could_be_photo, "unsupported_image_type"
)
TYPES = ("image/jpeg", "image/png")
HEIC_TYPES = ("image/heic", "image/heif")
# The page scales larger photos down before it sends them, if its browser can.
PIXELS_SENT = 25_000_000
# What the page may have done to a photo before sending it, by its own word, and what the evidence notes.
CHANGES = {"scaled": "scaled_in_browser", "converted": "converted_in_browser"}

_CODES: dict[type[Exception], str] = {
    document.TooManyPhotos: "too_many_photos",
    media_tries.TooManyRefused: "too_many_refused",
    media_tries.TooManyAtOnce: "too_many_at_once",
}


def _page(request: HttpRequest, visit: access.Visit, code: str = "") -> HttpResponse:
    """The page, with the fault `code` of the photo just sent. A photo that was accepted before stays."""
    verification = visit.verification
    fault = media_faults.of_photo(code) if code else None
    context = {
        "fault": fault.words if fault else "",
        "code": code,
        "types": [*TYPES, *(HEIC_TYPES if settings.ACCEPT_HEIC else ())],
        "heic": settings.ACCEPT_HEIC,
        "client_faults": media_faults.browser_messages(),
        "limit": media.MAX_PHOTO_UPLOAD,
        "most_pixels": PIXELS_SENT,
        "megabytes": media_faults.PHOTO_MEGABYTES,
        "accepted": _accepted(verification.policy),
        "has_photo": steps.has_photo(verification),
        "hint": HINTS.get(verification.hint, "") if steps.must_read_hint(verification) else "",
    }
    return steps.page(
        request, "pages/document.html", "document", verification, context, fault.status if fault else 200
    )


def _accepted(policy: Policy) -> str:
    """The kinds of ID that the policy takes, as the end of a sentence: passport, identity card or driving licence."""
    *others, last = [str(DocumentKind(kind).label).lower() for kind in policy.document_kinds]
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last} if others else last


def _refuse(request: HttpRequest, code: str) -> HttpResponse:
    """The upload was stopped before its CSRF token could be checked: show the page, change nothing."""

    @access.visitor(Status.COLLECTING, binds=False)
    def refused(request: HttpRequest, visit: access.Visit) -> HttpResponse:
        return _page(request, visit, code)

    return refused(request)


@uploads.receives(KIND, _refuse)
@access.methods("GET", "POST")
@access.visitor(Status.COLLECTING)
@uploads.outages_to_responses
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    if request.method != "POST":
        return _page(request, visit)
    try:
        photo = uploads.one_file(request, "photo").data
        change = CHANGES.get(request.POST.get("change", ""))
        document.upload(visit.verification, photo, now=visit.now, notes=(change,) if change else ())
    except (uploads.UnusableUpload, media.UnusableMedia) as error:
        return _page(request, visit, error.code)
    except tuple(_CODES) as error:
        return _page(request, visit, _CODES[type(error)])
    return redirect("pages:home")

"""The step of the ID photo, once it has one that may be hard to compare: what may be wrong, and two ways on.

It is advice: "Use it anyway" always goes on. Works without JavaScript.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification import storage
from verification.actions.use_anyway import use_anyway
from verification.models import Document
from verification.pages import access, steps, uploads
from verification.states import Status

WORDS: dict[str, str | Promise] = {
    "dark": _("The photo is very dark. Daylight or a lamp beside you helps."),
    "no_face": _(
        "We found no face in the photo. Is it the side with your picture, sharp, and free of glare and fingers?"
    ),
    "sideways": _(
        "The picture of your face lies on its side. Turn the phone or the card, so that it is upright."
    ),
    "several_faces": _("We found more than one face. Only your own picture should be in the photo."),
    "small_face": _("The picture of your face is very small. Come closer, until the card fills the photo."),
    "blurred": _("The picture of your face is blurred. Hold the phone still, and tap on the card to focus."),
    "glare": _("Light glares on the picture of your face. Tilt the card a little, and use no flash."),
}


@access.methods("GET", "POST")
@access.visitor(Status.COLLECTING)
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    if request.method == "POST":
        use_anyway(visit.verification, request.POST.get("document", ""), now=visit.now)
        return redirect("pages:home")
    document = steps.photo_with_advice(visit.verification)
    if document is None:
        return access.to_right_step(request)
    context = {
        "document": document,
        "advice": [(code, WORDS[code]) for code in document.advice if code in WORDS],
        "shows_photo": _is_own(document, visit),
    }
    return steps.page(request, "pages/photo_advice.html", "document", visit.verification, context)


@access.methods("GET")
@access.visitor(Status.COLLECTING)
@uploads.outages_to_responses
def photo(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The photo that the page above shows: only while the choice is open, and only to the browser that sent it."""
    document = steps.photo_with_advice(visit.verification)
    if document is None or not _is_own(document, visit):
        raise Http404
    jpeg = storage.read(document.normalised_name, sha256=document.normalised_sha256)
    return HttpResponse(jpeg, content_type="image/jpeg")


def _is_own(document: Document, visit: access.Visit) -> bool:
    """Did this very browser send it? Whoever took the case over with a copy of the link does not see the ID."""
    return document.browser_hash == visit.session.browser_hash

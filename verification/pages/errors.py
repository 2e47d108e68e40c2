"""All error answers outside the API's own views, as a page or as JSON.

A page tells the user what to do next and shows the request id, by which staff find the log lines. It never repeats
what was sent, and unknown, revoked and expired links get the same answer.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification import links
from verification.pages import organisation

log = structlog.get_logger(__name__)

# Paths that scripts and systems call; they get JSON. All others get a page.
JSON_PATHS = ("/api/", "/verify/challenge", "/verify/recording", "/verify/status.json")
STAFF_PATH = "/admin/"
APPLICANT_PATH = "/verify/"


@dataclass(frozen=True)
class Fault:
    status: int
    code: str
    heading: str | Promise
    words: str | Promise
    template: str = "errors/error.html"
    # Used instead of `words` below STAFF_PATH, if set.
    words_for_staff: str | Promise = ""


BAD_REQUEST = Fault(
    400,
    "bad_request",
    _("We could not read that"),
    _("Your browser sent something we don't understand. Go back and try again."),
)
FORBIDDEN = Fault(403, "forbidden", _("This is not open to you"), _("You may not see this page."))
CSRF_FAILED = Fault(
    403,
    "csrf_failed",
    _("This page was open too long"),
    _("For your safety it can't be used any more. Nothing is lost: go on where you were."),
    "errors/again.html",
    _("For your safety it can't be used any more. Go back, reload the page and try again."),
)
NOT_FOUND = Fault(
    404,
    "not_found",
    _("There is nothing here"),
    _("The address may be incomplete. Open the link from your message."),
    words_for_staff=_("The address may be incomplete."),
)
UNKNOWN_LINK = Fault(
    404,
    "unknown_link",
    _("This link does not work"),
    _("It may be incomplete, have run out or been replaced by a newer one. Here is what to do:"),
    "errors/link.html",
)
COOKIES_BLOCKED = Fault(
    403,
    "cookies_blocked",
    _("Your browser blocks cookies"),
    _(
        "Your link is right. But this check needs one cookie to know that it is you, and your browser did not keep it."
    ),
    "errors/cookies.html",
)
COOKIE_LOST = Fault(
    404,
    "cookie_lost",
    _("Open your link again"),
    _("Your browser no longer knows which check is yours. What you sent before is kept. Here is what to do:"),
    "errors/cookies.html",
)
METHOD_NOT_ALLOWED = Fault(
    405,
    "method_not_allowed",
    _("That did not work"),
    _("This address can't be used like this. Go on with the check instead."),
    "errors/again.html",
)
TOO_SLOW = Fault(
    408,
    "too_slow",
    _("That took too long to arrive"),
    _("Nothing was changed. Go back and try again, with a better connection if you can."),
)
BUSY = Fault(
    503, "busy", _("We are busy right now"), _("Nothing was changed. Go back and try again in a minute.")
)
LINK_IN_USE = Fault(
    409,
    "link_in_use",
    _("Started in another browser"),
    _(
        "This check is already open in another browser or on another device. "
        "It can be done in one place at a time."
    ),
    "pages/elsewhere.html",
)
LINK_LOST = Fault(
    409,
    "link_in_use",
    _("Continued somewhere else"),
    _(
        "This check was continued in another browser or on another device. "
        "It can be done in one place at a time. What you sent before is kept."
    ),
    "pages/elsewhere.html",
)
LINK_USED_UP = Fault(
    409,
    "link_used_up",
    _("Used on too many devices"),
    _(
        "This link was used on too many devices, so the check can't be continued here. It goes on where it was begun. "
        "What was sent before is kept."
    ),
    "pages/link_used_up.html",
)
OTHER_CASE = Fault(
    409,
    "other_case",
    _("Another check is open in this browser"),
    _(
        "The page that you used belongs to a check that is no longer open here. "
        "If you sent something with it just now, it was not kept."
    ),
    "pages/other_case.html",
)
STALE = Fault(
    409, "stale", _("Something has changed"), _("The check has moved on since you opened the page.")
)
SERVER_ERROR = Fault(
    500,
    "internal_error",
    _("Something went wrong on our side"),
    _("It is not your fault, and what you sent before is safe. Please try again in a few minutes."),
    "errors/again.html",
    _("Please try again in a few minutes. If it happens again, tell an operator the reference below."),
)
UNAVAILABLE = Fault(
    503,
    "unavailable",
    _("We can't take this right now"),
    _("It is not your fault, and it does not count. Please try again in a minute."),
    "errors/again.html",
)


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith(JSON_PATHS)


def as_json(
    request: HttpRequest,
    status: int,
    code: str,
    message: str | Promise,
    *,
    field: str = "",
    next_: str = "",
    **facts: int,
) -> JsonResponse:
    """The JSON of every refusal, with `facts` in its error object; `next_` is the page that the script should open."""
    request_id = getattr(request, "request_id", "")
    error = {"code": code, "message": str(message), "field": field or None, "request_id": request_id, **facts}
    return JsonResponse({"error": error, **({"next": next_} if next_ else {})}, status=status)


def answer(request: HttpRequest, fault: Fault, *, next_: str = "", **facts: Any) -> HttpResponse:
    """The page of `fault`, or its JSON; `facts` are what else its page shows."""
    if wants_json(request):
        return as_json(request, fault.status, fault.code, fault.words, next_=next_)
    for_staff = request.path.startswith(STAFF_PATH)
    context = {
        "code": fault.code,
        "heading": fault.heading,
        "words": (fault.words_for_staff if for_staff else "") or fault.words,
        "request_id": getattr(request, "request_id", ""),
        **facts,
    }
    template = "errors/staff.html" if for_staff else fault.template
    if request.path.startswith(APPLICANT_PATH) and fault.status < 500:  # a failure asks no database
        organisation.find(request)
    return render(request, template, context, status=fault.status)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503: the store or the media code does not work at the moment."""
    log.error("request.unavailable", error=type(error).__name__)
    return answer(request, UNAVAILABLE)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return answer(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(request, SERVER_ERROR)


def unknown(request: HttpRequest, *, next_: str) -> HttpResponse:
    """The answer to a request that names no case: its link works no more, or the browser sent no cookie at all."""
    if links.COOKIE in request.COOKIES:
        return answer(request, UNKNOWN_LINK, next_=next_)
    return answer(request, COOKIES_BLOCKED if links.OPENED in request.GET else COOKIE_LOST, next_=next_)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path.startswith(APPLICANT_PATH) and links.COOKIE not in request.COOKIES:
        return unknown(request, next_=reverse("pages:home"))
    return answer(request, CSRF_FAILED, next_=reverse("pages:home"))

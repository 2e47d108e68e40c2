"""Access of the applicant: cookie to case, the browser that the case is bound to, and the statuses of each page.

Every applicant view receives a `Visit` from here, so that no view can forget a check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from verification import links, workflow
from verification.actions import bind
from verification.models import Verification
from verification.pages import errors
from verification.states import Status

ARRIVED_AT = "verification.arrived_at"


@dataclass(frozen=True)
class Visit:
    """One request of an applicant: their case, their browser, and when the request arrived."""

    verification: Verification
    session: links.Session
    now: datetime


View = Callable[[HttpRequest], HttpResponse]
VisitView = Callable[[HttpRequest, Visit], HttpResponse]


def arrival(request: HttpRequest) -> datetime:
    """When the request arrived: for an upload, before its body was read."""
    arrived: datetime = request.META.setdefault(ARRIVED_AT, timezone.now())
    return arrived


def methods(*allowed: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Answer all other methods with our error page instead of an empty 405. GET includes HEAD."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            method = "GET" if request.method == "HEAD" else request.method
            if method in allowed:
                return view(request, *args, **kwargs)
            response = errors.answer(request, errors.METHOD_NOT_ALLOWED)
            response.headers["Allow"] = ", ".join(allowed)
            return response

        return checked

    return decorate


def visit_of(request: HttpRequest) -> Visit | None:
    now = arrival(request)
    session = links.read_session(request.COOKIES.get(links.COOKIE))
    found = links.verification_of(session, now=now) if session else None
    return Visit(found, session, now) if found and session else None


def visitor(*statuses: Status, binds: bool = True) -> Callable[[VisitView], View]:
    """For a view that serves cases in these statuses (no argument: all); other cases are redirected to their step.

    A POST binds the case to its browser, unless `binds` is off.
    """

    def decorate(view: VisitView) -> View:
        @wraps(view)
        def checked(request: HttpRequest) -> HttpResponse:
            visit = visit_of(request)
            if visit is None:
                return unknown(request)
            with translation.override(language_of(visit.verification)):
                return _guarded(request, visit, view, statuses, binds=binds and request.method == "POST")

        return checked

    return decorate


def _guarded(
    request: HttpRequest, visit: Visit, view: VisitView, statuses: tuple[Status, ...], *, binds: bool
) -> HttpResponse:
    """Let in only the browser that the case is bound to; the first POST binds it."""
    if visit.verification.browser_hash not in {"", visit.session.browser_hash}:
        return elsewhere(request)
    if statuses and visit.verification.status not in statuses:
        return to_right_step(request)
    try:
        if binds:
            bind.bind(visit.verification, visit.session, now=visit.now)
        return view(request, visit)
    except bind.OtherBrowser:
        return elsewhere(request)
    except (workflow.StaleVerification, workflow.IllegalMove):
        # A second tab, a second click or the back button: the case has already moved on.
        return to_right_step(request)


def unknown(request: HttpRequest) -> HttpResponse:
    return errors.answer(request, errors.UNKNOWN_LINK, next_=reverse("pages:home"))


def elsewhere(request: HttpRequest) -> HttpResponse:
    return errors.answer(request, errors.LINK_IN_USE, next_=reverse("pages:home"))


def to_right_step(request: HttpRequest) -> HttpResponse:
    if errors.wants_json(request):
        return errors.answer(request, errors.STALE, next_=reverse("pages:home"))
    return redirect("pages:home")


def language_of(verification: Verification) -> str:
    """The applicant's language if the portal has texts in it, else the one that the browser asks for."""
    try:
        return translation.get_supported_language_variant(verification.applicant.locale)
    except LookupError:
        return translation.get_language() or "en"

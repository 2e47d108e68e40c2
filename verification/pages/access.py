"""Access of the applicant: cookie to case, the browser that the case is bound to, and the statuses of each page.

Every applicant view receives a `Visit` from here, so that no view can forget a check. What a page sends carries the
mark of its case in the address: a browser has one case open at a time, and a tab of an earlier one must not send to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from verification import links, workflow
from verification.actions import bind
from verification.models import Verification
from verification.pages import device, errors, organisation, turned_away
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
    if found is None or session is None:
        return None
    organisation.remember(request, found)
    return Visit(found, session, now)


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
            refused = refusal(request, visit)
            if refused is not None:
                return refused
            with translation.override(language_of(visit.verification)):
                return _guarded(request, visit, view, statuses, binds=binds and request.method == "POST")

        return checked

    return decorate


def refusal(request: HttpRequest, visit: Visit) -> HttpResponse | None:
    """The answer to a request for another case than the visit's, or from a browser that does not have the case."""
    verification = visit.verification
    with translation.override(language_of(verification)):
        other = for_other_case(request, verification)
        if other is not None:
            return other
        if not links.may_continue(verification, visit.session):
            return turned_away.elsewhere(request, verification, visit.session)
    return None


def for_other_case(request: HttpRequest, verification: Verification) -> HttpResponse | None:
    """The answer to a request whose address has the mark of another case, or has none and sends something."""
    given = request.GET.get(links.MARK)
    if given is None:
        # Only a page of an earlier version of the portal sends without a mark.
        return None if request.method in {"GET", "HEAD"} else errors.csrf_failure(request)
    if constant_time_compare(given, links.mark(verification)):
        return None
    return turned_away.other_case(request, verification)


def _guarded(
    request: HttpRequest, visit: Visit, view: VisitView, statuses: tuple[Status, ...], *, binds: bool
) -> HttpResponse:
    """The first POST binds the case to its browser; a case in another status is redirected to its step."""
    if statuses and visit.verification.status not in statuses:
        return to_right_step(request)
    try:
        if binds:
            bind.bind(visit.verification, visit.session, device=device.of(request), now=visit.now)
        return view(request, visit)
    except links.OtherBrowser:
        return _lost(request)
    except (workflow.StaleVerification, workflow.IllegalMove):
        # A second tab, a second click or the back button: the case has already moved on.
        return to_right_step(request)


def unknown(request: HttpRequest) -> HttpResponse:
    return errors.unknown(request, next_=reverse("pages:home"))


def _lost(request: HttpRequest) -> HttpResponse:
    """The case went to another browser, or its link ended, during the request."""
    visit = visit_of(request)
    refused = refusal(request, visit) if visit else unknown(request)
    return refused if refused is not None else to_right_step(request)


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

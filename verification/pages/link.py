"""Opens the personal link and redirects to the step that comes next."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import override

from verification import links
from verification.actions import bind
from verification.pages import access, errors, steps


@access.methods("GET")
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a cookie and a URL without the token. Changes no case: mail scanners open links too."""
    now = access.arrival(request)
    verification = links.find(token, now=now)
    if verification is None:
        return errors.answer(request, errors.UNKNOWN_LINK)
    earlier = links.read_session(request.COOKIES.get(links.COOKIE))
    session = links.open_session(verification, earlier)
    response = redirect("pages:home")
    response.set_cookie(
        links.COOKIE,
        session.seal(),
        max_age=verification.link_expires_at - now,
        secure=not settings.DEMO,
        httponly=True,
        samesite="Lax",
    )
    return response


@access.methods("GET")
@access.visitor()
def home(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    return redirect(steps.current(visit.verification))


@access.methods("POST")
def take_over(request: HttpRequest) -> HttpResponse:
    """Bind the case to this browser. The browser that had it gets the page `elsewhere` at its next request."""
    visit = access.visit_of(request)
    if visit is None:
        return errors.answer(request, errors.UNKNOWN_LINK)
    with override(access.language_of(visit.verification)):
        bind.take_over(visit.verification, visit.session, now=visit.now)
        return redirect("pages:home")

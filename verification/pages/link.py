"""Opens the personal link and redirects to the step that comes next."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import override

from verification import links
from verification.actions import bind
from verification.models import Verification
from verification.pages import access, device, errors, organisation, steps
from verification.states import ENDED


@access.methods("GET", "POST")
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a cookie and a URL without the token. Changes no case: mail scanners open links too.

    If another case is open in this browser, a page asks first, and a POST is the answer: somebody else's page may have
    opened this link.
    """
    now = access.arrival(request)
    verification = links.find(token, now=now)
    if verification is None:
        return errors.answer(request, errors.UNKNOWN_LINK)
    organisation.remember(request, verification)
    if not _is_opened_by_a_person(request):
        # Browsers drop a page that was prepared with an error, and load it anew when it is wanted.
        return errors.answer(request, errors.UNAVAILABLE)
    earlier = links.read_session(request.COOKIES.get(links.COOKIE))
    other = _other_case(verification, earlier, now) if earlier and request.method == "GET" else None
    if other is not None:
        with override(access.language_of(verification)):
            return _ask(request, other)
    return _opened(verification, links.open_session(verification, earlier), now)


def _is_opened_by_a_person(request: HttpRequest) -> bool:
    """Not so for a request that only prepares a page or is a part of one: it must not decide which case is open."""
    if request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return False
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


def _other_case(verification: Verification, earlier: links.Session, now: datetime) -> Verification | None:
    """The other case that is open in this browser and has not ended."""
    other = links.verification_of(earlier, now=now)
    if other is None or other.pk == verification.pk or other.status in ENDED:
        return None
    return other if links.may_continue(other, earlier) else None


def _ask(request: HttpRequest, other: Verification) -> HttpResponse:
    response = render(request, "pages/replace.html", {"open_reference": other.public_id})
    # Otherwise the Referer of this page's requests would contain the token.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _opened(verification: Verification, session: links.Session, now: datetime) -> HttpResponse:
    response = redirect(f"{reverse('pages:home')}?{links.OPENED}=1")
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
    """Bind the case to this browser. The browser that had it is told at its next request."""
    visit = access.visit_of(request)
    if visit is None:
        return access.unknown(request)
    with override(access.language_of(visit.verification)):
        refused = access.for_other_case(request, visit.verification)
        if refused is not None:
            return refused
        bind.take_over(visit.verification, visit.session, device=device.of(request), now=visit.now)
        return redirect("pages:home")

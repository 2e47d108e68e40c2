"""The demo's front page: logins, an applicant's link, addresses. It shows passwords, so it is for this machine alone.

No other site can read it: a browser keeps the answer from the scripts of another origin, no page may frame it, and a
foreign name that leads to 127.0.0.1 is no name of this machine.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from kyc_portal.sandbox import mail
from kyc_portal.sandbox.applicant import invite_applicant
from kyc_portal.sandbox.emulator.control import is_loopback
from kyc_portal.sandbox.overview import overview
from verification.pages import errors, front_page
from verification.pages.access import methods
from verification.states import Mode


@methods("GET")
def page(request: HttpRequest) -> HttpResponse:
    """A request from another host, such as through a tunnel, gets the production front page."""
    if not _is_from_this_machine(request):
        return front_page.page(request)
    context = {"demo": overview(now=timezone.now()), "emails": mail.newest()}
    return render(request, "sandbox/front_page.html", context)


@methods("POST")
def new_link(request: HttpRequest) -> HttpResponse:
    if not _is_from_this_machine(request):
        return errors.answer(request, errors.NOT_FOUND)
    mode = request.POST.get("mode", "")
    if mode not in Mode.values:
        return errors.answer(request, errors.BAD_REQUEST)
    invite_applicant(Mode(mode), now=timezone.now())
    return redirect("/#applicant")


def _is_from_this_machine(request: HttpRequest) -> bool:
    """By address, by name, and by what a tunnel or a proxy adds; one that adds nothing can't be told."""
    name = urlsplit(f"//{request.get_host()}").hostname or ""
    return (
        is_loopback(request.META.get("REMOTE_ADDR", "")) and is_loopback(name) and not _came_through(request)
    )


def _came_through(request: HttpRequest) -> bool:
    """No browser names where a request came from, opens a page with an X- header, or speaks HTTP/1.0."""
    added = ("X-", "Via", "Forwarded", "Cf-", "True-Client")
    return request.META["SERVER_PROTOCOL"] == "HTTP/1.0" or any(
        name.startswith(added) for name in request.headers
    )

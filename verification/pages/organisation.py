"""Which organisation a page names: that of the case once the request has one, else the installation's."""

from django.http import HttpRequest
from django.utils import timezone

from verification import links
from verification.brands import organisation
from verification.models import Verification

_OF_CASE = "verification.organisation"


def remember(request: HttpRequest, verification: Verification) -> None:
    """From now on every page that answers this request names the organisation of the case, error pages too."""
    request.META[_OF_CASE] = organisation.of(verification)


def find(request: HttpRequest) -> None:
    """For a refusal of which nobody has looked for the case yet: its page names who asks, too."""
    session = links.read_session(request.COOKIES.get(links.COOKIE))
    if session is None or _OF_CASE in request.META:
        return
    found = links.verification_of(session, now=timezone.now())
    if found is not None:
        remember(request, found)


def shown(request: HttpRequest) -> organisation.Organisation:
    found: organisation.Organisation = request.META.get(_OF_CASE) or organisation.installation()
    return found


def context(request: HttpRequest) -> dict[str, organisation.Organisation]:
    """`organisation` in every template. Asks no database: the page of a failure uses it too."""
    return {"organisation": shown(request)}

"""Which organisation a page names: that of the case once the request has one, else the installation's."""

from django.http import HttpRequest

from verification.brands import organisation
from verification.models import Verification

_OF_CASE = "verification.organisation"


def remember(request: HttpRequest, verification: Verification) -> None:
    """From now on every page that answers this request names the organisation of the case, error pages too."""
    request.META[_OF_CASE] = organisation.of(verification)


def shown(request: HttpRequest) -> organisation.Organisation:
    found: organisation.Organisation = request.META.get(_OF_CASE) or organisation.installation()
    return found


def context(request: HttpRequest) -> dict[str, organisation.Organisation]:
    """`organisation` in every template. Asks no database: the page of a failure uses it too."""
    return {"organisation": shown(request)}

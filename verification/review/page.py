"""What all staff pages share: the signed-in user, the address that is open, and the pages of refusals."""

from collections.abc import Callable
from typing import Protocol, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import StaffUser
from verification.permissions import addresses

STAFF_ROUTE = "admin/"  # as in kyc_portal.urls

# The role of each group in the trail, the first match counts.
ROLES = {
    permissions.SENIOR: "reviewer",
    permissions.REVIEWER: "reviewer",
    permissions.AUDITOR: "auditor",
    permissions.OPERATOR: "operator",
    permissions.FRONT_OFFICE: "front_office",
}


class Site(Protocol):
    """The part of the staff site that page modules use."""

    def page(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]: ...


def is_staff_address(request: HttpRequest) -> bool:
    """By the route that was resolved: the path is what the client wrote, with a prefix that a header may add."""
    return request.resolver_match is not None and request.resolver_match.route.startswith(STAFF_ROUTE)


def address_of(request: HttpRequest) -> addresses.Address:
    """The row of this request in the table of addresses."""
    match = request.resolver_match
    return addresses.at(match.route.removeprefix(STAFF_ROUTE)) if match else addresses.CLOSED


def signed_in(request: HttpRequest) -> StaffUser:
    """The user; the gate has checked that one is signed in."""
    return cast(StaffUser, request.user)


def acting(user: StaffUser, role: str = "") -> audit.By:
    """The user as an actor of the trail, in the given role, or else in the first of ROLES that they have."""
    own = permissions.groups_of(user)
    first = next((name for group, name in ROLES.items() if group in own), "staff")
    return audit.By(role or first, user.get_username())


def refusal(request: HttpRequest, *, status: int, title: str, sentence: str) -> TemplateResponse:
    """An error page in the layout of the staff site."""
    context = {"title": title, "sentence": sentence}
    return TemplateResponse(request, "review/refused.html", context, status=status)


def forbidden(request: HttpRequest, sentence: str) -> TemplateResponse:
    return refusal(request, status=403, title=_("Not allowed"), sentence=sentence)


def missing(request: HttpRequest) -> TemplateResponse:
    sentence = _("There is no such record, or it is no longer kept.")
    return refusal(request, status=404, title=_("Not found"), sentence=sentence)

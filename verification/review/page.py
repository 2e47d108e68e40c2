"""What all staff pages share: who asks, and what is said when something is refused."""

from collections.abc import Callable
from typing import Protocol, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import StaffUser
from verification.permissions import addresses

# As the trail names them, by group.
ROLES = {
    permissions.SENIOR: "reviewer",
    permissions.REVIEWER: "reviewer",
    permissions.AUDITOR: "auditor",
    permissions.OPERATOR: "operator",
}


class Site(Protocol):
    """What a page module needs of the staff site: a frame around its views."""

    def page(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]: ...


def address_of(request: HttpRequest) -> addresses.Address:
    """The row of the table of addresses that stands for this request."""
    match = request.resolver_match
    return addresses.at(match.route.removeprefix("admin/")) if match else addresses.CLOSED


def signed_in(request: HttpRequest) -> StaffUser:
    """The member of staff who asks; the site has made sure there is one."""
    return cast(StaffUser, request.user)


def acting(user: StaffUser, role: str = "") -> audit.By:
    """A member of staff as the trail names them: who, and in the role that the act is for, or else in their first."""
    own = permissions.groups_of(user)
    first = next((name for group, name in ROLES.items() if group in own), "staff")
    return audit.By(role or first, user.get_username())


def refusal(request: HttpRequest, *, status: int, title: str, sentence: str) -> TemplateResponse:
    """A page that says no, in the staff site's own dress."""
    context = {"title": title, "sentence": sentence}
    return TemplateResponse(request, "review/refused.html", context, status=status)


def forbidden(request: HttpRequest, sentence: str) -> TemplateResponse:
    return refusal(request, status=403, title=_("Not allowed"), sentence=sentence)


def missing(request: HttpRequest) -> TemplateResponse:
    sentence = _("There is no such record, or it is no longer kept.")
    return refusal(request, status=404, title=_("Not found"), sentence=sentence)

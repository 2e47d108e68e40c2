"""What all staff pages share: who asks, and what is said when something is refused."""

from collections.abc import Callable
from typing import Literal, Protocol, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import StaffUser


class Site(Protocol):
    """What a page module needs of the staff site: a frame around its views."""

    def page(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]: ...


def signed_in(request: HttpRequest) -> StaffUser:
    """The member of staff who asks; the site has made sure there is one."""
    return cast(StaffUser, request.user)


def acting(user: StaffUser, role: Literal["reviewer", "auditor", "operator"]) -> audit.By:
    """A member of staff as the trail names them: in which role, and who."""
    return audit.By(role, user.get_username())


def viewer(user: StaffUser) -> audit.By:
    """Who looked, as the trail says it."""
    if permissions.can_decide(user):
        return acting(user, "reviewer")
    return acting(user, "auditor" if permissions.can_view_case(user) else "operator")


def refusal(request: HttpRequest, *, status: int, title: str, sentence: str) -> TemplateResponse:
    """A page that says no, in the staff site's own dress."""
    context = {"title": title, "sentence": sentence}
    return TemplateResponse(request, "review/refused.html", context, status=status)


def forbidden(request: HttpRequest, sentence: str) -> TemplateResponse:
    return refusal(request, status=403, title=_("Not allowed"), sentence=sentence)


def missing(request: HttpRequest) -> TemplateResponse:
    sentence = _("There is no such record, or it is no longer kept.")
    return refusal(request, status=404, title=_("Not found"), sentence=sentence)

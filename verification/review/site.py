"""The staff site: Django's admin site and our pages. Registers all pages of staff but those of sign-in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, URLPattern, URLResolver, path, resolve
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from verification.permissions import Denied
from verification.permissions.addresses import NotServed, check_open
from verification.review import board, exports, page, statistics
from verification.review.admin import records
from verification.review.brand_pages import page as brand_page
from verification.review.case import acts, evidence, explanation, keeping, notes, pack, reruns, shared
from verification.review.case import page as case_page
from verification.review.clients import urls as client_pages
from verification.review.dashboard import page as dashboard_page
from verification.review.front_office import urls as front_office
from verification.review.message_pages import page as message_pages
from verification.review.policy import page as policy_page
from verification.review.queue import page as queue_page
from verification.review.staff_pages import urls as staff_pages
from verification.review.system import page as system_page
from verification.review.trace import page as trace_page
from verification.review.trail import page as trail_page
from verification.review.vendor_pages import codes
from verification.review.vendor_pages import page as vendor_page

View = Callable[..., HttpResponseBase]
AnyView = TypeVar("AnyView", bound=View)


class ReviewSite(AdminSite):
    site_title = _("KYC portal")
    site_header = _("KYC portal")
    index_title = _("Work board")
    site_url = None
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*self._review_urls(), *super().get_urls()]

    def _review_urls(self) -> list[URLPattern]:
        return [
            *queue_page.urls(self),
            *case_page.urls(self),
            *shared.urls(self),
            *explanation.urls(self),
            *reruns.urls(self),
            *acts.urls(self),
            *keeping.urls(self),
            *notes.urls(self),
            *pack.urls(self),
            *dashboard_page.urls(self),
            *policy_page.urls(self),
            path("evidence/<slug:kind>/<slug:public_id>", self.page(evidence.evidence), name="evidence"),
            path("vendor/", self.page(vendor_page.vendor_page), name="vendor"),
            path("vendor/<slug:name>/probe", self.page(vendor_page.probe), name="probe_account"),
            *system_page.urls(self),
            *trace_page.urls(self),
            path("codes/", self.page(codes.codes_page), name="codes"),
            *exports.urls(self),
            *statistics.urls(self),
            *brand_page.urls(self),
            *message_pages.urls(self),
            *trail_page.urls(self),
            *staff_pages.urls(self),
            *front_office.urls(self),
            *client_pages.urls(self),
        ]

    def page(self, view: View) -> View:
        """`view` behind the gate and in the layout of the site; Denied and Http404 become pages."""

        @wraps(view)
        def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                response = view(request, *args, **kwargs)
            except Denied as denied:
                response = page.forbidden(request, str(denied))
            except Http404:
                response = page.missing(request)
            return self.framed(request, response)

        return self.admin_view(framed)

    def admin_view(self, view: AnyView, cacheable: bool = False) -> AnyView:
        """The gate: `view` runs only if the table of addresses opens it to this user by this method. Django registers
        its own pages through this method too."""

        @wraps(view)
        def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            address = page.address_of(request)
            try:
                check_open(request.user, address, request.method)
            except NotServed:
                if request.method == "GET":
                    return _back(request, **kwargs)
                return HttpResponseNotAllowed(method for method in ("GET", "POST") if address.right(method))
            except Denied as denied:
                return self.framed(request, page.forbidden(request, str(denied)))
            return view(request, *args, **kwargs)

        return super().admin_view(cast(AnyView, gated), cacheable)

    def framed(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """`response`, with the context of the base template if it is a TemplateResponse."""
        if isinstance(response, TemplateResponse):
            response.context_data = {**self.each_context(request), **(response.context_data or {})}
        return response

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        own = {"nav": board.navigation(request), "staff_changes": board.unseen_changes(request)}
        return {**super().each_context(request), **own}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**board.work(request), **(extra_context or {})})


# The pages of signing in and re-authentication, which redirect to the page that was asked for.
_SIGN_IN = frozenset(
    {
        "account_login",
        "mfa_authenticate",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }
)

# The pages that hold the forms of these addresses; forms of a case are on its page, all others on the queue.
_OWN_PAGES = {
    **dict.fromkeys(("new_link", "send_link", "revoke_link"), "admin:invitation"),
    **dict.fromkeys(("confirm_file", "drop_file", "links_of_file"), "admin:invitation_file"),
    **dict.fromkeys(("new_key", "revoke_key", "switch_client"), "admin:client"),
}
_HOMES = {
    "find_invitation": "admin:invitations",
    "probe_account": "admin:vendor",
    "message_again": "admin:messages",
    "message_returned": "admin:messages",
    "ask_for_sweep": "admin:system",
    "rewrap_keys": "admin:system",
    "new_draft": "admin:policies",
    "discard_draft": "admin:policies",
    "activate_draft": "admin:policies",
    **dict.fromkeys(
        ("staff_seen", "propose_change", "staff_at_once", "confirm_change", "stop_change", "hand_out"),
        "admin:staff",
    ),
}


def _back(request: HttpRequest, public_id: str = "", **others: Any) -> HttpResponseBase:
    """Redirect a GET of a form's action to the page that holds the form. It comes from the sign-in, if the session
    ended before the form was sent, or from the address bar."""
    if _comes_from_sign_in(request):
        messages.warning(
            request, gettext("Nothing was changed, because you had to sign in first. Please do it again.")
        )
    name = (request.resolver_match.url_name if request.resolver_match else None) or ""
    if public_id and name not in _HOMES:
        return redirect(_OWN_PAGES.get(name, "admin:case"), public_id)
    return redirect(_HOMES.get(name, "admin:queue"))


def _comes_from_sign_in(request: HttpRequest) -> bool:
    """By the Referer header: it names the page of the sign-in form through all redirects that follow."""
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
        page_there = resolve(came_from.path).view_name
    except (ValueError, Resolver404):
        return False
    return came_from.netloc == request.get_host() and page_there in _SIGN_IN


site = ReviewSite()
records.register(site)

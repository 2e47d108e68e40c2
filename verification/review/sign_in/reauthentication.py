"""Re-authentication before an export, a policy change or any other act that a hijacked session must not do."""

from collections.abc import Callable, Set
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from verification.review.sign_in import second_step
from verification.review.sign_in.scripts import is_script

View = Callable[..., HttpResponseBase]
SAFE = frozenset({"GET", "HEAD"})
EVERY = frozenset({"GET", "HEAD", "POST"})


def fresh(view: View, *, methods: Set[str] = EVERY, back: str = "") -> View:
    """`view` for users who authenticated within ACCOUNT_REAUTHENTICATION_TIMEOUT; others are asked to do so first.

    `methods` are those that need it. Afterwards the browser goes to the page named `back`, or else to where it was; the
    refused request is never repeated by itself.
    """

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in methods or did_recently_reauthenticate(request):
            return view(request, *args, **kwargs)
        return ask(request, back)

    return asking


def to_confirm(request: HttpRequest) -> str:
    """The URL of the page for re-authentication; "" if the user did so within ACCOUNT_REAUTHENTICATION_TIMEOUT.

    For a form that links to it on its own page, so that nothing typed is lost.
    """
    return "" if did_recently_reauthenticate(request) else str(second_step.ways(request)[0]["url"])


def ask(request: HttpRequest, back: str = "") -> HttpResponse:
    """The answer to a request that needs re-authentication first."""
    if is_script(request):
        return JsonResponse({"error": "reauthenticate"}, status=403)
    if request.method not in SAFE:
        messages.warning(request, _("Nothing was changed: please confirm that it is you, then do it again."))
    elif back:
        messages.warning(request, _("Please confirm that it is you, then do it again."))
    then = urlencode({"next": reverse(back) if back else _page_of(request)})
    return HttpResponseRedirect(f"{second_step.ways(request)[0]['url']}?{then}")


def _page_of(request: HttpRequest) -> str:
    """The page of the submitted form, by its Referer; without one, the requested URL."""
    came_from = request.headers.get("Referer", "")
    if request.method not in SAFE and came_from:
        here = request.build_absolute_uri("/").rstrip("/")
        if came_from.startswith(f"{here}/") and get_adapter(request).is_safe_url(came_from[len(here) :]):
            return came_from[len(here) :]
    return request.get_full_path()

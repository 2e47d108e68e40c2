"""The middleware in front of every staff address: signed in, session not over, second step taken.

An address that is not in the table of `permissions.addresses` is closed to everybody. The rights that the table asks
for are checked where the staff site registers its pages (`ReviewSite.admin_view`).
"""

from collections.abc import Callable
from typing import Any

import structlog
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from verification.crypto import NotUnwrapped, UnknownKey
from verification.permissions.addresses import CLOSED
from verification.review.page import address_of, is_staff_address, signed_in
from verification.review.sign_in import enrolment, known_devices, lifetime, second_step
from verification.review.sign_in.layout import page
from verification.review.sign_in.reauthentication import ask
from verification.review.sign_in.scripts import is_script
from verification.staffing import access

log = structlog.get_logger(__name__)

# Names of the addresses that open to a user who has a second step but has not taken it in this session:
TO_TAKE_IT = frozenset({"account_logout", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
# Those that open to a user without a second step. A user who has one must not get here by the password alone, because
# they could add another one.
TO_SET_IT_UP = frozenset(
    {"account_logout", "account_reauthenticate", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"}
)
# Those that open before the enrolment code was given, which setting up the first second step takes.
TO_ENROL = frozenset({"account_logout", "staff_enrolment"})
# Those that open while the password is one that an operator handed out.
TO_CHANGE_PASSWORD = frozenset({"account_logout", "account_change_password", "mfa_view_recovery_codes"})


class StaffGate:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_staff_address(request):
            known_devices.remember(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not is_staff_address(request):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        address = address_of(request)
        if not _is_signed_in(request):
            return None if address.is_entrance else _to_sign_in(request)
        answer = _second_step(request, name) or _first_password(request, name)
        if answer is None and address is CLOSED:
            raise PermissionDenied
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Our answers when a view of allauth requires re-authentication, or can't decrypt a second step."""
        if not is_staff_address(request):
            return None
        if isinstance(exception, ReauthenticationRequired) and request.user.is_authenticated:
            # allauth would store the form and submit it itself after the next re-authentication.
            return ask(request)
        if isinstance(exception, (UnknownKey, NotUnwrapped)):
            return _unreadable(request, exception)
        return None


def _unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """503: the keyring can't decrypt the second step, which only an operator can repair."""
    log.error("sign_in.second_step_does_not_open", reason=type(exception).__name__)
    return page(request, "account/unreadable.html", {"title": _("Sign-in needs an operator")}, status=503)


def _is_signed_in(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return False
    now = timezone.now()
    why = lifetime.ended(request.session, now)
    if not why:
        lifetime.note_use(request, now)
        return True
    request.ended_because = why  # type: ignore[attr-defined]
    logout(request)
    messages.warning(request, lifetime.sentence(why))
    return False


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if is_script(request):
        return JsonResponse({"error": "signed_out"}, status=401)
    return redirect_to_login(request.get_full_path(), reverse("admin:login"))


def _second_step(request: HttpRequest, name: str) -> HttpResponse | None:
    if second_step.taken(request):
        return None
    if second_step.has_one(request.user):
        return None if name in TO_TAKE_IT else _lead(request, second_step.way_to_take(request))
    if not second_step.is_required():
        return None
    if not enrolment.is_open(request):
        return None if name in TO_ENROL else _lead(request, reverse("staff_enrolment"))
    return None if name in TO_SET_IT_UP else _lead(request, reverse("mfa_index"))


def _first_password(request: HttpRequest, name: str) -> HttpResponse | None:
    """A password that somebody else has seen is changed before anything else opens."""
    if not access.has_first_password(signed_in(request)) or name in TO_CHANGE_PASSWORD:
        return None
    if second_step.is_required() and not second_step.taken(request):
        return None
    messages.warning(request, _("Please choose a password of your own first."))
    return _lead(request, reverse("account_change_password"))


def _lead(request: HttpRequest, to: str) -> HttpResponse:
    if is_script(request):
        # For a script this is the same as signed out: its page must not be replaced by that of the second step.
        return JsonResponse({"error": "second_step_missing"}, status=401)
    return HttpResponseRedirect(f"{to}?{urlencode({'next': request.get_full_path()})}")

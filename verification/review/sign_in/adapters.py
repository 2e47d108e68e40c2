"""allauth's adapters: no sign-up, redirects only within the staff site, second steps stored encrypted."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import clear_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.models import StaffUser
from verification.review.sign_in import at_rest
from verification.staffing import access

WAYS = {
    "reauthenticate": gettext_lazy("Use your password"),
    "mfa_reauthenticate": gettext_lazy("Use a code"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Use a passkey"),
}


# Session key: the password hash at the first step. A changed one restarts the sign-in.
PROVEN = "staff_proven"


class StaffAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("Username or password is wrong."),
        "incorrect_password": gettext_lazy("The password is wrong."),
        "enter_current_password": gettext_lazy("The present password is wrong."),
        "too_many_login_attempts": gettext_lazy("Too many tries. Please wait a minute."),
        "rate_limited": gettext_lazy("Too many tries. Please wait a minute."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only URLs of the staff site, without a host."""
        request: HttpRequest = context.request
        parts = urlsplit(url or "")
        return (
            url_has_allowed_host_and_scheme(url, allowed_hosts=None, require_https=request.is_secure())
            and not parts.netloc
            and parts.path.startswith(reverse("admin:index"))
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("usersessions_list")

    def pre_login(self, request: HttpRequest, user: StaffUser, **kwargs: Any) -> HttpResponse | None:
        """A passkey signs in active staff only, as a password does. A first password does so for 72 hours."""
        if not (user.is_active and user.is_staff):
            return _refused(request, _("This passkey can't be used here."))
        if access.is_first_password_over(user, timezone.now()):
            return _refused(request, _("Your first password has run out. Ask an operator for a new one."))
        request.session[PROVEN] = user.get_session_auth_hash()
        return None

    def login(self, request: HttpRequest, user: StaffUser) -> None:
        """The user starts again if they were deactivated or got a new password between the steps of this sign-in."""
        proven = request.session.pop(PROVEN, "")
        still = user.is_active and user.is_staff
        if still and constant_time_compare(proven, user.get_session_auth_hash()):
            super().login(request, user)
            return
        clear_login(request)
        messages.warning(request, _("Please sign in again."))
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))

    def is_ajax(self, request: HttpRequest) -> bool:
        """Only the request for passkey options: the JSON of a form would repeat the password that was typed."""
        match = request.resolver_match
        asks = request.method == "GET" and match is not None and match.view_name == "mfa_login_webauthn"
        return bool(asks and super().is_ajax(request))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return [{**way, "description": WAYS[way["id"]]} for way in super().get_reauthentication_methods(user)]


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    # Otherwise a refused passkey would count as the second step of a later sign-in.
    clear_authentication_records(request)
    messages.error(request, sentence)
    return HttpResponseRedirect(reverse("account_login"))


class SecondStepAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That did not work. Use a new code; each one counts once."),
    }

    def get_totp_label(self, user: StaffUser) -> str:
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return at_rest.wrap(text)

    def decrypt(self, encrypted_text: str) -> str:
        return at_rest.unwrap(encrypted_text)

    def generate_authenticator_name(self, user: StaffUser, type: Any) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey") if not count else _("Passkey %d") % (count + 1)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": _("KYC portal")}

    def get_public_key_credential_user_entity(self, user: StaffUser) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "name": user.get_username(), "display_name": user.get_username()}

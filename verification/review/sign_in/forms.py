"""The forms of the second step: counted like passwords, so that a code can't be guessed either."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as code_forms
from allauth.mfa.webauthn import forms as passkey_forms
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What a made-up credential makes the library stumble over.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def _counted(user: Any, step: str, check: Callable[[], Any]) -> Any:
    """What `check` returns. A locked name is not even checked, and a failure counts."""
    request, credentials = context.request, {"username": user.get_username(), "step": step}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out, request.axes_credentials = True, credentials
        raise get_adapter().validation_error("incorrect_code")
    try:
        return check()
    except ValidationError:
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        raise


def _parsed(check: Callable[[], Any]) -> Any:
    try:
        return check()
    except ValidationError:
        raise
    except MALFORMED:
        raise get_adapter().validation_error("incorrect_code") from None


class _Code(code_forms.BaseAuthenticateForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def clean_code(self) -> Any:
        return _counted(self.user, "code", super().clean_code)


class CodeForm(_Code, code_forms.AuthenticateForm):
    pass


class CodeAgainForm(_Code, code_forms.ReauthenticateForm):
    pass


class _Passkey(passkey_forms.AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        return _counted(self.user, "passkey", lambda: _parsed(super(_Passkey, self).clean_credential))


class PasskeyForm(_Passkey):
    pass


class PasskeyAgainForm(_Passkey, passkey_forms.ReauthenticateWebAuthnForm):
    pass


class PasskeySignInForm(passkey_forms.LoginWebAuthnForm):
    """Nothing to guess, and nobody named yet: not counted."""

    def clean_credential(self) -> Any:
        return _parsed(super().clean_credential)


class NewPasskeyForm(passkey_forms.AddWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=40, required=False)
    passwordless = forms.BooleanField(
        label=_("Also sign in with it alone, without the password"), required=False
    )

    def clean(self) -> Any:
        return _parsed(super().clean)

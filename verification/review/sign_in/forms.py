"""The forms of the second step and of a new password. Wrong codes and passwords count as failed sign-ins."""

from collections.abc import Callable
from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as code_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn import forms as passkey_forms
from allauth.mfa.webauthn.internal import auth as webauthn
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# The errors that a forged credential raises within the library.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
# Validation errors of a wrong guess; the rate limit's own error is none.
WRONG = frozenset({"incorrect_code", "enter_current_password"})


def _counted(user: Any, step: str, check: Callable[[], Any]) -> Any:
    """The result of `check`. A wrong guess counts as a failed sign-in; a locked name is refused unchecked."""
    request, credentials = context.request, {"username": user.get_username(), "step": step}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out, request.axes_credentials = True, credentials
        raise get_adapter().validation_error("incorrect_code")
    try:
        return check()
    except ValidationError as error:
        if error.code in WRONG:
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        raise


def _parsed(check: Callable[[], Any]) -> Any:
    try:
        return check()
    except ValidationError:
        raise
    except MALFORMED:
        raise get_adapter().validation_error("incorrect_code") from None


class _Credential(forms.JSONField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, widget=forms.HiddenInput, **kwargs)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class NewPasswordForm(account_forms.ChangePasswordForm):
    def clean_oldpassword(self) -> Any:
        return _counted(self.user, "password", super().clean_oldpassword)


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


class NewAppForm(app_forms.ActivateTOTPForm):
    def clean_code(self) -> Any:
        """Mark the code as used, so that it can't be used for signing in as well."""
        code = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class _Passkey(passkey_forms.AuthenticateWebAuthnForm):
    credential = _Credential()

    def clean_credential(self) -> Any:
        return _counted(self.user, "passkey", lambda: _parsed(super(_Passkey, self).clean_credential))


class PasskeyForm(_Passkey):
    pass


class PasskeyAgainForm(_Passkey, passkey_forms.ReauthenticateWebAuthnForm):
    pass


class PasskeySignInForm(passkey_forms.LoginWebAuthnForm):
    """Not counted: a passkey can't be guessed, and no user is named yet."""

    credential = _Credential()

    def clean_credential(self) -> Any:
        # A sign-in by passkey alone requires user verification; as a second step a touch is enough.
        if (webauthn.get_state() or {}).get("user_verification") != "required":
            raise get_adapter().validation_error("incorrect_code")
        return _parsed(super().clean_credential)


class NewPasskeyForm(passkey_forms.AddWebAuthnForm):
    credential = _Credential()
    name = forms.CharField(label=_("Name"), max_length=40, required=False)
    passwordless = forms.BooleanField(
        label=_("Also sign in with it alone, without the password"), required=False
    )

    def clean(self) -> Any:
        return _parsed(super().clean)

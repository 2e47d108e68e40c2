"""The forms of the second step and of a new password. Wrong codes and passwords count as failed sign-ins."""

from collections.abc import Callable
from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as code_forms
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn import forms as passkey_forms
from allauth.mfa.webauthn.internal import auth as webauthn
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from verification.review.sign_in import one_time_codes

# The errors that a forged credential raises within the library.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
# Validation errors of a wrong guess; the rate limit's own error is none.
WRONG = frozenset({"incorrect_code", "clock_is_off", "enter_current_password"})


def counted(user: Any, step: str, check: Callable[[], Any]) -> Any:
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
        return counted(self.user, "password", super().clean_oldpassword)

    def clean_password1(self) -> Any:
        """The present one may have been handed out: somebody else knows it."""
        new = self.cleaned_data["password1"]
        if new == self.cleaned_data.get("oldpassword"):
            raise ValidationError(_("This is your present password. Choose another one."))
        return new


def _code_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


def _clock_is_off(steps: int) -> ValidationError:
    """The code is right, but of another time. Said only to somebody who gave the password or holds the session."""
    minutes = max(1, round(abs(steps) * int(app_settings.TOTP_PERIOD) / 60))
    ahead = ngettext(
        "Your phone's clock is about %d minute fast.", "Your phone's clock is about %d minutes fast.", minutes
    )
    behind = ngettext(
        "Your phone's clock is about %d minute slow.", "Your phone's clock is about %d minutes slow.", minutes
    )
    advice = _("Have the phone set its time by itself, then use a new code.")
    return ValidationError(f"{(ahead if steps > 0 else behind) % minutes} {advice}", code="clock_is_off")


class _Code(code_forms.BaseAuthenticateForm):
    code = _code_field(_("Code"))

    def clean_code(self) -> Any:
        return counted(self.user, "code", self._use)

    def _use(self) -> str:
        forget_rate = check_rate_limit(self.user)
        code = one_time_codes.cleaned(self.cleaned_data["code"])
        checked = one_time_codes.use(self.user, code, timezone.now())
        if checked.steps_off:
            raise _clock_is_off(checked.steps_off)
        if checked.accepted_by is None:
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = checked.accepted_by
        self.authenticator.user = self.user
        forget_rate()
        return code


class CodeForm(_Code, code_forms.AuthenticateForm):
    pass


class CodeAgainForm(_Code, code_forms.ReauthenticateForm):
    pass


class NewAppForm(app_forms.ActivateTOTPForm):
    """`used_step` is the step of the code, which can't be used for signing in as well."""

    code = _code_field(_("Authenticator code"))
    used_step = 0

    def clean_code(self) -> Any:
        now = timezone.now()
        self.cleaned_data["code"] = one_time_codes.cleaned(self.cleaned_data["code"])
        distance = one_time_codes.steps_off(self.secret, self.cleaned_data["code"], now)
        if distance is not None and not one_time_codes.is_near(distance):
            raise _clock_is_off(distance)
        code = super().clean_code()
        # For a form that is sent twice at once: the second one must not add an app.
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        self.used_step = one_time_codes.step_at(now) + (distance or 0)
        return code


class _Passkey(passkey_forms.AuthenticateWebAuthnForm):
    credential = _Credential()

    def clean_credential(self) -> Any:
        return counted(self.user, "passkey", lambda: _parsed(super(_Passkey, self).clean_credential))


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

"""Views of allauth with additions: no redirect loop, a rate limit, and a page that opens without the keyring."""

from typing import Any

from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.core.internal import ratelimit
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from verification.review.sign_in import one_time_codes, second_step


def authenticate(request: HttpRequest) -> HttpResponseBase:
    """Restart the sign-in if the second step was removed meanwhile: otherwise both pages redirect to each other."""
    stage = get_pending_stage(request)
    if stage is not None and not second_step.has_one(stage.login.user):
        clear_login(request)
    response: HttpResponseBase = mfa.authenticate(request)
    return response


# Each GET creates a session. allauth limits only the POST, which therefore counts twice here.
login_webauthn = ratelimit.decorator(app="allauth.mfa", action="webauthn_login", limit_get=True)(
    webauthn.login_webauthn
)


class _NewCodes(recovery.GenerateRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without the count of the old codes, so that codes that can't be decrypted can still be replaced."""
        context: dict[str, Any] = super(recovery.GenerateRecoveryCodesView, self).get_context_data(**kwargs)
        return context


generate_recovery_codes = _NewCodes.as_view()


class _NewApp(totp.ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            added = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
            one_time_codes.note_used(added, form.used_step)
        return response


activate_totp = _NewApp.as_view()

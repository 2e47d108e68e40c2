"""The URLs of sign-in under the names that allauth looks up. Views of allauth that are not listed are not reachable."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth.decorators import login_required
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from verification.review.sign_in import allauth_views
from verification.review.sign_in.enrolment import enrol
from verification.review.sign_in.layout import framed
from verification.review.sign_in.no_password import no_password
from verification.review.sign_in.sessions import sessions

_to_password = RedirectView.as_view(pattern_name="account_change_password")

urlpatterns = [
    path("login/", framed(account.login, _("Sign in")), name="account_login"),
    path("logout/", framed(account.logout, _("Sign out")), name="account_logout"),
    path("password_change/", _to_password),
    path("password_change/done/", _to_password),
    path(
        "account/password/",
        login_required(framed(account.password_change, _("Password"))),
        name="account_change_password",
    ),
    path("account/no-password/", login_required(framed(no_password)), name="account_set_password"),
    path("account/sessions/", framed(sessions, _("Sessions")), name="usersessions_list"),
    path("account/confirm/", framed(account.reauthenticate, _("Is it you?")), name="account_reauthenticate"),
    path("account/confirm/code/", framed(mfa.reauthenticate, _("Is it you?")), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        framed(webauthn.reauthenticate_webauthn, _("Is it you?")),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "account/second-step/", framed(allauth_views.authenticate, _("Second step")), name="mfa_authenticate"
    ),
    path("account/enrolment/", framed(enrol, _("Enrolment code")), name="staff_enrolment"),
    path("account/two-step/", framed(mfa.index, _("Two-step sign-in")), name="mfa_index"),
    path(
        "account/two-step/app/add/",
        framed(allauth_views.activate_totp, _("Add an authenticator app")),
        name="mfa_activate_totp",
    ),
    path(
        "account/two-step/app/remove/",
        framed(totp.deactivate_totp, _("Remove the authenticator app")),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/two-step/passkeys/", framed(webauthn.list_webauthn, _("Passkeys")), name="mfa_list_webauthn"
    ),
    path(
        "account/two-step/passkeys/add/",
        framed(webauthn.add_webauthn, _("Add a passkey")),
        name="mfa_add_webauthn",
    ),
    path("account/two-step/passkeys/sign-in/", allauth_views.login_webauthn, name="mfa_login_webauthn"),
    path(
        "account/two-step/passkeys/<int:pk>/remove/",
        framed(webauthn.remove_webauthn, _("Remove a passkey")),
        name="mfa_remove_webauthn",
    ),
    path(
        "account/two-step/passkeys/<int:pk>/rename/",
        framed(webauthn.edit_webauthn, _("Rename a passkey")),
        name="mfa_edit_webauthn",
    ),
    path(
        "account/two-step/codes/",
        framed(recovery.view_recovery_codes, _("Recovery codes")),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/two-step/codes/new/",
        framed(allauth_views.generate_recovery_codes, _("New recovery codes")),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/two-step/codes/download/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]

"""The page that asks for the enrolment code, before the first second step is set up: the password alone is not enough.

The code was handed to the user by another person than the password. It works until a second step was added.
"""

from datetime import timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from verification.models import StaffUser
from verification.review.page import signed_in
from verification.review.sign_in.forms import counted
from verification.staffing import access

# Session key: the hash of the code that was given, so that a newer code asks again.
_GIVEN = "staff_enrolment"
_HOURS = access.HANDED_OUT_FOR // timedelta(hours=1)
_WRONG = _("This is not your enrolment code, or it is older than %d hours. Ask an operator for a new one.")


def is_open(request: HttpRequest) -> bool:
    """Whether this session may set up the first second step: by the code, or because it has just removed the last."""
    in_force = access.enrolment_in_force(signed_in(request), timezone.now())
    given = bool(in_force) and request.session.get(_GIVEN) == in_force
    records = get_authentication_records(request, request.user)
    return given or any(record["method"] == "removed" for record in records)


class EnrolmentForm(forms.Form):
    code = forms.CharField(
        label=_("Enrolment code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
        help_text=_("Twelve letters and digits. You got it from another person than your password."),
    )

    def __init__(self, *args: Any, user: StaffUser, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        return str(counted(self.user, "enrolment", self._check))

    def _check(self) -> str:
        typed = str(self.cleaned_data["code"])
        if not access.is_enrolment_code(self.user, typed, timezone.now()):
            raise forms.ValidationError(_WRONG % _HOURS, code="incorrect_code")
        return typed


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    form = EnrolmentForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        request.session[_GIVEN] = user.enrolment_sha256
        then = f"?{urlencode({'next': request.GET['next']})}" if "next" in request.GET else ""
        return redirect(f"{reverse('mfa_index')}{then}")
    return TemplateResponse(request, "account/enrolment.html", {"form": form, "hours": _HOURS})

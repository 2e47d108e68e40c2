"""The page for users without a password to change: an operator created their account without one."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from verification.review.page import refusal


def no_password(request: HttpRequest) -> HttpResponseBase:
    sentence = _("Your account has no password yet. An operator can set the first one.")
    return refusal(request, status=403, title=_("No password"), sentence=sentence)

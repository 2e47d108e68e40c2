"""Addresses of the API, all under `/api/`. A malformed id reaches no view; a wrong address is answered in JSON."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from verification.api import docs, views


class VerificationId(StringConverter):
    regex = "ver_[a-z2-7]{24}"


register_converter(VerificationId, "verification_id")

_ONE = "v1/verifications/<verification_id:verification_id>"

urlpatterns = [
    path("v1/verifications", views.Verifications.as_view()),
    path(_ONE, views.VerificationDetail.as_view()),
    path(f"{_ONE}/cancel", views.VerificationCancel.as_view()),
    path("v1/openapi.json", docs.openapi, name="api_openapi"),
    path("docs/", docs.page),
    re_path("", docs.nothing_here),
]

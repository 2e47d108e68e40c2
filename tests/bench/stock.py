"""The changelist of a plain ModelAdmin over the cases, with the usual columns. Runs in turns with `reviewer`."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import include, path

from tests.bench.reviewer import answer, signed_in
from verification.models import Verification

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Verification]
else:
    ModelAdmin = admin.ModelAdmin


class PlainAdmin(ModelAdmin):
    list_display = (
        "public_id",
        "applicant",
        "status",
        "band",
        "main_reason",
        "attempts_used",
        "claimed_by",
        "due_at",
    )
    list_filter = ("status",)
    list_select_related = ("applicant", "claimed_by")
    ordering = ("due_at",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True


site = admin.AdminSite(name="plain")
site.register(Verification, PlainAdmin)
urlpatterns = [path("plain/", site.urls), path("", include("kyc_portal.urls"))]


def main() -> None:
    settings.ROOT_URLCONF = __name__
    # Django's own templates, not ours of the same names.
    settings.TEMPLATES[0]["DIRS"] = []
    browser = signed_in()
    address = "/plain/verification/verification/?status__exact=in_review"
    answer({"stock_changelist": lambda: browser.get(address)})

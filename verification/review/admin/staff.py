"""The record of a member of staff. Changes are proposed and confirmed on the pages in `staff_pages`."""

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from verification.models import StaffUser
from verification.review.admin.read_only import ReadOnly


class StaffAdmin(ReadOnly):
    list_display = ("username", "first_name", "last_name", "group_names", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    fields = (
        "username",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "group_names",
        "last_login",
        "date_joined",
    )

    @display(description=_("groups"))
    def group_names(self, user: StaffUser) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffUser]:
        """Superusers open nothing and are not the portal's to show."""
        return super().get_queryset(request).filter(is_superuser=False).prefetch_related("groups")

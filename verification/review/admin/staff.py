"""The pages on which operators add, change and deactivate staff.

Operators assign groups only, no single permissions, and never to themselves.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.admin import display
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from verification import audit, permissions
from verification.actions import staff
from verification.models import StaffUser
from verification.review.admin.lookups import ListedLookups
from verification.review.page import acting, signed_in
from verification.review.sign_in import fresh

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[StaffUser]
else:
    StockUserAdmin = UserAdmin

# A user who adds staff or sets passwords can become anybody, so these need a recent re-authentication.
_confirmed = method_decorator(partial(fresh, methods={"POST"}))


class StaffAdmin(ListedLookups, StockUserAdmin):
    """The stock user pages without superuser flag, single permissions and deletion: the trail refers to users."""

    list_display = ("username", "first_name", "last_name", "group_names", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @display(description=_("groups"))
    def group_names(self, user: StaffUser) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffUser]:
        return super().get_queryset(request).filter(is_superuser=False).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: StaffUser | None = None) -> tuple[Any, ...]:
        own = ("is_active", "groups") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return permissions.can_view_staff(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return permissions.can_manage_staff(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return permissions.can_manage_staff(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: StaffUser, form: Any, change: bool) -> None:
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: StaffUser, message: Any) -> Any:
        self._record("staff.added", request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: StaffUser, message: Any) -> Any:
        self._record("staff.changed", request, obj)
        return super().log_change(request, obj, message)

    @_confirmed
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The view of both adding and changing."""
        return super().changeform_view(request, object_id, form_url, extra_context)

    @_confirmed
    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Setting a password is an event of its own, because its author can then sign in as the other user."""
        own = request.session.session_key or ""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = StaffUser.objects.get(pk=id)
            self._record("staff.password_reset", request, user)
            # A new password has ended the sessions already (`sign_in.audit_signals`); removing the password has not.
            by, now = acting(signed_in(request), "operator"), timezone.now()
            staff.end_sessions(
                user, by=by, now=now, why="password_removed", but=own if user == request.user else ""
            )
        return response

    def _record(self, kind: str, request: HttpRequest, obj: StaffUser) -> None:
        by = acting(signed_in(request), "operator")
        facts = {"user": obj.get_username(), "active": obj.is_active}
        groups = sorted(obj.groups.values_list("name", flat=True))
        audit.record(kind, by=by, subject=obj, at=timezone.now(), groups=groups, **facts)

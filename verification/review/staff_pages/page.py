"""The staff page, and the page of changes for whoever may not see the staff."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import permissions
from verification.review.page import signed_in
from verification.review.staff_pages import changes as changes_shown
from verification.review.staff_pages import people


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    context = {
        "title": _("Staff"),
        **changes_shown.listed(user, now),
        **people.listed(request, now),
        "may_manage": permissions.can_manage_staff(user),
    }
    return TemplateResponse(request, "review/staff/staff.html", context)


@require_safe
def from_stock_list(request: HttpRequest) -> HttpResponse:
    """The stock admin's list of staff is this page."""
    return redirect("admin:staff")


@require_safe
def from_stock_page(request: HttpRequest, number: int) -> HttpResponse:
    return redirect("admin:staff_member", number)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """All changes for who reads the staff list; for anybody else those to their own account."""
    user = signed_in(request)
    title = _("Changes to the staff") if permissions.can_view_staff(user) else _("Changes to your account")
    context = {"title": title, **changes_shown.listed(user, timezone.now())}
    return TemplateResponse(request, "review/staff/staff.html", context)

"""The staff page and the page of one member: what waits, what changed lately, and the forms of proposals."""

from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import permissions
from verification.actions import staff_change as action
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.review.page import signed_in
from verification.review.sign_in import lockout
from verification.review.staff_pages.forms import CredentialsForm, RightsForm
from verification.staffing import access, effects

MAX_CHANGES = 30


def people() -> Any:
    """Superusers open nothing and are nobody's to change."""
    return StaffUser.objects.filter(is_superuser=False)


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    lately = StaffChange.objects.select_related("user", "proposed_by", "confirmed_by", "stopped_by")
    unseen = set(action.unseen(user, now).values_list("pk", flat=True))
    shown = [_change(change, user, now, change.pk in unseen) for change in lately[:MAX_CHANGES]]
    listed = people().prefetch_related("groups").order_by("-is_active", "username")
    context = {
        "title": _("Staff"),
        "open": [row for row in shown if row["is_open"]],
        "ended": [row for row in shown if not row["is_open"]],
        "unseen": bool(unseen),
        "people": [{"user": one, "groups": sorted(g.name for g in one.groups.all())} for one in listed],
        "may_manage": permissions.can_manage_staff(user),
    }
    return TemplateResponse(request, "review/staff/staff.html", context)


def _change(change: StaffChange, user: StaffUser, now: datetime, is_new: bool) -> dict[str, Any]:
    is_open = change.state == ChangeState.OPEN and now < change.proposed_at + effects.OPEN_FOR
    own = change.proposed_by_id == user.pk and permissions.can_manage_staff(user)
    over = change.alone_until is not None and now >= change.alone_until
    return {
        "change": change,
        "is_open": is_open,
        "ran_out": change.state == ChangeState.OPEN and not is_open,
        "is_new": is_new,
        "is_own": own,
        "details": _details(change),
        "may_confirm": is_open and permissions.can_confirm_change(user, change),
        "may_do_alone": is_open and own and over,
        "waits_alone": is_open and change.alone_until is not None and not over,
        "may_hand_out": own and action.waits_for_hand_out(change, now),
    }


def _details(change: StaffChange) -> list[tuple[str, str]]:
    labels = {
        "groups": _("Groups"),
        "is_active": _("May sign in"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail"),
    }
    found = [(label, change.wanted[name]) for name, label in labels.items() if name in change.wanted]
    return [(label, _plain(value)) for label, value in found if value != ""]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(value) or _("none") if isinstance(value, list) else str(value)


@require_safe
def member(request: HttpRequest, number: int) -> HttpResponse:
    return member_page(request, get_object_or_404(people(), pk=number))


def member_page(
    request: HttpRequest,
    one: StaffUser,
    *,
    form: Form | None = None,
    status: int = 200,
    confirm: str = "",
    problem: str = "",
) -> HttpResponse:
    """The page of one; `form` is one that was refused, with what was typed."""
    user, now = signed_in(request), timezone.now()
    failures, until = lockout.strangers_failures(one, now)
    may_propose = permissions.can_manage_staff(user) and one != user
    context = {
        "title": one.get_username(),
        "one": one,
        "groups": sorted(group.name for group in one.groups.all()),
        "steps": access.second_steps(one),
        "person": one.person() if one.person() != one else None,
        "first_password": one.first_password_until,
        "password_is_over": access.is_first_password_over(one, now),
        "failures": failures,
        "until": until,
        "may_propose": may_propose,
        "may_manage": permissions.can_manage_staff(user),
        "rights": form if isinstance(form, RightsForm) else RightsForm(user=one, auto_id="rights_%s"),
        "credentials": form
        if isinstance(form, CredentialsForm)
        else CredentialsForm(auto_id="credentials_%s"),
        "confirm": confirm,
        "problem": problem,
        "waiting": effects.open_changes(now).filter(user=one),
        "kinds": ChangeKind,
    }
    return TemplateResponse(request, "review/staff/member.html", context, status=status)

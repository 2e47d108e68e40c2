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

# Ended changes that are shown: those that are new to the user, the oldest first; and the latest of the others.
MAX_NEW, MAX_CHANGES = 200, 30


def people() -> Any:
    """Superusers open nothing and are nobody's to change."""
    return StaffUser.objects.filter(is_superuser=False)


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    listed = people().prefetch_related("groups").order_by("-is_active", "username")
    context = {
        "title": _("Staff"),
        **_changes(user, now),
        "people": [{"user": one, "groups": sorted(g.name for g in one.groups.all())} for one in listed],
        "may_manage": permissions.can_manage_staff(user),
    }
    return TemplateResponse(request, "review/staff/staff.html", context)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """All changes for who reads the staff list; for anybody else those to their own account."""
    user = signed_in(request)
    title = _("Changes to the staff") if permissions.can_view_staff(user) else _("Changes to your account")
    context = {"title": title, **_changes(user, timezone.now())}
    return TemplateResponse(request, "review/staff/staff.html", context)


def _changes(user: StaffUser, now: datetime) -> dict[str, Any]:
    """Everything that waits and everything new, so that no number of later changes hides one."""
    unseen = list(action.unseen(user, now).order_by("proposed_at", "pk"))
    latest = action.visible(user).order_by("-proposed_at", "-pk")[:MAX_CHANGES]
    found = {
        one.pk: one for one in (*effects.open_changes(now) & action.visible(user), *unseen[:MAX_NEW], *latest)
    }
    shown = sorted(found.values(), key=lambda one: (one.proposed_at, one.pk), reverse=True)
    rows = [_change(one, user, now, one in unseen) for one in shown]
    return {
        "open": [row for row in rows if row["is_open"]],
        "ended": [row for row in rows if not row["is_open"]],
        "new": [action.as_shown(row["change"]) for row in rows if row["is_new"]],
    }


def _change(change: StaffChange, user: StaffUser, now: datetime, is_new: bool) -> dict[str, Any]:
    is_open = effects.is_open(change, now)
    own = change.proposed_by_id == user.pk and permissions.can_manage_staff(user)
    return {
        "change": change,
        "is_open": is_open,
        "ran_out": change.state != ChangeState.DONE and change.stopped_by_id is None and not is_open,
        "is_new": is_new,
        "is_own": own,
        "details": _details(change),
        "may_confirm": is_open and permissions.can_confirm_change(user, change),
        "may_open": permissions.can_view_staff(user),
        "is_switch_off": change.kind == ChangeKind.SWITCH_OFF,
        "will_count": is_open and change.alone_until is not None and change.kind in _CREDENTIALS,
        "may_do_alone": is_open and own and action.may_act_alone(change, by=user, now=now),
        "waits_alone": is_open and change.alone_until is not None and now < change.alone_until,
        "may_hand_out": own and action.waits_for_hand_out(change, now),
    }


# What, done alone, makes an account count as its proposer's.
_CREDENTIALS = {ChangeKind.APPOINT, ChangeKind.PASSWORD, ChangeKind.SECOND_STEP}


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
    may_manage = permissions.can_manage_staff(user)
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
        "may_propose": may_manage and one.person() != user.person(),
        "may_switch_off": one.is_active and one != user,
        "may_manage": may_manage,
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

"""The page of one member of staff: how they get in, who answers for the account, what changed, and what may be done."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from verification import permissions
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.review.page import signed_in
from verification.review.sign_in import lifetime, lockout
from verification.review.staff_pages import changes
from verification.review.staff_pages.forms import CredentialsForm, RightsForm
from verification.review.staff_pages.people import STEPS, people
from verification.staffing import access, effects


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
    may_manage = permissions.can_manage_staff(user)
    context = {
        "title": one.get_username(),
        "one": one,
        "groups": sorted(group.name for group in one.groups.all()),
        **_ways_in(one, now),
        **_who_answers(one),
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
        "latest": changes.of_account(one, user, now),
        "most": changes.MAX_OF_ONE,
        "kinds": ChangeKind,
    }
    return TemplateResponse(request, "review/staff/member.html", context, status=status)


def _ways_in(one: StaffUser, now: datetime) -> dict[str, Any]:
    """Password, second steps, sessions, and failed tries."""
    return {
        "steps": _steps(one),
        "first_password": one.first_password_until,
        "password_is_over": access.is_first_password_over(one, now),
        "code_until": one.enrolment_until if access.enrolment_in_force(one, now) else None,
        "sessions": _sessions(one, now),
        "failures": lockout.failures(one, now),
    }


def _steps(one: StaffUser) -> list[dict[str, Any]]:
    """Each kind of second step, since when there is one, and when one was last used."""
    rows = Authenticator.objects.filter(user=one).order_by("type", "created_at")
    found: dict[str, dict[str, Any]] = {}
    for step in rows:
        kind = found.setdefault(step.type, {"what": STEPS[step.type], "since": step.created_at, "used": None})
        if step.last_used_at and (kind["used"] is None or step.last_used_at > kind["used"]):
            kind["used"] = step.last_used_at
    return list(found.values())


def _sessions(one: StaffUser, now: datetime) -> dict[str, Any]:
    """How many are open, and when one was last used; not where."""
    seen = [
        row.last_seen_at for row in UserSession.objects.filter(user=one) if not lifetime.is_over(row, now)
    ]
    return {"number": len(seen), "seen": max(seen, default=None)}


def _who_answers(one: StaffUser) -> dict[str, Any]:
    """Who appointed them, who vouched since, and whose account it counts as."""
    done = StaffChange.objects.filter(user=one, state=ChangeState.DONE)
    rows = done.select_related("proposed_by", "confirmed_by").order_by("-ended_at", "-pk")
    person = one.person()
    return {
        "appointed": rows.filter(kind=ChangeKind.APPOINT).first(),
        "vouched": rows.filter(kind=ChangeKind.VOUCH).first(),
        "person": person if person != one else None,
    }

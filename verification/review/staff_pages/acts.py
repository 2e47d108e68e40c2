"""Proposing, confirming, stopping and handing out, and what one operator does at once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from verification import permissions
from verification.actions import staff as at_once_action
from verification.actions import staff_change as action
from verification.models import ChangeKind, StaffChange, StaffUser
from verification.review.page import acting, signed_in
from verification.review.sign_in import lockout, to_confirm
from verification.review.staff_pages.forms import AppointForm, CredentialsForm, RightsForm
from verification.review.staff_pages.member import member_page
from verification.review.staff_pages.people import people
from verification.staffing import access, effects


@require_http_methods(["GET", "HEAD", "POST"])
def appoint(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _appoint_page(request, AppointForm())
    form = AppointForm(request.POST)
    if confirm := to_confirm(request):
        return _appoint_page(request, form, status=403, confirm=confirm)
    if not form.is_valid():
        return _appoint_page(request, form, status=422)
    try:
        change = _propose(request, ChangeKind.APPOINT, None, form, form.wanted)
    except effects.NotPossible as error:
        form.add_error("username", str(error))
        return _appoint_page(request, form, status=422)
    return _proposed(request, change)


def _appoint_page(
    request: HttpRequest, form: AppointForm, *, status: int = 200, confirm: str = ""
) -> HttpResponse:
    context = {"title": _("Appoint somebody"), "form": form, "confirm": confirm}
    return TemplateResponse(request, "review/staff/appoint.html", context, status=status)


@require_POST
def propose(request: HttpRequest, number: int) -> HttpResponse:
    one: StaffUser = get_object_or_404(people(), pk=number)
    permissions.check_propose_change(signed_in(request), one)
    is_rights = request.POST.get("kind") == ChangeKind.RIGHTS
    form: Form = CredentialsForm(request.POST, auto_id="credentials_%s")
    if is_rights:
        form = RightsForm(request.POST, user=one, auto_id="rights_%s")
    if confirm := to_confirm(request):
        return member_page(request, one, form=form, status=403, confirm=confirm)
    if not form.is_valid():
        return member_page(request, one, form=form, status=422)
    kind = ChangeKind.RIGHTS if is_rights else ChangeKind(form.cleaned_data["kind"])
    wanted = form.wanted if isinstance(form, RightsForm) else {}
    try:
        change = _propose(request, kind, one, form, wanted)
    except effects.NotPossible as error:
        return member_page(request, one, form=form, status=409, problem=str(error))
    return _proposed(request, change)


def _propose(
    request: HttpRequest, kind: ChangeKind, one: StaffUser | None, form: Form, wanted: dict[str, Any]
) -> StaffChange:
    user = signed_in(request)
    return action.propose(
        kind,
        one,
        wanted=wanted,
        reason=form.cleaned_data["reason"],
        by=user,
        acting_as=acting(user, "operator"),
        now=timezone.now(),
    )


def _proposed(request: HttpRequest, change: StaffChange) -> HttpResponse:
    if change.alone_until:
        messages.success(
            request, _("Proposed. Nobody else can confirm it: you can put it into effect in 24 hours.")
        )
    else:
        messages.success(request, _("Proposed. Somebody else has to confirm it."))
    return redirect("admin:staff")


@require_POST
def at_once(request: HttpRequest, number: int) -> HttpResponse:
    """What takes rights away, or undoes a stranger's lock, needs no second person."""
    one: StaffUser = get_object_or_404(people(), pk=number)
    try:
        said = _done_at_once(request.POST.get("act", ""), one, signed_in(request))
    except effects.NotPossible as error:
        messages.warning(request, str(error))
        return redirect("admin:staff_member", one.pk)
    if said:
        messages.success(request, said)
    else:
        messages.info(request, _("There was nothing to do."))
    return redirect("admin:staff_member", one.pk)


def _done_at_once(act: str, one: StaffUser, user: StaffUser) -> str:
    """Do it, and return what to say; "" if there was nothing to do. Raises permissions.Denied or NotPossible."""
    acting_as, now = acting(user, "operator"), timezone.now()
    if act == "switch_off" and at_once_action.switch_off(one, by=user, acting_as=acting_as, now=now):
        return _("The account is switched off, and its sessions have ended.")
    if act == "end_sessions" and at_once_action.end_sessions(one, by=user, acting_as=acting_as, now=now):
        return _("Its sessions have ended.")
    if act == "lift" and lockout.failures(one, now):
        at_once_action.check_lift(one, by=user, now=now)
        lockout.lift(one, by=acting_as, now=now)
        return _("The wait is lifted: they can sign in at once.")
    return ""


@require_POST
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    def act(change: StaffChange, **how: Any) -> HttpResponse:
        code = action.confirm(change, **how)
        if code:
            change.refresh_from_db()
            return _secret(request, change, code, is_code=True)
        messages.success(request, _("The change is in effect."))
        return redirect("admin:staff")

    return _acted(request, public_id, act)


@require_POST
def hand_out(request: HttpRequest, public_id: str) -> HttpResponse:
    def act(change: StaffChange, **how: Any) -> HttpResponse:
        return _secret(request, change, action.hand_out(change, **how), is_code=False)

    return _acted(request, public_id, act)


@require_POST
def stop(request: HttpRequest, public_id: str) -> HttpResponse:
    def act(change: StaffChange, **how: Any) -> HttpResponse:
        action.stop(change, **how)
        messages.success(request, _("The change is stopped."))
        return _to_changes(signed_in(request))

    return _acted(request, public_id, act)


def _to_changes(user: StaffUser) -> HttpResponse:
    return redirect("admin:staff" if permissions.can_view_staff(user) else "admin:staff_changes")


def _acted(request: HttpRequest, public_id: str, act: Callable[..., HttpResponse]) -> HttpResponse:
    change = get_object_or_404(StaffChange, public_id=public_id)
    user = signed_in(request)
    try:
        return act(change, by=user, acting_as=acting(user), now=timezone.now())
    except effects.NotPossible as error:
        messages.warning(request, str(error))
        return _to_changes(signed_in(request))


def _secret(request: HttpRequest, change: StaffChange, secret: str, *, is_code: bool) -> HttpResponse:
    """Shown once, never stored in clear, and kept by no cache."""
    if is_code:
        has_other_half = change.kind != ChangeKind.SECOND_STEP
    else:
        has_other_half = bool(access.enrolment_in_force(effects.account_of(change), timezone.now()))
    context = {
        "title": _("Enrolment code") if is_code else _("First password"),
        "change": change,
        "secret": secret,
        "is_code": is_code,
        "is_shared": has_other_half and change.confirmed_by_id is not None,
    }
    answer = TemplateResponse(request, "review/staff/secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    action.mark_seen(request.POST.getlist("shown"), by=signed_in(request), now=timezone.now())
    return _to_changes(signed_in(request))

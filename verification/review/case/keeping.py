"""The views that keep a case for somebody, take it back, or cancel it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from verification import casework, permissions, workflow
from verification.actions import assign as assigning
from verification.actions import cancel as cancelling
from verification.models import StaffUser, Verification
from verification.review.case import page as case_page
from verification.review.case.forms import CancelForm
from verification.review.page import Site, signed_in


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("case/<slug:public_id>/assign", site.page(assign), name="assign"),
        path("case/<slug:public_id>/take-back", site.page(take_back), name="take_back"),
        path("case/<slug:public_id>/cancel", site.page(cancel), name="cancel"),
    ]


@require_POST
def assign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep the case for the colleague of the form, or without one for the user."""
    user, case = signed_in(request), case_page.find(public_id)
    permissions.check_decide(user)
    to = _chosen_colleague(case, user, request.POST.get("to", ""))
    try:
        if to is None:
            raise assigning.CantTakeIt(_("Choose a colleague from the list."))
        assigning.assign(case, to=to, by=user, now=timezone.now())
    except (assigning.CantTakeIt, casework.ClaimedByOther, workflow.IllegalMove) as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("The case is kept for %(who)s.") % {"who": to.get_username()})
    return redirect("admin:case", public_id)


def _chosen_colleague(case: Verification, user: StaffUser, key: str) -> StaffUser | None:
    """The colleague with this key, if they are one of those to choose from; the user for an empty one."""
    if not key:
        return user
    permissions.check_assign_others(user)
    return next((one for one in casework.colleagues(case, user) if str(one.pk) == key), None)


@require_POST
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    user, case = signed_in(request), case_page.find(public_id)
    try:
        assigning.take_back(case, by=user, now=timezone.now())
    except workflow.IllegalMove as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("The case is there for everybody again."))
    return redirect("admin:case", public_id)


@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), CancelForm(request.POST)
    permissions.check_cancel_case(user, case)
    if not form.is_valid():
        return case_page.page(request, case, user=user, now=now, form=form)
    words = {"reason_code": form.cleaned_data["cancel_reason"], "note": form.cleaned_data["cancel_note"]}
    try:
        cancelling.cancel_by_senior(case, version=form.cleaned_data["version"], by=user, now=now, **words)
    except casework.NoteRequired as missing:
        form.add_error("cancel_note", str(missing))
        return case_page.page(request, case, user=user, now=now, form=form)
    except (casework.ClaimedByOther, workflow.IllegalMove, workflow.StaleVerification) as refused:
        current = case_page.find(public_id)
        return case_page.page(request, current, user=user, now=now, form=form, conflict=str(refused))
    messages.success(request, _("%(reference)s is cancelled.") % {"reference": case.applicant.reference})
    return redirect("admin:case", public_id)

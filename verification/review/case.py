"""The case page, and what a reviewer can do there: claim, decide, reopen.

The rules are in `permissions` and `actions.review`; here their refusals become sentences, with nothing overwritten.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from verification import audit, permissions, workflow
from verification.actions import review
from verification.models import StaffUser, Verdict, Verification
from verification.review import dossier
from verification.review.forms import DecisionForm
from verification.review.page import signed_in, viewer

DONE = {
    Verdict.APPROVE: gettext_lazy("%(reference)s is approved."),
    Verdict.DECLINE: gettext_lazy("%(reference)s is declined."),
    Verdict.ASK_AGAIN: gettext_lazy("%(reference)s was sent back: the applicant is asked again."),
}


def _find(public_id: str) -> Verification:
    return get_object_or_404(dossier.find(public_id))


@require_GET
def case_page(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    permissions.check_view_case(user)
    case = _find(public_id)
    audit.record("case.viewed", by=viewer(user), subject=case, at=now, version=case.version)
    return _page(request, case, user=user, now=now, form=DecisionForm())


def _page(
    request: HttpRequest,
    case: Verification,
    *,
    user: StaffUser,
    now: datetime,
    form: DecisionForm,
    **extra: Any,
) -> TemplateResponse:
    held = case.claimed_by if case.claimed_until and case.claimed_until > now else None
    context = {
        **dossier.gather(case, number=request.GET.get("attempt", ""), now=now),
        "title": case.applicant.reference,
        "form": form,
        "held_by": held,
        "mine": held == user,
        "may_decide": permissions.can_decide(user) and held in (None, user),
        "may_claim": permissions.can_decide(user) and held is None,
        "may_reopen": permissions.can_reopen(user),
        "may_see": permissions.can_view_evidence(user),
        "may_open_codes": permissions.can_view_operations(user),
        **extra,
    }
    status = 409 if "conflict" in extra else 422 if form.errors else 200
    return TemplateResponse(request, "review/case.html", context, status=status)


@require_POST
def claim(request: HttpRequest, public_id: str) -> HttpResponse:
    user = signed_in(request)
    permissions.check_decide(user)
    case = _find(public_id)
    try:
        review.claim(case, by=user, now=timezone.now())
    except review.ClaimedByOther as taken:
        messages.warning(request, str(taken))
    return redirect("admin:case", public_id)


@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    permissions.check_decide(user)
    case, form = _find(public_id), DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, case, user=user, now=now, form=form)
    try:
        review.decide(case, by=user, now=now, **form.cleaned_data)
    except review.NoteRequired as missing:
        form.add_error("note", str(missing))
        return _page(request, case, user=user, now=now, form=form)
    except (workflow.StaleVerification, workflow.IllegalMove, review.ClaimedByOther) as conflict:
        if not _same_press(case, user, form.cleaned_data):
            return _page(request, _find(public_id), user=user, now=now, form=form, conflict=str(conflict))
    else:
        _tell(request, case, form.cleaned_data["verdict"])
    return _onward(request, user, now)


def _same_press(case: Verification, user: StaffUser, posted: dict[str, Any]) -> bool:
    """The button was pressed twice: the first press did exactly this."""
    last = case.reviews.order_by("-pk").first()
    return (
        last is not None
        and case.version == posted["version"] + 1
        and last.by_id == user.pk
        and (last.verdict, last.reason_code) == (posted["verdict"], posted["reason_code"])
        and last.evidence_sha256 == posted["evidence_sha256"]
    )


def _tell(request: HttpRequest, case: Verification, verdict: str) -> None:
    messages.success(request, DONE[Verdict(verdict)] % {"reference": case.applicant.reference})


def _onward(request: HttpRequest, user: StaffUser, now: datetime) -> HttpResponse:
    following = review.take_next(by=user, now=now) if "next" in request.POST else None
    return redirect("admin:case", following.public_id) if following else redirect("admin:queue")


@require_POST
def reopen(request: HttpRequest, public_id: str) -> HttpResponse:
    user = signed_in(request)
    permissions.check_reopen(user)
    case = _find(public_id)
    try:
        review.reopen(
            case, note=request.POST.get("note", "").replace("\x00", ""), by=user, now=timezone.now()
        )
    except (review.NoteRequired, workflow.IllegalMove, workflow.StaleVerification) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The case is in review again."))
    return redirect("admin:case", public_id)

"""The views of a reviewer's acts on a case: claim, judge, reassign, reopen.

The rules are in `permissions` and the actions. Their refusals become messages on the page, which keeps what was typed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from verification import casework, permissions, workflow
from verification.actions import check_document as checking
from verification.actions import claim as claiming
from verification.actions import reassign, review
from verification.actions import reopen as reopening
from verification.evidence.judged import evidence_hash
from verification.models import DocumentCheck, Review, StaffUser, Stage, Verdict, Verification
from verification.review.case import page as case_page
from verification.review.case.forms import ANSWERED, BlindForm, DecisionForm, DocumentForm, ReopenForm
from verification.review.page import Site, signed_in
from verification.review.queue.page import set_last_case

Made = TypeVar("Made", Review, DocumentCheck)

DONE = {
    Verdict.APPROVE: gettext_lazy("%(reference)s is approved."),
    Verdict.DECLINE: gettext_lazy("%(reference)s is declined."),
    Verdict.ASK_AGAIN: gettext_lazy("%(reference)s was sent back: the applicant is asked again."),
    Verdict.HAND_BACK: gettext_lazy("The proposal on %(reference)s is gone: the case is open again."),
    Verdict.ESCALATE: gettext_lazy("%(reference)s is with the senior reviewers now."),
    Verdict.SNOOZE: gettext_lazy("%(reference)s will come back by itself."),
    Verdict.STEP_ASIDE: gettext_lazy("You stepped aside from %(reference)s. A colleague decides it."),
}
# Longer than a double click on a slow page, shorter than a considered second decision.
DOUBLE_SUBMIT_WINDOW = timedelta(seconds=30)
PROPOSED = gettext_lazy(
    "Your verdict on %(reference)s waits for a second person, who judges without seeing it."
)
CONFIRMED = gettext_lazy("%(done)s %(who)s came to the same verdict.")
DIFFERS = gettext_lazy(
    "%(who)s came to another verdict on %(reference)s. A senior reviewer who is neither of you decides; the page of "
    "the case shows both of you what the other wrote."
)

# By the field that the refusal is about.
_FIELD_OF = {
    casework.NoteRequired: "note",
    casework.ReasonUnknown: "reason_code",
    reassign.UnusableSnooze: "hours",
    casework.DocumentNotChecked: "document_kind",
    casework.DocumentAnswerUnknown: "document_kind",
}
_TOO_LATE = (
    workflow.StaleVerification,
    workflow.IllegalMove,
    casework.ClaimedByOther,
    review.BlindFirst,
)


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("case/<slug:public_id>/claim", site.page(claim), name="claim"),
        path("case/<slug:public_id>/renew", site.page(renew), name="renew"),
        path("case/<slug:public_id>/release", site.page(release), name="release"),
        path("case/<slug:public_id>/decide", site.page(decide), name="decide"),
        path("case/<slug:public_id>/document", site.page(check_document), name="check_document"),
        path("case/<slug:public_id>/blind", site.page(judge_blind), name="judge_blind"),
        path("case/<slug:public_id>/reopen", site.page(reopen), name="reopen"),
    ]


@require_POST
def claim(request: HttpRequest, public_id: str) -> HttpResponse:
    user = signed_in(request)
    try:
        claiming.claim(case_page.find(public_id), by=user, now=timezone.now())
    except (casework.ClaimedByOther, workflow.IllegalMove) as taken:
        messages.warning(request, str(taken))
    return redirect("admin:case", public_id)


@require_POST
def renew(request: HttpRequest, public_id: str) -> HttpResponse:
    """Renew the claim while the reviewer works. JSON for the script of the page: the new end of the claim."""
    user, now = signed_in(request), timezone.now()
    if claiming.renew(case_page.find(public_id), by=user, now=now):
        return JsonResponse({"until": (now + casework.CLAIM_LEASE).isoformat()})
    sentence = _(
        "Your hold on this case has ended, so a colleague may take it. You can still record; if somebody was faster "
        "you are told, and what you wrote is kept."
    )
    return JsonResponse({"error": "not_held", "detail": sentence}, status=409)


@require_POST
def release(request: HttpRequest, public_id: str) -> HttpResponse:
    user = signed_in(request)
    case = case_page.find(public_id)
    if claiming.release(case, by=user, now=timezone.now()):
        set_last_case(request, case)
        messages.info(request, _("The case is unassigned again: a colleague can take it."))
    else:
        messages.info(request, _("You did not hold this case."))
    return redirect("admin:queue")


@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), DecisionForm(request.POST)
    refused, made = _try(request, case, form, user, now, _act)
    if refused is not None:
        return refused
    _flash(request, case, made)
    set_last_case(request, case)
    return _onward(request, case, user, now)


def _act(case: Verification, *, verdict: str, hours: int, **fields: Any) -> Review:
    chosen = Verdict(verdict)
    if chosen == Verdict.HAND_BACK:
        return review.hand_back(case, **fields)
    if chosen in {Verdict.ESCALATE, Verdict.SNOOZE, Verdict.STEP_ASIDE}:
        return reassign.reassign(case, chosen, hours=hours, **fields)
    return review.decide(case, verdict=chosen, **fields)


@require_POST
def check_document(request: HttpRequest, public_id: str) -> HttpResponse:
    """The check of the document alone: the case stays with its reviewer."""
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), DocumentForm(request.POST)
    refused, _made = _try(request, case, form, user, now, checking.check_document)
    if refused is not None:
        return refused
    messages.success(request, _("The document check is kept."))
    return redirect("admin:case", public_id)


@require_POST
def judge_blind(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), BlindForm(request.POST)
    refused, _made = _try(request, case, form, user, now, review.judge_blind)
    if refused is not None:
        return refused
    messages.success(request, _("Your verdict is kept. The score is shown now: decide the case."))
    return redirect("admin:case", public_id)


def _try(
    request: HttpRequest,
    case: Verification,
    form: DocumentForm | BlindForm,
    user: StaffUser,
    now: datetime,
    act: Callable[..., Made],
) -> tuple[HttpResponse | None, Made | None]:
    """Run `act`: (None, its review); (the page with the refusal, None); (None, None) for a repeated submit."""
    if not form.is_valid():
        return case_page.page(request, case, user=user, now=now, form=form), None
    try:
        return None, act(case, shown=form.shown(), by=user, now=now, **form.words())
    except tuple(_FIELD_OF) as missing:
        field = _FIELD_OF[type(missing)]
        form.add_error(field if field in form.fields else None, str(missing))
        return case_page.page(request, case, user=user, now=now, form=form), None
    except _TOO_LATE as conflict:
        current = case_page.find(case.public_id)
        if _is_double_submit(current, user, form.cleaned_data, now):
            return None, None
        return case_page.page(request, current, user=user, now=now, form=form, conflict=str(conflict)), None
    except permissions.Denied as denied:
        current = case_page.find(case.public_id)
        if current.version == form.cleaned_data["version"]:
            raise
        # The user was allowed when the page was opened; a colleague has escalated the case since, for instance.
        return case_page.page(request, current, user=user, now=now, form=form, conflict=str(denied)), None


def _is_double_submit(case: Verification, user: StaffUser, posted: dict[str, Any], now: datetime) -> bool:
    """Whether the same user recorded exactly this within DOUBLE_SUBMIT_WINDOW."""
    if "verdict" not in posted:
        checks = case.document_checks.filter(by=user, at__gt=now - DOUBLE_SUBMIT_WINDOW)
        same = checks.filter(kind=posted["document_kind"], note=posted["note"])
        return any(_has_answers(check, posted) for check in same)
    lately = case.reviews.filter(
        by=user, at__gt=now - DOUBLE_SUBMIT_WINDOW, verdict=posted["verdict"], note=posted["note"]
    )
    if "reason_code" in posted:
        lately = lately.filter(reason_code=posted["reason_code"])
    else:
        lately = lately.filter(stage=Stage.BLIND)
    return lately.filter(evidence_sha256=posted["evidence_sha256"]).exists()


def _has_answers(check: DocumentCheck, posted: dict[str, Any]) -> bool:
    return all(check.answers.get(question, "") == posted[name] for question, name in ANSWERED.items())


def _flash(request: HttpRequest, case: Verification, made: Review | None) -> None:
    if made is not None:
        messages.success(request, _what_was_done(case, made))


def _what_was_done(case: Verification, made: Review) -> str:
    reference = case.applicant.reference
    if made.stage == Stage.PROPOSAL:
        return PROPOSED % {"reference": reference}
    who = made.proposed_by.get_username() if made.proposed_by else ""
    if made.stage == Stage.SECOND:
        return DIFFERS % {"reference": reference, "who": who}
    done = DONE[Verdict(made.verdict)] % {"reference": reference}
    return CONFIRMED % {"done": done, "who": who} if who else done


def _onward(request: HttpRequest, case: Verification, user: StaffUser, now: datetime) -> HttpResponse:
    """Redirect to the next case if `next` was pressed, and never to the same case, which a colleague has to see."""
    following = claiming.take_next(by=user, now=now, excluding=case) if "next" in request.POST else None
    return redirect("admin:case", following.public_id) if following else redirect("admin:queue")


@require_POST
def reopen(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), ReopenForm(request.POST)
    if not form.is_valid():
        return case_page.page(request, case, user=user, now=now, form=form)
    try:
        reopening.reopen(case, by=user, now=now, **form.cleaned_data)
    except (casework.NoteRequired, casework.ReasonUnknown) as missing:
        form.add_error(_FIELD_OF[type(missing)], str(missing))
        return case_page.page(request, case, user=user, now=now, form=form)
    except (workflow.IllegalMove, workflow.StaleVerification) as refused:
        current = case_page.find(public_id)
        posted = {
            **form.cleaned_data,
            "verdict": Verdict.REOPEN,
            "evidence_sha256": evidence_hash(current),
        }
        if not _is_double_submit(current, user, posted, now):
            return case_page.page(request, current, user=user, now=now, form=form, conflict=str(refused))
    else:
        messages.success(request, _("The case is in review again."))
    return redirect("admin:case", public_id)

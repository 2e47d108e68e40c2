"""The status page: the outcome in words for the applicant, without scores and without accusing reasons."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from verification.hints import HINTS
from verification.models import Verification
from verification.pages import access, steps, times
from verification.rules.reasons import REASONS
from verification.states import Outcome, Status
from verification.vendor_accounts import pacing

CLOSED = {
    Status.CONSENT_REFUSED: (
        _("You chose not to go on"),
        _("Nothing was recorded. The organisation can see that you did not agree to the camera check."),
    ),
    # The link expires together with the case, so only a new link leads to this text.
    Status.EXPIRED: (_("The time for this check is over"), _("It was not finished in time, and has ended.")),
    Status.CANCELLED: (
        _("This check was cancelled"),
        _("The organisation ended it. There is nothing you need to do."),
    ),
}


@access.methods("GET")
@access.visitor()
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    verification = visit.verification
    outcome = steps.outcome(verification)
    if not outcome:
        return access.to_right_step(request)
    context = {"outcome": outcome, "delayed": _delayed(outcome, visit.now), **_details(verification)}
    # After a retry the applicant is back at a step; with every other outcome all steps are done.
    step = "status" if outcome != "retry" else "document" if context["needs_photo"] else "capture"
    return steps.page(request, f"pages/status/{outcome}.html", step, verification, context)


def _delayed(outcome: str, now: datetime) -> bool:
    """Whether the recording waits because no vendor account may be called at the moment."""
    return outcome == "checking" and not pacing.is_open(now=now)


def _details(verification: Verification) -> dict[str, Any]:
    heading, words = CLOSED.get(Status(verification.status), ("", ""))
    return {
        "heading": heading,
        "words": words,
        "status_hint": HINTS[_status_hint(verification)],
        "slow": HINTS["short_delay"],
        "hint": HINTS.get(verification.hint, HINTS["record_again"]),
        "needs_photo": not steps.has_photo(verification),
        "attempts_left": verification.attempts_left,
        "review_hours": verification.policy.review_hours,
        "retention_days": verification.policy.retention_days,
        "decided_at": times.element(verification.decided_at) if verification.decided_at else "",
        "until": times.element(verification.link_expires_at),
        "sent_at": _sent_at(verification),
        "reason": _reason(verification),
    }


def _status_hint(verification: Verification) -> str:
    """The key of the hint for an applicant who has nothing to do, for now or any more."""
    if verification.status == Status.APPROVED:
        return "received"
    if verification.status == Status.IN_REVIEW:
        return "our_fault" if verification.outcome == Outcome.VENDOR_FAILED else "being_checked"
    return "paused"


def _sent_at(verification: Verification) -> str:
    """When the recording that is judged came."""
    latest = verification.attempts.exclude(submitted_at=None).last()
    return times.element(latest.submitted_at) if latest and latest.submitted_at else ""


def _reason(verification: Verification) -> Any:
    review = verification.final_review
    reason = REASONS.get(review.reason_code if review else "", REASONS["cannot_tell"])
    return reason.applicant_text


@access.methods("GET")
@access.visitor()
def poll(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    outcome = steps.outcome(visit.verification)
    target = "pages:status" if outcome else steps.current(visit.verification)
    delayed = _delayed(outcome, visit.now)
    return JsonResponse({"outcome": outcome, "delayed": delayed, "next": reverse(target)})

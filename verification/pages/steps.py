"""Maps a case to the applicant's flow: the next page, and the outcome that the status page shows."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from verification import links
from verification.models import Document, Verification
from verification.states import Status

STEPS = (
    ("consent", _("Agreement")),
    ("document", _("Photo of your ID")),
    ("capture", _("Video of your face")),
    ("status", _("Result")),
)
OUTCOMES = {
    Status.CHECKING: "checking",
    Status.IN_REVIEW: "review",
    Status.APPROVED: "approved",
    Status.DECLINED: "declined",
    Status.CONSENT_REFUSED: "closed",
    Status.EXPIRED: "closed",
    Status.CANCELLED: "closed",
}


def has_photo(verification: Verification) -> bool:
    return verification.documents.current().exists()


def photo_with_advice(verification: Verification) -> Document | None:
    """The photo about which the applicant has still to choose: take another one, or use it in spite of the advice."""
    document = verification.documents.current().first()
    return document if document is not None and document.awaits_choice else None


def must_read_hint(verification: Verification) -> bool:
    """A hint stays until the applicant does what it asks: uploads another photo or begins a recording."""
    if not verification.hint:
        return False
    latest = verification.attempts.select_related("document").last()
    replaced = latest and latest.document and latest.document.superseded_at and has_photo(verification)
    return not replaced


def outcome(verification: Verification) -> str:
    """The outcome that the status page shows, or "" while the applicant has a step to do."""
    if verification.status == Status.COLLECTING and must_read_hint(verification):
        return "retry"
    return OUTCOMES.get(Status(verification.status), "")


def current(verification: Verification) -> str:
    """The name of the page that is next for the case."""
    if verification.status == Status.INVITED:
        return "pages:consent"
    # First: the page of a failed recording leads to the next one, which waits for this choice.
    if verification.status == Status.COLLECTING and photo_with_advice(verification):
        return "pages:photo_advice"
    if outcome(verification):
        return "pages:status"
    return "pages:capture" if has_photo(verification) else "pages:document"


def page(
    request: HttpRequest,
    template: str,
    step: str,
    verification: Verification,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render a page of the flow with the progress of the steps."""
    steps = _row(step, finished=verification.status in {Status.APPROVED, Status.DECLINED})
    here = next(entry for entry in steps if entry["key"] == step)
    frame = {
        "steps": steps,
        "current": here,
        "reference": verification.public_id,
        "mark": links.mark(verification),
    }
    return render(request, template, {**frame, **context}, status=status)


def _row(step: str, *, finished: bool) -> list[dict[str, Any]]:
    position = [key for key, _name in STEPS].index(step)
    states = (
        ["done"] * position + ["done" if finished else "current"] + ["to do"] * (len(STEPS) - position - 1)
    )
    return [
        {"key": key, "name": name, "number": number, "state": state}
        for number, ((key, name), state) in enumerate(zip(STEPS, states, strict=True), start=1)
    ]

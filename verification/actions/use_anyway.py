"""Keeping an ID photo in spite of the advice about it: the applicant knows their document, the portal may be wrong."""

from datetime import datetime

from django.db import transaction

from verification import audit, links, workflow
from verification.models import Verification
from verification.states import Status


@transaction.atomic(durable=True)
def use_anyway(verification: Verification, document_id: str, *, now: datetime) -> None:
    """The applicant keeps this photo. Does nothing if it was replaced meanwhile, or kept before.

    Raises links.OtherBrowser, or workflow.IllegalMove when the case is not collecting.
    """
    locked = Verification.objects.locked(verification.pk)
    links.check_still_with(verification, locked)
    if locked.status != Status.COLLECTING:
        raise workflow.IllegalMove(f"A {locked.status} case takes no photo.")
    document = locked.documents.current().filter(public_id=document_id).first()
    if document is None or not document.awaits_choice:
        return
    document.used_anyway_at = now
    document.save(update_fields=["used_anyway_at"])
    by = audit.By.applicant(locked.applicant.public_id)
    told = {"document": document.public_id, "advice": document.advice}
    audit.record("document.used_anyway", by=by, subject=locked, at=now, **told)

"""`manage.py erase_applicant`: make a person's photos and recordings unreadable, and delete them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import erase
from verification.models import Applicant


class Command(BaseCommand):
    help = (
        "Erase an applicant's photos and recordings. There is no way back. All their cases must have ended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Your own reference of the person, or the portal's id, app_….")
        parser.add_argument(
            "--reason",
            required=True,
            help="Why; it stays in the trail for good, so it may not name the person.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        applicant = _find(options["person"])
        by, now = audit.By.shell(), timezone.now()
        try:
            erased = erase.erase(applicant, by=by, reason=options["reason"], now=now)
        except erase.EraseRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"Nobody can read the evidence of {applicant.public_id} any more.")
        if erased.deleted:
            self.stdout.write(f"{erased.objects} objects were deleted.")
        else:
            self.stdout.write("The store can't delete the objects right now; the sweep will.")


def _find(person: str) -> Applicant:
    """One applicant: two systems may use the same reference for different people."""
    by_id = Applicant.objects.filter(public_id=person)
    found = list(by_id or Applicant.objects.filter(reference=person).select_related("client"))
    if not found:
        raise CommandError("There is no applicant with this reference.")
    if len(found) > 1:
        names = ", ".join(f"{each.public_id} ({each.client or 'invited by staff'})" for each in found)
        raise CommandError(f"Several applicants have this reference. Name one by its id: {names}.")
    return found[0]

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
        parser.add_argument("reference", help="Your own id of the person.")
        parser.add_argument(
            "--reason",
            required=True,
            help="Why; it stays in the trail for good, so it may not name the person.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        applicant = Applicant.objects.filter(reference=options["reference"]).first()
        if applicant is None:
            raise CommandError("There is no applicant with this reference.")
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

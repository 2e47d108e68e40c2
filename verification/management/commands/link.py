"""`manage.py link`: a new link for an applicant who lost theirs, or the revocation of one that got into wrong hands."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import link
from verification.models import Verification


class Command(BaseCommand):
    help = "Print a new link for a verification; the old one stops working. With --revoke, only stop the old one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verification", help="its id, ver_…")
        parser.add_argument("--revoke", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        verification = Verification.objects.filter(public_id=options["verification"]).first()
        if verification is None:
            raise CommandError("There is no verification with this id.")
        if options["revoke"]:
            link.revoke(verification, by=audit.By.shell(), now=timezone.now())
            self.stdout.write("The link no longer works.")
            return
        try:
            self.stdout.write(link.renew(verification, by=audit.By.shell(), now=timezone.now()))
        except link.CaseEnded:
            raise CommandError("This verification has ended. Invite the person anew.") from None

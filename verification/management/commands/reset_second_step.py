"""`manage.py reset_second_step`: for a member of staff who lost phone, passkey and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import staff


class Command(BaseCommand):
    help = (
        "Take away all second steps of a member of staff and end their sessions. "
        "Make sure first that it is them who ask: until they set up a new one, their password alone lets them in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            staff.reset_second_step(options["username"], by=audit.By.shell(), now=timezone.now())
        except staff.NoSuchStaff as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Done. At the next sign-in they are asked to set up a new second step.")

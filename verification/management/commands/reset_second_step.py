"""`manage.py reset_second_step`: for a member of staff who lost phone, passkey and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification.actions import staff_by_shell


class Command(BaseCommand):
    help = (
        "Take away all second steps of a member of staff and end their sessions. Prints the code that sets up a new "
        "one, which works for 72 hours. Make sure first that it is them who ask."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = staff_by_shell.reset_second_step(options["username"], now=timezone.now())
        except staff_by_shell.NoSuchStaff as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Done. At the next sign-in they set up a new second step with this code.")
        self.stdout.write(f"Enrolment code: {code}")

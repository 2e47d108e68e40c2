"""`manage.py create_staff`: makes the first staff accounts. Later ones are proposed and confirmed in the portal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification.actions import staff_by_shell
from verification.permissions import Group
from verification.staffing import effects


class Command(BaseCommand):
    help = (
        "Appoint a member of staff. Prints the password for the first sign-in and the code that sets up the second "
        "step; each works for 72 hours."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--group", choices=[str(group) for group in Group], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            password, code = staff_by_shell.appoint(options["username"], options["group"], now=timezone.now())
        except effects.NameTaken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"First password: {password}")
        self.stdout.write(f"Enrolment code: {code}")

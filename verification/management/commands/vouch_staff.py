"""`manage.py vouch_staff`: for an organisation whose only operator appointed everybody alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification.actions import staff_by_shell
from verification.staffing import effects


class Command(BaseCommand):
    help = (
        "Vouch that an account, which one person alone appointed, belongs to a person of its own: it can then be the "
        "second person beside its appointer's other accounts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            staff_by_shell.vouch(options["username"], now=timezone.now())
        except (staff_by_shell.NoSuchStaff, effects.NotPossible) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Done.")

"""`manage.py create_staff`: creates the first staff accounts. Later ones are made in the admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import staff
from verification.permissions import Group


class Command(BaseCommand):
    help = "Appoint a member of staff and print the password that they sign in with first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--group", choices=[str(group) for group in Group], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            password = staff.appoint(
                options["username"], options["group"], by=audit.By.shell(), now=timezone.now()
            )
        except staff.NameTaken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(password)

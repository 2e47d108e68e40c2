"""`manage.py emulator`: the CompareFaceLiveness emulator alone."""

from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kyc_portal.sandbox.emulator.__main__ import DESCRIPTION, add_options, serve
from kyc_portal.sandbox.emulator.accounts import BadAccount


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(Namespace(**options))
        except (BadAccount, OSError) as error:
            raise CommandError(str(error)) from error

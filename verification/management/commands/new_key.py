"""`manage.py new_key`: a fresh entry for KYC_KEYRING. docs/keys.md says where to put it, and when."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verification import crypto, storage


class Command(BaseCommand):
    help = "Print a new entry for KYC_KEYRING. It is stored nowhere else: write it down."
    # The first entry is made before there is a keyring, when other settings may be missing too.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", required=True, help="A name that no other key ever had, such as 2026-12.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entry = crypto.new_entry(options["id"])
        except crypto.BadKeyring as unfit:
            raise CommandError(str(unfit)) from None
        if options["id"] in _known():
            raise CommandError("The keyring has a key of this id. Data keys would be lost: take another id.")
        self.stdout.write(entry)


def _known() -> set[str]:
    try:
        return set(storage.keyring().keys)
    except crypto.BadKeyring:
        return set()

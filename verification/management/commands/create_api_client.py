"""Makes an API client with a key. The key is printed once; only its hash is stored."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions.api_client import DAYS, MAX_NAME, SCOPES, NameTaken, create_client


class Command(BaseCommand):
    help = "Make an API client with a key. The key is printed once, on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="What people call the system that will call.")
        parser.add_argument("--scopes", nargs="+", choices=SCOPES, default=SCOPES, help="What it may do.")
        parser.add_argument("--days", type=int, help="Days until the key runs out; without it, it does not.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 1 <= len(name) <= MAX_NAME:
            raise CommandError(f"The name must have 1 to {MAX_NAME} characters.")
        least, most = DAYS
        if options["days"] is not None and not least <= options["days"] <= most:
            raise CommandError(f"The days must be from {least} to {most}.")
        try:
            made = create_client(
                name=name,
                scopes=options["scopes"],
                days=options["days"],
                by=audit.By.shell(),
                now=timezone.now(),
            )
        except NameTaken as taken:
            raise CommandError(str(taken)) from None
        self.stdout.write(f"The key of client {made.record.client.public_id}, shown only now:")
        self.stdout.write(made.key)

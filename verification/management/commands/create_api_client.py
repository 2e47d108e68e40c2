"""Makes an API client with a key. The key is printed once; only its hash is stored."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions.api_client import SCOPES, NameTaken, create_client


class Command(BaseCommand):
    help = "Make an API client with a key. The key is printed once, on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="What people call the system that will call.")
        parser.add_argument("--scopes", nargs="+", choices=SCOPES, default=SCOPES, help="What it may do.")
        parser.add_argument("--days", type=int, help="Days until the key runs out; without it, it does not.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 1 <= len(name) <= 100:
            raise CommandError("The name must have 1 to 100 characters.")
        if options["days"] is not None and not 1 <= options["days"] <= 3650:
            raise CommandError("The days must be from 1 to 3650.")
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

"""Revokes an API key that leaked, or whose system was retired."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions.api_client import SHOWN, UnknownKey, revoke_key


class Command(BaseCommand):
    help = "Revoke an API key for good. Its client keeps its other keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prefix",
            required=True,
            help=f"The first {SHOWN} characters of the key, as the admin lists them.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = revoke_key(options["prefix"], by=audit.By.shell(), now=timezone.now())
        except UnknownKey as unknown:
            raise CommandError(str(unknown)) from None
        self.stdout.write(f"{key} of client {key.client} is revoked.")

"""`manage.py trail_restart`: seal the trail again under another name, after its history was found to be rewound."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import restart_trail


class Command(BaseCommand):
    help = (
        "Begin the trail's log again under another name, because a place outside has what it does not begin with. Find "
        "out first why: docs/trail.md. There is no way back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reason",
            required=True,
            help="What happened; it stays in the trail for good, so it may name no applicant.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = restart_trail.restart(by=audit.By.shell(), reason=options["reason"], now=timezone.now())
        except restart_trail.RestartRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"The log is now called {name}. Sealing goes on within a minute.")
        self.stdout.write("Tell every witness the new name and its key, and tell the auditors.")

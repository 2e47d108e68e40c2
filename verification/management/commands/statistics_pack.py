"""Makes the statistics of some days for a regulator as a file, with a purpose and a reason."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import export as action
from verification.exports.period.table import Period
from verification.management.commands import export_audit
from verification.models import Export, ExportKind, Purpose


class Command(BaseCommand):
    help = (
        "Write the statistics of some days (UTC) as a signed zip file. Without dates: the last whole month."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        day = export_audit.day
        parser.add_argument("--from", dest="first", metavar="DAY", type=day, help="First day, as 2026-11-01.")
        parser.add_argument("--to", dest="last", metavar="DAY", type=day, help="Last day; it is included.")
        parser.add_argument(
            "--output", required=True, type=Path, help="File to write; it must not exist yet."
        )
        parser.add_argument(
            "--purpose", default=Purpose.REGULATOR, choices=Purpose.values, help="Without it: regulator."
        )
        parser.add_argument("--reason", required=True, help="In words: who asked for them and why.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        export_audit.check_output(output)
        made = export_audit.made(self._asked(options), self.stderr.write)
        export_audit.save(made, output)
        self.stdout.write(f"{output}")
        self.stdout.write(f"SHA-256 {made.file_sha256}")

    def _asked(self, options: dict[str, Any]) -> Export:
        now = timezone.now()
        last = options["last"] or now.date().replace(day=1) - timedelta(days=1)
        first = options["first"] or last.replace(day=1)
        try:
            return action.ask(
                kind=ExportKind.STATISTICS,
                period=Period.of_days(first, last),
                formats=(),
                by=audit.By.shell(),
                purpose=options["purpose"],
                reason=options["reason"],
                now=now,
                here=True,
            )
        except action.UnusableRequest as unusable:
            raise CommandError(str(unusable)) from None

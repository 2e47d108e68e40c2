"""Makes the statistics of some days for a regulator as a file, with a purpose and a reason."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from verification.exports.period.table import Period
from verification.management import files
from verification.management.commands import export_audit
from verification.models import Export, ExportKind, Purpose


class Command(BaseCommand):
    help = (
        "Write the statistics of some days (UTC) as a signed zip file. Without dates: the last whole month."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        export_audit.add_days(parser)
        files.add_output(parser)
        parser.add_argument(
            "--purpose", default=Purpose.REGULATOR, choices=Purpose.values, help="Without it: regulator."
        )
        parser.add_argument("--reason", required=True, help="In words: who asked for them and why.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        files.check_output(output)
        made = export_audit.made(self._asked(options), self.stderr.write)
        export_audit.save(made, output)
        self.stdout.write(f"{output}")
        self.stdout.write(f"SHA-256 {made.file_sha256}")

    def _asked(self, options: dict[str, Any]) -> Export:
        now = timezone.now()
        last = options["last"] or now.date().replace(day=1) - timedelta(days=1)
        first = options["first"] or last.replace(day=1)
        return export_audit.ask(
            kind=ExportKind.STATISTICS,
            period=Period.of_days(first, last),
            formats=(),
            purpose=options["purpose"],
            reason=options["reason"],
            now=now,
        )

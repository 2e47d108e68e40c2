"""Exports the trail of some days to a file, with a reason, as an auditor would from the staff site."""

import shutil
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit, storage
from verification.actions import export
from verification.exports.period.table import Period
from verification.models import Export

DAYS = 30


class Command(BaseCommand):
    help = "Write the audit export of some days (UTC) as a zip file. Without dates: the last 30 days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", metavar="DAY", type=day, help="First day, as 2026-11-01.")
        parser.add_argument("--to", dest="last", metavar="DAY", type=day, help="Last day; it is included.")
        parser.add_argument(
            "--notes",
            action="store_true",
            help="With what reviewers wrote for colleagues, which may name people.",
        )
        parser.add_argument(
            "--output", required=True, type=Path, help="File to write; it must not exist yet."
        )
        parser.add_argument("--reason", required=True, help="Why the export is made; it is kept with it.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        if output.exists():
            raise CommandError(f"{output} exists already.")
        if not output.parent.is_dir():
            raise CommandError(f"There is no folder {output.parent}.")
        try:
            made = self._export(options)
            self._save(made, output)
        except storage.Unavailable as error:
            raise CommandError("The store can't be reached now. Nothing was written.") from error
        self.stdout.write(f"{output}")
        self.stdout.write(f"{made.rows} rows")
        self.stdout.write(f"SHA-256 {made.file_sha256}")

    def _export(self, options: dict[str, Any]) -> Export:
        now = timezone.now()
        last = options["last"] or now.date()
        first = options["first"] or last - timedelta(days=DAYS - 1)
        try:
            return export.export(
                period=Period.of_days(first, last),
                notes=options["notes"],
                by=audit.By.shell(),
                reason=options["reason"],
                now=now,
            )
        except export.UnusableRequest as unusable:
            raise CommandError(str(unusable)) from None

    def _save(self, made: Export, output: Path) -> None:
        with (
            export.download(made, by=audit.By.shell(), now=timezone.now()) as source,
            output.open("xb") as target,
        ):
            output.chmod(0o600)
            shutil.copyfileobj(source, target)


def day(text: str) -> date:
    return date.fromisoformat(text)

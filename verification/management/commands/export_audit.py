"""Exports the trail of some days to a file, with a purpose and a reason, as an auditor would from the staff site."""

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit
from verification.actions import export as action
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.management import files
from verification.management.commands.make_export import make
from verification.models import Export, ExportFormat, Purpose

DAYS = 30
# Seconds between two lines that tell how far it is.
TOLD_EVERY = 2.0
FAULTS = {
    "not_sealed": "The trail can't be sealed. The log of this command says why. Nothing was written.",
    "no_room": "There is no room for temporary files. Nothing was written.",
    "store_away": "The store can't be reached now. Nothing was written.",
}


class Command(BaseCommand):
    help = "Write the audit export of some days (UTC) as a zip file. Without dates: the last 30 days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_days(parser)
        parser.add_argument(
            "--format",
            dest="formats",
            action="append",
            choices=ExportFormat.values,
            help="What the tables come as besides JSON lines; may be given several times. Without it: csv.",
        )
        parser.add_argument(
            "--notes",
            action="store_true",
            help="With what reviewers wrote for colleagues, which may name people.",
        )
        parser.add_argument(
            "--addresses",
            action="store_true",
            help="With the network addresses and browsers that applicants came from.",
        )
        files.add_output(parser)
        parser.add_argument(
            "--purpose",
            required=True,
            choices=Purpose.values,
            help="What the export is for; it is kept with it.",
        )
        parser.add_argument("--reason", required=True, help="The same in words: who asked for it and why.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        files.check_output(output)
        export = made(self._asked(options), self.stderr.write)
        save(export, output)
        self.stdout.write(f"{output}")
        self.stdout.write(f"{export.rows} rows")
        if export.cut:
            self.stdout.write(f"tables.xlsx has the first rows only of: {', '.join(export.cut)}")
        self.stdout.write(f"SHA-256 {export.file_sha256}")

    def _asked(self, options: dict[str, Any]) -> Export:
        now = timezone.now()
        last = options["last"] or now.date()
        first = options["first"] or last - timedelta(days=DAYS - 1)
        return ask(
            period=Period.of_days(first, last),
            formats=options["formats"] or [ExportFormat.CSV],
            notes=options["notes"],
            addresses=options["addresses"],
            purpose=options["purpose"],
            reason=options["reason"],
            now=now,
        )


def add_days(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="first", metavar="DAY", type=day, help="First day, as 2026-11-01.")
    parser.add_argument("--to", dest="last", metavar="DAY", type=day, help="Last day; it is included.")


def ask(**asked: Any) -> Export:
    """Ask for what this process will make. Raises CommandError."""
    try:
        return action.ask(by=audit.By.shell(), here=True, **asked)
    except action.UnusableRequest as unusable:
        raise CommandError(str(unusable)) from None


def made(asked: Export, tell: Any) -> Export:
    """Make what was asked for in this process."""
    export = make(asked, _Told(tell))
    if export is not None:
        return export
    asked.refresh_from_db()
    raise CommandError(FAULTS.get(asked.fault, "The export was cancelled. Nothing was written."))


def save(export: Export, output: Path) -> None:
    files.write(action.download(export, by=audit.By.shell(), now=timezone.now()), output)


class _Told(Progress):
    """Writes a line every TOLD_EVERY seconds."""

    def __init__(self, write: Any) -> None:
        super().__init__()
        self._write, self._next = write, time.monotonic() + TOLD_EVERY

    def add(self, rows: int) -> None:
        super().add(rows)
        if time.monotonic() >= self._next:
            self._write(f"{self.done:,} of {self.counted:,} rows")
            self._next = time.monotonic() + TOLD_EVERY


def day(text: str) -> date:
    return date.fromisoformat(text)

"""Check the whole trail against the database."""

from argparse import ArgumentParser
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from verification.audit import checking, log

MAX_SHOWN: Final = 100


class Command(BaseCommand):
    help = "Checks that nothing in the sealed trail, nor in the records that it committed to, was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help=f"show more than {MAX_SHOWN} things that are wrong"
        )

        parser.add_argument(
            "--checkpoint", help="a file with a checkpoint that was kept outside: is it of this log?"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            _one_snapshot()
            outside = checking.against(_read(options["checkpoint"])) if options["checkpoint"] else ()
            found = chain(outside, checking.findings())
            shown = list(found if options["all"] else islice(found, MAX_SHOWN))
            newest = log.newest()
        for finding in shown:
            self.stdout.write(f"WRONG  {finding.item}: {finding.what}")
        if shown:
            raise CommandError(f"The trail does not hold. The first thing that is wrong: {shown[0].item}.")
        if newest is None:
            raise CommandError("Nothing is sealed yet, so nothing can be checked.")
        self.stdout.write(
            f"The trail holds: {newest.size} events, sealed at {newest.signed_at:%Y-%m-%d %H:%M:%S} UTC."
        )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The checkpoint can't be read: {error}.") from None


def _one_snapshot() -> None:
    """What is written meanwhile is not seen, and nothing is wrong because of it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

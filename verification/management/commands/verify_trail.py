"""Check the whole trail against the database."""

from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from verification.audit import checking, log, trail_keys
from verification.exports.snapshot import snapshot
from verification.models import TrailKey

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
        with snapshot():
            outside = checking.against(_read(options["checkpoint"])) if options["checkpoint"] else ()
            try:
                first = self._tell(chain(outside, checking.findings()), None if options["all"] else MAX_SHOWN)
            except trail_keys.DeviceFailed as failed:
                raise CommandError(f"{failed} Nobody can say without it whose key signs the trail.") from None
            newest, keys = log.newest(), TrailKey.objects.order_by("pk")
            if first:
                raise CommandError(f"The trail does not hold. The first thing that is wrong: {first}.")
            if newest is None:
                raise CommandError("Nothing is sealed yet, so nothing can be checked.")
            self.stdout.write(
                f"The trail holds: {newest.size} events, sealed at {newest.signed_at:%Y-%m-%d %H:%M:%S} UTC."
            )
            self.stdout.write("It is signed by these keys, which should be those that you have had for long:")
            for key in keys:
                self.stdout.write(f"  {key.vkey} from entry {key.since} on")

    def _tell(self, found: Iterable[checking.Finding], most: int | None) -> str:
        """Each as it is found, so that what breaks the check itself hides none of them; the first one's item."""
        first = ""
        for finding in islice(found, most):
            first = first or finding.item
            self.stdout.write(f"WRONG  {finding.item}: {finding.what}")
        return first


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The checkpoint can't be read: {error}.") from None

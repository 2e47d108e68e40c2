"""`manage.py publish_trail DIR`: the trail as static files that any tool of the kind can check (C2SP tlog-tiles)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verification.anchors import published
from verification.audit import trail_keys


class Command(BaseCommand):
    help = (
        "Write the sealed trail as static files into DIR, or what DIR lacks of it. They hold no names and no evidence: "
        "ids, codes and hashes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, help="A folder, which is made if it is not there.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = published.publish(options["dir"])
        except published.NotPublished as refused:
            raise CommandError(str(refused)) from None
        except OSError as error:
            raise CommandError(f"{options['dir']} can't be written to: {error.strerror}.") from error
        size = done.checkpoint.size
        self.stdout.write(
            f"{options['dir']} holds the trail up to entry {size - 1}: {size - done.before} entries are new."
        )
        self.stdout.write("Who checks it needs the key, from you and not from the folder:")
        for key in trail_keys.known():
            self.stdout.write(f"  {key}")

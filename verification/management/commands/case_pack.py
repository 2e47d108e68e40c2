"""Makes the pack of one case and writes it to a file, as an auditor would from the page of the case."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit, media, storage
from verification.actions import case_pack, seal
from verification.exports.case_pack import Contents
from verification.management import files
from verification.models import Verification

SEALING = 60.0  # seconds


class Command(BaseCommand):
    help = "Write everything about one case, with proofs that anybody can check, to a zip file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", metavar="CASE", help="The case, as ver_….")
        files.add_output(parser)
        parser.add_argument(
            "--reason", required=True, help="Who asked for it; it stays in the trail, so name no applicant."
        )
        parser.add_argument("--purpose", choices=case_pack.Purpose.values, default=case_pack.Purpose.AUDIT)
        parser.add_argument("--media", action="store_true", help="With photos, recordings and frames.")
        parser.add_argument("--names", action="store_true", help="With name, e-mail and IP addresses.")
        parser.add_argument(
            "--notes", action="store_true", help="With reviewers' notes, which may name people."
        )
        parser.add_argument(
            "--earlier",
            type=int,
            metavar="EVENTS",
            help="Second line of a checkpoint that the reader kept: prove that the trail begins as it did then.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        files.check_output(output)
        case = Verification.objects.filter(public_id=options["case"]).first()
        if case is None:
            raise CommandError(f"There is no case {options['case']}.")
        made = self._make(case, options)
        files.write(made.file, output)
        self.stdout.write(f"{output}")
        self.stdout.write(f"As of {made.checkpoint} events")
        self.stdout.write(f"SHA-256 {made.sha256}")

    def _make(self, case: Verification, options: dict[str, Any]) -> case_pack.Made:
        contents = Contents(options["media"], options["names"], options["notes"])
        purpose = case_pack.Purpose(options["purpose"])
        asked = case_pack.Asked(purpose, options["reason"], contents, options["earlier"])
        seal.seal(clock=timezone.now, stretch=SEALING)
        try:
            return case_pack.make(case, asked, by=audit.By.shell(), now=timezone.now())
        except (case_pack.UnusableRequest, case_pack.NotMade) as reason:
            raise CommandError(str(reason)) from None
        except (storage.Unavailable, media.MediaUnavailable) as error:
            raise CommandError("The media can't be read now. Nothing was written.") from error

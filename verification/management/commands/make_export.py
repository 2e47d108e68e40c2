"""Makes one export that a worker has claimed. Workers start this; people use `export_audit`."""

import os
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from verification import clock
from verification.actions import export as exporting
from verification.actions import make_export
from verification.exports.period.progress import Progress
from verification.jobs import export_leases
from verification.models import Export

# Applicants come first: an export takes what processor time is left.
NICE = 10

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Make an export that a worker has claimed. Workers start this command by themselves."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("export", help="Public id of the export.")
        parser.add_argument("fence", type=int, help="The number of its lease.")

    def handle(self, *args: Any, **options: Any) -> None:
        with suppress(OSError):
            os.nice(NICE)
        export = Export.objects.get(public_id=options["export"])
        if export.fence == options["fence"]:
            make(export)


def make(export: Export, progress: Progress | None = None) -> Export | None:
    """Make it while the lease is renewed; None if it was cancelled, or can't be made, which its row then says."""
    progress = progress or Progress()
    with export_leases.kept(export, progress.stop) as beat:
        progress.tell = beat.note
        try:
            return make_export.make(export, progress, clock=clock.now)
        except make_export.Overtaken:
            log.info("export.overtaken", export=export.public_id)
        except make_export.NotMade as reason:
            exporting.fail(export, reason.code, now=clock.now())
    return None

"""`manage.py trail_anchors`: where the trail's checkpoints lie outside, and whether the log agrees with them."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import anchors, times
from verification.models import TrailAnchor

_BAD = {TrailAnchor.Verdict.CONTRADICTS, TrailAnchor.Verdict.UNREADABLE, TrailAnchor.Verdict.AWAY}


class Command(BaseCommand):
    help = "Compare the trail with every place of KYC_TRAIL_ANCHORS, and tell where each stands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="Make the marker in each folder, which tells it from a disk that is not mounted; once.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not anchors.places():
            raise CommandError(
                "KYC_TRAIL_ANCHORS names no place: who has database and key can rewrite the trail."
            )
        if options["prepare"]:
            self._prepare()
        now = timezone.now()
        anchors.compare(now=now)
        rows = anchors.standing()
        for row in rows:
            self.stdout.write(_line(row, now))
        late = {row.pk for row in anchors.late(now=now)}
        if bad := [row.short for row in rows if row.verdict in _BAD or row.error or row.pk in late]:
            raise CommandError(f"Not as it should be: {', '.join(bad)}. docs/trail.md says what to do.")

    def _prepare(self) -> None:
        for place in anchors.places():
            if isinstance(place, anchors.Kept) and place.prepare():
                self.stdout.write(f"{place.address}: marker made")


def _line(row: TrailAnchor, now: datetime) -> str:
    took = f"{row.size} entries at {times.moment(row.sent_at, now)} UTC" if row.sent_at else "nothing yet"
    says = [f"{row.short}: took {took}"]
    says += [str(row.get_verdict_display())] if row.verdict else []
    says += [f"last try: {row.error}"] if row.error else []
    return "; ".join(says)

"""`manage.py sweep`: does once what a sweep does for cases and files; sessions and alerts are left to the workers."""

from typing import Any

from django.core.management.base import BaseCommand

from verification import clock
from verification.actions import export, invite_many, sweep


class Command(BaseCommand):
    help = "Ring for work that nobody holds, end cases whose link ran out, and delete files that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        rung = sweep.sweep(now=now)
        expired = export.expire(now=now)
        files = invite_many.expire(now=now)
        invite_many.send_some(now=now)
        self.stdout.write(
            f"rang for {rung} attempts, deleted {expired} exports and {files} files of invitations"
        )

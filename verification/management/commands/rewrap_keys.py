"""`manage.py rewrap_keys`: after a rotation, wrap all data keys with the first key of KYC_KEYRING."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from verification import audit, storage
from verification.actions import keys


class Command(BaseCommand):
    help = "Wrap all data keys with the first key of KYC_KEYRING. What they have encrypted is not touched."

    def handle(self, *args: Any, **options: Any) -> None:
        number, failed = keys.rewrap(by=audit.By.shell(), now=timezone.now())
        self.stdout.write(f"{number} data keys wrapped anew with {storage.keyring().primary}.")
        if failed:
            names = ", ".join(f"{key.public_id} (wrapped with {key.key_id})" for key in failed[:20])
            raise CommandError(f"{len(failed)} data keys do not open; take no key off the ring. {names}")
        self.stdout.write("The other keys of the ring are needed no more, once every process has this ring.")

"""An operator's act on an account: having a paused one probed now instead of later."""

from datetime import datetime

from django.db import transaction

from verification import audit
from verification.jobs import doorbell
from verification.models import VendorAccount


@transaction.atomic
def probe_soon(account: VendorAccount, *, by: audit.By, now: datetime) -> bool:
    """Have the paused account probed at once. False if it is not paused, or not any more."""
    paused = VendorAccount.objects.filter(pk=account.pk, paused_at__isnull=False)
    if not paused.update(probe_at=now):
        return False
    audit.record("account.probe_asked", by=by, subject=account, at=now)
    doorbell.ring_probe(account.name)
    return True

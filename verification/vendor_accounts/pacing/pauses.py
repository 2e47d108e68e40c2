"""The pause: an account at fault is not called, but probed until a probe succeeds.

Meanwhile the work waits in its rows and no attempt is used up. A probe costs nothing. After a good probe one real call
is tried, because arrears show only there; its outcome ends the pause or prolongs it.
"""

from datetime import datetime, timedelta

from django.db.models import F

from verification.models import VendorAccount
from verification.vendor_accounts.pacing.accounts import accounts, forget

FIRST_PROBE = timedelta(seconds=30)
# An account is tried again within a minute of its cause being gone: this, the sweep's 5 s, and the probe itself.
BETWEEN_PROBES = timedelta(seconds=45)
# Least time to the next probe: a trial call may take that long (its deadline is 40 s).
TRIAL = timedelta(seconds=45)


def pause(account: VendorAccount, *, reason: str, called_at: datetime, now: datetime) -> bool:
    """Stop calling the account after the call of `called_at` failed. True if it was not paused before.

    A failed call that was made during the pause prolongs it. One from before the pause changes nothing.
    """
    row = VendorAccount.objects.filter(pk=account.pk)
    begun = row.filter(paused_at__isnull=True).update(
        paused_at=now, pause_reason=reason[:128], probe_at=now + FIRST_PROBE, failed_probes=0, trial_at=None
    )
    if not begun:
        account.refresh_from_db()
        if account.paused_at is not None and account.paused_at < called_at:
            prolong(account, reason=reason, now=now)
    forget()
    return bool(begun)


def prolong(account: VendorAccount, *, reason: str, now: datetime) -> None:
    """Prolong the pause that was read. One that has ended meanwhile stays ended."""
    VendorAccount.objects.filter(pk=account.pk, paused_at=account.paused_at, paused_at__isnull=False).update(
        pause_reason=reason[:128],
        probe_at=now + BETWEEN_PROBES,
        failed_probes=F("failed_probes") + 1,
        trial_at=None,
    )
    forget()


def paused() -> list[VendorAccount]:
    return [account for account in accounts() if account.paused_at is not None]


def claim_probe(account: VendorAccount, *, now: datetime) -> bool:
    """Is a probe due, and did this worker win it (compare-and-set)?

    If that worker dies, the next probe comes later.
    """
    due = VendorAccount.objects.filter(
        pk=account.pk, paused_at__isnull=False, probe_at=account.probe_at, probe_at__lte=now
    )
    return bool(due.update(probe_at=now + TRIAL))


def allow_trial(account: VendorAccount, *, now: datetime) -> None:
    """After a good probe, allow exactly one call."""
    VendorAccount.objects.filter(pk=account.pk, paused_at=account.paused_at).update(trial_at=now)
    forget()


def resume(account: VendorAccount, *, called_at: datetime) -> bool:
    """End a pause that began before `called_at`, when a properly answered call was made. True if there was one."""
    row = VendorAccount.objects.filter(pk=account.pk, paused_at__lt=called_at)
    ended = row.update(paused_at=None, pause_reason="", probe_at=None, failed_probes=0, trial_at=None)
    forget()
    return bool(ended)

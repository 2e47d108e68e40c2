"""The pause: an account at fault is left alone, asked gently, and called again as soon as it answers.

While it lasts, work waits in its rows and no attempt is used up. A probe costs nothing. When it is answered as it
should be, one real call is tried, because arrears show only there; what becomes of it ends the pause or prolongs it.
"""

from datetime import datetime, timedelta

from django.db.models import F

from verification.models import VendorAccount
from verification.vendor.pacing.accounts import accounts

FIRST_PROBE = timedelta(seconds=30)
MAX_BETWEEN_PROBES = timedelta(minutes=5)
# As long as a call may take; whoever took the trial and died does not keep the account closed for longer.
TRIAL = timedelta(seconds=60)


def pause(account: VendorAccount, *, reason: str, called_at: datetime, now: datetime) -> bool:
    """Stop calling the account after the call of `called_at` failed. True if it was not paused before.

    A pause goes on, its probes rarer, when a call fails that was made during it. Calls from before say nothing new.
    """
    row = VendorAccount.objects.filter(pk=account.pk)
    begun = row.filter(paused_at__isnull=True).update(
        paused_at=now, pause_reason=reason[:128], probe_at=now + FIRST_PROBE, failed_probes=0, trial_at=None
    )
    if not begun:
        account.refresh_from_db()
        if account.paused_at is not None and account.paused_at < called_at:
            prolong(account, reason=reason, now=now)
    return bool(begun)


def prolong(account: VendorAccount, *, reason: str, now: datetime) -> None:
    """The pause that was read goes on, its probes rarer. One that has ended meanwhile stays ended."""
    VendorAccount.objects.filter(pk=account.pk, paused_at=account.paused_at, paused_at__isnull=False).update(
        pause_reason=reason[:128],
        probe_at=now + _between_probes(account.failed_probes + 1),
        failed_probes=F("failed_probes") + 1,
        trial_at=None,
    )


def paused() -> list[VendorAccount]:
    return [account for account in accounts() if account.paused_at is not None]


def claim_probe(account: VendorAccount, *, now: datetime) -> bool:
    """Is it time to probe, and is it ours to do? One worker at a time; one that dies over it delays the next."""
    due = VendorAccount.objects.filter(
        pk=account.pk, paused_at__isnull=False, probe_at=account.probe_at, probe_at__lte=now
    )
    return bool(due.update(probe_at=now + max(TRIAL, _between_probes(account.failed_probes))))


def allow_trial(account: VendorAccount, *, now: datetime) -> None:
    """The probe went well: the next call may be made, and only that one."""
    VendorAccount.objects.filter(pk=account.pk, paused_at=account.paused_at).update(trial_at=now)


def resume(account: VendorAccount, *, called_at: datetime) -> bool:
    """A call made at `called_at` was answered properly. True if that ended a pause that had begun before it."""
    row = VendorAccount.objects.filter(pk=account.pk, paused_at__lt=called_at)
    return bool(row.update(paused_at=None, pause_reason="", probe_at=None, failed_probes=0, trial_at=None))


def _between_probes(failed: int) -> timedelta:
    return min(MAX_BETWEEN_PROBES, FIRST_PROBE * 2.0 ** min(failed, 8))

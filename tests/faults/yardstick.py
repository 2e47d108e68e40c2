"""How long this machine takes for attempts without a fault: the baseline for the recovery time."""

from django.db.models import Max, Min

from tests.faults import facts
from tests.faults.waiting import wait_until
from verification.models import VerificationAttempt as Attempt


def seconds_undisturbed(ids: list[str]) -> float:
    """Releases all attempts to the portal's worker; returns the seconds from the first call to the last decision."""
    rows = Attempt.objects.filter(public_id__in=ids)
    rows.update(not_before=None)
    wait_until("every attempt is finished", lambda: facts.finished(ids) == set(ids))
    times = rows.aggregate(began=Min("calls__started_at"), ended=Max("finished_at"))
    return float((times["ended"] - times["began"]).total_seconds())

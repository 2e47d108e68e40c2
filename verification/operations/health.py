"""Is the process alive, and can it work? For load balancers and operators; the answers hold no secret."""

from datetime import datetime

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from verification import clock, storage
from verification.jobs import answers
from verification.operations import watch
from verification.vendor_accounts import pacing


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 if the database, the store or the keyring fails, because then the portal can't take a photo or a recording.

    While no vendor account may be called, or no worker takes work, it stays ready, since work waits; the Vendor page
    shows why. A silent store counts as down after 12 seconds. To be asked is also the occasion to look for alerts.
    """
    try:
        connection.ensure_connection()
        watch.look_soon()
        now = clock.now()
        waits = {"vendor": "up" if pacing.is_open(now=now) else "paused", "workers": _workers(now)}
        works = {"storage": storage.answers(), "keyring": storage.ring_opens()}
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    parts = {name: "up" if up else "down" for name, up in works.items()}
    ready = all(works.values())
    answer = {"status": "ok" if ready else "unavailable", "database": "up", **parts, **waits}
    return JsonResponse(answer, status=200 if ready else 503)


def _workers(now: datetime) -> dict[str, str]:
    """For each queue and for beat: up, never, unknown, or for how many seconds it was silent."""
    return {
        name: f"silent for {int((now - last).total_seconds())} s"
        if state is answers.State.SILENT and last
        else str(state)
        for name, (state, last) in answers.states(now=now).items()
    }

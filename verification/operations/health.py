"""Is the process alive, and can it work? For load balancers and operators; the answers hold no secret."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from verification import storage
from verification.vendor_accounts import pacing


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 if the database, the store or the keyring fails, because then the portal can't take a photo or a recording.

    While no vendor account may be called, it stays ready, since work waits; the Vendor page shows why. A silent store
    counts as down after 12 seconds.
    """
    try:
        connection.ensure_connection()
        vendor = "up" if pacing.is_open(now=timezone.now()) else "paused"
        works = {"storage": storage.answers(), "keyring": storage.ring_opens()}
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    parts = {name: "up" if up else "down" for name, up in works.items()}
    ready = all(works.values())
    answer = {"status": "ok" if ready else "unavailable", "database": "up", **parts, "vendor": vendor}
    return JsonResponse(answer, status=200 if ready else 503)

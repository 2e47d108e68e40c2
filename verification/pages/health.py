"""Is the process alive, and can it do its work? For load balancers and operators; tells no secret."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from verification import pacing


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when the database can't be read. While no account may be called, the pages stay up; why, staff see."""
    try:
        connection.ensure_connection()
        vendor = "up" if pacing.is_open(now=timezone.now()) else "paused"
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    return JsonResponse({"status": "ok", "database": "up", "vendor": vendor})

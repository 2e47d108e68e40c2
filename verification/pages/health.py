"""Is the process alive, and can it do its work? For load balancers and operators; tells no secret."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from verification.models import VendorAccount


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when the database can't be read; a paused vendor keeps the pages up. Why it is paused, staff see."""
    try:
        connection.ensure_connection()
        paused = VendorAccount.objects.filter(paused_until__gt=timezone.now()).exists()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    return JsonResponse({"status": "ok", "database": "up", "vendor": "paused" if paused else "up"})

"""Refuses calls over plain HTTP. A redirect would hide that the key was sent in clear, call after call."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from verification import audit
from verification.actions.api_client import note_exposed
from verification.api.authentication import key_of
from verification.api.errors import CODES, envelope

log = structlog.get_logger(__name__)

# The page for people is redirected, as all pages are. The paths have no slash before them.
_PREFIX, _PAGE = "api/", "api/docs/"


class HttpsOnlyMiddleware:
    """In place of Django's redirect, from which SECURE_REDIRECT_EXEMPT exempts the API. Not in the demo."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.SECURE_SSL_REDIRECT:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path.lstrip("/")
        if request.is_secure() or not path.startswith(_PREFIX) or path == _PAGE:
            return self.get_response(request)
        request.get_host()  # refuses what is no name of ours, as everywhere else
        self._report_key(request)
        return JsonResponse(envelope("https_required", request), status=CODES["https_required"].status)

    def _report_key(self, request: HttpRequest) -> None:
        """Of a key that works, the log and the trail get its first characters: whoever listened has it now."""
        key = key_of(request)
        if key is not None:
            log.error("api.key_in_clear", prefix=key.prefix, client=key.client.public_id)
            note_exposed(key, by=audit.By.system(), now=timezone.now())

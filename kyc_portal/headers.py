"""Headers: those of responses that neither Django nor the CSP middleware sets, and the one a proxy adds."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)

# The capture page alone needs the camera; nothing needs the microphone or a place.
PERMISSIONS_POLICY = "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ForwardedAddressMiddleware:
    """Behind a proxy of ours, the client's address is the one that the proxy saw: the last it appended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.BEHIND_PROXY:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            request.META["REMOTE_ADDR"] = _address(seen)
        except ValueError:
            # Everybody counts as one then, to whatever limits them. A check of health asks without a proxy.
            if seen:
                log.warning("proxy.forwarded_address_not_read")
        return self.get_response(request)


def _address(seen: str) -> str:
    """Without the port that some proxies write behind it. Raises ValueError."""
    has_port = seen.count(":") == 1 or seen.startswith("[")
    return str(ip_address(urlsplit(f"//{seen}").hostname or "" if has_port else seen))

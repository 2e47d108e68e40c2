"""Response headers that neither Django nor the CSP middleware sets, and the forwarded address of a proxy."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)

# Only the capture page needs the camera; no page needs the microphone or the location.
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
    """Behind our proxy the client's address is the last one in the header, which the proxy appended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.BEHIND_PROXY:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            request.META["REMOTE_ADDR"] = _address(seen)
        except ValueError:
            # All clients then share one address in every rate limit. Health checks come without a proxy.
            if seen:
                log.warning("proxy.forwarded_address_not_read")
        return self.get_response(request)


def _address(seen: str) -> str:
    """The address without the port that some proxies append. Raises ValueError."""
    has_port = seen.count(":") == 1 or seen.startswith("[")
    return str(ip_address(urlsplit(f"//{seen}").hostname or "" if has_port else seen))

"""Response headers that neither Django nor the CSP middleware sets, and the forwarded address of a proxy."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)

# What no page may use but those below; nothing needs the microphone, the location and the like.
_FEATURES = (
    "camera",
    "microphone",
    "geolocation",
    "payment",
    "usb",
    "display-capture",
    "publickey-credentials-get",
    "publickey-credentials-create",
)
# By the names of the pages.
_USED_BY = {
    "pages:capture": ("camera",),
    "account_login": ("publickey-credentials-get",),
    "mfa_authenticate": ("publickey-credentials-get",),
    "mfa_reauthenticate_webauthn": ("publickey-credentials-get",),
    "mfa_add_webauthn": ("publickey-credentials-create",),
}
# Not cookies: those of other hosts of the domain would go too. Not storage: it holds how staff lay out their pages.
_CLEARED_AT_SIGN_OUT = '"cache"'


# By it the pages' scripts know an answer of the portal: anybody on the way may answer in its place.
MARK = "KYC-Portal"


class MarkMiddleware:
    """Marks every answer of Django as the portal's own, also what the other middleware refuses, and failures."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers[MARK] = "1"
        return response


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        name = request.resolver_match.view_name if request.resolver_match else ""
        response.headers.setdefault("Permissions-Policy", _permissions(name))
        # Where browsers report what the policy of csp.middleware stopped; its `report-to` has this name.
        response.headers.setdefault("Reporting-Endpoints", 'csp="/csp-report"')
        if name == "account_logout" and request.method == "POST":
            response.headers["Clear-Site-Data"] = _CLEARED_AT_SIGN_OUT
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _permissions(name: str) -> str:
    used = _USED_BY.get(name, ())
    return ", ".join(f"{feature}=({'self' if feature in used else ''})" for feature in _FEATURES)


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

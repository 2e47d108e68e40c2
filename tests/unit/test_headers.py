"""The client address of a request behind proxies."""

from typing import Any

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from structlog.testing import capture_logs

from kyc_portal.headers import ForwardedAddressMiddleware


def address_seen(forwarded: str) -> str:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    ForwardedAddressMiddleware(view)(RequestFactory().get("/", headers={"x-forwarded-for": forwarded}))
    return seen[0]


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("10.9.9.9, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("10.9.9.9:1, [2001:db8::1]:51234", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("somebody", "127.0.0.1"),
        ("somebody:80", "127.0.0.1"),
        (":80", "127.0.0.1"),
        ("[2001:db8::1", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_our_proxy_its_word_counts(settings: Any, forwarded: str, expected: str) -> None:
    settings.BEHIND_PROXY = True
    assert address_seen(forwarded) == expected


@pytest.mark.parametrize(("forwarded", "warnings"), [("somebody", 1), ("203.0.113.7", 0), ("", 0)])
def test_an_unreadable_address_is_logged(settings: Any, forwarded: str, warnings: int) -> None:
    """Without a readable address all clients share the proxy's address, and its limits."""
    settings.BEHIND_PROXY = True
    with capture_logs() as logs:
        address_seen(forwarded)
    assert [entry["event"] for entry in logs] == ["proxy.forwarded_address_not_read"] * warnings


def test_without_a_proxy_nobodys_word_counts(settings: Any) -> None:
    settings.BEHIND_PROXY = False
    with pytest.raises(MiddlewareNotUsed):
        ForwardedAddressMiddleware(lambda request: HttpResponse())

"""The headers of every kind of address, as a snapshot, and the cookies of a production."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.conftest import NOW, Road
from tests.flow.conftest import PASSWORD, give_password
from tests.flow.test_applicant_pages import agree, give_photo, opened
from tests.flow.test_start import start

CSP = {
    "base-uri 'none'", "connect-src 'self'", "default-src 'none'", "font-src 'self'", "form-action 'self'",
    "frame-ancestors 'none'", "img-src 'self' blob: data:", "media-src 'self' blob:", "object-src 'none'",
    "script-src 'self'", "style-src 'self'", "report-to csp", "report-uri /csp-report",
}  # fmt: skip
FEATURES = (
    "camera=({}), microphone=(), geolocation=(), payment=(), usb=(), display-capture=(), "
    "publickey-credentials-get=({}), publickey-credentials-create=({})"
)
# Everything but the length, the language, cookies, and the id of the request.
EVERYWHERE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "KYC-Portal": "1",
    "Permissions-Policy": FEATURES.format("", "", ""),
    "Referrer-Policy": "same-origin",
    "Reporting-Endpoints": 'csp="/csp-report"',
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
OF_THE_CONTENT = {
    "Content-Type",
    "Content-Length",
    "Content-Language",
    "Vary",
    "X-Request-Id",
    "Location",
    "Allow",
    "WWW-Authenticate",
}
HTML, JSON = "text/html; charset=utf-8", "application/json"


def headers(response: Any) -> dict[str, str]:
    """Those that are the same everywhere. The policy of the content is compared here: its order is never the same."""
    found = {name: value for name, value in response.items() if name not in OF_THE_CONTENT}
    assert set(found.pop("Content-Security-Policy").split("; ")) == CSP
    return found


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, HTML),
        ("/v/unknown", 404, HTML),
        ("/nothing", 404, HTML),
        ("/verify/consent", 404, HTML),
        ("/verify/status.json", 404, JSON),
        ("/api/v1/verifications", 401, JSON),
        ("/api/docs/", 200, HTML),
        ("/api/v1/openapi.json", 200, JSON),
        ("/healthz", 200, JSON),
        ("/readyz", 200, JSON),
        ("/csp-report", 405, HTML),
        ("/.well-known/security.txt", 404, HTML),
        ("/admin/", 302, HTML),
    ],
)
def test_every_kind_of_address_has_the_same_headers(
    client: Client, db: None, path: str, status: int, kind: str
) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (status, kind)
    assert headers(response) == EVERYWHERE


def test_the_camera_is_for_the_page_of_the_recording_alone(road: Road) -> None:
    client = opened(road.invitation())
    policies = {path: client.get(path)["Permissions-Policy"] for path in ("/verify/consent", "/verify/")}
    agree(client)
    policies["/verify/document"] = client.get("/verify/document")["Permissions-Policy"]
    give_photo(client)
    capture = client.get("/verify/capture")
    assert set(policies.values()) == {FEATURES.format("", "", "")}
    assert headers(capture) == {**EVERYWHERE, "Permissions-Policy": FEATURES.format("self", "", "")}


@pytest.mark.parametrize(
    ("path", "used"),
    [
        ("/admin/account/confirm/passkey/", ("", "self", "")),
        ("/admin/account/two-step/passkeys/add/", ("", "", "self")),
        ("/admin/account/two-step/", ("", "", "")),
        ("/admin/queue/", ("", "", "")),
        ("/admin/verification/consent/", ("", "", "")),
    ],
)
def test_passkeys_are_for_their_pages_alone(
    signed_in: Callable[..., Client], path: str, used: tuple[str, str, str]
) -> None:
    assert signed_in().get(path)["Permissions-Policy"] == FEATURES.format(*used)


def test_the_page_of_signing_in_may_read_passkeys(client: Client, db: None) -> None:
    assert client.get("/admin/login/")["Permissions-Policy"] == FEATURES.format("", "self", "")


def test_signing_out_clears_the_cache_and_nothing_else(signed_in: Callable[..., Client]) -> None:
    """Not cookies, which other hosts of the domain have too, and not the storage, where a layout of pages is kept."""
    client = signed_in()
    assert "Clear-Site-Data" not in client.get("/admin/logout/")
    assert client.post("/admin/logout/")["Clear-Site-Data"] == '"cache"'
    assert "_auth_user_id" not in client.session


PRINTED = """
import json
from django.conf import settings
names = ("NAME", "SECURE", "PATH", "DOMAIN")
print(json.dumps([getattr(settings, f"{kind}_COOKIE_{name}") for kind in ("SESSION", "CSRF") for name in names]))
"""


def test_cookies_of_a_production_belong_to_its_host() -> None:
    done = start("-c", PRINTED, DJANGO_SETTINGS_MODULE="kyc_portal.settings")
    staff, form = ["__Host-sessionid", True, "/", None], ["__Host-csrftoken", True, "/", None]
    assert json.loads(done.stdout) == [*staff, *form]


def test_a_message_sets_no_cookie_of_its_own(client: Client, rosa: Any) -> None:
    give_password(client, password="wrong" + PASSWORD)
    give_password(client)
    client.post("/admin/queue/next", follow=True)
    assert set(client.cookies) <= {"sessionid", "csrftoken"}


# security.txt


def test_security_txt_names_the_contacts(client: Client, db: None, settings: Any, clock: Any) -> None:
    settings.SECURITY_CONTACT = ["mailto:security@example.com", "https://example.com/report"]
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "Contact: mailto:security@example.com\n"
        "Contact: https://example.com/report\n"
        "Expires: 2027-05-22T00:00:00Z\n"
        "Preferred-Languages: en\n"
        "Canonical: http://testserver/.well-known/security.txt\n"
    )
    assert datetime(2027, 5, 22, tzinfo=UTC) - NOW < timedelta(days=365)

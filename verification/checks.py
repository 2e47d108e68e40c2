"""Django system checks: an installation that would be unsafe does not start."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from verification.liveness import REGIONS


def _is_this_machine(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


@register()
def vendor_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if settings.FACEID_REGION not in REGIONS:
        problems.append(
            Error(
                f"KYC_FACEID_REGION is {settings.FACEID_REGION!r}.",
                hint=f"Use one of {', '.join(sorted(REGIONS))}.",
                id="kyc.E001",
            )
        )
    if not 1 <= settings.FACEID_RATE <= 1000:
        problems.append(Error("KYC_FACEID_RATE must be from 1 to 1000 calls a second.", id="kyc.E002"))
    return problems


@register()
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return []
    endpoint = urlsplit(settings.FACEID_ENDPOINT)
    engine = settings.DATABASES["default"]["ENGINE"]
    rules = (
        (settings.DEBUG, "DEBUG is on.", "kyc.E010"),
        (endpoint.scheme != "https", "KYC_FACEID_ENDPOINT is not an https address.", "kyc.E011"),
        (
            _is_this_machine(endpoint.hostname),
            "KYC_FACEID_ENDPOINT is this machine: an emulator.",
            "kyc.E012",
        ),
        (
            not settings.PUBLIC_URL.startswith("https://"),
            "KYC_PUBLIC_URL is not an https address.",
            "kyc.E013",
        ),
        (settings.CELERY_BROKER_URL.startswith("memory:"), "CELERY_BROKER_URL is the demo's.", "kyc.E014"),
        (engine.endswith("sqlite3"), "DATABASE_URL is SQLite, which is for the demo.", "kyc.E016"),
        ("*" in settings.ALLOWED_HOSTS, "ALLOWED_HOSTS allows every name.", "kyc.E017"),
        (
            "sandbox" in settings.TENCENTCLOUD_SECRET_ID,
            "TENCENTCLOUD_SECRET_ID is the sandbox's.",
            "kyc.E018",
        ),
        (len(settings.SECRET_KEY) < 50, "SECRET_KEY has fewer than 50 characters.", "kyc.E015"),
    )
    return [
        Error(message, hint="See .env.example.", id=number) for broken, message, number in rules if broken
    ]
